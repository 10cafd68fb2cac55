"""What a vehicle did of a period: moved, stood with its engine on, worked with it, was parked, or cannot be told.

Standing with the engine on for less than three minutes is traffic. Who pumps or lifts runs the engine to work: their
vehicles are exempt by flag. Heavy equipment may report lifetime counters (ISO 15143-3); a period's figure is their
difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby, pairwise

from tracker.domain.cleaning import ASSUMED_ACCURACY_M, cleaned
from tracker.domain.fix import Fix
from tracker.domain.geo import distance_m
from tracker.domain.observation import MachineCounters
from tracker.domain.segments import IN_VEHICLE, LEAST_GAP_S

STANDING_MPS = 1 / 3.6  # below 1 km/h
IDLE_AFTER_S = 180.0  # a shorter stand with the engine on is traffic
COUNTER_SLACK_S = 60  # counters are read by the minute


class Engine(StrEnum):
    MOVING = "moving"
    IDLE = "idle"  # ignition on, standing, nothing to do with it
    WORKING = "working"  # the same of a vehicle whose pump, crane ... takes its power
    PARKED = "parked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a period; where the vehicle stood, its place."""

    start: datetime
    end: datetime
    engine: Engine
    lat: float | None = None
    lon: float | None = None

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Counted:
    """The difference of a machine's counters over a period, None where it has none; `impossible` ones are left out."""

    operating_s: int | None
    idle_s: int | None
    impossible: int = 0


def stretches(
    fixes: Iterable[Fix], start: datetime, end: datetime, interval_s: float, takes_power: bool
) -> tuple[Stretch, ...]:
    """The stretches of [start, end]; they tile it exactly. Raises ValueError where it has no length."""
    if not start < end:
        raise ValueError(f"a period needs a length: {start} to {end}")
    gap_s = replace(IN_VEHICLE, expected_interval_s=interval_s).gap_s
    seen = sorted(_without_spikes(fixes), key=lambda fix: fix.fix_time)
    parts = [_between(here, after, gap_s, takes_power) for here, after in pairwise(seen)]
    clipped = [replace(part, start=max(part.start, start), end=min(part.end, end)) for part in parts]
    return tuple(_joined(_with_edges([part for part in clipped if part.start < part.end], start, end)))


def seconds(parts: Iterable[Stretch]) -> dict[Engine, int]:
    """Whole seconds of each kind; what fractions leave over is unknown, so that they sum to the whole."""
    spent = dict.fromkeys(Engine, 0.0)
    for part in parts:
        spent[part.engine] += part.seconds
    whole_s = int(sum(spent.values()))
    found = {engine: int(spent[engine]) for engine in Engine}
    found[Engine.UNKNOWN] += whole_s - sum(found.values())
    return found


def counted(readings: Sequence[MachineCounters], start: datetime, end: datetime) -> Counted:
    """What a machine's counters grew by between the last readings at or before `start` and `end`.

    A counter that falls was replaced, one that grows faster than time is wrong: such steps are left out and counted.
    """
    known = sorted((one for one in readings if one.read_at <= end), key=lambda one: one.read_at)
    before = [one for one in known if one.read_at <= start][-1:]
    steps = list(pairwise([*before, *(one for one in known if one.read_at > start)]))
    operating = [_growth(a.operating_s, b.operating_s, a.read_at, b.read_at) for a, b in steps]
    idle = [_growth(a.idle_s, b.idle_s, a.read_at, b.read_at) for a, b in steps]
    impossible = sum(step == _IMPOSSIBLE for step in (*operating, *idle))
    return Counted(_total(operating), _total(idle), impossible)


_IMPOSSIBLE = -1


def _growth(before: int | None, after: int | None, since: datetime, until: datetime) -> int | None:
    if before is None or after is None:
        return None
    grown_s = after - before
    return grown_s if 0 <= grown_s <= (until - since).total_seconds() + COUNTER_SLACK_S else _IMPOSSIBLE


def _total(steps: Iterable[int | None]) -> int | None:
    known = [step for step in steps if step is not None and step != _IMPOSSIBLE]
    return sum(known) if known else None


def _without_spikes(fixes: Iterable[Fix]) -> list[Fix]:
    fixes = list(fixes)
    seen = cleaned(fixes, LEAST_GAP_S, IN_VEHICLE.top_speed_mps)
    aside = {(spot.start, spot.lat, spot.lon) for spot in (*seen.spikes, *seen.rivals)}
    return [fix for fix in fixes if (fix.fix_time, fix.lat, fix.lon) not in aside]


def _between(here: Fix, after: Fix, gap_s: float, takes_power: bool) -> Stretch:
    """From one fix to the next, by what the first says of the engine."""
    times, place = (here.fix_time, after.fix_time), (here.lat, here.lon)
    if (after.fix_time - here.fix_time).total_seconds() > gap_s:
        return Stretch(*times, Engine.UNKNOWN)
    if _speed_mps(here, after) >= STANDING_MPS:
        return Stretch(*times, Engine.MOVING)
    if here.ignition is None:
        return Stretch(*times, Engine.UNKNOWN)
    if not here.ignition:
        return Stretch(*times, Engine.PARKED, *place)
    return Stretch(*times, Engine.WORKING if takes_power else Engine.IDLE, *place)


def _speed_mps(here: Fix, after: Fix) -> float:
    """As the device says; else by the way to the next fix, as far as that is longer than both are inaccurate."""
    if here.speed_mps is not None:
        return here.speed_mps
    away_m = distance_m(here.lat, here.lon, after.lat, after.lon)
    doubt_m = sum(fix.accuracy_m or ASSUMED_ACCURACY_M for fix in (here, after))
    took_s = (after.fix_time - here.fix_time).total_seconds()
    return max(away_m - doubt_m, 0.0) / took_s if took_s else 0.0


def _with_edges(parts: list[Stretch], start: datetime, end: datetime) -> Iterator[Stretch]:
    first, last = (parts[0].start, parts[-1].end) if parts else (end, end)
    if start < first:
        yield Stretch(start, first, Engine.UNKNOWN)
    yield from parts
    if last < end:
        yield Stretch(last, end, Engine.UNKNOWN)


def _joined(parts: Iterable[Stretch]) -> Iterator[Stretch]:
    """Neighbours of one kind as one; an idle too short to be any is traffic, and goes with the moving."""
    alike = _merged(parts)
    read = (
        replace(part, engine=Engine.MOVING, lat=None, lon=None)
        if part.engine is Engine.IDLE and part.seconds < IDLE_AFTER_S
        else part
        for part in alike
    )
    return _merged(read)


def _merged(parts: Iterable[Stretch]) -> Iterator[Stretch]:
    for _, group in groupby(parts, key=lambda part: part.engine):
        some = list(group)
        yield replace(some[0], end=some[-1].end)
