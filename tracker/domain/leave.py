"""Asking for leave, saying that one is sick or on an official trip, and the answer to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tracker.domain.roster import Part
from tracker.domain.ruling import RuledOut

LONGEST = timedelta(days=366)
FARTHEST = timedelta(days=366)  # ahead
LONG_AGO = timedelta(days=30)  # a doctor's note comes late, but not later
MOST_OPEN = 10  # requests of one person that wait for an answer
SHORTEST_REASON = 10  # characters, of a refusal
WITH_PLACE = ("official_trip",)


class Refusal(StrEnum):
    """Why something cannot be done; the pages hold the sentence that says what to do next."""

    BACKWARDS = "leave_backwards"
    TOO_LONG = "leave_too_long"
    TOO_FAR = "leave_too_far"
    LONG_AGO = "leave_long_ago"
    PLACE = "leave_without_place"
    OVERLAPS = "leave_overlaps"
    TOO_MANY_OPEN = "leave_too_many_open"
    OWN_REQUEST = "leave_own_request"
    DECIDED_MEANWHILE = "leave_decided_meanwhile"
    REASON = "leave_needs_reason"
    BEGUN = "leave_has_begun"
    NOT_AHEAD = "leave_ends_not_ahead"


class Refused(RuledOut):
    """A rule of leave says no."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Wanted:
    """From when to when, which part of each day, why, and of an official trip where to."""

    kind: str
    first: date
    last: date
    part: Part = Part.FULL
    place: str = ""
    note: str = ""


def require_possible(wanted: Wanted, today: date, taken: Iterable[tuple[date, date, Part]], waiting: int) -> None:
    """Whether this may be asked for beside what was granted or asked for already."""
    if wanted.last < wanted.first:
        raise Refused(Refusal.BACKWARDS)
    if wanted.last - wanted.first > LONGEST:
        raise Refused(Refusal.TOO_LONG)
    if wanted.first > today + FARTHEST:
        raise Refused(Refusal.TOO_FAR)
    if wanted.first < today - LONG_AGO:
        raise Refused(Refusal.LONG_AGO)
    if wanted.kind in WITH_PLACE and not wanted.place:
        raise Refused(Refusal.PLACE)
    if any(_meet(wanted, first, last, part) for first, last, part in taken):
        raise Refused(Refusal.OVERLAPS)
    if waiting >= MOST_OPEN:
        raise Refused(Refusal.TOO_MANY_OPEN)


def require_endable(last: date, on: date, today: date) -> None:
    """Whether leave up to `last` may end before `on`: of days that began already nobody is expected afterwards."""
    if not today < on <= last:
        raise Refused(Refusal.NOT_AHEAD)


def _meet(wanted: Wanted, first: date, last: date, part: Part) -> bool:
    same_half = Part.FULL in (wanted.part, part) or wanted.part is part
    return same_half and first <= wanted.last and wanted.first <= last
