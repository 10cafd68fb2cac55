"""Rows that hold for a period: cut what holds at a moment, so that something else can follow it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.storage.models import Assignment, DriverSession, Membership, UnitPlace

PeriodT = TypeVar("PeriodT", UnitPlace, Membership, Assignment, DriverSession)


class Later(ValueError):
    """Something begins at this moment or after it, so that nothing can end or begin here."""

    def __init__(self, begins: date | datetime) -> None:
        super().__init__(f"something else holds from {begins} on: name a later time, or end that first")
        self.begins = begins


def end_at(session: Session, table: type[PeriodT], of: ColumnElement[bool], moment: date | datetime) -> PeriodT | None:
    """End the row of `of` that holds at a moment, just before it; returns the row, None where none did.

    Raises `Later` where a row begins at the moment or after it: a plan is never dropped in passing.
    """
    begins = session.scalar(select(func.lower(table.period)).where(of, func.lower(table.period) >= moment).limit(1))
    if begins is not None:
        raise Later(begins)
    before = table.period * Range(None, moment)
    ended = update(table).where(of, table.period.contains(moment)).values(period=before).returning(table)
    return session.scalars(ended, execution_options={"synchronize_session": False}).one_or_none()
