"""Days, weeks and months, as reports are made over them: local dates, weeks from Monday to Sunday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)


class Cadence(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Period:
    """From its first to its last day."""

    cadence: Cadence
    first: date
    last: date

    @property
    def before(self) -> Period:
        return period_of(self.cadence, self.first - DAY)

    @property
    def after(self) -> Period:
        return period_of(self.cadence, self.last + DAY)

    @property
    def days(self) -> list[date]:
        return [self.first + DAY * number for number in range((self.last - self.first).days + 1)]


def period_of(cadence: Cadence, day: date) -> Period:
    """The period that a day belongs to."""
    if cadence is Cadence.DAILY:
        return Period(cadence, day, day)
    if cadence is Cadence.WEEKLY:
        first = day - DAY * day.weekday()
        return Period(cadence, first, first + 6 * DAY)
    first = day.replace(day=1)
    return Period(cadence, first, (first + 31 * DAY).replace(day=1) - DAY)


def ended(cadence: Cadence, today: date, since: date) -> list[Period]:
    """The periods that began on `since` or later and ended before `today`, the oldest first."""
    found: list[Period] = []
    period = period_of(cadence, today).before
    while period.first >= since:
        found.append(period)
        period = period.before
    return found[::-1]
