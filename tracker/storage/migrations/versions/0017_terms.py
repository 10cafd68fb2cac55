"""Places of idle time are forgotten with the positions, attendance after years; a withdrawn finding is told."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('verdict_worse', 'leave_decided', 'case_decided', 'contest_decided', 'absence_found', "
    "'absence_withdrawn')"
)


def upgrade() -> None:
    op.drop_constraint("ck_notification_kind", "notification")
    op.create_check_constraint(op.f("ck_notification_kind"), "notification", KINDS)
    located = sa.text("evidence @? '$.places[*].lat'")
    op.create_index("ix_idle_revision_located", "idle_revision", ["window_id"], postgresql_where=located)
    op.create_index("ix_check_in_located", "check_in", ["at"], postgresql_where=sa.text("lat_e7 IS NOT NULL"))
    op.create_index(op.f("ix_check_in_at"), "check_in", ["at"])
    op.create_index(op.f("ix_notification_work_date"), "notification", ["work_date"])
    op.create_index(op.f("ix_leave_period_request_id"), "leave_period", ["request_id"])
    op.add_column("retention", sa.Column("attendance_years", sa.Integer(), nullable=False, server_default="5"))
