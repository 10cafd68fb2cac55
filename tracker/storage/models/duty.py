"""What was to be done when and where, and what was computed of it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Index, Time, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.base import Base, one_of
from tracker.storage.models.register import FOLDED_NAME, Person, Zone

PROFILES = ("OFFICE", "POST", "FIELD", "PATROL", "DRIVER")


class Shift(Base):
    """A pattern: local start time + duration, role profile, grace, breaks and the zones it is worked in.

    `breaks` are pairs of minutes: after the beginning, and how long. Somebody is followed from `before_min` before duty
    to `after_min` after it. What changes holds for duties that have not begun.
    """

    __tablename__ = "shift"
    __table_args__ = (
        one_of("profile", *PROFILES),
        CheckConstraint("duration_min BETWEEN 30 AND 1440", name="duration_min"),
        CheckConstraint("grace_min BETWEEN 0 AND 240", name="grace_min"),
        CheckConstraint("before_min BETWEEN 0 AND 120 AND after_min BETWEEN 0 AND 120", name="margins"),
        Index("uq_shift_name", FOLDED_NAME, unique=True),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    start_time: Mapped[time] = mapped_column(Time)
    duration_min: Mapped[int]
    grace_min: Mapped[int] = mapped_column(server_default="15")
    profile: Mapped[str]
    before_min: Mapped[int] = mapped_column(server_default="30")
    after_min: Mapped[int] = mapped_column(server_default="30")
    breaks: Mapped[list[list[int]]] = mapped_column(JSONB, server_default=text("'[]'"))
    zone_ids: Mapped[list[int]] = mapped_column(server_default="{}")
    retired_at: Mapped[datetime | None]


class DutyWindow(Base):
    """One person x one shift instance, published: absolute times, what counts as its fixes, and its zones.

    `profile`, `grace_min` and `breaks` (pairs of ISO times) are the shift's when it was published. With an `excuse`
    nobody is expected, and nobody followed. It `awaits_verdict` until it has a verdict and an idle figure.
    """

    __tablename__ = "duty_window"
    __table_args__ = (
        # two windows may change places in one transaction
        UniqueConstraint("person_id", "starts_at", deferrable=True, initially="DEFERRED"),
        one_of("profile", *PROFILES),
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("accepts_from <= starts_at AND ends_at <= accepts_until", name="bounds"),
        Index("ix_duty_window_person_accepts", "person_id", "accepts_from", "accepts_until"),
        Index("ix_duty_window_awaiting", "ends_at", "id", postgresql_where=text("awaits_verdict")),
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
    profile: Mapped[str]
    grace_min: Mapped[int]
    breaks: Mapped[list[list[str]]] = mapped_column(JSONB, server_default=text("'[]'"))
    excuse: Mapped[str | None]
    awaits_verdict: Mapped[bool] = mapped_column(server_default=text("true"))
    person: Mapped[Person] = relationship()
    shift: Mapped[Shift] = relationship()
    zones: Mapped[list[Zone]] = relationship(secondary="duty_window_zone")


class DutyWindowZone(Base):
    __tablename__ = "duty_window_zone"
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id", ondelete="CASCADE"), primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), primary_key=True)


REASONS = (
    "first", "late_fixes", "check_in", "roster", "leave", "holiday", "rule", "attestation", "correction", "decision",
)  # fmt: skip


class Revision:
    """What every computed revision of a duty window carries. Never corrected: a new number supersedes the old."""

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id"))
    revision: Mapped[int]
    reason: Mapped[str]  # why it was computed: one of REASONS
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
    excused_s: Mapped[int] = mapped_column(server_default="0")

    @property
    def watched_s(self) -> int:
        """What was to be observed: excused time is not."""
        return self.expected_s - self.excused_s


class IdleRevision(Revision, Base):
    """Idle minutes of one duty window, or minutes away from post where the role's work is to stay.

    Where its `places` were lives as long as positions do.
    """

    __tablename__ = "idle_revision"
    __table_args__ = (
        UniqueConstraint("window_id", "revision"),
        one_of("measure", "idle", "away_from_post"),
        Index("ix_idle_revision_located", "window_id", postgresql_where=text("evidence @? '$.places[*].lat'")),
    )
    measure: Mapped[str]
    counted_s: Mapped[int]
