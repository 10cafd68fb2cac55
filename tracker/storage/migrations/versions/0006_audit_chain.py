"""The audit says whose data (all of them), why and from where, and every row is a link of a chain of hashes.

`link_audit` runs with the owner's rights just before a transaction commits, because only then may it hold the lock that
puts the links in order: whoever records something early in a long transaction keeps nobody waiting. The application's
role can neither call it nor write links. `tracker.domain.audit_chain` computes the same hashes by itself.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# what the link is a hash of: each column as text behind its length in bytes, -1 for NULL
AUDIT_BYTES = """
CREATE FUNCTION audit_bytes(kept audit) RETURNS bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT string_agg(coalesce(int4send(octet_length(field)) || field, int4send(-1)), ''::bytea ORDER BY place)
    FROM unnest(ARRAY[
        convert_to(kept.id::text, 'UTF8'),
        convert_to(trunc(extract(epoch FROM kept.at) * 1000000)::text, 'UTF8'),
        convert_to(kept.account_id::text, 'UTF8'),
        convert_to(kept.people::text, 'UTF8'),
        convert_to(kept.action, 'UTF8'),
        convert_to(kept.why, 'UTF8'),
        convert_to(kept.address, 'UTF8'),
        convert_to(kept.detail::text, 'UTF8')
    ]) WITH ORDINALITY AS fields(field, place)
$$
"""

LINK_AUDIT = """
CREATE FUNCTION link_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last audit_chain;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('link_audit'));
    SELECT * INTO last FROM audit_chain ORDER BY seq DESC LIMIT 1;
    INSERT INTO audit_chain (seq, audit_id, hash)
    VALUES (coalesce(last.seq, 0) + 1, NEW.id,
        sha256(coalesce(last.hash, decode(repeat('00', 32), 'hex')) || audit_bytes(NEW)));
    RETURN NULL;
END $$
"""

LINKED = """
CREATE CONSTRAINT TRIGGER audit_linked AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION link_audit()
"""

LINK_WHAT_IS_THERE = """
DO $$
DECLARE
    kept audit;
    number bigint := 0;
    hashed bytea := decode(repeat('00', 32), 'hex');
BEGIN
    FOR kept IN SELECT * FROM audit ORDER BY id LOOP
        number := number + 1;
        hashed := sha256(hashed || audit_bytes(kept));
        INSERT INTO audit_chain (seq, audit_id, hash) VALUES (number, kept.id, hashed);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.add_column("audit", sa.Column("people", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False))
    for name in ("why", "address"):
        op.add_column("audit", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE audit SET people = ARRAY[person_id] WHERE person_id IS NOT NULL")
    op.execute("UPDATE audit SET why = detail->>'why', detail = detail - 'why' WHERE detail->>'why' IS NOT NULL")
    op.drop_column("audit", "person_id")
    op.create_index("ix_audit_people", "audit", ["people"], postgresql_using="gin")
    # a transaction's age must not antedate what it records
    op.alter_column("audit", "at", server_default=sa.text("clock_timestamp()"))
    op.create_table(
        "audit_chain",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_chain_audit_id")),
    )
    for statement in (AUDIT_BYTES, LINK_AUDIT, LINKED, LINK_WHAT_IS_THERE):
        op.execute(statement)
    for function in ("audit_bytes(audit)", "link_audit()"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
