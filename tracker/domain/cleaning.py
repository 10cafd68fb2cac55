"""From raw fixes to what was seen: sorted, repeats collapsed, and what cannot decide set aside, never dropped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.fix import Fix
from tracker.domain.geo import distance_m

ASSUMED_ACCURACY_M = 100.0  # of a device that does not say; 0 is what receivers say when they do not know
DECIDING_ACCURACY_M = 100.0  # a vaguer position decides neither stays nor zones
SPIKE_S = 120.0  # where somebody was seen for longer, they did not get by a wrong measurement


@dataclass(frozen=True, slots=True)
class Spot:
    """One place, seen from `start` to `end`: a fix and its identical repeats, `fixes` in number."""

    start: datetime
    end: datetime
    lat: float
    lon: float
    accuracy_m: float
    fixes: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`kept` is strictly ascending in time. What is set aside decides nothing but may speak for a person.

    `vague` are worse than `DECIDING_ACCURACY_M`, `spikes` are the B of an impossible A-B-A, `rivals` claim another
    place for a moment that already has a better fix.
    """

    kept: tuple[Spot, ...]
    vague: tuple[Spot, ...]
    spikes: tuple[Spot, ...]
    rivals: tuple[Spot, ...]

    @property
    def set_aside(self) -> tuple[Spot, ...]:
        """Everything set aside, in order of time."""
        return tuple(sorted(self.vague + self.spikes + self.rivals, key=lambda seen: seen.start))


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
