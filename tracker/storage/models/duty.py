"""What was to be done when and where, and what was computed of it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Index, Time, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.base import Base, one_of
from tracker.storage.models.register import Person, Zone


class Shift(Base):
    """A pattern: local start time + duration, role profile, grace and the zones it is worked in."""

    __tablename__ = "shift"
    __table_args__ = (
        one_of("profile", "OFFICE", "POST", "FIELD", "PATROL", "DRIVER"),
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
        one_of("status", "PRESENT", "NO_SHOW", "UNVERIFIED", "EXCUSED"),
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
    __table_args__ = (UniqueConstraint("window_id", "revision"), one_of("measure", "idle", "away_from_post"))
    measure: Mapped[str]
    counted_s: Mapped[int]


class ReportRun(Base):
    """One run of a report over one period; the truth about what was computed."""

    __tablename__ = "report_run"
    __table_args__ = (UniqueConstraint("report", "period"), one_of("state", "running", "done", "failed"))
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    report: Mapped[str]
    period: Mapped[date] = mapped_column(Date)
    state: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    error: Mapped[str | None]
