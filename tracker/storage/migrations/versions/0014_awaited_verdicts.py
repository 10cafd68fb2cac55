"""Windows say themselves whether they wait for their first verdict."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# once looks at every window; from now on nobody does
WAITING = """
UPDATE duty_window w SET awaits_verdict = true
WHERE NOT EXISTS (SELECT FROM verdict v WHERE v.window_id = w.id)
    OR NOT EXISTS (SELECT FROM idle_revision i WHERE i.window_id = w.id)
"""


def upgrade() -> None:
    # most of what is there has its verdict: only the others are written anew
    op.add_column("duty_window", sa.Column("awaits_verdict", sa.Boolean(), server_default="false", nullable=False))
    op.alter_column("duty_window", "awaits_verdict", server_default="true")
    op.create_index(
        "ix_duty_window_awaiting", "duty_window", ["ends_at", "id"], postgresql_where=sa.text("awaits_verdict")
    )
    op.execute(WAITING)
