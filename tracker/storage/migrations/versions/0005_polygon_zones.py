"""A zone is a circle or a polygon. Zones from before stay circles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("zone", sa.Column("parts", postgresql.JSONB(none_as_null=True), nullable=True))
    op.alter_column("zone", "radius_m", existing_type=sa.Integer(), nullable=True)
    op.create_check_constraint(op.f("ck_zone_one_shape"), "zone", "(radius_m IS NULL) <> (parts IS NULL)")
