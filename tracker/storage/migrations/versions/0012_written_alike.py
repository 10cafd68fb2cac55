"""Names that differ in capitals or blanks only are the same name; what a unit was merged into is known."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAMES = {"unit": "name", "zone": "name", "vehicle": "call_sign", "person": "name"}


def upgrade() -> None:
    for table, column in NAMES.items():
        op.execute(f"UPDATE {table} SET {column} = btrim(regexp_replace({column}, '\\s+', ' ', 'g'))")
    op.execute("UPDATE vehicle SET plate = upper(btrim(regexp_replace(plate, '\\s+', ' ', 'g')))")
    op.drop_constraint("uq_unit_name", "unit")
    op.drop_constraint("uq_vehicle_call_sign", "vehicle")
    op.drop_constraint("uq_vehicle_plate", "vehicle")
    op.drop_index("uq_zone_name", "zone")
    op.create_index("uq_unit_name", "unit", [sa.text("lower(name)")], unique=True)
    op.create_index("uq_vehicle_call_sign", "vehicle", [sa.text("lower(call_sign)")], unique=True)
    op.create_index("uq_vehicle_plate", "vehicle", [sa.text("replace(upper(plate), ' ', '')")], unique=True)
    there = sa.text("retired_at IS NULL")
    op.create_index("uq_zone_name", "zone", [sa.text("lower(name)")], unique=True, postgresql_where=there)
    op.add_column("unit", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_unit_merged_into_id"), "unit", "unit", ["merged_into_id"], ["id"])
