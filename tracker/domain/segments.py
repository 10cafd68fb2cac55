"""Which parts of a period were stays, moves, unknown: the one stay detector of map, attendance and idle reports.

It reads spots in order of time and never looks back further than the stay it is in. A stay is one index range of
the spots, so the same rules can be computed on arrays.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from tracker.domain.cleaning import Cleaned, Spot, cleaned
from tracker.domain.fix import Fix
from tracker.domain.geo import distance_m

GAP_FACTOR = 3  # longer silence than this many expected intervals is no data, not standing still
LEAST_GAP_S = 600.0
MARGIN_LIMIT_M = 50.0  # how much of a fix's inaccuracy may widen a stay
LEAVING_SPOTS = 3  # so many outside in a row, or ...
LEAVING_S = 120.0  # ... so long outside, is having left
BEST_ACCURACY_M = 10.0  # receivers claim better; it would let one fix hold the centre of a stay


@dataclass(frozen=True, slots=True)
class MotionRules:
    """What tells a stay from a move for one kind of traveller and one device's expected interval."""

    radius_m: float
    top_speed_mps: float
    expected_interval_s: float = 60.0
    visit_s: float = 180.0  # a shorter stay is a pause in a move

    @property
    def gap_s(self) -> float:
        """Silence longer than this is unknown."""
        return max(LEAST_GAP_S, GAP_FACTOR * self.expected_interval_s)


ON_FOOT = MotionRules(radius_m=60.0, top_speed_mps=60.0)
IN_VEHICLE = MotionRules(radius_m=80.0, top_speed_mps=70.0)


class SegmentKind(StrEnum):
    STAY = "STAY"
    MOVE = "MOVE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a period. A stay has its centre and may span silence: `observed_s` is less than `spanned_s` then."""

    kind: SegmentKind
    start: datetime
    end: datetime
    lat: float | None
    lon: float | None
    observed_s: float
    fixes: int

    @property
    def spanned_s(self) -> float:
        return _seconds(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Stay:
    """The spots `first` to `last` (indices) at one place; `accuracy_m` is their mean."""

    first: int
    last: int
    lat: float
    lon: float
    accuracy_m: float


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
