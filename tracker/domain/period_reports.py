"""Which periods a report is to be made of, and when one is ready: judged and counted, or waited for long enough."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.domain.periods import Cadence, Period, ended, period_of

REACH = {Cadence.DAILY: 8, Cadence.WEEKLY: 5, Cadence.MONTHLY: 3}  # periods that are caught up after a downtime
WAITED_ENOUGH = timedelta(hours=24)  # after its last duty's end a period is told as it is


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a period is: its duties, those of them that nobody judged yet, and the days to be counted again."""

    duties: int
    not_judged: int
    uncounted_days: int
    last_end: datetime | None


def periods_due(cadence: Cadence, today: date, first_duty: date | None, made: Collection[date]) -> list[Period]:
    """The ended periods without a report, the oldest first; `made` are the first days of those that have one.

    None is older than the one with the city's first duty, nor than the reach of its cadence.
    """
    if first_duty is None:
        return []
    within_reach = ended(cadence, today, period_of(cadence, first_duty).first)[-REACH[cadence] :]
    return [period for period in within_reach if period.first not in made]


def is_ready(standing: Standing, now: datetime, stored_until: datetime) -> bool:
    """Whether nothing of a period is awaited any more. A period that nobody worked in is, once it is counted.

    What is judged is counted in any case. Verdicts are awaited for long enough, and for as long as what was
    sent during its duties is not stored: after a downtime a period is old before anybody could judge it.
    """
    if standing.uncounted_days:
        return False
    if not standing.not_judged or standing.last_end is None:
        return True
    return now >= standing.last_end + WAITED_ENOUGH and stored_until >= standing.last_end
