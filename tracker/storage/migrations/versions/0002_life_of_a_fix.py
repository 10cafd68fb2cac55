"""The life of a fix: rows without NULL and with short times, days rewritten in order, days that only the owner drops.

A row of `fix` becomes 64 bytes instead of 72 or 80: a NULL costs a row of twelve columns eight bytes, and arrival and
sending are kept as whole seconds after the fix. Every day is copied, in one transaction: it needs room for all twice.

`keep_days` makes days and no longer drops any: to drop one it locked the whole table, behind the longest reader.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COPY_DAYS = """
DO $$
DECLARE
    part text;
    bounds text;
BEGIN
    FOR part, bounds IN
        SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'fix_before'::regclass ORDER BY 1
    LOOP
        EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', part, part || '_pkey', part || '_before_pkey');
        EXECUTE format('ALTER TABLE %I RENAME TO %I', part, part || '_before');
        EXECUTE format('CREATE TABLE %I (LIKE fix INCLUDING ALL)', part);
        EXECUTE format('INSERT INTO %I SELECT fix_time,
                floor(date_part(''epoch'', received_at - fix_time)),
                CASE WHEN sent_at IS NULL THEN -2147483648
                    ELSE greatest(least(floor(date_part(''epoch'', sent_at - fix_time)), 2147483647), -2147483647) END,
                device_id, lat_e7, lon_e7, coalesce(accuracy_m, -32768), coalesce(altitude_m, -32768),
                coalesce(speed_cmps, -32768), coalesce(course_deg, -32768), coalesce(battery_pct, -32768),
                coalesce(ignition::int, -32768)
            FROM %I', part, part || '_before');
        EXECUTE format('ALTER TABLE fix ATTACH PARTITION %I %s', part, bounds);
        EXECUTE format('DROP TABLE %I', part || '_before');
    END LOOP;
END $$
"""

# ATTACH instead of PARTITION OF: it does not lock out the bridge while it works
KEEP_DAYS = """
CREATE OR REPLACE FUNCTION keep_days(first_day date, last_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    wanted date;
    part text;
    made integer := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM retention WHERE first_day <= current_date - days + 1) OR last_day < current_date
        OR last_day - first_day > 4000
    THEN
        RAISE EXCEPTION 'keep_days(%, %): these days are not expired, or there are over 4000', first_day, last_day;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('keep_days'));
    DELETE FROM quarantine WHERE received_at < first_day;
    DELETE FROM rejection WHERE day < first_day;
    DELETE FROM device_status WHERE received_at < first_day;
    DELETE FROM machine_counters WHERE read_at < first_day;
    FOR wanted IN SELECT generate_series(first_day, last_day, interval '1 day')::date LOOP
        part := 'fix_' || to_char(wanted, 'YYYYMMDD');
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE fix INCLUDING ALL)', part);
            EXECUTE format('ALTER TABLE fix ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                part, wanted::timestamptz, (wanted + 1)::timestamptz);
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$
"""

# The trigger of a day that is being rewritten: what arrives meanwhile is written beside it, too
KEEP_LATE_FIX = """
CREATE FUNCTION keep_late_fix() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO %I SELECT ($1).*', TG_ARGV[0]) USING NEW;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("ALTER TABLE fix RENAME CONSTRAINT pk_fix TO pk_fix_before")
    op.rename_table("fix", "fix_before")
    not_said, not_said_s = sa.text("-32768"), sa.text("'-2147483648'")
    op.create_table(
        "fix",
        sa.Column("fix_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_after_s", sa.Integer(), nullable=False),
        sa.Column("sent_after_s", sa.Integer(), server_default=not_said_s, nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("lat_e7", sa.Integer(), nullable=False),
        sa.Column("lon_e7", sa.Integer(), nullable=False),
        sa.Column("accuracy_m", sa.SmallInteger(), server_default=not_said, nullable=False),
        sa.Column("altitude_m", sa.SmallInteger(), server_default=not_said, nullable=False),
        sa.Column("speed_cmps", sa.SmallInteger(), server_default=not_said, nullable=False),
        sa.Column("course_deg", sa.SmallInteger(), server_default=not_said, nullable=False),
        sa.Column("battery_pct", sa.SmallInteger(), server_default=not_said, nullable=False),
        sa.Column("ignition", sa.SmallInteger(), server_default=not_said, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "fix_time", name=op.f("pk_fix")),
        postgresql_partition_by="RANGE (fix_time)",
    )
    op.create_table(
        "rewritten_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rewritten_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_rewritten_day")),
    )
    op.execute(COPY_DAYS)
    op.execute("DROP TABLE fix_before")
    for name in ("lat_e7", "lon_e7", "accuracy_m", "speed_cmps", "course_deg", "ignition"):
        op.drop_column("device_state", name)  # a person's last position outlived all fixes there, and nobody read it
    op.execute(KEEP_DAYS)
    op.execute(KEEP_LATE_FIX)
    op.execute("REVOKE EXECUTE ON FUNCTION keep_late_fix() FROM PUBLIC")
