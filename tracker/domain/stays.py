"""The stay detector, on the spots of many tracks at once.

A stay begins at a spot and grows along the track: what lies within reach of its accuracy-weighted centre is taken in
and shifts it, until it was left. The next one begins after its last spot. Where each grows to depends on where it began
and on nothing else, so that many are grown side by side, one lane each: from each track's first spot, from where a way
seems to end, and from places spread along the ways. A lane that has grown one goes on to the next, and ends where
another lane has begun. Then each track is walked from its beginning, from one to the next; what nobody comes by was
grown in vain.

In each round a lane looks at a row of spots, as if all were taken in: sums along the row are the centres before each of
them, and the first that is out of reach of its centre ends the row. So a lane needs about as many rounds as it is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tracker.domain.cleaning import Spots
from tracker.domain.fixes import SECOND_US, Flags, Floats, Ints
from tracker.domain.geo import EARTH_RADIUS_M, distances_m, farthest_m

MARGIN_LIMIT_M = 50.0  # how much of a fix's inaccuracy may widen a stay
LEAVING_SPOTS = 3  # so many outside in a row, or ...
LEAVING_S = 120.0  # ... so long outside, is having left
BEST_ACCURACY_M = 10.0  # receivers claim better; it would let one fix hold the centre of a stay

LEAST_ROW, MOST_ROW = 3, 64  # spots that a lane looks at in a round
SEED_EVERY = 64  # spots along a way: from there the lanes soon meet what grew before them
SEED_AHEAD = 8  # so many spots further on is somewhere else: a way
MICROMETRES = 1e6  # accuracies are summed as whole ones: exact, whatever else is summed with them


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """Stays of many tracks as columns, by track and time. `first` and `last` are the numbers of their spots."""

    track: Ints
    first: Ints
    last: Ints
    lat: Floats
    lon: Floats
    accuracy_m: Floats

    def __len__(self) -> int:
        return len(self.track)

    @property
    def place(self) -> tuple[Floats, Floats, Floats]:
        """Latitudes, longitudes and accuracies."""
        return self.lat, self.lon, self.accuracy_m


def stays_among(spots: Spots, radius_m: Floats, gap_us: Ints, visit_us: Ints) -> Stays:
    """The stays among spots, each observed for at least `visit_us`. The rules are those of each track."""
    if not len(spots):
        return Stays(spots.track, spots.track, spots.track, spots.lat, spots.lon, spots.accuracy_m)
    field = _Field(spots, radius_m, gap_us)
    worth = np.append(_worth_a_lane(field, spots, visit_us), True)
    # the next spot from here on at which it is worth to begin; the number of spots where there is none
    following = np.minimum.accumulate(np.where(worth, np.arange(len(worth)), len(spots))[::-1])[::-1]
    grown = _grow(field, following, _seeds(field, spots, following, worth))
    return _joined(field, spots, grown, _walked(spots, grown, following, visit_us))


class _Field:
    """What growing needs to know of each spot, with rows of spots at the end that nothing can reach.

    Angles are half radians, `limit` is the reach as the square of half a chord of the unit sphere, by which distances
    are compared. At the first spot of a track and after a gap there was silence; nothing reaches over the former.
    """

    def __init__(self, spots: Spots, radius_m: Floats, gap_us: Ints) -> None:
        first = np.ones(len(spots), np.bool_)
        first[1:] = spots.track[1:] != spots.track[:-1]
        way_us = np.zeros(len(spots), np.int64)
        way_us[1:] = np.where(first[1:], 0, spots.start_us[1:] - spots.end_us[:-1])
        self.silent = _padded(first | (way_us > gap_us[spots.track]), True)
        self.first = first
        self.start_us, self.end_us = _padded(spots.start_us, 0), _padded(spots.end_us, 0)
        margin_m = np.where(self.silent[: len(spots)], 0.0, np.minimum(spots.accuracy_m, MARGIN_LIMIT_M))
        self.radius_m = radius_m[spots.track]
        self.reach_m = np.where(first, -1.0, self.radius_m + margin_m)
        limit = np.where(first, -1.0, np.sin(self.reach_m / (2 * EARTH_RADIUS_M)) ** 2)
        half_lat, half_lon = np.radians(spots.lat) / 2, np.radians(spots.lon) / 2
        weight = np.maximum(spots.accuracy_m, BEST_ACCURACY_M) ** -2.0
        columns = (half_lat, half_lon, np.cos(2 * half_lat), weight, limit)
        self.columns = np.stack([_padded(column, -1.0) for column in columns])
        self.weight = self.columns[3]
        # sums up to, and without, a spot: of the time since the one before, if it was observed, and of accuracies
        duration_us = spots.end_us - spots.start_us
        observed_us = np.where(self.silent[: len(spots)], 0, way_us) + duration_us
        self.duration_us = _padded(duration_us, 0)
        self.observed_us = _sums(observed_us)
        self.accuracy_um = np.rint(spots.accuracy_m * MICROMETRES).astype(np.int64)
        self.accuracies_um = _sums(self.accuracy_um)

    def near(self, lanes: _Lanes, at: Ints) -> Flags:
        """Whether these spots, one for each lane, are within reach of its centre."""
        half_lat, half_lon, cos_lat, _, limit = self.columns[:, at]
        lat, lon = lanes.half_lat + lanes.north / lanes.weight, lanes.half_lon + lanes.east / lanes.weight
        near: Flags = _half_chord(lat, lon, half_lat, half_lon, cos_lat) <= limit
        return near

    def back(self, lanes: _Lanes, out: Ints) -> Ints:
        """From the spot `out`, which is out of reach, on: how many spots later each lane's place is seen again.

        0 where it was left: for so many spots, so long, or nobody was heard any more.
        """
        left = self.silent[out] | (self.duration_us[out] >= LEAVING_S * SECOND_US)
        found = np.zeros(len(out), np.int64)
        for later in range(1, LEAVING_SPOTS):
            left |= self.silent[out + later]
            found[~left & (found == 0) & self.near(lanes, out + later)] = later
            left |= self.end_us[out + later] - self.start_us[out] >= LEAVING_S * SECOND_US
        return found


class _Lanes:
    """What is growing in each lane: from spot `first` to `last`, `at` being the next to look at.

    `north` and `east` are the weighted sums of the spots' offsets (half radians) from the first of them.
    """

    __slots__ = ("accuracy_um", "at", "count", "east", "first", "half_lat", "half_lon", "last", "north",
                 "observed_us", "weight")  # fmt: skip

    def __init__(self, field: _Field, first: Ints) -> None:
        self.first = self.last = first
        self.at = first + 1
        self.count = np.ones(len(first), np.int64)
        self.weight = field.weight[first]
        self.half_lat, self.half_lon = field.columns[0, first], field.columns[1, first]
        self.north, self.east = np.zeros(len(first)), np.zeros(len(first))
        self.observed_us, self.accuracy_um = field.duration_us[first], field.accuracy_um[first]

    def __len__(self) -> int:
        return len(self.first)

    def where(self, wanted: Flags | Ints) -> _Lanes:
        lanes = object.__new__(_Lanes)
        for name in _Lanes.__slots__:
            setattr(lanes, name, getattr(self, name)[wanted])
        return lanes

    def with_more(self, other: _Lanes) -> _Lanes:
        lanes = object.__new__(_Lanes)
        for name in _Lanes.__slots__:
            setattr(lanes, name, np.concatenate([getattr(self, name), getattr(other, name)]))
        return lanes

    def take_row(self, field: _Field, length: int) -> Ints:
        """Take in the spots from `at` on, up to the first out of reach: how many those were, of `length` at most."""
        rows = sliding_window_view(field.columns, length, axis=1)[:, self.at]
        half_lat, half_lon, cos_lat, weight, limit = rows
        weights = _running(self.weight, weight)
        north = _running(self.north, weight * (half_lat - self.half_lat[:, None]))
        east = _running(self.east, weight * (half_lon - self.half_lon[:, None]))
        lat = self.half_lat[:, None] + north[:, :-1] / weights[:, :-1]
        lon = self.half_lon[:, None] + east[:, :-1] / weights[:, :-1]
        out = np.ones((len(self), length + 1), np.bool_)
        out[:, :-1] = _half_chord(lat, lon, half_lat, half_lon, cos_lat) > limit
        taken: Ints = out.argmax(axis=1)
        each = np.arange(len(self))
        self.weight, self.north, self.east = weights[each, taken], north[each, taken], east[each, taken]
        until = self.at + taken
        self.observed_us = self.observed_us + field.observed_us[until] - field.observed_us[self.at]
        self.accuracy_um = self.accuracy_um + field.accuracies_um[until] - field.accuracies_um[self.at]
        self.count = self.count + taken
        self.last, self.at = np.where(taken > 0, until - 1, self.last), until
        return taken

    def take_back(self, field: _Field, who: Ints, spot: Ints) -> None:
        """Take in one spot each for some lanes that were out of reach for a moment."""
        weight = field.weight[spot]
        self.weight[who] += weight
        self.north[who] += weight * (field.columns[0, spot] - self.half_lat[who])
        self.east[who] += weight * (field.columns[1, spot] - self.half_lon[who])
        self.observed_us[who] += field.end_us[spot] - field.end_us[self.last[who]]
        self.accuracy_um[who] += field.accuracy_um[spot]
        self.count[who] += 1
        self.last[who], self.at[who] = spot, spot + 1


def _worth_a_lane(field: _Field, spots: Spots, visit_us: Ints) -> Flags:
    """The spots that may be a visit or grow. A cluster of one brief spot is neither, and ways are full of them."""
    worth = field.duration_us[: len(spots)] >= visit_us[spots.track]
    north_deg, east_deg = spots.lat[1:] - spots.lat[:-1], spots.lon[1:] - spots.lon[:-1]
    worth[:-1] |= farthest_m(north_deg, east_deg) <= field.reach_m[1:]
    at = np.flatnonzero(~worth[:-1] & ~field.first[1:])  # few are worth a sine
    apart_m = distances_m(spots.lat[at], spots.lon[at], spots.lat[at + 1], spots.lon[at + 1])
    worth[at] = apart_m <= field.reach_m[at + 1]
    doubtful = np.flatnonzero(~worth)
    worth[doubtful] = field.back(_Lanes(field, doubtful), doubtful + 1) > 0
    return worth


def _seeds(field: _Field, spots: Spots, following: Ints, worth: Flags) -> Ints:
    """Where lanes begin: where each track does, after what is not worth one, and along the ways."""
    starts = np.flatnonzero(field.first)
    after_way = np.flatnonzero(worth[1:-1] & ~worth[:-2]) + 1
    along = np.arange(0, len(spots) - SEED_AHEAD, SEED_EVERY)
    ahead = along + SEED_AHEAD
    apart_m = distances_m(spots.lat[along], spots.lon[along], spots.lat[ahead], spots.lon[ahead])
    along = along[apart_m > 2 * (np.abs(field.reach_m[along]) + MARGIN_LIMIT_M)]
    seeds = np.unique(np.concatenate([following[starts], after_way, following[along]]))
    return seeds[seeds < len(spots)]


@dataclass(frozen=True, slots=True, eq=False)
class _Grown:
    """What has grown from each spot, as columns with a row for each spot; `last` is -1 where nothing was."""

    last: Ints
    observed_us: Ints
    count: Ints
    accuracy_um: Ints
    weight: Floats
    north: Floats
    east: Floats

    @classmethod
    def nothing(cls, size: int) -> _Grown:
        last, observed_us, count, accuracy_um = (np.full(size, value, np.int64) for value in (-1, 0, 0, 0))
        weight, north, east = (np.zeros(size) for _ in range(3))
        return cls(last, observed_us, count, accuracy_um, weight, north, east)

    def keep(self, lanes: _Lanes) -> None:
        at = lanes.first
        self.last[at], self.observed_us[at], self.count[at] = lanes.last, lanes.observed_us, lanes.count
        self.accuracy_um[at], self.weight[at] = lanes.accuracy_um, lanes.weight
        self.north[at], self.east[at] = lanes.north, lanes.east


def _grow(field: _Field, following: Ints, seeds: Ints) -> _Grown:
    """Everything that begins at the seeds, and after what ended; `following` as in `stays_among`."""
    grown = _Grown.nothing(len(field.first))
    begun = np.zeros(len(following), np.bool_)
    begun[seeds] = begun[-1] = True
    lanes, length = _Lanes(field, seeds), 2 * LEAST_ROW
    while len(lanes):
        taken = lanes.take_row(field, length)
        ended = _left(field, lanes, np.flatnonzero(taken < length))
        length = min(max(LEAST_ROW, 2 * int(taken.mean()) + 2), MOST_ROW)
        if len(ended):
            lanes = _moved_on(field, lanes, ended, grown, following, begun)
    return grown


def _left(field: _Field, lanes: _Lanes, who: Ints) -> Ints:
    """Of the lanes whose next spot is out of reach those that were left; the others go on behind it."""
    out = lanes.at[who]
    back = field.back(lanes.where(who), out)
    again = back > 0
    if again.any():
        lanes.take_back(field, who[again], (out + back)[again])
    return who[~again]


def _moved_on(field: _Field, lanes: _Lanes, ended: Ints, grown: _Grown, following: Ints, begun: Flags) -> _Lanes:
    """Keep what has ended; its lanes go on with what follows, unless another lane began there."""
    grown.keep(lanes.where(ended))
    after = following[lanes.last[ended] + 1]
    fresh = np.unique(after[~begun[after]])
    begun[fresh] = True
    staying = np.ones(len(lanes), np.bool_)
    staying[ended] = False
    return lanes.where(staying).with_more(_Lanes(field, fresh))


def _walked(spots: Spots, grown: _Grown, following: Ints, visit_us: Ints) -> Ints:
    """Where the visits begin that one comes by from each track's beginning, in order."""
    track = np.append(spots.track, -1)
    at = following[np.flatnonzero(np.append(True, spots.track[1:] != spots.track[:-1]))]
    of = np.unique(spots.track)
    visits: list[Ints] = []
    while True:
        here = track[at] == of
        at, of = at[here], of[here]
        if not len(at):
            return np.sort(np.concatenate([at, *visits]))
        visits.append(at[grown.observed_us[at] >= visit_us[of]])
        at = following[grown.last[at] + 1]


def _joined(field: _Field, spots: Spots, grown: _Grown, begin: Ints) -> Stays:
    """The visits as stays; those whose centre only drifted become one with the one before."""
    last, count, weight = grown.last[begin], grown.count[begin], grown.weight[begin]
    lat = spots.lat[begin] + np.degrees(2 * grown.north[begin] / weight)
    lon = spots.lon[begin] + np.degrees(2 * grown.east[begin] / weight)
    accuracy_m = grown.accuracy_um[begin] / count / MICROMETRES
    soon = spots.start_us[begin[1:]] - spots.end_us[last[:-1]] <= LEAVING_S * SECOND_US
    maybe = np.flatnonzero(soon & (spots.track[begin[1:]] == spots.track[begin[:-1]])) + 1
    first, whole = begin.copy(), np.ones(len(begin), np.bool_)
    for at in maybe.tolist():
        one = at - 1
        reach_m = field.radius_m[begin[at]] + min(accuracy_m[at], MARGIN_LIMIT_M)
        if distances_m(lat[one], lon[one], lat[at], lon[at]) > reach_m:
            continue
        total = weight[one] + weight[at]  # the later takes the earlier one's place, so that it may go on
        lat[at] = lat[one] + (lat[at] - lat[one]) * weight[at] / total
        lon[at] = lon[one] + (lon[at] - lon[one]) * weight[at] / total
        accuracy_m[at] = accuracy_m[one] + (accuracy_m[at] - accuracy_m[one]) * count[at] / (count[one] + count[at])
        weight[at], count[at] = total, count[one] + count[at]
        first[at], whole[one] = first[one], False
    return Stays(spots.track[begin][whole], first[whole], last[whole], lat[whole], lon[whole], accuracy_m[whole])


def _padded(column: NDArray[Any], value: float) -> NDArray[Any]:
    return np.concatenate([column, np.full(MOST_ROW + LEAVING_SPOTS, value, column.dtype)])


def _sums(column: Ints) -> Ints:
    """The sum of all before each, and at the end of all."""
    return _padded(np.concatenate([np.zeros(1, np.int64), np.cumsum(column)]), 0)


def _running(begin: Floats, rows: Floats) -> Floats:
    """`begin` and what each row adds to it, one by one: a column more than the rows have."""
    sums = np.empty((len(rows), rows.shape[1] + 1))
    sums[:, 0] = begin
    sums[:, 1:] = rows
    return np.cumsum(sums, axis=1, out=sums)


def _half_chord(lat: Floats, lon: Floats, half_lat: Floats, half_lon: Floats, cos_lat: Floats) -> Floats:
    """The square of half the chord between centres and spots (haversine formula); angles in half radians."""
    north, east = np.sin(half_lat - lat), np.sin(half_lon - lon)
    square: Floats = north * north + np.cos(2 * lat) * cos_lat * (east * east)
    return square
