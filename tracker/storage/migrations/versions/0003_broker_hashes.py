"""What Mosquitto and RabbitMQ check a device's secret by. Secrets from before have none: nobody can compute it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None



def upgrade() -> None:
    op.add_column("device", sa.Column("secret_pbkdf2", sa.Text(), nullable=True))
    op.add_column("device", sa.Column("secret_sha256", sa.Text(), nullable=True))
