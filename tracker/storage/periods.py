"""Rows that hold for a period: cut what holds at a moment, so that something else can follow it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from operator import itemgetter
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.storage.models import Assignment, DriverSession, Membership, RosterEntry, UnitPlace
from tracker.storage.models.base import ForDays

PeriodT = TypeVar("PeriodT", UnitPlace, Membership, Assignment, DriverSession, RosterEntry)
PlanT = TypeVar("PlanT", UnitPlace, Membership)


class Later(ValueError):
    """Something begins at this moment or after it, so that nothing can end or begin here."""

    def __init__(self, begins: date | datetime) -> None:
        super().__init__(f"something else holds from {begins} on: name a later time, or end that first")
        self.begins = begins


def plans(rows: Iterable[PlanT], today: date) -> list[tuple[date, PlanT | None]]:
    """The days to come on which something changes, and what holds from then on; None is nothing. Pure."""
    ends: dict[date, PlanT | None] = {row.period.upper: None for row in rows if row.period.upper}
    begins = {row.period.lower: row for row in rows if row.period.lower}
    return sorted(((day, row) for day, row in (ends | begins).items() if day > today), key=itemgetter(0))


def cancel_at(
    session: Session, table: type[PlanT], of: ColumnElement[bool], day: date
) -> tuple[PlanT | None, PlanT | None]:
    """What was to begin or end on a day does not: what held before goes on, up to the next plan.

    Returns the row that does not begin, and the one that goes on; neither is there where nothing was planned.
    """
    begins = session.scalar(select(table).where(of, func.lower(table.period) == day))
    ends = session.scalar(select(table).where(of, func.upper(table.period) == day))
    until = begins.period.upper if begins else session.scalar(_next_beginning(table, of, day))
    if begins is not None:
        session.delete(begins)
        session.flush()
    if ends is not None:
        ends.period = Range(ends.period.lower, until)
        session.flush()
    return begins, ends


def _next_beginning(table: type[PlanT], of: ColumnElement[bool], day: date) -> Select[date]:
    return select(func.min(func.lower(table.period))).where(of, func.lower(table.period) > day)


def end_at(session: Session, table: type[PeriodT], of: ColumnElement[bool], moment: date | datetime) -> PeriodT | None:
    """End the row of `of` that holds at a moment, just before it; returns the row, None where none did.

    What holds for days and begins on that very day is gone then: who puts right what was entered this morning says the
    same day. Raises `Later` where a row begins after it, or another one at it: a plan is never dropped in passing.
    """
    for_days = issubclass(table, ForDays)
    first = func.lower(table.period)
    begins = session.scalar(select(first).where(of, first > moment if for_days else first >= moment).limit(1))
    if begins is not None:
        raise Later(begins)
    if for_days:
        of_today = session.scalar(select(table).where(of, first == moment))
        if of_today is not None:
            session.delete(of_today)
            session.flush()
            return of_today
    before = table.period * Range(None, moment)
    ended = update(table).where(of, table.period.contains(moment)).values(period=before).returning(table)
    return session.scalars(ended, execution_options={"synchronize_session": False}).one_or_none()
