"""What employees say they did, and what supervisors decided."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.accounts import Account
from tracker.storage.models.base import Base, one_of
from tracker.storage.models.register import Person


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
        one_of("state", "draft", "submitted", "returned", "approved", "rejected", "locked"),
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
        one_of("decision", "approved", "returned", "rejected"),
        CheckConstraint("decision = 'approved' OR length(reason) >= 3", name="reason"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    log_id: Mapped[int] = mapped_column(ForeignKey("daily_log.id"), index=True)
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decision: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    account: Mapped[Account] = relationship()
