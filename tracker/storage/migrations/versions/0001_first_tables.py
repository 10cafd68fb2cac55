"""The first tables: register, accounts, fixes, duty, daily logs.

The fixes are partitioned by UTC day. The application's role may not create or drop tables: it calls `keep_days`, which
runs with the owner's rights and does just that, and never drops what the table `retention` says is kept.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# ATTACH instead of PARTITION OF: it does not lock out the bridge while it works
KEEP_DAYS = """
CREATE FUNCTION keep_days(first_day date, last_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    wanted date;
    part text;
    changed integer := 0;
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
            changed := changed + 1;
        END IF;
    END LOOP;
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'fix'::regclass AND c.relname < 'fix_' || to_char(first_day, 'YYYYMMDD')
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        changed := changed + 1;
    END LOOP;
    RETURN changed;
END $$
"""

DEVICE_CHANGED = """
CREATE FUNCTION notify_device_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY device_changed;
    RETURN NULL;
END $$
"""

DEVICE_CHANGED_TRIGGER = """
CREATE TRIGGER device_changed AFTER INSERT OR DELETE OR UPDATE OF login, secret_bcrypt, revoked_at ON device
FOR EACH STATEMENT EXECUTE FUNCTION notify_device_changed()
"""


def upgrade() -> None:
    op.create_table(
        "retention",
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("days", name=op.f("pk_retention")),
    )
    op.create_table(
        "activity_type",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name_id", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("volume_unit", sa.Text(), nullable=False),
        sa.Column("standard_min", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_type")),
        sa.UniqueConstraint("name_id", name=op.f("uq_activity_type_name_id")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("secret_bcrypt", sa.Text(), nullable=False),
        sa.Column("payload_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expected_interval_s", sa.Integer(), server_default="60", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('phone', 'tracker')", name=op.f("ck_device_kind")),
        sa.CheckConstraint("login ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name=op.f("ck_device_login")),
        sa.CheckConstraint("expected_interval_s BETWEEN 1 AND 3600", name=op.f("ck_device_expected_interval_s")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("login", name=op.f("uq_device_login")),
    )
    op.create_table(
        "fix",
        sa.Column("fix_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("lat_e7", sa.Integer(), nullable=False),
        sa.Column("lon_e7", sa.Integer(), nullable=False),
        sa.Column("accuracy_m", sa.SmallInteger(), nullable=True),
        sa.Column("altitude_m", sa.SmallInteger(), nullable=True),
        sa.Column("speed_cmps", sa.SmallInteger(), nullable=True),
        sa.Column("course_deg", sa.SmallInteger(), nullable=True),
        sa.Column("battery_pct", sa.SmallInteger(), nullable=True),
        sa.Column("ignition", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("device_id", "fix_time", name=op.f("pk_fix")),
        postgresql_partition_by="RANGE (fix_time)",
    )
    op.create_table(
        "report_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_report_run_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_run")),
        sa.UniqueConstraint("report", "period", name=op.f("uq_report_run_report_period")),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_time", sa.Time(), nullable=False),
        sa.Column("duration_min", sa.Integer(), nullable=False),
        sa.Column("grace_min", sa.Integer(), server_default="15", nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.CheckConstraint("profile IN ('OFFICE', 'POST', 'FIELD', 'PATROL', 'DRIVER')", name=op.f("ck_shift_profile")),
        sa.CheckConstraint("duration_min BETWEEN 30 AND 1440", name=op.f("ck_shift_duration_min")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
        sa.UniqueConstraint("name", name=op.f("uq_shift_name")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("name", name=op.f("uq_unit_name")),
    )
    op.create_index(op.f("ix_unit_parent_id"), "unit", ["parent_id"], unique=False)
    op.create_table(
        "zone",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lat_e7", sa.Integer(), nullable=False),
        sa.Column("lon_e7", sa.Integer(), nullable=False),
        sa.Column("radius_m", sa.Integer(), nullable=False),
        sa.CheckConstraint("radius_m BETWEEN 10 AND 50000", name=op.f("ck_zone_radius_m")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone")),
        sa.UniqueConstraint("name", name=op.f("uq_zone_name")),
    )
    op.create_table(
        "device_state",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("last_heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fix_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lat_e7", sa.Integer(), nullable=True),
        sa.Column("lon_e7", sa.Integer(), nullable=True),
        sa.Column("accuracy_m", sa.SmallInteger(), nullable=True),
        sa.Column("speed_cmps", sa.SmallInteger(), nullable=True),
        sa.Column("course_deg", sa.SmallInteger(), nullable=True),
        sa.Column("ignition", sa.Boolean(), nullable=True),
        sa.Column("battery_pct", sa.SmallInteger(), nullable=True),
        sa.Column("charging", sa.Boolean(), nullable=True),
        sa.Column("connectivity", sa.Text(), nullable=True),
        sa.Column("lag_s", sa.Integer(), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored", sa.Integer(), server_default="0", nullable=False),
        sa.Column("duplicate", sa.Integer(), server_default="0", nullable=False),
        sa.Column("off_duty", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unassigned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("clock_ahead", sa.Integer(), server_default="0", nullable=False),
        sa.Column("no_fix", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("denied", sa.Integer(), server_default="0", nullable=False),
        sa.Column("denied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("denied_topic", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_state_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_state")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "device_status",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("permission", sa.Text(), nullable=True),
        sa.Column("power_save", sa.Boolean(), nullable=True),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_status_device_id")),
        sa.PrimaryKeyConstraint("device_id", "received_at", name=op.f("pk_device_status")),
    )
    op.create_table(
        "machine_counters",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("operating_s", sa.BigInteger(), nullable=True),
        sa.Column("idle_s", sa.BigInteger(), nullable=True),
        sa.Column("distance_m", sa.BigInteger(), nullable=True),
        sa.Column("fuel_used_ml", sa.BigInteger(), nullable=True),
        sa.Column("fuel_remaining_pct", sa.SmallInteger(), nullable=True),
        sa.Column("engine_running", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_machine_counters_device_id")),
        sa.PrimaryKeyConstraint("device_id", "read_at", name=op.f("pk_machine_counters")),
    )
    op.create_table(
        "rejection",
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "day", "reason", name=op.f("pk_rejection")),
    )
    op.create_table(
        "late_day",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_late_day_device_id")),
        sa.PrimaryKeyConstraint("device_id", "day", name=op.f("pk_late_day")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_person_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("nip", name=op.f("uq_person_nip")),
    )
    op.create_index(op.f("ix_person_unit_id"), "person", ["unit_id"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("reasons", postgresql.ARRAY(Text()), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_quarantine_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_index("ix_quarantine_device_received", "quarantine", ["device_id", "received_at"], unique=False)
    op.create_index(op.f("ix_quarantine_received_at"), "quarantine", ["received_at"], unique=False)
    op.create_table(
        "vehicle",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("call_sign", sa.Text(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("base_zone_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('ambulance', 'fire_truck', 'heavy_equipment', 'garbage_truck', 'street_sweeper', 'patrol_car')",
            name=op.f("ck_vehicle_kind"),
        ),
        sa.ForeignKeyConstraint(["base_zone_id"], ["zone.id"], name=op.f("fk_vehicle_base_zone_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_vehicle_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle")),
        sa.UniqueConstraint("call_sign", name=op.f("uq_vehicle_call_sign")),
        sa.UniqueConstraint("plate", name=op.f("uq_vehicle_plate")),
    )
    op.create_index(op.f("ix_vehicle_unit_id"), "vehicle", ["unit_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_argon2", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("supervised_unit_id", sa.Integer(), nullable=True),
        sa.Column("failed_sign_ins", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(role = 'supervisor') = (supervised_unit_id IS NOT NULL)", name=op.f("ck_account_supervised_unit")
        ),
        sa.CheckConstraint("role IN ('employee', 'supervisor', 'administrator')", name=op.f("ck_account_role")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.ForeignKeyConstraint(["supervised_unit_id"], ["unit.id"], name=op.f("fk_account_supervised_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("vehicle_id", sa.Integer(), nullable=True),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(device_id, device_id, '[]')"), "&&"),
            (sa.text("period"), "&&"),
            using="gist",
            name="ex_assignment_device_period",
        ),
        sa.CheckConstraint("(person_id IS NULL) <> (vehicle_id IS NULL)", name=op.f("ck_assignment_one_holder")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_assignment_device_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_assignment_person_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_assignment_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_device_id"), "assignment", ["device_id"], unique=False)
    op.create_index(op.f("ix_assignment_person_id"), "assignment", ["person_id"], unique=False)
    op.create_index(op.f("ix_assignment_vehicle_id"), "assignment", ["vehicle_id"], unique=False)
    op.create_table(
        "daily_log",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("work_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'returned', 'approved', 'rejected', 'locked')",
            name=op.f("ck_daily_log_state"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_daily_log_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daily_log")),
        sa.UniqueConstraint("person_id", "work_date", name=op.f("uq_daily_log_person_id_work_date")),
    )
    op.create_index(op.f("ix_daily_log_work_date"), "daily_log", ["work_date"], unique=False)
    op.create_table(
        "duty_window",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Integer(), nullable=False),
        sa.Column("work_date", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepts_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepts_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "accepts_from <= starts_at AND ends_at <= accepts_until", name=op.f("ck_duty_window_bounds")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_duty_window_order")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duty_window_person_id")),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_duty_window_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_window")),
        sa.UniqueConstraint("person_id", "starts_at", name=op.f("uq_duty_window_person_id_starts_at")),
    )
    op.create_index(op.f("ix_duty_window_ends_at"), "duty_window", ["ends_at"], unique=False)
    op.create_index(
        "ix_duty_window_person_accepts", "duty_window", ["person_id", "accepts_from", "accepts_until"], unique=False
    )
    op.create_index(op.f("ix_duty_window_work_date"), "duty_window", ["work_date"], unique=False)
    op.create_table(
        "activity",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_activity_order")),
        sa.CheckConstraint("volume >= 0", name=op.f("ck_activity_volume")),
        sa.ForeignKeyConstraint(["log_id"], ["daily_log.id"], name=op.f("fk_activity_log_id")),
        sa.ForeignKeyConstraint(["type_id"], ["activity_type.id"], name=op.f("fk_activity_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
        sa.UniqueConstraint("key", name=op.f("uq_activity_key")),
    )
    op.create_index(op.f("ix_activity_log_id"), "activity", ["log_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_audit_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_audit_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_person_id"), "audit", ["person_id"], unique=False)
    op.create_table(
        "duty_window_zone",
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["window_id"], ["duty_window.id"], name=op.f("fk_duty_window_zone_window_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"], name=op.f("fk_duty_window_zone_zone_id")),
        sa.PrimaryKeyConstraint("window_id", "zone_id", name=op.f("pk_duty_window_zone")),
    )
    op.create_table(
        "idle_revision",
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("counted_s", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("inputs_digest", sa.Text(), nullable=False),
        sa.Column("expected_s", sa.Integer(), nullable=False),
        sa.Column("observed_s", sa.Integer(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.CheckConstraint("measure IN ('idle', 'away_from_post')", name=op.f("ck_idle_revision_measure")),
        sa.ForeignKeyConstraint(["window_id"], ["duty_window.id"], name=op.f("fk_idle_revision_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idle_revision")),
        sa.UniqueConstraint("window_id", "revision", name=op.f("uq_idle_revision_window_id_revision")),
    )
    op.create_table(
        "log_decision",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("log_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("decision = 'approved' OR length(reason) >= 3", name=op.f("ck_log_decision_reason")),
        sa.CheckConstraint("decision IN ('approved', 'returned', 'rejected')", name=op.f("ck_log_decision_decision")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_log_decision_account_id")),
        sa.ForeignKeyConstraint(["log_id"], ["daily_log.id"], name=op.f("fk_log_decision_log_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_decision")),
    )
    op.create_index(op.f("ix_log_decision_log_id"), "log_decision", ["log_id"], unique=False)
    op.create_table(
        "verdict",
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("late_min", sa.Integer(), nullable=True),
        sa.Column("left_early_min", sa.Integer(), nullable=True),
        sa.Column("on_site_s", sa.Integer(), nullable=False),
        sa.Column("off_site_s", sa.Integer(), nullable=False),
        sa.Column("moving_s", sa.Integer(), nullable=False),
        sa.Column("unknown_s", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("inputs_digest", sa.Text(), nullable=False),
        sa.Column("expected_s", sa.Integer(), nullable=False),
        sa.Column("observed_s", sa.Integer(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.CheckConstraint("status IN ('PRESENT', 'NO_SHOW', 'UNVERIFIED', 'EXCUSED')", name=op.f("ck_verdict_status")),
        sa.ForeignKeyConstraint(["window_id"], ["duty_window.id"], name=op.f("fk_verdict_window_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("window_id", "revision", name=op.f("uq_verdict_window_id_revision")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("failed", sa.SmallInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_sign_in_failure_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "address", name=op.f("pk_sign_in_failure")),
    )
    op.create_index(op.f("ix_sign_in_failure_last_at"), "sign_in_failure", ["last_at"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_web_session_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_web_session")),
    )
    op.create_index(op.f("ix_web_session_account_id"), "web_session", ["account_id"], unique=False)
    op.create_index(
        "ix_daily_log_waiting",
        "daily_log",
        ["submitted_at", "id"],
        postgresql_where=sa.text("state = 'submitted'"),
    )
    op.execute(KEEP_DAYS)
    op.execute("REVOKE EXECUTE ON FUNCTION keep_days(date, date) FROM PUBLIC")
    op.execute(DEVICE_CHANGED)
    op.execute(DEVICE_CHANGED_TRIGGER)
