"""What devices published, and what is known of them by it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.storage.models.base import Base
from tracker.storage.models.said import NOT_SAID, NOT_SAID_S, Said, SaidSeconds, SaidYesNo


class StoredFix(Base):
    """One fix of one device. Partitioned by UTC day of `fix_time`; columns ordered so that no byte is padding.

    `received_after_s` is from the fix to its arrival here, `sent_after_s` to the device's handing it over: in whole
    seconds, rounded down, of which four bytes hold 68 years. Speeds are cm/s, the rest as its name says. Nothing is
    NULL: what the device did not say is None in Python and a number of `said` in the table.
    """

    __tablename__ = "fix"
    __table_args__ = (
        PrimaryKeyConstraint("device_id", "fix_time"),
        {"postgresql_partition_by": "RANGE (fix_time)"},
    )
    fix_time: Mapped[datetime]
    received_after_s: Mapped[int]
    sent_after_s: Mapped[int | None] = mapped_column(SaidSeconds, nullable=False, server_default=str(NOT_SAID_S))
    device_id: Mapped[int] = mapped_column(Integer)
    lat_e7: Mapped[int]
    lon_e7: Mapped[int]
    accuracy_m: Mapped[int | None] = mapped_column(Said, nullable=False, server_default=str(NOT_SAID))
    altitude_m: Mapped[int | None] = mapped_column(Said, nullable=False, server_default=str(NOT_SAID))
    speed_cmps: Mapped[int | None] = mapped_column(Said, nullable=False, server_default=str(NOT_SAID))
    course_deg: Mapped[int | None] = mapped_column(Said, nullable=False, server_default=str(NOT_SAID))
    battery_pct: Mapped[int | None] = mapped_column(Said, nullable=False, server_default=str(NOT_SAID))
    ignition: Mapped[bool | None] = mapped_column(SaidYesNo, nullable=False, server_default=str(NOT_SAID))


class RewrittenDay(Base):
    """A closed day of `fix` that was rewritten in the order of devices; only the owner writes here.

    `bytes` is the size of its table then: late fixes make it grow, and once they are many it is rewritten again.
    """

    __tablename__ = "rewritten_day"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    rewritten_at: Mapped[datetime]
    bytes: Mapped[int] = mapped_column(BigInteger)


class DeviceState(Base):
    """The time of a device's newest fix, its health, and what was counted of it. `fix_time` only moves forward.

    No position: it would still be there when all fixes have expired. Health is kept whoever carries the device and
    whatever became of its fixes: battery, charging and connectivity as last heard, `lag_s` from that message's fix to
    its arrival, when the broker lost it, what it wrote where it may not.
    """

    __tablename__ = "device_state"
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)  # updated at each batch: room for the next version
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    last_heard_at: Mapped[datetime]
    fix_time: Mapped[datetime | None]
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
    """How many days of fixes, and years of attendance, are kept, in its one row.

    The owner writes it at each start, and it bounds what may be dropped.
    """

    __tablename__ = "retention"
    days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attendance_years: Mapped[int] = mapped_column(server_default="5")


class LateDay(Base):
    """A day of a device that got a fix after its windows may have been judged: they are to be judged again."""

    __tablename__ = "late_day"
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
