"""How long was nothing done, by what the role calls work.

Who patrols, works in the field or drives is idle while staying long outside the permitted zones; who keeps an office or
a post is asked only for the time away from it. Only observed time counts, and only where there is no doubt: none of it
by a clock that is not proven.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from tracker.domain.duty import DutyWindow, Evidence, Profile, Rules, course_of
from tracker.domain.presence import Place
from tracker.domain.segments import Step


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
    course = course_of(window, evidence, rules, now)
    measure = MEASURES[window.profile]
    outside = _outside(course.trail.steps, course.places) if evidence.clock_proven else iter(())
    if measure is Measure.IDLE:
        outside = (place for place in outside if place.lat is not None and place.seconds >= rules.idle_s)
    places = tuple(outside)
    observed_s = sum(step.seconds for step in course.trail.steps if step.observed)
    expected_s = int((window.end - window.start).total_seconds())
    return Idle(measure, sum(place.seconds for place in places), expected_s, int(observed_s), places)


def _outside(steps: tuple[Step, ...], places: tuple[Place, ...]) -> Iterator[IdlePlace]:
    """Each stay and each way that was seen outside, without the silence it may span."""
    pairs = zip(steps, places, strict=True)
    for stay, group in groupby(pairs, key=lambda pair: pair[0].stay):
        counted = [step for step, place in group if place is Place.OUTSIDE and step.start < step.end]
        if counted:
            lat, lon = (stay.lat, stay.lon) if stay else (None, None)
            seconds = int(sum(step.seconds for step in counted))
            yield IdlePlace(lat, lon, counted[0].start, counted[-1].end, seconds)
