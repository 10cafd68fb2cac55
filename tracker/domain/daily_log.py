"""The daily log: who may do what in which state, and which activities fit on a day.

draft -> submitted -> returned | approved | rejected -> locked. A draft that nobody submitted closes at the deadline;
the supervisor opens it again by returning it, just as a decided day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from tracker.domain.ruling import RuledOut

DEADLINE = time(12)  # local time on the next working day
SHORTEST_REASON = 3  # characters
SATURDAY = 5
AFTERWARDS = timedelta(hours=3)  # past the end of a day, times are still understood as meant for it
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)  # a duty that ends at midnight ends on the day before


class LogState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    LOCKED = "locked"


class Refusal(StrEnum):
    """Why something cannot be done; the pages hold the sentence that says what to do next."""

    DAY_CLOSED = "day_closed"
    DAY_IN_REVIEW = "day_in_review"
    DAY_NOT_BEGUN = "day_not_begun"
    NOTHING_TO_SUBMIT = "nothing_to_submit"
    END_BEFORE_START = "end_before_start"
    OUTSIDE_DAY = "outside_day"
    IN_THE_FUTURE = "in_the_future"
    OVERLAP = "overlap"
    FORM_USED = "form_used"
    UNKNOWN_ACTIVITY = "unknown_activity"
    OWN_LOG = "own_log"
    DECIDED_MEANWHILE = "decided_meanwhile"
    NOT_DECIDABLE = "not_decidable"
    REASON_MISSING = "reason_missing"


class Refused(RuledOut):
    """A rule of the daily log says no."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until `end`, aware UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: Period) -> bool:
        return self.start < other.end and other.start < self.end


DECISIONS = {
    LogState.APPROVED: frozenset({LogState.SUBMITTED}),
    LogState.REJECTED: frozenset({LogState.SUBMITTED}),
    LogState.RETURNED: frozenset({LogState.SUBMITTED, LogState.DRAFT, LogState.APPROVED, LogState.REJECTED}),
}


def deadline(work_date: date, zone: tzinfo, windows: Iterable[Period] = ()) -> datetime:
    """When a draft of `work_date` closes: noon of the next day from Monday to Friday after its duty, city time.

    A duty belongs to the dates it is worked on: a guard of 24 hours is relieved a day later than it began.
    """
    last = max([work_date, *((w.end - INSTANT).astimezone(zone).date() for w in windows)])
    day = last + DAY
    while day.weekday() >= SATURDAY:
        day += DAY
    return datetime.combine(day, DEADLINE, zone)


def editable(state: LogState, closes_at: datetime, now: datetime) -> bool:
    """Whether the employee may still write: a draft until its deadline, a returned day always."""
    return state is LogState.RETURNED or (state is LogState.DRAFT and now < closes_at)


def require_editable(state: LogState, closes_at: datetime, now: datetime) -> None:
    """Raise `Refused` unless the employee may still write."""
    if state is LogState.SUBMITTED:
        raise Refused(Refusal.DAY_IN_REVIEW)
    if not editable(state, closes_at, now):
        raise Refused(Refusal.DAY_CLOSED)


def possible_decisions(state: LogState, closes_at: datetime, now: datetime) -> frozenset[LogState]:
    """What a supervisor may decide on a log of this state; a draft can be returned only once it is closed."""
    if state is LogState.DRAFT and now < closes_at:
        return frozenset()
    return frozenset(decision for decision, states in DECISIONS.items() if state in states)


def require_decidable(
    decision: LogState, state: LogState, closes_at: datetime, now: datetime, *, own: bool, reason: str
) -> None:
    """Raise `Refused` unless this decision may be made: not on one's own log, not without a reason for a no."""
    if own:
        raise Refused(Refusal.OWN_LOG)
    if decision not in possible_decisions(state, closes_at, now):
        raise Refused(Refusal.NOT_DECIDABLE)
    if decision is not LogState.APPROVED and len(reason) < SHORTEST_REASON:
        raise Refused(Refusal.REASON_MISSING)


def day_span(work_date: date, zone: tzinfo, windows: Iterable[Period]) -> Period:
    """The time a log of `work_date` may speak of: the local day, stretched by shifts that run past midnight."""
    windows = tuple(windows)
    start = datetime.combine(work_date, time(), zone)
    end = datetime.combine(work_date + DAY, time(), zone)
    return Period(min([start, *(w.start for w in windows)]), max([end, *(w.end for w in windows)]))


def placed(work_date: date, start: time, end: time, zone: tzinfo, windows: Sequence[Period], now: datetime) -> Period:
    """The instants that two clock times mean on `work_date`: on a night shift 01:00 is the morning after.

    The start is the one nearest to duty that is not in the future; the end is the next such time. Both may lie a
    little after the day, so that `require_fitting` can say so.
    """
    latest = day_span(work_date, zone, windows).end + AFTERWARDS
    starts, ends = (
        [at for n in (0, 1) if (at := datetime.combine(work_date + n * DAY, clock, zone)) <= latest]
        for clock in (start, end)
    )
    begins = min(starts, key=lambda at: (at >= now, _distance(at, windows)))
    following = next((at for at in ends if at > begins), None)
    if following is None:
        raise Refused(Refusal.END_BEFORE_START)
    return Period(begins, following)


def _distance(at: datetime, windows: Iterable[Period]) -> timedelta:
    """How far a moment is from the nearest window; nothing within one, or where there is none."""
    return min((max(w.start - at, at - w.end, timedelta()) for w in windows), default=timedelta())


def require_fitting(activity: Period, day: Period, others: Iterable[Period], now: datetime) -> None:
    """Raise `Refused` unless the activity lies on its day, is over, and overlaps no other."""
    if activity.end <= activity.start:
        raise Refused(Refusal.END_BEFORE_START)
    if activity.start < day.start or activity.end > day.end:
        raise Refused(Refusal.OUTSIDE_DAY)
    if activity.end > now:
        raise Refused(Refusal.IN_THE_FUTURE)
    if any(activity.overlaps(other) for other in others):
        raise Refused(Refusal.OVERLAP)


def suggested(day: Period, windows: Sequence[Period], others: Sequence[Period], now: datetime) -> Period:
    """The span to offer for the next activity: from the end of the last one (or of duty's start) until now."""
    limits = Period(min((w.start for w in windows), default=day.start), max((w.end for w in windows), default=day.end))
    end = min(now, limits.end).replace(second=0, microsecond=0)
    start = max([limits.start, *(o.end for o in others)])
    if start >= end:
        start = end - timedelta(minutes=30)
    return Period(max(start, day.start), end)
