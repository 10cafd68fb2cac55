"""What speaks for a person beside their fixes: check-ins, activities, drives and a superior's word.

Moments are said to have happened at a place, and count where that place is inside. A check-in fills what nobody saw
from there to its check-out; one that was never ended closes at the last evidence, as no time is invented. Drives and
attestations are periods that count as they stand.

Somebody who was seen inside without their phone has not got it back by the beginning of the next duty: what it says
stays in doubt from one duty to the next (`left_since`) until it is itself seen inside.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from tracker.domain.cleaning import ASSUMED_ACCURACY_M
from tracker.domain.fix import Fix
from tracker.domain.fixes import Fixes
from tracker.domain.geo import Zone
from tracker.domain.presence import Leg, Place, Source, place_of_point

Times: TypeAlias = tuple[datetime, datetime]
FILLED = (Place.UNKNOWN, Place.UNCERTAIN, Place.TOUCHED)  # what a check-in may fill; what was seen outside stays so
SEEN_THERE = (Place.INSIDE, Place.TOUCHED)
BESIDE_S = 600.0  # a position so near in time says where the phone was at a moment
PAUSE = timedelta(hours=4)  # after a longer one somebody may have been home, and has their phone or left it again
ROW = timedelta(hours=24)  # how long before a duty those end that are in a row with it


@dataclass(frozen=True, slots=True)
class Moment:
    """Somebody said at `at` that they were there: a check-in, with `leaves` a check-out, or an activity.

    Without a place it shows nothing, but leaves it open that they were there.
    """

    source: Source
    at: datetime
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """A drive in a vehicle of the city, or the time for which a superior vouches."""

    source: Source
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """A duty before: its zones, the fixes that were kept of it, and what was said in it. Any row of `Fix` will do."""

    zones: tuple[Zone, ...]
    fixes: Fixes
    moments: tuple[Moment, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "fixes", Fixes.of(self.fixes))


@dataclass(frozen=True, slots=True)
class Reading:
    """The legs as all sources tell them. `witnessed`: some source beside the track says inside; `doubted`: one may.

    `placed` is the place of each moment in the order in which they came, `inside_at` when those inside were.
    """

    legs: tuple[Leg, ...]
    witnessed: bool
    doubted: bool
    placed: tuple[Place, ...]
    inside_at: tuple[datetime, ...]


def read(
    legs: Sequence[Leg], fixes: Sequence[Fix], moments: Sequence[Moment], periods: Sequence[Period],
    zones: Sequence[Zone], accepted: Times, left: bool = False,
) -> Reading:  # fmt: skip
    """What the fixes told, and what else is said of the time from which fixes are accepted.

    `left`: at the beginning the phone is not with the person.
    """
    since, until = accepted
    placed = tuple(_place(moment, zones) for moment in moments)
    within = [(moment, place) for moment, place in zip(moments, placed, strict=True) if since <= moment.at <= until]
    inside = [moment for moment, place in within if place is Place.INSIDE]
    told: Sequence[Leg] = believed(legs, fixes, moments, zones, accepted, left)
    for times in _stays(inside, [moment for moment, _ in within if moment.leaves], told, until):
        told = _laid_over(told, times, Source.CHECK_IN, FILLED)
    for period in periods:
        told = _laid_over(told, (period.start, min(period.end, until)), period.source, tuple(Place))
    start, end = legs[0].start, min(legs[-1].end, until)
    vouched = any(max(period.start, start) < min(period.end, end) for period in periods)
    doubted = any(place is Place.UNCERTAIN for _, place in within)
    inside_at = tuple(sorted(moment.at for moment in inside))
    return Reading(tuple(told), bool(inside) or vouched, doubted, placed, inside_at)


def believed(
    legs: Sequence[Leg], fixes: Sequence[Fix], moments: Sequence[Moment], zones: Sequence[Zone], accepted: Times,
    left: bool = False,
) -> list[Leg]:  # fmt: skip
    """The legs without what says nothing of the person: their phone was elsewhere when they were seen inside.

    It was not with them then, nor before and afterwards, back and on to where it was itself seen inside; nor, if it
    is `left` already, from the beginning on.
    """
    since, until = accepted
    inside = [one for one in moments if since <= one.at <= until and _place(one, zones) is Place.INSIDE]
    told = list(legs)
    if left:
        _doubt(told, range(len(told)))
    ordered = sorted(fixes, key=lambda fix: fix.fix_time) if inside else []
    for moment in inside:
        if _left_behind(moment, ordered, told, zones):
            first = bisect_left([leg.end for leg in told], moment.at)
            last = bisect_right([leg.start for leg in told], moment.at)
            _doubt(told, range(last - 1, -1, -1))
            _doubt(told, range(first, len(told)))
    return told


def _left_behind(moment: Moment, ordered: Sequence[Fix], legs: Sequence[Leg], zones: Sequence[Zone]) -> bool:
    """Whether the phone was outside while the person was inside: by its leg, or by the fixes beside the moment."""
    if any(leg.place is Place.OUTSIDE and leg.start < moment.at < leg.end for leg in legs):
        return True
    return _outside_beside(moment, ordered, zones)


def _outside_beside(moment: Moment, ordered: Sequence[Fix], zones: Sequence[Zone]) -> bool:
    after = bisect_left(ordered, moment.at, key=lambda fix: fix.fix_time)
    beside = ordered[max(0, after - 1) : after + 1]
    near = [fix for fix in beside if abs((fix.fix_time - moment.at).total_seconds()) <= BESIDE_S]
    return bool(near) and all(_place_of_fix(fix, zones) is Place.OUTSIDE for fix in near)


def in_a_row(start: datetime, before: Sequence[Times]) -> list[int]:
    """Which of the duties before lead up to one that begins at `start` without a long pause: their places, in order.

    None of them ends after `start`.
    """
    found: list[int] = []
    begins = start
    for index in sorted(range(len(before)), key=lambda index: before[index][1], reverse=True):
        if before[index][1] <= start - ROW or before[index][1] < begins - PAUSE:
            break
        found.append(index)
        begins = min(begins, before[index][0])
    return found[::-1]


def left_since(earlier: Sequence[Earlier], arriving: Earlier, until: datetime) -> datetime | None:
    """Since when the phone has not been with its person, as known at `until`, when a duty begins; None if it is.

    It was left where they may have been inside and it was outside, or was not heard in all of that duty; it is with
    them again when it was seen inside, in a duty before or on its way into this one (`arriving`).
    """
    left: datetime | None = None
    seen: datetime | None = None
    for one in (*earlier, arriving):
        fixes = sorted((fix for fix in one.fixes if fix.fix_time <= until), key=lambda fix: fix.fix_time)
        away = [moment.at for moment in one.moments if moment.at <= until and _without_phone(moment, fixes, one.zones)]
        left = max((at for at in (left, *away) if at), default=None)
        inside = (fix.fix_time for fix in reversed(fixes) if _place_of_fix(fix, one.zones) is Place.INSIDE)
        seen = max((at for at in (seen, next(inside, None)) if at), default=None)
    return left if left and not (seen and seen > left) else None


def _without_phone(moment: Moment, ordered: Sequence[Fix], zones: Sequence[Zone]) -> bool:
    if _place(moment, zones) is Place.OUTSIDE:
        return False
    return not ordered or _outside_beside(moment, ordered, zones)


def _doubt(legs: list[Leg], way: range) -> None:
    """Put in doubt what was seen outside, up to where the phone was seen inside."""
    for index in way:
        if legs[index].place in SEEN_THERE:
            return
        if legs[index].place is Place.OUTSIDE:
            legs[index] = legs[index]._replace(place=Place.UNCERTAIN)


def _place_of_fix(fix: Fix, zones: Sequence[Zone]) -> Place:
    return place_of_point(fix.lat, fix.lon, fix.accuracy_m or ASSUMED_ACCURACY_M, zones)


def _place(moment: Moment, zones: Sequence[Zone]) -> Place:
    if moment.lat is None or moment.lon is None:
        return Place.UNCERTAIN
    return place_of_point(moment.lat, moment.lon, moment.accuracy_m or ASSUMED_ACCURACY_M, zones)


def _stays(inside: Sequence[Moment], outs: Sequence[Moment], legs: Sequence[Leg], end: datetime) -> Iterator[Times]:
    """From each check-in to its check-out, or to the last evidence before the next word."""
    ins = sorted(moment.at for moment in inside if moment.source is Source.CHECK_IN and not moment.leaves)
    turns = sorted({*(moment.at for moment in outs), *ins, end})
    proven = {moment.at for moment in inside if moment.leaves}
    for since in ins:
        until = next((turn for turn in turns if turn > since), since)
        seen = (min(leg.end, until) for leg in legs if leg.place is Place.INSIDE and leg.start < until)
        said = (moment.at for moment in inside if moment.at <= until)
        last = until if until in proven else max((*seen, *said), default=since)
        if since < last:
            yield since, last


def _laid_over(legs: Sequence[Leg], times: Times, source: Source, over: Sequence[Place]) -> list[Leg]:
    """The legs with what lies within `times`, and is of one of the places `over`, inside by a source."""
    start, end = times
    told: list[Leg] = []
    for leg in legs:
        first, last = max(leg.start, start), min(leg.end, end)
        if leg.place is Place.INSIDE or leg.place not in over or not first < last:
            told.append(leg)
            continue
        parts = (leg.start, first, leg.place), (first, last, Place.INSIDE), (last, leg.end, leg.place)
        told += [
            leg._replace(start=since, end=until, place=place, source=source if place is Place.INSIDE else None)
            for since, until, place in parts
            if since < until
        ]
    return told
