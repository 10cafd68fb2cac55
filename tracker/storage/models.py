"""The tables, as SQLAlchemy models over a plain `Base`: the same classes serve Flask and a plain engine.

Times are UTC (`timestamptz`), coordinates are whole 1e-7 degrees, names are those of docs/domain.md. The application's
role may only read and insert into the tables of `APPEND_ONLY`, and only read those of `READ_ONLY`; see
`migrate.grant_rights`.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Text,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

APPEND_ONLY = (
    "audit", "device_status", "fix", "idle_revision", "log_decision", "machine_counters", "quarantine", "verdict",
)  # fmt: skip
READ_ONLY = ("retention",)
UPDATABLE = {"quarantine": ("replayed_at",)}  # columns of append-only tables that may change all the same


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        str: Text,
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
    }


def _one_of(column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(v) for v in values)})", name=column)


# ---- the register: who and what there is ----


class Unit(Base):
    """A node of the city's tree: dinas -> suku dinas -> kecamatan -> kelurahan -> team."""

    __tablename__ = "unit"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)


class Person(Base):
    """An employee, known by NIP; belongs to a unit."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    nip: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str]
    position: Mapped[str] = mapped_column(server_default="")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    unit: Mapped[Unit] = relationship()


class Vehicle(Base):
    """An ambulance, fire truck, heavy machine ...; `base_zone_id` is where it is parked when off task."""

    __tablename__ = "vehicle"
    __table_args__ = (
        _one_of("kind", "ambulance", "fire_truck", "heavy_equipment", "garbage_truck", "street_sweeper", "patrol_car"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    call_sign: Mapped[str] = mapped_column(unique=True)
    plate: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    base_zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"))
    unit: Mapped[Unit] = relationship()
    base_zone: Mapped[Zone | None] = relationship()


class Zone(Base):
    """A circle where work takes place."""

    __tablename__ = "zone"
    __table_args__ = (CheckConstraint("radius_m BETWEEN 10 AND 50000", name="radius_m"),)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    lat_e7: Mapped[int]
    lon_e7: Mapped[int]
    radius_m: Mapped[int]


class Device(Base):
    """A phone or tracker with a login of its own. `secret_bcrypt` is what the broker checks; see docs/decisions.md.

    `payload_key_sealed` opens what the device encrypts; see `tracker.sealing`.
    """

    __tablename__ = "device"
    __table_args__ = (
        _one_of("kind", "phone", "tracker"),
        CheckConstraint("login ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="login"),
        CheckConstraint("expected_interval_s BETWEEN 1 AND 3600", name="expected_interval_s"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    secret_bcrypt: Mapped[str]
    payload_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    expected_interval_s: Mapped[int] = mapped_column(server_default="60")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    revoked_at: Mapped[datetime | None]


class Assignment(Base):
    """Who or what carries a device, for a period; one holder at a time."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (vehicle_id IS NULL)", name="one_holder"),
        # the embedded server has no btree_gist: a range of one integer says "the same device" to gist
        ExcludeConstraint(
            (text("int4range(device_id, device_id, '[]')"), "&&"),
            (text("period"), "&&"),
            name="ex_assignment_device_period",
            using="gist",
        ),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"), index=True)
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    device: Mapped[Device] = relationship()


# ---- accounts ----


class Account(Base):
    """Who signs in. A supervisor sees `supervised_unit_id` and all below it."""

    __tablename__ = "account"
    __table_args__ = (
        _one_of("role", "employee", "supervisor", "administrator"),
        CheckConstraint("(role = 'supervisor') = (supervised_unit_id IS NOT NULL)", name="supervised_unit"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_argon2: Mapped[str]
    role: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), unique=True)
    supervised_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    failed_sign_ins: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    blocked_until: Mapped[datetime | None]
    person: Mapped[Person | None] = relationship()
    supervised_unit: Mapped[Unit | None] = relationship()


class SignInFailure(Base):
    """Wrong passwords in a row at an account from one address; a right one there, or a day, forgets them."""

    __tablename__ = "sign_in_failure"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    failed: Mapped[int] = mapped_column(SmallInteger)
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]


class WebSession(Base):
    """One signed-in browser. The cookie carries the token, the table its SHA-256: a copy of the table opens nothing."""

    __tablename__ = "web_session"
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Audit(Base):
    """Who looked at whose data, when and why. Append-only."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    action: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    account: Mapped[Account | None] = relationship()


# ---- fixes ----


class StoredFix(Base):
    """One fix of one device. Partitioned by UTC day of `fix_time`; columns ordered so that no byte is padding.

    `received_at` is ours, `sent_at` the device's; speeds are cm/s, the rest as its name says.
    """

    __tablename__ = "fix"
    __table_args__ = (
        PrimaryKeyConstraint("device_id", "fix_time"),
        {"postgresql_partition_by": "RANGE (fix_time)"},
    )
    fix_time: Mapped[datetime]
    received_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    device_id: Mapped[int] = mapped_column(Integer)
    lat_e7: Mapped[int]
    lon_e7: Mapped[int]
    accuracy_m: Mapped[int | None] = mapped_column(SmallInteger)
    altitude_m: Mapped[int | None] = mapped_column(SmallInteger)
    speed_cmps: Mapped[int | None] = mapped_column(SmallInteger)
    course_deg: Mapped[int | None] = mapped_column(SmallInteger)
    battery_pct: Mapped[int | None] = mapped_column(SmallInteger)
    ignition: Mapped[bool | None]


class DeviceState(Base):
    """The newest position of a device, its health, and what was counted of it. `fix_time` only moves forward.

    Health is kept whoever carries the device and whatever became of its fixes: battery, charging and connectivity as
    last heard, `lag_s` from that message's fix to its arrival, when the broker lost it, what it wrote where it may not.
    """

    __tablename__ = "device_state"
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)  # updated at each batch: room for the next version
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    last_heard_at: Mapped[datetime]
    fix_time: Mapped[datetime | None]
    lat_e7: Mapped[int | None]
    lon_e7: Mapped[int | None]
    accuracy_m: Mapped[int | None] = mapped_column(SmallInteger)
    speed_cmps: Mapped[int | None] = mapped_column(SmallInteger)
    course_deg: Mapped[int | None] = mapped_column(SmallInteger)
    ignition: Mapped[bool | None]
    battery_pct: Mapped[int | None] = mapped_column(SmallInteger)
    charging: Mapped[bool | None]
    connectivity: Mapped[str | None]
    lag_s: Mapped[int | None]
    lost_at: Mapped[datetime | None]
    stored: Mapped[int] = mapped_column(server_default="0")
    duplicate: Mapped[int] = mapped_column(server_default="0")
    off_duty: Mapped[int] = mapped_column(server_default="0")
    unassigned: Mapped[int] = mapped_column(server_default="0")
    clock_ahead: Mapped[int] = mapped_column(server_default="0")
    no_fix: Mapped[int] = mapped_column(server_default="0")
    rejected: Mapped[int] = mapped_column(server_default="0")
    denied: Mapped[int] = mapped_column(server_default="0")
    denied_at: Mapped[datetime | None]
    denied_topic: Mapped[str | None]


class DeviceStatus(Base):
    """What a phone said of itself and its right to the position; the newest row is its present state."""

    __tablename__ = "device_status"
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(primary_key=True)
    permission: Mapped[str | None]
    power_save: Mapped[bool | None]
    app_version: Mapped[str | None]
    platform: Mapped[str | None]


class MachineReading(Base):
    """Lifetime counters of a machine (ISO 15143-3); a day's figure is the difference of two readings."""

    __tablename__ = "machine_counters"
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    read_at: Mapped[datetime] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    operating_s: Mapped[int | None] = mapped_column(BigInteger)
    idle_s: Mapped[int | None] = mapped_column(BigInteger)
    distance_m: Mapped[int | None] = mapped_column(BigInteger)
    fuel_used_ml: Mapped[int | None] = mapped_column(BigInteger)
    fuel_remaining_pct: Mapped[int | None] = mapped_column(SmallInteger)
    engine_running: Mapped[bool | None]


class Quarantine(Base):
    """A message that could not be stored as a fix, kept as it came, with the reasons.

    The payload is kept of vehicles and of strangers only: a person's may say where they were off duty. Of one device so
    many are kept a day; `Rejection` counts them all. `replayed_at` is when it went through a mended decoder.
    """

    __tablename__ = "quarantine"
    __table_args__ = (Index("ix_quarantine_device_received", "device_id", "received_at"),)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    topic: Mapped[str]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"))
    reasons: Mapped[list[str]]
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    replayed_at: Mapped[datetime | None]


class Rejection(Base):
    """How often a device (0: nobody we know) was rejected for a reason on a UTC day, also beyond what is kept."""

    __tablename__ = "rejection"
    device_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class Retention(Base):
    """How many days are kept, in its one row: the owner writes it at each start, and it bounds what may be dropped."""

    __tablename__ = "retention"
    days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class LateDay(Base):
    """A day of a device that got a fix after its windows may have been judged: they are to be judged again."""

    __tablename__ = "late_day"
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


# ---- duty ----


class Shift(Base):
    """A pattern: local start time + duration, role profile, grace and the zones it is worked in."""

    __tablename__ = "shift"
    __table_args__ = (
        _one_of("profile", "OFFICE", "POST", "FIELD", "PATROL", "DRIVER"),
        CheckConstraint("duration_min BETWEEN 30 AND 1440", name="duration_min"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    start_time: Mapped[time] = mapped_column(Time)
    duration_min: Mapped[int]
    grace_min: Mapped[int] = mapped_column(server_default="15")
    profile: Mapped[str]


class DutyWindow(Base):
    """One person x one shift instance, published: absolute times, what counts as its fixes, and its zones."""

    __tablename__ = "duty_window"
    __table_args__ = (
        UniqueConstraint("person_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("accepts_from <= starts_at AND ends_at <= accepts_until", name="bounds"),
        Index("ix_duty_window_person_accepts", "person_id", "accepts_from", "accepts_until"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    work_date: Mapped[date] = mapped_column(Date, index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    accepts_from: Mapped[datetime]
    accepts_until: Mapped[datetime]
    published_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    person: Mapped[Person] = relationship()
    shift: Mapped[Shift] = relationship()
    zones: Mapped[list[Zone]] = relationship(secondary="duty_window_zone")


class DutyWindowZone(Base):
    __tablename__ = "duty_window_zone"
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id", ondelete="CASCADE"), primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), primary_key=True)


class Revision:
    """What every computed revision of a duty window carries. Never edited: a new number supersedes the old."""

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id"))
    revision: Mapped[int]
    reason: Mapped[str]  # why it was computed: first, late_fixes, roster, rule ...
    computed_at: Mapped[datetime]
    rule_version: Mapped[str]
    inputs_digest: Mapped[str]
    expected_s: Mapped[int]
    observed_s: Mapped[int]
    evidence: Mapped[dict[str, Any]]


class VerdictRevision(Revision, Base):
    """The verdict on one duty window. `cause` says why an UNVERIFIED could not be shown."""

    __tablename__ = "verdict"
    __table_args__ = (
        UniqueConstraint("window_id", "revision"),
        _one_of("status", "PRESENT", "NO_SHOW", "UNVERIFIED", "EXCUSED"),
    )
    status: Mapped[str]
    cause: Mapped[str | None]
    late_min: Mapped[int | None]
    left_early_min: Mapped[int | None]
    on_site_s: Mapped[int]
    off_site_s: Mapped[int]
    moving_s: Mapped[int]
    unknown_s: Mapped[int]


class IdleRevision(Revision, Base):
    """Idle minutes of one duty window, or minutes away from post where the role's work is to stay."""

    __tablename__ = "idle_revision"
    __table_args__ = (UniqueConstraint("window_id", "revision"), _one_of("measure", "idle", "away_from_post"))
    measure: Mapped[str]
    counted_s: Mapped[int]


class ReportRun(Base):
    """One run of a report over one period; the truth about what was computed."""

    __tablename__ = "report_run"
    __table_args__ = (UniqueConstraint("report", "period"), _one_of("state", "running", "done", "failed"))
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    report: Mapped[str]
    period: Mapped[date] = mapped_column(Date)
    state: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    error: Mapped[str | None]


# ---- the daily log ----


class ActivityType(Base):
    """The catalogue: what can be done, with its standard minutes and the unit its volume is counted in."""

    __tablename__ = "activity_type"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name_id: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str]
    volume_unit: Mapped[str]
    standard_min: Mapped[int]


class DailyLog(Base):
    """The day's report of one employee: draft -> submitted -> returned | approved | rejected -> locked."""

    __tablename__ = "daily_log"
    __table_args__ = (
        UniqueConstraint("person_id", "work_date"),
        _one_of("state", "draft", "submitted", "returned", "approved", "rejected", "locked"),
        # the review queue, beside years of logs that were decided
        Index("ix_daily_log_waiting", "submitted_at", "id", postgresql_where=text("state = 'submitted'")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    work_date: Mapped[date] = mapped_column(Date, index=True)
    state: Mapped[str] = mapped_column(server_default="draft")
    submitted_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship()
    activities: Mapped[list[Activity]] = relationship(order_by="Activity.starts_at", back_populates="log")
    decisions: Mapped[list[LogDecision]] = relationship(order_by="LogDecision.at")


class Activity(Base):
    """One entry of a daily log. `key` comes from the browser, so that a repeated request enters nothing twice."""

    __tablename__ = "activity"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("volume >= 0", name="volume"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    log_id: Mapped[int] = mapped_column(ForeignKey("daily_log.id"), index=True)
    key: Mapped[uuid.UUID] = mapped_column(unique=True)
    type_id: Mapped[int] = mapped_column(ForeignKey("activity_type.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    volume: Mapped[int]
    note: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    log: Mapped[DailyLog] = relationship(back_populates="activities")
    type: Mapped[ActivityType] = relationship()


class LogDecision(Base):
    """A supervisor's decision on a submitted log. Append-only; a return carries its reason."""

    __tablename__ = "log_decision"
    __table_args__ = (
        _one_of("decision", "approved", "returned", "rejected"),
        CheckConstraint("decision = 'approved' OR length(reason) >= 3", name="reason"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    log_id: Mapped[int] = mapped_column(ForeignKey("daily_log.id"), index=True)
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decision: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    account: Mapped[Account] = relationship()
