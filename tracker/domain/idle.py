"""How long was nothing done, by what the role calls work.

Who patrols, works in the field or drives is idle while staying long outside the permitted zones; who keeps an office or
a post is asked only for the time away from it. Only observed time counts, and only where there is no doubt: none of it
by a clock that is not proven, and none by a phone that its owner had left behind. In breaks nobody is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from tracker.domain.claims import Times
from tracker.domain.duty import Course, DutyWindow, Evidence, Profile, Rules, believed_legs, course_of, expected_s
from tracker.domain.presence import Leg, Place, Source


class Measure(StrEnum):
    IDLE = "idle"
    AWAY_FROM_POST = "away_from_post"


MEASURES = {
    Profile.OFFICE: Measure.AWAY_FROM_POST,
    Profile.POST: Measure.AWAY_FROM_POST,
    Profile.FIELD: Measure.IDLE,
    Profile.PATROL: Measure.IDLE,
    Profile.DRIVER: Measure.IDLE,
}


@dataclass(frozen=True, slots=True)
class IdlePlace:
    """Where counted time was spent: a stay's centre, or None on the move. `seconds` are the observed ones."""

    lat: float | None
    lon: float | None
    start: datetime
    end: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Idle:
    measure: Measure
    counted_s: int
    expected_s: int
    observed_s: int
    places: tuple[IdlePlace, ...]


def measure_idle(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime) -> Idle:
    """The idle or away seconds of the window as known at `now`, place by place; they sum to `counted_s`."""
    return idle_in_course(window, evidence, rules, now, course_of(window, evidence, rules, now))


def idle_in_course(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime, course: Course) -> Idle:
    """The same of a window whose course is known already."""
    measure = MEASURES[window.profile]
    asked = evidence.clock_proven and not window.excuse
    legs = believed_legs(window, evidence, now, course) if asked else ()
    outside = _outside(legs, _not_asked(window, evidence))
    if measure is Measure.IDLE:
        outside = (place for place in outside if place.lat is not None and place.seconds >= rules.idle_s)
    places = tuple(outside)
    counted_s = sum(place.seconds for place in places)
    return Idle(measure, counted_s, expected_s(window), int(course.observed_s), places)


def _not_asked(window: DutyWindow, evidence: Evidence) -> list[Times]:
    """When nobody is asked: in breaks, and where a superior vouches."""
    vouched = (one for one in evidence.periods if one.source is Source.ATTESTATION)
    return sorted([*window.breaks, *((one.start, one.end) for one in vouched)])


def _outside(legs: Sequence[Leg], not_asked: Sequence[Times]) -> Iterator[IdlePlace]:
    """Each stay and each way that was seen outside, without the silence it may span and without breaks."""
    for stay, group in groupby(legs, key=lambda leg: leg.stay):
        seen = [(leg.start, leg.end) for leg in group if leg.place is Place.OUTSIDE]
        counted = [part for times in seen for part in _without(times, not_asked)]
        if counted:
            lat, lon = (stay.lat, stay.lon) if stay else (None, None)
            seconds = int(sum((end - start).total_seconds() for start, end in counted))
            yield IdlePlace(lat, lon, counted[0][0], counted[-1][1], seconds)


def _without(times: Times, cuts: Sequence[Times]) -> Iterator[Times]:
    """What of a period is in none of the others, which are in order."""
    since, until = times
    for start, end in cuts:
        if since < min(start, until):
            yield since, min(start, until)
        since = max(since, end)
    if since < until:
        yield since, until
