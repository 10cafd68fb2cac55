"""From raw fixes to what was seen: sorted, repeats collapsed, and what cannot decide set aside, never dropped.

Works on the fixes of many tracks at once. A track is what one device or person left behind within one period.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tracker.domain.fix import Fix
from tracker.domain.fixes import SECOND_US, Fixes, Flags, Floats, Ints, moment
from tracker.domain.geo import distances_m, farthest_m

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


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Spots of many tracks as columns of one length, by track and time; `track` is the number of their track."""

    track: Ints
    start_us: Ints
    end_us: Ints
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    fixes: Ints

    def __len__(self) -> int:
        return len(self.track)

    @property
    def columns(self) -> tuple[Ints, Ints, Ints, Floats, Floats, Floats, Ints]:
        return self.track, self.start_us, self.end_us, self.lat, self.lon, self.accuracy_m, self.fixes

    def where(self, wanted: Flags | Ints | slice) -> Spots:
        """Some of them."""
        return Spots(
            self.track[wanted], self.start_us[wanted], self.end_us[wanted], self.lat[wanted], self.lon[wanted],
            self.accuracy_m[wanted], self.fixes[wanted],
        )  # fmt: skip

    def told(self) -> tuple[Spot, ...]:
        """Each as a spot of its own."""
        rows = zip(*(column.tolist() for column in self.columns[1:]), strict=True)
        return tuple(Spot(moment(start), moment(end), *others) for start, end, *others in rows)

    def of_each(self, tracks: int) -> list[tuple[Spot, ...]]:
        """The spots of each of so many tracks; made for few spots among many tracks."""
        if not len(self):
            return [()] * tracks
        edges = np.searchsorted(self.track, np.arange(tracks + 1)).tolist()
        return [
            self.where(slice(since, until)).told() if since < until else ()
            for since, until in zip(edges, edges[1:], strict=False)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """`kept` is strictly ascending in time within a track. What is set aside decides nothing but may speak for
    a person.

    `vague` are worse than `DECIDING_ACCURACY_M`, `spikes` are the B of an impossible A-B-A, `rivals` claim another
    place for a moment that already has a better fix.
    """

    kept: Spots
    vague: Spots
    spikes: Spots
    rivals: Spots

    def set_aside(self) -> Spots:
        """Everything set aside, by track and time."""
        parts = self.vague, self.spikes, self.rivals
        every = Spots(*(np.concatenate(columns) for columns in zip(*(part.columns for part in parts), strict=True)))
        return every.where(np.lexsort((every.start_us, every.track))) if len(every) else every


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of the fixes of one track, see `Seen`."""

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
    columns = Fixes.of(fixes)
    seen = clean(columns, np.zeros(len(columns), np.int64), gap_s, np.array([top_speed_mps]))
    return Cleaned(seen.kept.told(), seen.vague.told(), seen.spikes.told(), seen.rivals.told())


def clean(fixes: Fixes, track: Ints, gap_s: float, top_speed_mps: Floats) -> Seen:
    """Clean the fixes of many tracks, each of its own; their order does not matter.

    `track` is the number of each fix's track, `top_speed_mps` the top speed of each track.
    """
    raw = _in_order(fixes, track)
    vague = raw.accuracy_m > DECIDING_ACCURACY_M
    rival = ~vague & _rivals(raw)
    kept, spike = _without_spikes(_collapsed(raw, vague | rival, gap_s), top_speed_mps)
    return Seen(kept, raw.where(vague), spike, raw.where(rival))


def _in_order(fixes: Fixes, track: Ints) -> Spots:
    """Each fix as a spot; of those at one moment the most accurate first."""
    accuracy_m = np.where(fixes.accuracy_m > 0, fixes.accuracy_m, ASSUMED_ACCURACY_M)
    once = np.ones(len(fixes), np.int64)
    spots = Spots(track, fixes.time_us, fixes.time_us, fixes.lat, fixes.lon, accuracy_m, once)
    later = (track[1:] > track[:-1]) | ((track[1:] == track[:-1]) & (fixes.time_us[1:] > fixes.time_us[:-1]))
    if later.all():
        return spots  # as the store gives them, where one device alone was heard
    return spots.where(np.lexsort((spots.lon, spots.lat, spots.accuracy_m, spots.start_us, spots.track)))


def _rivals(raw: Spots) -> Flags:
    """Those that say another place than the first, and best, of their moment."""
    opens = np.ones(len(raw), np.bool_)
    opens[1:] = (raw.track[1:] != raw.track[:-1]) | (raw.start_us[1:] != raw.start_us[:-1])
    if opens.all():
        return ~opens
    first = np.maximum.accumulate(np.where(opens, np.arange(len(raw)), 0))
    return ~_same_place(raw, np.arange(len(raw)), first)


def _collapsed(raw: Spots, aside: Flags, gap_s: float) -> Spots:
    """Without those set aside, a row of identical repeats as one spot.

    A repeat says nothing new but that the device is alive. Across a gap it is new, and so it is after something that
    was set aside.
    """
    repeat = np.zeros(len(raw), np.bool_)
    at = np.arange(1, len(raw))
    soon = raw.start_us[1:] - raw.start_us[:-1] <= round(gap_s * SECOND_US)
    repeat[1:] = _same_place(raw, at, at - 1) & (raw.track[1:] == raw.track[:-1]) & soon & ~aside[1:] & ~aside[:-1]
    if not repeat.any():
        return raw.where(~aside) if aside.any() else raw
    first = np.flatnonzero(~aside & ~repeat)
    opens = np.zeros(len(raw), np.int64)
    opens[first] = 1
    count = np.bincount((np.cumsum(opens) - 1)[~aside], minlength=len(first))
    spots = raw.where(first)
    return Spots(spots.track, spots.start_us, raw.start_us[first + count - 1], *spots.columns[3:6], count)


def _same_place(spots: Spots, one: Ints, other: Ints) -> Flags:
    same = [column[one] == column[other] for column in (spots.lat, spots.lon, spots.accuracy_m)]
    place: Flags = same[0] & same[1] & same[2]
    return place


def _without_spikes(seen: Spots, top_speed_mps: Floats) -> tuple[Spots, Spots]:
    """What is kept, and the spikes. Who follows a spike is none: the way past the spike to it was possible."""
    at = _impossible_there_and_back(seen, top_speed_mps)
    if not len(at):
        return seen, seen.where(at)
    brief = (seen.end_us[at] - seen.start_us[at]) <= SPIKE_S * SECOND_US
    at = at[brief & (_speeds_mps(seen, at - 1, at + 1) <= top_speed_mps[seen.track[at]])]
    number = np.arange(len(at))
    opens = np.ones(len(at), np.bool_)
    opens[1:] = np.diff(at) > 1
    since = np.maximum.accumulate(np.where(opens, number, 0))
    spike = np.zeros(len(seen), np.bool_)
    spike[at[(number - since) % 2 == 0]] = True  # in a row of candidates every other one
    return seen.where(~spike), seen.where(spike)


def _impossible_there_and_back(seen: Spots, top_speed_mps: Floats) -> Ints:
    """The spots that cannot be reached from the one before, nor the one after from them."""
    at = np.arange(1, len(seen))
    limit_m = top_speed_mps[seen.track[1:]] * (seen.start_us[1:] - seen.end_us[:-1]) / SECOND_US
    maybe = farthest_m(seen.lat[1:] - seen.lat[:-1], seen.lon[1:] - seen.lon[:-1]) > limit_m  # few are worth a sine
    way = at[maybe & (seen.track[1:] == seen.track[:-1])]
    fast = np.zeros(len(seen) + 1, np.bool_)
    fast[way] = _speeds_mps(seen, way - 1, way) > top_speed_mps[seen.track[way]]
    return np.flatnonzero(fast[:-1] & fast[1:])


def _speeds_mps(seen: Spots, one: Ints, other: Ints) -> Floats:
    apart_m = distances_m(seen.lat[one], seen.lon[one], seen.lat[other], seen.lon[other])
    seconds: Floats = (seen.start_us[other] - seen.end_us[one]) / SECOND_US
    return apart_m / seconds
