"""Who is to work when and where: rotations of shifts, single days, overtime, rule sets, posts, and what was published.

`zone_ids` are numbers of zones; a zone is never deleted, and one that gets another shape is replaced in all of them.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Identity, Index, Time, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.base import Base, ForDays, one_at_a_time
from tracker.storage.models.duty import Shift
from tracker.storage.models.register import FOLDED_NAME, Person, Unit, Zone


class Rotation(Base):
    """A cycle of shifts, one a day; `days` is its length, the first is worked on `anchor`."""

    __tablename__ = "rotation"
    __table_args__ = (
        CheckConstraint("days BETWEEN 1 AND 366", name="days"),
        Index("uq_rotation_name", FOLDED_NAME, unique=True),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    anchor: Mapped[date] = mapped_column(Date)
    days: Mapped[int]
    beats_holidays: Mapped[bool] = mapped_column(server_default="false")
    retired_at: Mapped[datetime | None]
    shifts: Mapped[list[RotationDay]] = relationship(order_by="RotationDay.number", cascade="all, delete-orphan")


class RotationDay(Base):
    """Which shift is worked on a day of a rotation, the first being 0; a day without a row is off."""

    __tablename__ = "rotation_day"
    rotation_id: Mapped[int] = mapped_column(ForeignKey("rotation.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    shift: Mapped[Shift] = relationship()


class ShiftPast(Base):
    """What a shift was on the days before `until`, when it was changed: those days keep it."""

    __tablename__ = "shift_past"
    __table_args__ = (UniqueConstraint("shift_id", "until"),)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    until: Mapped[date] = mapped_column(Date)
    start_time: Mapped[time] = mapped_column(Time)
    duration_min: Mapped[int]
    grace_min: Mapped[int]
    profile: Mapped[str]
    before_min: Mapped[int]
    after_min: Mapped[int]
    breaks: Mapped[list[list[int]]] = mapped_column(JSONB)
    zone_ids: Mapped[list[int]]


class RotationPast(Base):
    """What a rotation was on the days before `until`, when it was changed; in `cycle` 0 is off."""

    __tablename__ = "rotation_past"
    __table_args__ = (UniqueConstraint("rotation_id", "until"),)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    rotation_id: Mapped[int] = mapped_column(ForeignKey("rotation.id"))
    until: Mapped[date] = mapped_column(Date)
    anchor: Mapped[date] = mapped_column(Date)
    cycle: Mapped[list[int]]
    beats_holidays: Mapped[bool]


class RosterEntry(ForDays, Base):
    """By which rotation a person works for a period of days: `offset` days ahead of it, and where."""

    __tablename__ = "roster_entry"
    __table_args__ = (CheckConstraint("NOT isempty(period) AND NOT lower_inf(period)", name="period"),
                      one_at_a_time("roster_entry", "person_id"))  # fmt: skip
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    rotation_id: Mapped[int] = mapped_column(ForeignKey("rotation.id"), index=True)
    offset: Mapped[int] = mapped_column(server_default="0")
    zone_ids: Mapped[list[int]] = mapped_column(server_default="{}")
    rotation: Mapped[Rotation] = relationship()


class RosterDay(Base):
    """What a person works on one day in the place of their rotation; without a shift they are off."""

    __tablename__ = "roster_day"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))
    zone_ids: Mapped[list[int]] = mapped_column(server_default="{}")
    note: Mapped[str] = mapped_column(server_default="")
    shift: Mapped[Shift | None] = relationship()


class ExtraDuty(Base):
    """Overtime: a duty beside the rotation, with hours of its own and the profile of a shift."""

    __tablename__ = "extra_duty"
    __table_args__ = (CheckConstraint("duration_min BETWEEN 30 AND 1440", name="duration_min"),)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    day: Mapped[date] = mapped_column(Date)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    start_time: Mapped[time] = mapped_column(Time)
    duration_min: Mapped[int]
    zone_ids: Mapped[list[int]] = mapped_column(server_default="{}")
    note: Mapped[str] = mapped_column(server_default="")
    shift: Mapped[Shift] = relationship()


class RuleSet(ForDays, Base):
    """What holds on some days in the place of what holds on others, as the hours of Ramadan do; the newest wins."""

    __tablename__ = "rule_set"
    __table_args__ = (
        CheckConstraint("NOT isempty(period) AND NOT lower_inf(period)", name="period"),
        Index("uq_rule_set_name", FOLDED_NAME, unique=True),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    minutes_after_grace: Mapped[bool] = mapped_column(server_default="false")
    shifts: Mapped[list[RuleSetShift]] = relationship(order_by="RuleSetShift.shift_id", cascade="all, delete-orphan")


class RuleSetShift(Base):
    """The hours of a shift while a rule set holds."""

    __tablename__ = "rule_set_shift"
    __table_args__ = (CheckConstraint("duration_min BETWEEN 30 AND 1440", name="duration_min"),)
    rule_set_id: Mapped[int] = mapped_column(ForeignKey("rule_set.id", ondelete="CASCADE"), primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), primary_key=True)
    start_time: Mapped[time] = mapped_column(Time)
    duration_min: Mapped[int]
    breaks: Mapped[list[list[int]]] = mapped_column(JSONB, server_default=text("'[]'"))
    shift: Mapped[Shift] = relationship()


class Post(ForDays, Base):
    """Where a unit needs so many `people` in a shift, on each day of a period."""

    __tablename__ = "post"
    __table_args__ = (
        CheckConstraint("people BETWEEN 1 AND 1000", name="people"),
        CheckConstraint("NOT isempty(period) AND NOT lower_inf(period)", name="period"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"))
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    people: Mapped[int]
    weekdays: Mapped[list[int]] = mapped_column(server_default="{1,2,3,4,5,6,7}")  # ISO: Monday is 1
    unit: Mapped[Unit] = relationship()
    zone: Mapped[Zone] = relationship()
    shift: Mapped[Shift] = relationship()


class Publication(Base):
    """Up to which day a person's windows are published, and from which day on they are to be looked at again.

    `problem` is why they cannot be: two duties that overlap, in words for who keeps the roster.
    """

    __tablename__ = "publication"
    __table_args__ = (
        Index("ix_publication_due", "person_id", postgresql_where=text("due_from IS NOT NULL")),
        Index("ix_publication_until", "until"),
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    until: Mapped[date | None] = mapped_column(Date)
    due_from: Mapped[date | None] = mapped_column(Date)
    due_reason: Mapped[str | None]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    person: Mapped[Person] = relationship()
