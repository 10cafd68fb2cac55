"""Vehicles and zones that serve no more, shapes that follow others, devices that were not set up yet."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vehicle", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("zone", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("uq_zone_name"), "zone")
    op.create_index("uq_zone_name", "zone", ["name"], unique=True, postgresql_where=sa.text("retired_at IS NULL"))
    op.alter_column("device", "secret_bcrypt", existing_type=sa.Text(), nullable=True)
