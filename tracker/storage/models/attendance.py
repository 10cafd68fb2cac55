"""What else speaks for a person, and what becomes of a verdict: check-ins, attestations, leave, cases ..."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.accounts import Account
from tracker.storage.models.base import Base, ForDays, one_of
from tracker.storage.models.calendar import LEAVE_KINDS, PARTS
from tracker.storage.models.duty import DutyWindow
from tracker.storage.models.register import Person

REQUEST_STATES = ("open", "approved", "refused", "withdrawn")
NOTIFICATIONS = (
    "verdict_worse", "leave_decided", "case_decided", "contest_decided", "absence_found", "absence_withdrawn",
)  # fmt: skip


class CheckIn(Base):
    """That somebody said "I am here", or with `leaves` "I go", and where the browser saw them, if it did.

    Append-only, but for the place, which lives as long as positions do. `key` comes from the browser.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        CheckConstraint("num_nulls(lat_e7, lon_e7) IN (0, 2)", name="place"),
        Index("ix_check_in_person_at", "person_id", "at"),
        Index("ix_check_in_located", "at", postgresql_where=text("lat_e7 IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    key: Mapped[uuid.UUID] = mapped_column(unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    leaves: Mapped[bool] = mapped_column(server_default="false")
    lat_e7: Mapped[int | None]
    lon_e7: Mapped[int | None]
    accuracy_m: Mapped[int | None]


class Attestation(Base):
    """That a superior vouches for somebody's presence in a part of a window. Append-only, but may be withdrawn."""

    __tablename__ = "attestation"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("length(reason) BETWEEN 10 AND 500", name="reason"),
        CheckConstraint("num_nulls(withdrawn_at, withdrawn_by) IN (0, 2)", name="withdrawn"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    account: Mapped[Account] = relationship(foreign_keys=[account_id])


class LeaveRequest(ForDays, Base):
    """Leave, sickness or an official trip that somebody asks for, and the one answer to it."""

    __tablename__ = "leave_request"
    __table_args__ = (
        one_of("kind", *LEAVE_KINDS),
        one_of("part", *PARTS),
        one_of("state", *REQUEST_STATES),
        CheckConstraint("NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)", name="period"),
        CheckConstraint("(state IN ('approved', 'refused')) = (decided_by IS NOT NULL)", name="decided"),
        CheckConstraint("state <> 'refused' OR length(reason) >= 10", name="reason"),
        Index("ix_leave_request_open", "requested_at", "id", postgresql_where=text("state = 'open'")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    part: Mapped[str]
    place: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    requested_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="open")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(server_default="")
    person: Mapped[Person] = relationship()
    deciding_account: Mapped[Account | None] = relationship()


class DutyCase(Base):
    """That after its lock a window would be judged otherwise: a human decides whether it is.

    `proposed` is the verdict that would be, or other `terms` of the window with windows to be added `beside` it; one
    case at a time is open for a window, and holds the newest.
    """

    __tablename__ = "duty_case"
    __table_args__ = (
        CheckConstraint("num_nulls(accepted, decided_at, decided_by) IN (0, 3)", name="decided"),
        CheckConstraint("decided_at IS NULL OR length(reason) >= 10", name="reason"),
        Index("uq_duty_case_open", "window_id", unique=True, postgresql_where=text("decided_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id"), index=True)
    opened_at: Mapped[datetime]
    cause: Mapped[str]
    proposed_digest: Mapped[str]
    proposed: Mapped[dict[str, Any]]
    accepted: Mapped[bool | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(server_default="")
    window: Mapped[DutyWindow] = relationship()
    deciding_account: Mapped[Account | None] = relationship()


class WindowDue(Base):
    """A window that is to be judged again, and why; see `Revision.reason`."""

    __tablename__ = "window_due"
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str]
    marked_at: Mapped[datetime]


class Notification(Base):
    """Something a person is to be told, until they have read it."""

    __tablename__ = "notification"
    __table_args__ = (
        one_of("kind", *NOTIFICATIONS),
        Index("ix_notification_unread", "person_id", "id", postgresql_where=text("read_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    work_date: Mapped[date] = mapped_column(Date, index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    read_at: Mapped[datetime | None]


class VehicleDay(Base):
    """What a vehicle did on a local day, by its fixes and by its machine's counters; see `tracker.domain.vehicle`."""

    __tablename__ = "vehicle_day"
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    computed_at: Mapped[datetime]
    moving_s: Mapped[int]
    idle_s: Mapped[int]
    working_s: Mapped[int]
    parked_s: Mapped[int]
    unknown_s: Mapped[int]
    counted_operating_s: Mapped[int | None] = mapped_column(BigInteger)
    counted_idle_s: Mapped[int | None] = mapped_column(BigInteger)
    impossible_counts: Mapped[int] = mapped_column(server_default="0")
    stands: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
