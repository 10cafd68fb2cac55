"""What the phones of the simulated month say of it: seldom all, sometimes wrong, now and then days later."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.month_truth import (
    AT_HOME,
    HOUR,
    MIN,
    PLANTED,
    Deed,
    Month,
    Outing,
    Point,
)

FOLLOWED_S = 45 * MIN  # a phone reports so long before and after duty; the margins are shorter
AREA_M = 5000.0
AHEAD_S, SLOW_S = 7 * HOUR, 9 * HOUR  # clocks of another zone
Floats = NDArray[np.float64]


class Trouble(StrEnum):
    """What is wrong with a phone on a duty."""

    NONE = "none"
    BATTERY = "battery"
    SILENT = "silent"
    CHECK_IN = "check_in"  # silent, but the person checks in
    GAPS = "gaps"
    VAGUE = "vague"
    SPIKES = "spikes"
    TELEPORTS = "teleports"
    OVERCONFIDENT = "overconfident"  # it drifts further than it says
    AHEAD = "ahead"
    SLOW = "slow"
    PERMISSION = "permission"
    AT_HOME = "at_home"  # the phone is, and the person checks in at work
    AT_HOME_NOWHERE = "at_home_nowhere"  # the same without a position
    LATE = "late"
    AFTER_LOCK = "after_lock"
    TWICE = "twice"


CHANCES = {
    Trouble.BATTERY: 0.03, Trouble.SILENT: 0.03, Trouble.CHECK_IN: 0.02, Trouble.GAPS: 0.08, Trouble.VAGUE: 0.04,
    Trouble.SPIKES: 0.04, Trouble.TELEPORTS: 0.02, Trouble.OVERCONFIDENT: 0.03, Trouble.AHEAD: 0.01,
    Trouble.SLOW: 0.015, Trouble.PERMISSION: 0.02, Trouble.AT_HOME: 0.015, Trouble.AT_HOME_NOWHERE: 0.005,
    Trouble.LATE: 0.04, Trouble.AFTER_LOCK: 0.005, Trouble.TWICE: 0.03,
}  # fmt: skip
SHOWN_BY_CHECK_IN = (Trouble.CHECK_IN, Trouble.AT_HOME)


class Kind(StrEnum):
    """What a phone says beside its positions."""

    NEVER = "never"
    ALWAYS = "always"
    PING = "ping"


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """By browser; where the browser saw the person, if it did."""

    at: float
    place: Point | None
    leaves: bool = False


@dataclass(slots=True)
class Told:
    """What is heard of an outing. `rows` are positions, a column each: received, time, east, north, accuracy, battery.

    `said` is (received, what); `lost` counts positions that nobody will ever get.
    """

    trouble: Trouble
    rows: Floats
    said: list[tuple[float, Kind]] = field(default_factory=list)
    check_ins: list[CheckedIn] = field(default_factory=list)
    lost: int = 0


RECEIVED, TIME, EAST, NORTH, ACCURACY, BATTERY = range(6)


def told_of(outing: Outing, month: Month, seed: int) -> Told:
    """What is heard of an outing, by the phone's luck of the day."""
    chance = np.random.default_rng([seed, outing.person.number, month.into(outing.start)])
    trouble = _trouble(outing, chance)
    told = Told(trouble, _seen(outing, trouble, chance))
    _troubled(told, outing, chance)
    _sent(told, chance)
    _stopped(told, outing, month, chance)
    return told


def _trouble(outing: Outing, chance: np.random.Generator) -> Trouble:
    if outing.deed in (*PLANTED, Deed.ILL):
        return Trouble.SILENT if outing.deed is Deed.SILENT else Trouble.NONE
    luck = chance.random()
    for trouble, share in CHANCES.items():
        luck -= share
        if luck < 0:
            return trouble
    return Trouble.NONE


def _seen(outing: Outing, trouble: Trouble, chance: np.random.Generator) -> Floats:
    """Positions as often as the phone takes them, with the errors of the place."""
    person = outing.person
    before_s, after_s = FOLLOWED_S, FOLLOWED_S
    if person.always_on:
        before_s, after_s = 3 * HOUR, 2 * HOUR
    if trouble is Trouble.SLOW:
        after_s = 11 * HOUR  # it stamps the evening at home as the day
    if outing.deed in AT_HOME:
        before_s, after_s = FOLLOWED_S, FOLLOWED_S
    begin, end = outing.start - before_s, outing.end + after_s
    count = int((end - begin) / person.interval_s)
    times = begin + person.interval_s * np.arange(count) + chance.uniform(0, 0.08 * person.interval_s, count)
    times = np.round(times)
    way = np.array(outing.way)
    at_home = trouble in (Trouble.AT_HOME, Trouble.AT_HOME_NOWHERE)
    rows = np.zeros((count, 6))
    rows[:, TIME] = times
    rows[:, EAST] = person.home[0] if at_home else np.interp(times, way[:, 0], way[:, 1])
    rows[:, NORTH] = person.home[1] if at_home else np.interp(times, way[:, 0], way[:, 2])
    accuracy = _wandering(count, 35.0, 15.0, chance) if person.role.indoor else chance.uniform(5, 25, count)
    rows[:, ACCURACY] = np.round(np.clip(accuracy, 10 if person.role.indoor else 4, 60))
    for column in (EAST, NORTH):
        error = _wandering(count, 0.0, 1.0, chance) * 0.6 * rows[:, ACCURACY]
        rows[:, column] += np.clip(error, -80, 80)
    if trouble is Trouble.OVERCONFIDENT:
        rows[:, ACCURACY] = np.maximum(8, np.round(rows[:, ACCURACY] / 2))
    charge = chance.uniform(60, 100)
    rows[:, BATTERY] = np.maximum(20, np.round(charge - 40 * (times - begin) / (end - begin)))
    return rows


def _wandering(count: int, mean: float, deviation: float, chance: np.random.Generator) -> Floats:
    """Neighbouring values are alike, as drift is."""
    steps = chance.normal(0, 1, count)
    found = np.empty(count)
    value = steps[0] if count else 0.0
    for index, step in enumerate(steps):
        value = 0.9 * value + 0.436 * step
        found[index] = value
    return mean + deviation * found


def _troubled(told: Told, outing: Outing, chance: np.random.Generator) -> None:
    rows, start, end = told.rows, outing.start, outing.end
    keep = np.ones(len(rows), bool)
    match told.trouble:
        case Trouble.BATTERY:
            dies = chance.uniform(start, end)
            rows[:, BATTERY] = np.clip(np.round(3 + (dies - rows[:, TIME]) / (end - start) * 60), 2, 100)
            keep = rows[:, TIME] < dies
        case Trouble.SILENT | Trouble.CHECK_IN:
            keep[:] = False
        case Trouble.GAPS:
            for _ in range(chance.integers(1, 4)):
                begin = chance.uniform(start - 20 * MIN, end)
                keep &= (rows[:, TIME] < begin) | (rows[:, TIME] > begin + chance.uniform(10 * MIN, 4 * HOUR))
        case Trouble.VAGUE:
            _misplace(rows, chance.random(len(rows)) < 0.2, 150, 2000, chance)
        case Trouble.SPIKES:
            hit = chance.random(len(rows)) < 0.04
            _move(rows, hit, chance.uniform(2_000, 60_000, len(rows)), chance)
        case Trouble.TELEPORTS:
            first = int(chance.integers(0, max(1, len(rows) - 3)))
            hit = np.zeros(len(rows), bool)
            hit[first : first + 3] = True
            _move(rows, hit, np.full(len(rows), chance.uniform(1_000, 20_000)), chance)
        case Trouble.PERMISSION:
            revoked = chance.uniform(start - 20 * MIN, end - HOUR) if chance.random() < 0.5 else start - 25 * MIN
            keep = rows[:, TIME] < revoked
            told.said.append((revoked, Kind.NEVER))
            told.said += [(float(at), Kind.PING) for at in np.arange(revoked + 60, end, 1800)]
            told.said.append((outing.end + 40 * MIN, Kind.ALWAYS))
    if told.trouble in (*SHOWN_BY_CHECK_IN, Trouble.AT_HOME_NOWHERE):
        _checks_in(told, outing, chance)
    told.rows = rows[keep]


def _checks_in(told: Told, outing: Outing, chance: np.random.Generator) -> None:
    """At arrival, at times before duty begins; half check out, too."""
    arrives = max(outing.start - 25 * MIN, _arrival(outing))
    site = outing.person.sites[0].at
    place = None if told.trouble is Trouble.AT_HOME_NOWHERE else (site[0] + chance.normal(0, 15), site[1])
    told.check_ins.append(CheckedIn(arrives + chance.uniform(1, 5) * MIN, place))
    if chance.random() < 0.5:
        told.check_ins.append(CheckedIn(outing.end - chance.uniform(0, 3) * MIN, place, leaves=True))


def _arrival(outing: Outing) -> float:
    return next((at for at, *place in outing.way[2:] if tuple(place) != outing.person.home), outing.start)


def _move(rows: Floats, hit: NDArray[np.bool_], away_m: Any, chance: np.random.Generator) -> None:
    """Somewhere else, and sure of it."""
    angle = chance.uniform(0, 2 * np.pi)
    rows[hit, EAST] += away_m[hit] * np.cos(angle)
    rows[hit, NORTH] += away_m[hit] * np.sin(angle)
    rows[hit, ACCURACY] = np.round(chance.uniform(5, 30, int(hit.sum())))


def _misplace(rows: Floats, hit: NDArray[np.bool_], least_m: float, most_m: float, chance: np.random.Generator) -> None:
    """Somewhere about, and not sure of it."""
    count = int(hit.sum())
    accuracy, angle = chance.uniform(least_m, most_m, count), chance.uniform(0, 2 * np.pi, count)
    rows[hit, ACCURACY] = np.round(accuracy)
    rows[hit, EAST] += accuracy * np.cos(angle) * chance.uniform(0, 1, count)
    rows[hit, NORTH] += accuracy * np.sin(angle) * chance.uniform(0, 1, count)


def _sent(told: Told, chance: np.random.Generator) -> None:
    """When each position is received; what clocks say instead of when it was."""
    rows = told.rows
    true = rows[:, TIME].copy()
    rows[:, RECEIVED] = true + chance.uniform(0.5, 6, len(rows))
    slow = chance.random(len(rows)) < 0.02  # waited for the net
    rows[slow, RECEIVED] += chance.uniform(30, 500, int(slow.sum()))
    if told.trouble is Trouble.AHEAD:
        rows[:, TIME] = true + AHEAD_S
    if told.trouble is Trouble.SLOW:
        rows[:, TIME] = true - SLOW_S
    if len(rows) and told.trouble in (Trouble.LATE, Trouble.AFTER_LOCK):
        hours = chance.uniform(2, 48) if told.trouble is Trouble.LATE else chance.uniform(76, 100)
        rows[:, RECEIVED] = true[-1] + hours * HOUR + np.arange(len(rows)) * 0.2
    if told.trouble is Trouble.TWICE:
        again = rows[chance.random(len(rows)) < 0.5].copy()
        again[:, RECEIVED] += np.where(chance.random(len(again)) < 0.8, 20.0, 7 * HOUR)
        told.rows = np.concatenate([rows, again])


def _stopped(told: Told, outing: Outing, month: Month, chance: np.random.Generator) -> None:
    """What outages stop is lost, or comes afterwards where the phone keeps it."""
    rows = told.rows
    stops = [(rows[:, RECEIVED] >= month.outage[0]) & (rows[:, RECEIVED] < month.outage[1])]
    ends = [month.outage[1]]
    for (east, north), begin, end in month.areas:
        near = np.hypot(rows[:, EAST] - east, rows[:, NORTH] - north) < AREA_M
        stops.append(near & (rows[:, RECEIVED] >= begin) & (rows[:, RECEIVED] < end))
        ends.append(end)
    lost = np.zeros(len(rows), bool)
    for stopped, end in zip(stops, ends, strict=True):
        if not stopped.any():
            continue
        if outing.person.buffers:
            rows[stopped, RECEIVED] = end + chance.uniform(30, 5400) + np.arange(int(stopped.sum())) * 0.2
        else:
            lost |= stopped
    told.lost = int(lost.sum())
    told.rows = rows[~lost]
    dark = month.outage
    told.said = [(at, kind) for at, kind in told.said if kind is not Kind.PING or not dark[0] <= at < dark[1]]
