"""The engine as plain Python, one fix after the other: what the arrays of `tracker.domain` must say too.

It reads as the rules are written. Distances are by `math` and centres grow one by one, where arrays sum: they may
differ in the last bits, so equality means the same times, kinds, places, spots and indices, and centres within a
nanodegree.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import groupby

from tracker.domain.cleaning import ASSUMED_ACCURACY_M, DECIDING_ACCURACY_M, SPIKE_S, Cleaned, Spot
from tracker.domain.duty import Course, DutyWindow, Evidence, Rules, motion
from tracker.domain.fix import Fix
from tracker.domain.geo import Zone, distance_m
from tracker.domain.presence import OUTSIDE_STEP_S, Leg, Place, Source, place_of_point
from tracker.domain.segments import LEAST_GAP_S, MotionRules, Segment, SegmentKind, Stay
from tracker.domain.stays import BEST_ACCURACY_M, LEAVING_S, LEAVING_SPOTS, MARGIN_LIMIT_M


def course_of(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime) -> Course:
    """Where the person was during the window, by the fixes that belong to it and are not in the future."""
    last = min(window.accepts_until, now)
    fixes = [fix for fix in evidence.fixes if window.accepts_from <= fix.fix_time <= last]
    followed = trail(fixes, window.start, window.end, motion(window, evidence, rules))
    legs = legs_of(followed.steps, places_of(followed.steps, window.zones))
    return Course(legs, followed.seen.vague, followed.seen.spikes, followed.seen.rivals)


def cleaned(fixes: Iterable[Fix], gap_s: float, top_speed_mps: float) -> Cleaned:
    """Clean the fixes of one device or person. Their order of arrival does not matter."""
    kept: list[Spot] = []
    vague: list[Spot] = []
    rivals: list[Spot] = []
    last: Spot | None = None
    for seen in sorted(map(_spot, fixes), key=lambda s: (s.start, s.accuracy_m, s.lat, s.lon)):
        if seen.accuracy_m > DECIDING_ACCURACY_M:
            vague.append(seen)
        elif last and _repeats(last, seen, gap_s):
            kept[-1] = seen = replace(last, end=seen.start, fixes=last.fixes + 1)
        elif kept and seen.start <= kept[-1].end:
            rivals.append(seen)
        else:
            kept.append(seen)
        last = kept[-1] if kept and seen is kept[-1] else None  # what is set aside also ends a row of repeats
    kept, spikes = _without_spikes(kept, top_speed_mps)
    return Cleaned(tuple(kept), tuple(vague), tuple(spikes), tuple(rivals))


def _spot(fix: Fix) -> Spot:
    accuracy_m = fix.accuracy_m if fix.accuracy_m and fix.accuracy_m > 0 else ASSUMED_ACCURACY_M
    return Spot(fix.fix_time, fix.fix_time, fix.lat, fix.lon, accuracy_m, 1)


def _repeats(last: Spot, seen: Spot, gap_s: float) -> bool:
    """Whether `seen` says nothing new but that the device is alive. Across a gap it is new."""
    same = (last.lat, last.lon, last.accuracy_m) == (seen.lat, seen.lon, seen.accuracy_m)
    return same and (seen.start - last.end).total_seconds() <= gap_s


def _without_spikes(seen: list[Spot], top_speed_mps: float) -> tuple[list[Spot], list[Spot]]:
    kept: list[Spot] = []
    spikes: list[Spot] = []
    for here, after in zip(seen, [*seen, None][1:], strict=True):
        if kept and after and _is_spike(kept[-1], here, after, top_speed_mps):
            spikes.append(here)
        else:
            kept.append(here)
    return kept, spikes


def _is_spike(before: Spot, here: Spot, after: Spot, top_speed_mps: float) -> bool:
    brief = (here.end - here.start).total_seconds() <= SPIKE_S
    there = brief and _speed_mps(before, here) > top_speed_mps
    return there and _speed_mps(here, after) > top_speed_mps >= _speed_mps(before, after)


def _speed_mps(a: Spot, b: Spot) -> float:
    return distance_m(a.lat, a.lon, b.lat, b.lon) / (b.start - a.end).total_seconds()


@dataclass(frozen=True, slots=True)
class Step:
    """The smallest part of a period: one spot, the way between two, or silence at an edge.

    `ends` are the spots it rests on, `set_aside` those that were put aside within it.
    """

    start: datetime
    end: datetime
    stay: Stay | None
    observed: bool
    ends: tuple[Spot, ...]
    set_aside: tuple[Spot, ...]
    fixes: int

    @property
    def seconds(self) -> float:
        return _seconds(self.start, self.end)

    @property
    def unseen_s(self) -> float:
        """How long nobody looked: from the one spot to the next, also where the period cuts the way between."""
        return _seconds(self.ends[0].end, self.ends[-1].start) if len(self.ends) > 1 else 0.0

    @property
    def kind(self) -> SegmentKind:
        if self.stay:
            return SegmentKind.STAY
        return SegmentKind.MOVE if self.observed else SegmentKind.UNKNOWN


@dataclass(frozen=True, slots=True)
class Trail:
    """A period as steps that tile it exactly, and what they were made of."""

    steps: tuple[Step, ...]
    seen: Cleaned


def segment(fixes: Sequence[Fix], start: datetime, end: datetime, rules: MotionRules) -> tuple[Segment, ...]:
    """The segments of [start, end]; they tile it exactly. Fixes outside the period help to read its edges.

    Raises ValueError where the period has no length.
    """
    steps = trail(fixes, start, end, rules).steps
    grouped = (list(group) for _, group in groupby(steps, key=lambda step: (step.kind, step.stay)))
    return tuple(_segment(group) for group in grouped if group[0].start < group[-1].end)


def trail(fixes: Sequence[Fix], start: datetime, end: datetime, rules: MotionRules) -> Trail:
    """The steps of [start, end]; they tile it exactly, a single fix being a step without length."""
    if not start < end:
        raise ValueError(f"a period needs a length: {start} to {end}")
    seen = cleaned(fixes, LEAST_GAP_S, rules.top_speed_mps)  # repeats hours apart do not show the time between
    steps = _tiles(seen, rules) if seen.kept else iter(())
    inside = [clipped for step in steps if (clipped := _clipped(step, start, end))]
    return Trail(tuple(_with_edges(inside, start, end)), seen)


def stays(kept: Sequence[Spot], rules: MotionRules) -> list[Stay]:
    """The stays among spots in order of time, each observed for at least `rules.visit_s`."""
    found: list[_Cluster] = []
    at = 0
    while at < len(kept):
        cluster = _grown(kept, at, rules)
        at = cluster.last + 1
        if cluster.observed_s < rules.visit_s:
            continue
        if found and _drifted(kept, found[-1], cluster, rules):
            found[-1].absorb(cluster, _seconds(kept[found[-1].last].end, kept[cluster.first].start))
        else:
            found.append(cluster)
    return [cluster.stay() for cluster in found]


class _Cluster:
    """Cleaned around their accuracy-weighted centre, growing by one at a time."""

    def __init__(self, index: int, seen: Spot) -> None:
        self.first = self.last = index
        self.count = 1
        self.weight = _weight(seen)
        self.lat, self.lon, self.accuracy_m = seen.lat, seen.lon, seen.accuracy_m
        self.observed_s = _seconds(seen.start, seen.end)

    def near(self, lat: float, lon: float, reach_m: float) -> bool:
        return distance_m(self.lat, self.lon, lat, lon) <= reach_m

    def add(self, index: int, seen: Spot, observed_s: float) -> None:
        """Take in the spot `index`; `observed_s` is the observed time since the one before it."""
        self._shift(seen.lat, seen.lon, _weight(seen), seen.accuracy_m, 1)
        self.last = index
        self.observed_s += observed_s + _seconds(seen.start, seen.end)

    def absorb(self, other: _Cluster, between_s: float) -> None:
        """Become one with a later cluster."""
        self._shift(other.lat, other.lon, other.weight, other.accuracy_m, other.count)
        self.last = other.last
        self.observed_s += between_s + other.observed_s

    def _shift(self, lat: float, lon: float, weight: float, accuracy_m: float, count: int) -> None:
        self.weight += weight
        self.count += count
        self.lat += (lat - self.lat) * weight / self.weight
        self.lon += (lon - self.lon) * weight / self.weight
        self.accuracy_m += (accuracy_m - self.accuracy_m) * count / self.count

    def stay(self) -> Stay:
        return Stay(self.first, self.last, self.lat, self.lon, self.accuracy_m)


def _grown(kept: Sequence[Spot], first: int, rules: MotionRules) -> _Cluster:
    """The cluster that begins at `first`, up to the last spot inside it before it was left."""
    cluster = _Cluster(first, kept[first])
    for index in range(first + 1, len(kept)):
        seen, before = kept[index], kept[index - 1]
        silent = _is_gap(before, seen, rules)
        away = index - 1 - cluster.last
        if silent and away:
            break  # was already leaving when silence began
        if cluster.near(seen.lat, seen.lon, rules.radius_m if silent else _reach_m(seen.accuracy_m, rules)):
            observed_s = 0.0 if silent else _seconds(kept[cluster.last].end, seen.start)
            cluster.add(index, seen, observed_s)
        elif silent or _has_left(kept[cluster.last + 1 : index + 1]):
            break
    return cluster


def _has_left(outside: Sequence[Spot]) -> bool:
    return len(outside) >= LEAVING_SPOTS or _seconds(outside[0].start, outside[-1].end) >= LEAVING_S


def _drifted(kept: Sequence[Spot], stay: _Cluster, after: _Cluster, rules: MotionRules) -> bool:
    """Whether a stay and the next are one whose centre drifted: within reach, and no time for a trip between."""
    between_s = _seconds(kept[stay.last].end, kept[after.first].start)
    return between_s <= LEAVING_S and stay.near(after.lat, after.lon, _reach_m(after.accuracy_m, rules))


def _tiles(seen: Cleaned, rules: MotionRules) -> Iterator[Step]:
    """Every spot and every way between two, in order, over all that was seen."""
    kept, aside = seen.kept, seen.set_aside
    times = [one.start for one in aside]
    stay_of = {index: stay for stay in stays(kept, rules) for index in range(stay.first, stay.last + 1)}
    for index, here in enumerate(kept):
        stay = stay_of.get(index)
        within = aside[bisect_left(times, here.start) : bisect_right(times, here.end)]
        yield Step(here.start, here.end, stay, True, (here,), within, here.fixes)
        if index + 1 == len(kept):
            return
        after = kept[index + 1]
        between = aside[bisect_left(times, here.end) : bisect_right(times, after.start)]
        same_stay = stay if stay and stay is stay_of.get(index + 1) else None
        yield Step(here.end, after.start, same_stay, not _is_gap(here, after, rules), (here, after), between, 0)


def _clipped(step: Step, start: datetime, end: datetime) -> Step | None:
    """The part of the step within [start, end]; None where there is none."""
    first, last = max(step.start, start), min(step.end, end)
    if first > last or (first == last and step.start < step.end):
        return None
    return Step(first, last, step.stay, step.observed, step.ends, step.set_aside, step.fixes)


def _with_edges(steps: list[Step], start: datetime, end: datetime) -> Iterator[Step]:
    """The steps, with unknown time from `start` to the first and from the last to `end`."""
    first, last = (steps[0].start, steps[-1].end) if steps else (end, end)
    if start < first:
        yield _unknown(start, first)
    yield from steps
    if last < end:
        yield _unknown(last, end)


def _unknown(start: datetime, end: datetime) -> Step:
    return Step(start, end, None, False, (), (), 0)


def _segment(steps: list[Step]) -> Segment:
    stay = steps[0].stay
    observed_s = sum(step.seconds for step in steps if step.observed)
    lat, lon = (stay.lat, stay.lon) if stay else (None, None)
    fixes = sum(step.fixes for step in steps)
    return Segment(steps[0].kind, steps[0].start, steps[-1].end, lat, lon, observed_s, fixes)


def _weight(seen: Spot) -> float:
    return float(max(seen.accuracy_m, BEST_ACCURACY_M) ** -2)


def _reach_m(accuracy_m: float, rules: MotionRules) -> float:
    return rules.radius_m + min(accuracy_m, MARGIN_LIMIT_M)


def _is_gap(before: Spot, after: Spot, rules: MotionRules) -> bool:
    return _seconds(before.end, after.start) > rules.gap_s


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()


def places_of(steps: Iterable[Step], zones: Sequence[Zone]) -> tuple[Place, ...]:
    """Where each step was spent."""

    @cache  # a spot is an end of up to three steps, a stay that of hundreds
    def place(lat: float, lon: float, accuracy_m: float) -> Place:
        return place_of_point(lat, lon, accuracy_m, zones)

    return tuple(_place_of_step(step, place) for step in steps)


def _place_of_step(step: Step, place: Callable[[float, float, float], Place]) -> Place:
    """Credited only if both ends (or the stay) are inside, outside only if everything in it is and it is short."""
    if not step.observed:
        return Place.UNKNOWN
    ends = {place(spot.lat, spot.lon, spot.accuracy_m) for spot in step.ends}
    aside = {place(spot.lat, spot.lon, spot.accuracy_m) for spot in step.set_aside}
    stay = {place(step.stay.lat, step.stay.lon, step.stay.accuracy_m)} if step.stay else set()
    if Place.INSIDE in stay or ends == {Place.INSIDE}:
        return Place.INSIDE
    if Place.INSIDE in ends | aside:
        return Place.TOUCHED
    outside = ends | aside | stay == {Place.OUTSIDE} and step.unseen_s <= OUTSIDE_STEP_S
    return Place.OUTSIDE if outside else Place.UNCERTAIN


def legs_of(steps: Sequence[Step], places: Sequence[Place]) -> tuple[Leg, ...]:
    """The steps that last, each with its place, as legs; they tile what the steps tile."""
    lasting = (pair for pair in zip(steps, places, strict=True) if pair[0].start < pair[0].end)
    alike = groupby(lasting, key=lambda pair: (pair[0].kind, pair[0].stay, pair[1]))
    return tuple(_leg(place, [step for step, _ in group]) for (_, _, place), group in alike)


def _leg(place: Place, steps: Sequence[Step]) -> Leg:
    source = Source.TRACK if place is Place.INSIDE else None
    return Leg(steps[0].start, steps[-1].end, steps[0].kind, place, steps[0].stay, source)
