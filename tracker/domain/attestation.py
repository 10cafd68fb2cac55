"""A superior vouches for somebody's presence in a part of a duty."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tracker.domain.ruling import RuledOut

SHORTEST_REASON, LONGEST_REASON = 10, 500  # characters


class Refusal(StrEnum):
    """Why something cannot be done; the pages hold the sentence that says what to do next."""

    OUTSIDE_WINDOW = "attest_outside_window"
    FUTURE = "attest_future"
    OWN = "attest_own"
    EXCUSED = "attest_excused"
    WITHDRAWN = "attest_withdrawn"
    TOO_OLD = "attest_too_old"


class Refused(RuledOut):
    """A rule of attestations says no."""

    refusal: Refusal


def require_possible(
    start: datetime, end: datetime, window: tuple[datetime, datetime], excused: bool, now: datetime, *, own: bool,
    too_old: bool = False,
) -> None:  # fmt: skip
    """Whether somebody may vouch for [start, end] of a duty window; `too_old` is one that cannot be judged again."""
    if own:
        raise Refused(Refusal.OWN)
    if excused:
        raise Refused(Refusal.EXCUSED)
    if too_old:
        raise Refused(Refusal.TOO_OLD)
    if not window[0] <= start < end <= window[1]:
        raise Refused(Refusal.OUTSIDE_WINDOW)
    if end > now:
        raise Refused(Refusal.FUTURE)


def times_within(
    first: time, last: time, window: tuple[datetime, datetime], zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """Clock times as times of a window, which may go past midnight; they may lie after its end."""
    start = _first_after(window[0], first, zone)
    end = _first_after(start, last, zone)
    return start, end if last != first else start


def _first_after(earliest: datetime, clock: time, zone: ZoneInfo) -> datetime:
    day = earliest.astimezone(zone).date()
    at = datetime.combine(day, clock, zone)
    return at if at >= earliest else datetime.combine(day + timedelta(days=1), clock, zone)
