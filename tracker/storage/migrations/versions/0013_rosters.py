"""Rosters, leave that is asked for, what else speaks for a person, cases, and the days of vehicles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TERMS_OF_SHIFT = """
UPDATE duty_window SET profile = shift.profile, grace_min = shift.grace_min FROM shift WHERE shift.id = shift_id
"""


def upgrade() -> None:
    op.create_table(
        "rotation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("anchor", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("beats_holidays", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("days BETWEEN 1 AND 366", name=op.f("ck_rotation_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation")),
        sa.UniqueConstraint("name", name=op.f("uq_rotation_name")),
    )
    op.create_table(
        "rule_set",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("minutes_after_grace", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.CheckConstraint("NOT isempty(period) AND NOT lower_inf(period)", name=op.f("ck_rule_set_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set")),
        sa.UniqueConstraint("name", name=op.f("uq_rule_set_name")),
    )
    op.create_table(
        "check_in",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaves", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("lat_e7", sa.Integer(), nullable=True),
        sa.Column("lon_e7", sa.Integer(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.CheckConstraint("num_nulls(lat_e7, lon_e7) IN (0, 2)", name=op.f("ck_check_in_place")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_check_in_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("key", name=op.f("uq_check_in_key")),
    )
    op.create_index("ix_check_in_person_at", "check_in", ["person_id", "at"])
    op.create_table(
        "extra_duty",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("zone_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("duration_min BETWEEN 30 AND 1440", name=op.f("ck_extra_duty_duration_min")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_extra_duty_person_id")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_extra_duty_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_duty")),
    )
    op.create_index(op.f("ix_extra_duty_person_id"), "extra_duty", ["person_id"])
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("work_date", sa.Date(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('verdict_worse', 'leave_decided', 'case_decided')", name=op.f("ck_notification_kind")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
    )
    op.create_index(op.f("ix_notification_person_id"), "notification", ["person_id"])
    op.create_index(
        "ix_notification_unread", "notification", ["person_id", "id"], postgresql_where=sa.text("read_at IS NULL")
    )
    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("weekdays", postgresql.ARRAY(sa.Integer()), server_default="{1,2,3,4,5,6,7}", nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.CheckConstraint("NOT isempty(period) AND NOT lower_inf(period)", name=op.f("ck_post_period")),
        sa.CheckConstraint("people BETWEEN 1 AND 1000", name=op.f("ck_post_people")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_post_shift_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_post_unit_id")),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"], name=op.f("fk_post_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    op.create_index(op.f("ix_post_unit_id"), "post", ["unit_id"])
    op.create_table(
        "publication",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("due_from", sa.Date(), nullable=True),
        sa.Column("due_reason", sa.Text(), nullable=True),
        sa.Column("problem", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_publication_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_publication")),
    )
    op.create_index(
        "ix_publication_due", "publication", ["person_id"], postgresql_where=sa.text("due_from IS NOT NULL")
    )
    op.create_index("ix_publication_until", "publication", ["until"])
    op.create_table(
        "roster_day",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=True),
        sa.Column("zone_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roster_day_person_id")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_roster_day_shift_id")),
        sa.PrimaryKeyConstraint("person_id", "day", name=op.f("pk_roster_day")),
    )
    op.create_table(
        "roster_entry",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("rotation_id", sa.Integer(), nullable=False),
        sa.Column("offset", sa.Integer(), server_default="0", nullable=False),
        sa.Column("zone_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(person_id, person_id, '[]')"), "&&"),
            (sa.text("period"), "&&"),
            using="gist",
            name="ex_roster_entry_person_period",
        ),
        sa.CheckConstraint("NOT isempty(period) AND NOT lower_inf(period)", name=op.f("ck_roster_entry_period")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_roster_entry_person_id")),
        sa.ForeignKeyConstraint(["rotation_id"], ["rotation.id"], name=op.f("fk_roster_entry_rotation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_entry")),
    )
    op.create_index(op.f("ix_roster_entry_person_id"), "roster_entry", ["person_id"])
    op.create_index(op.f("ix_roster_entry_rotation_id"), "roster_entry", ["rotation_id"])
    op.create_table(
        "rotation_day",
        sa.Column("rotation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rotation_id"], ["rotation.id"], name=op.f("fk_rotation_day_rotation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_rotation_day_shift_id")),
        sa.PrimaryKeyConstraint("rotation_id", "number", name=op.f("pk_rotation_day")),
    )
    op.create_table(
        "shift_past",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("grace_min", sa.Integer(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("before_min", sa.Integer(), nullable=False),
        sa.Column("after_min", sa.Integer(), nullable=False),
        sa.Column("breaks", postgresql.JSONB(), nullable=False),
        sa.Column("zone_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_shift_past_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_past")),
        sa.UniqueConstraint("shift_id", "until", name=op.f("uq_shift_past_shift_id_until")),
    )
    op.create_table(
        "rotation_past",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("rotation_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("anchor", sa.Date(), nullable=False),
        sa.Column("cycle", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("beats_holidays", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["rotation_id"], ["rotation.id"], name=op.f("fk_rotation_past_rotation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_past")),
        sa.UniqueConstraint("rotation_id", "until", name=op.f("uq_rotation_past_rotation_id_until")),
    )
    op.create_table(
        "rule_set_shift",
        sa.Column("rule_set_id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("breaks", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint("duration_min BETWEEN 30 AND 1440", name=op.f("ck_rule_set_shift_duration_min")),
        sa.ForeignKeyConstraint(
            ["rule_set_id"], ["rule_set.id"], name=op.f("fk_rule_set_shift_rule_set_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_rule_set_shift_shift_id")),
        sa.PrimaryKeyConstraint("rule_set_id", "shift_id", name=op.f("pk_rule_set_shift")),
    )
    op.create_table(
        "attestation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(reason) BETWEEN 10 AND 500", name=op.f("ck_attestation_reason")),
        sa.CheckConstraint("num_nulls(withdrawn_at, withdrawn_by) IN (0, 2)", name=op.f("ck_attestation_withdrawn")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_attestation_order")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_attestation_account_id")),
        sa.ForeignKeyConstraint(["window_id"], ["duty_window.id"], name=op.f("fk_attestation_window_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["account.id"], name=op.f("fk_attestation_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestation")),
    )
    op.create_index(op.f("ix_attestation_window_id"), "attestation", ["window_id"])
    op.create_table(
        "duty_case",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("proposed_digest", sa.Text(), nullable=False),
        sa.Column("proposed", postgresql.JSONB(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("decided_at IS NULL OR length(reason) >= 10", name=op.f("ck_duty_case_reason")),
        sa.CheckConstraint(
            "num_nulls(accepted, decided_at, decided_by) IN (0, 3)", name=op.f("ck_duty_case_decided")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_duty_case_decided_by")),
        sa.ForeignKeyConstraint(["window_id"], ["duty_window.id"], name=op.f("fk_duty_case_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_case")),
    )
    op.create_index(op.f("ix_duty_case_window_id"), "duty_case", ["window_id"])
    op.create_index(
        "uq_duty_case_open", "duty_case", ["window_id"], unique=True, postgresql_where=sa.text("decided_at IS NULL")
    )
    op.create_table(
        "leave_request",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused')) = (decided_by IS NOT NULL)", name=op.f("ck_leave_request_decided")
        ),
        sa.CheckConstraint(
            "kind IN ('leave', 'sick', 'official_trip', 'maternity', 'other')", name=op.f("ck_leave_request_kind")
        ),
        sa.CheckConstraint("part IN ('full', 'first_half', 'second_half')", name=op.f("ck_leave_request_part")),
        sa.CheckConstraint("state <> 'refused' OR length(reason) >= 10", name=op.f("ck_leave_request_reason")),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'refused', 'withdrawn')", name=op.f("ck_leave_request_state")
        ),
        sa.CheckConstraint(
            "NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)",
            name=op.f("ck_leave_request_period"),
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_leave_request_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_leave_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave_request")),
    )
    op.create_index(
        "ix_leave_request_open", "leave_request", ["requested_at", "id"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(op.f("ix_leave_request_person_id"), "leave_request", ["person_id"])
    op.create_table(
        "vehicle_day",
        sa.Column("vehicle_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moving_s", sa.Integer(), nullable=False),
        sa.Column("idle_s", sa.Integer(), nullable=False),
        sa.Column("working_s", sa.Integer(), nullable=False),
        sa.Column("parked_s", sa.Integer(), nullable=False),
        sa.Column("unknown_s", sa.Integer(), nullable=False),
        sa.Column("counted_operating_s", sa.BigInteger(), nullable=True),
        sa.Column("counted_idle_s", sa.BigInteger(), nullable=True),
        sa.Column("impossible_counts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stands", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_vehicle_day_vehicle_id")),
        sa.PrimaryKeyConstraint("vehicle_id", "day", name=op.f("pk_vehicle_day")),
    )
    op.create_table(
        "window_due",
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["window_id"], ["duty_window.id"], name=op.f("fk_window_due_window_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("window_id", name=op.f("pk_window_due")),
    )
    op.add_column("duty_window", sa.Column("profile", sa.Text(), nullable=True))
    op.add_column("duty_window", sa.Column("grace_min", sa.Integer(), nullable=True))
    op.execute(TERMS_OF_SHIFT)
    op.alter_column("duty_window", "profile", nullable=False)
    op.alter_column("duty_window", "grace_min", nullable=False)
    op.create_check_constraint(
        op.f("ck_duty_window_profile"), "duty_window", "profile IN ('OFFICE', 'POST', 'FIELD', 'PATROL', 'DRIVER')"
    )
    op.create_check_constraint(op.f("ck_shift_grace_min"), "shift", "grace_min BETWEEN 0 AND 240")
    op.drop_constraint("uq_duty_window_person_id_starts_at", "duty_window")
    op.create_unique_constraint(
        op.f("uq_duty_window_person_id_starts_at"),
        "duty_window",
        ["person_id", "starts_at"],
        deferrable=True,
        initially="DEFERRED",
    )
    op.add_column(
        "duty_window", sa.Column("breaks", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    )
    op.add_column("duty_window", sa.Column("excuse", sa.Text(), nullable=True))
    op.add_column("leave_period", sa.Column("place", sa.Text(), server_default="", nullable=False))
    op.add_column("leave_period", sa.Column("request_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_leave_period_request_id"), "leave_period", "leave_request", ["request_id"], ["id"])
    op.add_column("shift", sa.Column("before_min", sa.Integer(), server_default="30", nullable=False))
    op.add_column("shift", sa.Column("after_min", sa.Integer(), server_default="30", nullable=False))
    op.create_check_constraint(
        op.f("ck_shift_margins"), "shift", "before_min BETWEEN 0 AND 120 AND after_min BETWEEN 0 AND 120"
    )
    op.add_column("shift", sa.Column("breaks", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("shift", sa.Column("zone_ids", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False))
    op.add_column("shift", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("verdict", sa.Column("excused_s", sa.Integer(), server_default="0", nullable=False))
