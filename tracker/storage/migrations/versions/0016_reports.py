"""Contests with photos, absence found by a human, figures of units by day, subscriptions and their mails."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KINDS = "kind IN ('verdict_worse', 'leave_decided', 'case_decided', 'contest_decided', 'absence_found')"


def upgrade() -> None:
    op.create_table(
        "unit_day_due",
        sa.Column("work_date", sa.Date(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("work_date", name=op.f("pk_unit_day_due")),
    )
    op.create_table(
        "unit_day",
        sa.Column("work_date", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("duties", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("no_show", sa.Integer(), nullable=False),
        sa.Column("unverified", sa.Integer(), nullable=False),
        sa.Column("excused", sa.Integer(), nullable=False),
        sa.Column("causes", postgresql.JSONB(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("late_min", sa.Integer(), nullable=False),
        sa.Column("left_early", sa.Integer(), nullable=False),
        sa.Column("left_early_min", sa.Integer(), nullable=False),
        sa.Column("expected_s", sa.BigInteger(), nullable=False),
        sa.Column("observed_s", sa.BigInteger(), nullable=False),
        sa.Column("on_site_s", sa.BigInteger(), nullable=False),
        sa.Column("off_site_s", sa.BigInteger(), nullable=False),
        sa.Column("moving_s", sa.BigInteger(), nullable=False),
        sa.Column("unknown_s", sa.BigInteger(), nullable=False),
        sa.Column("excused_s", sa.BigInteger(), nullable=False),
        sa.Column("idle_s", sa.BigInteger(), nullable=False),
        sa.Column("away_s", sa.BigInteger(), nullable=False),
        sa.Column("rule_versions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_day_unit_id")),
        sa.PrimaryKeyConstraint("work_date", "unit_id", name=op.f("pk_unit_day")),
    )
    op.create_table(
        "absence_finding",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(reason) BETWEEN 10 AND 500", name=op.f("ck_absence_finding_reason")),
        sa.CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by) IN (0, 2)", name=op.f("ck_absence_finding_withdrawn")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_absence_finding_account_id")),
        sa.ForeignKeyConstraint(["window_id"], ["duty_window.id"], name=op.f("fk_absence_finding_window_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["account.id"], name=op.f("fk_absence_finding_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence_finding")),
    )
    op.create_index(op.f("ix_absence_finding_window_id"), "absence_finding", ["window_id"], unique=False)
    op.create_index(
        "uq_absence_finding_window_id",
        "absence_finding",
        ["window_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "contest",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("appeal_of", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("outcome IN ('changed', 'kept', 'withdrawn')", name=op.f("ck_contest_outcome")),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome = 'withdrawn' OR length(reason) >= 10", name=op.f("ck_contest_reason")
        ),
        sa.CheckConstraint("length(statement) BETWEEN 10 AND 2000", name=op.f("ck_contest_statement")),
        sa.CheckConstraint("level IN (1, 2) AND (level = 2) = (appeal_of IS NOT NULL)", name=op.f("ck_contest_level")),
        sa.CheckConstraint("num_nulls(outcome, decided_at, decided_by) IN (0, 3)", name=op.f("ck_contest_decided")),
        sa.ForeignKeyConstraint(["appeal_of"], ["contest.id"], name=op.f("fk_contest_appeal_of")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_contest_decided_by")),
        sa.ForeignKeyConstraint(["window_id"], ["duty_window.id"], name=op.f("fk_contest_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest")),
        sa.UniqueConstraint("appeal_of", name=op.f("uq_contest_appeal_of")),
    )
    op.create_index(
        "ix_contest_due", "contest", ["due_at"], unique=False, postgresql_where=sa.text("decided_at IS NULL")
    )
    op.create_index(op.f("ix_contest_window_id"), "contest", ["window_id"], unique=False)
    op.create_index(
        "uq_contest_open", "contest", ["window_id"], unique=True, postgresql_where=sa.text("decided_at IS NULL")
    )
    op.create_table(
        "mail_address",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrong_codes", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language IN ('id', 'en')", name=op.f("ck_mail_address_language")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mail_address_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_mail_address")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cadence IN ('daily', 'weekly', 'monthly')", name=op.f("ck_subscription_cadence")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_subscription_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_subscription_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    op.create_index(
        "uq_subscription",
        "subscription",
        ["account_id", "cadence", sa.literal_column("coalesce(unit_id, 0)")],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "contest_photo",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("contest_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["contest_id"], ["contest.id"], name=op.f("fk_contest_photo_contest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contest_photo")),
        sa.UniqueConstraint("contest_id", "number", name=op.f("uq_contest_photo_contest_id_number")),
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=True),
        sa.Column("period", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), server_default="due", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('due', 'sending', 'sent', 'withheld', 'failed')", name=op.f("ck_mail_state")),
        sa.CheckConstraint("num_nulls(subscription_id, period) IN (0, 2)", name=op.f("ck_mail_about")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_mail_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_mail_subscription_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("subscription_id", "period", name=op.f("uq_mail_subscription_id_period")),
    )
    op.create_index(op.f("ix_mail_account_id"), "mail", ["account_id"], unique=False)
    op.create_index("ix_mail_due", "mail", ["next_at", "id"], unique=False, postgresql_where=sa.text("state = 'due'"))
    op.add_column("report_run", sa.Column("done", sa.Integer(), nullable=True))
    op.add_column("report_run", sa.Column("total", sa.Integer(), nullable=True))
    op.drop_constraint("ck_notification_kind", "notification")
    op.create_check_constraint(op.f("ck_notification_kind"), "notification", KINDS)
    # what was judged before there were such figures is counted once
    op.execute("INSERT INTO unit_day_due SELECT DISTINCT work_date, now() FROM duty_window WHERE work_date <= now()")
