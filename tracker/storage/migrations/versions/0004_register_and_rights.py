"""The register and the rights get dates: places of units, memberships of people, grants of roles, deputies, drivers.

What there was holds since ever and until further notice. Administrators of before kept the whole city: they become
system administrators, who do not look at tracks; whoever should is made a supervisor or an auditor.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ALWAYS = "daterange(NULL, NULL)"
CAPABILITIES = (
    "ARRAY['compactor', 'crane', 'ladder', 'life_support', 'power_take_off', 'pump', 'stretcher', 'water_tank']::text[]"
)


def upgrade() -> None:
    op.create_table(
        "unit_place",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        _alone("unit_place", "unit_id"),
        sa.CheckConstraint("NOT isempty(period)", name=op.f("ck_unit_place_period")),
        sa.CheckConstraint("unit_id <> parent_id", name=op.f("ck_unit_place_parent")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_place_unit_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_place_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_place")),
    )
    op.create_index(op.f("ix_unit_place_parent_id"), "unit_place", ["parent_id"])
    op.execute(f"INSERT INTO unit_place (unit_id, parent_id, period) SELECT id, parent_id, {ALWAYS} FROM unit")
    op.drop_column("unit", "parent_id")

    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Text(), server_default="", nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        _alone("membership", "person_id"),
        sa.CheckConstraint("NOT isempty(period)", name=op.f("ck_membership_period")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_membership_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_person_id"), "membership", ["person_id"])
    op.create_index(op.f("ix_membership_unit_id"), "membership", ["unit_id"])
    op.execute(
        "INSERT INTO membership (person_id, unit_id, position, period) "
        f"SELECT id, unit_id, position, {ALWAYS} FROM person"
    )
    op.drop_column("person", "unit_id")
    op.drop_column("person", "position")

    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.CheckConstraint(
            "role IN ('supervisor', 'auditor', 'administrator', 'system_administrator')",
            name=op.f("ck_role_grant_role"),
        ),
        sa.CheckConstraint(
            "CASE role WHEN 'system_administrator' THEN unit_id IS NULL WHEN 'auditor' THEN true "
            "ELSE unit_id IS NOT NULL END",
            name=op.f("ck_role_grant_reach"),
        ),
        sa.CheckConstraint("NOT isempty(period)", name=op.f("ck_role_grant_period")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_role_grant_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(op.f("ix_role_grant_account_id"), "role_grant", ["account_id"])
    op.execute(
        "INSERT INTO role_grant (account_id, role, unit_id, period) "
        "SELECT id, CASE role WHEN 'supervisor' THEN role ELSE 'system_administrator' END, supervised_unit_id, "
        f"{ALWAYS} FROM account WHERE role <> 'employee'"
    )
    op.drop_constraint("ck_account_supervised_unit", "account")
    op.drop_column("account", "supervised_unit_id")
    op.drop_column("account", "role")

    op.create_table(
        "deputy",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        _alone("deputy", "principal_id"),
        sa.CheckConstraint("principal_id <> deputy_id", name=op.f("ck_deputy_another")),
        sa.CheckConstraint(
            "NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)", name=op.f("ck_deputy_period")
        ),
        sa.ForeignKeyConstraint(["principal_id"], ["account.id"], name=op.f("fk_deputy_principal_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["account.id"], name=op.f("fk_deputy_deputy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
    )
    op.create_index(op.f("ix_deputy_deputy_id"), "deputy", ["deputy_id"])
    op.create_index(op.f("ix_deputy_principal_id"), "deputy", ["principal_id"])

    op.create_table(
        "driver_session",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("vehicle_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        _alone("driver_session", "vehicle_id"),
        _alone("driver_session", "person_id"),
        sa.CheckConstraint("NOT isempty(period) AND NOT lower_inf(period)", name=op.f("ck_driver_session_period")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_driver_session_vehicle_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_driver_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver_session")),
    )
    op.create_index(op.f("ix_driver_session_vehicle_id"), "driver_session", ["vehicle_id"])
    op.create_index(op.f("ix_driver_session_person_id"), "driver_session", ["person_id"])

    op.add_column(
        "vehicle", sa.Column("capabilities", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.create_check_constraint(op.f("ck_vehicle_capabilities"), "vehicle", f"capabilities <@ {CAPABILITIES}")
    op.add_column("vehicle", sa.Column("public_view", sa.Text(), server_default="by_kind", nullable=False))
    op.create_check_constraint(
        op.f("ck_vehicle_public_view"), "vehicle", "public_view IN ('by_kind', 'at_base', 'hidden')"
    )
    op.add_column("device", sa.Column("model", sa.Text(), server_default="", nullable=False))


def _alone(table: str, of: str) -> postgresql.ExcludeConstraint:
    """No two periods of one `of` overlap. The embedded server has no btree_gist: see the assignments of 0001."""
    name = f"ex_{table}_{of.removesuffix('_id')}_period"
    same = sa.text(f"int4range({of}, {of}, '[]')")
    return postgresql.ExcludeConstraint((same, "&&"), (sa.text("period"), "&&"), using="gist", name=name)
