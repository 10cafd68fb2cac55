"""Which parts of a period were stays, moves, unknown: the one reading of fixes for map, attendance and idle reports.

Many tracks are followed at once, each through a period of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from tracker.domain.cleaning import Seen, Spots, clean
from tracker.domain.fix import Fix
from tracker.domain.fixes import SECOND_US, Fixes, Flags, Ints, micros, moment
from tracker.domain.stays import Stays, stays_among

GAP_FACTOR = 3  # longer silence than this many expected intervals is no data, not standing still
LEAST_GAP_S = 600.0
EVER_US = 2**62  # before and after everything


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
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Stay:
    """The spots `first` to `last` (indices) at one place; `accuracy_m` is their mean."""

    first: int
    last: int
    lat: float
    lon: float
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Track:
    """The fixes of one device or person, in whatever order, and the period through which they are followed.

    Fixes outside the period help to read its edges. Raises ValueError where the period has no length.
    """

    fixes: Fixes
    start: datetime
    end: datetime
    rules: MotionRules

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError(f"a period needs a length: {self.start} to {self.end}")


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Parts of periods as columns, by track and time: spots, ways between two, and silence at the edges.

    The steps of a track tile its period, a single fix being a step without length. `first` and `last` are the numbers
    of the spots that a step rests on, one and the same for a spot; nobody was seen at the edges, which have none (-1).
    `whole_us` is how long the step is without being cut by the period, `stay` the number of its stay or -1.
    """

    track: Ints
    start_us: Ints
    end_us: Ints
    first: Ints
    last: Ints
    whole_us: Ints
    stay: Ints
    observed: Flags

    def __len__(self) -> int:
        return len(self.track)

    def where(self, wanted: Flags | Ints) -> Steps:
        """Some of them."""
        return Steps(
            self.track[wanted], self.start_us[wanted], self.end_us[wanted], self.first[wanted], self.last[wanted],
            self.whole_us[wanted], self.stay[wanted], self.observed[wanted],
        )  # fmt: skip

    def kinds(self) -> list[SegmentKind]:
        return [
            SegmentKind.STAY if stay >= 0 else SegmentKind.MOVE if observed else SegmentKind.UNKNOWN
            for stay, observed in zip(self.stay.tolist(), self.observed.tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Tracks as steps, and what these were made of. Numbers of spots and stays count through all tracks."""

    tracks: int
    seen: Seen
    stays: Stays
    steps: Steps

    def each_stay(self) -> list[Stay]:
        """The stays with the numbers of their spots counted from the beginning of their own track."""
        before = np.searchsorted(self.seen.kept.track, np.arange(self.tracks))[self.stays.track]
        columns = self.stays.first - before, self.stays.last - before, *self.stays.place
        return [Stay(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def follow(tracks: Sequence[Track], lasting: bool = False) -> Followed:
    """Each track through its period, in all its steps or only in those that last."""
    number = np.repeat(np.arange(len(tracks)), [len(track.fixes) for track in tracks])
    rules = [track.rules for track in tracks]
    fixes = Fixes.joined([track.fixes for track in tracks])
    # repeats hours apart do not show the time between
    seen = clean(fixes, number, LEAST_GAP_S, np.array([rule.top_speed_mps for rule in rules], np.float64))
    gap_us = np.array([round(rule.gap_s * SECOND_US) for rule in rules], np.int64)
    visit_us = np.array([round(rule.visit_s * SECOND_US) for rule in rules], np.int64)
    stays = stays_among(seen.kept, np.array([rule.radius_m for rule in rules], np.float64), gap_us, visit_us)
    return Followed(len(tracks), seen, stays, _steps(seen.kept, stays, gap_us, tracks, lasting))


def segment(fixes: Iterable[Fix], start: datetime, end: datetime, rules: MotionRules) -> tuple[Segment, ...]:
    """The segments of [start, end]; they tile it exactly. Fixes outside the period help to read its edges.

    Raises ValueError where the period has no length.
    """
    return segments([Track(Fixes.of(fixes), start, end, rules)])[0]


def segments(tracks: Sequence[Track]) -> list[tuple[Segment, ...]]:
    """The segments of each track, which tile its period exactly."""
    followed = follow(tracks)
    steps = followed.steps
    begin = runs(steps.track, steps.stay, steps.observed | (steps.stay >= 0))
    end = np.append(begin[1:], len(steps)) - 1
    length_us = np.where(steps.observed, steps.end_us - steps.start_us, 0)
    spot = np.where(steps.first == steps.last, steps.first, -1)
    fixes = np.where(spot >= 0, np.append(followed.seen.kept.fixes, 0)[spot], 0)
    columns = (
        steps.track[begin], steps.start_us[begin], steps.end_us[end], np.add.reduceat(length_us, begin),
        np.add.reduceat(fixes, begin), steps.stay[begin],
    )  # fmt: skip
    stays = followed.each_stay()
    found: list[list[Segment]] = [[] for _ in tracks]
    kinds = steps.where(begin).kinds()
    for kind, (track, since, until, seen_us, count, stay) in zip(
        kinds, zip(*(column.tolist() for column in columns), strict=True), strict=True
    ):
        if since < until:
            lat, lon = (stays[stay].lat, stays[stay].lon) if stay >= 0 else (None, None)
            found[track].append(Segment(kind, moment(since), moment(until), lat, lon, seen_us / SECOND_US, count))
    return [tuple(parts) for parts in found]


def runs(*columns: Ints | Flags) -> Ints:
    """Where rows begin that differ in any column from the row before."""
    opens = np.ones(len(columns[0]), np.bool_)
    opens[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(opens)


def _steps(kept: Spots, stays: Stays, gap_us: Ints, tracks: Sequence[Track], lasting: bool) -> Steps:
    """Every step within its period, or only those that last, over all that was seen."""
    of_spot = _stay_of_spot(len(kept), stays)
    spot = np.flatnonzero(kept.start_us < kept.end_us) if lasting else np.arange(len(kept))
    before = np.searchsorted(kept.track, np.arange(len(tracks)))
    # in the order of time: the silence before a track, then each spot with the way behind it
    parts = [
        (3 * before, _silence(kept, before, len(tracks))),
        (3 * spot + 1, _at_spots(kept, of_spot, spot)),
        (3 * np.arange(len(kept)) + 2, _ways(kept, of_spot, gap_us)),
    ]
    since = np.array([micros(track.start) for track in tracks], np.int64)
    until = np.array([micros(track.end) for track in tracks], np.int64)
    cut = [(order[within], part) for order, steps in parts for within, part in [_cut(steps, since, until)]]
    order = np.argsort(np.concatenate([numbers for numbers, _ in cut]), kind="stable")
    return Steps(*(np.concatenate([getattr(part, name) for _, part in cut])[order] for name in Steps.__slots__))


def _at_spots(kept: Spots, of_spot: Ints, spot: Ints) -> Steps:
    start_us, end_us = kept.start_us[spot], kept.end_us[spot]
    seen = np.ones(len(spot), np.bool_)
    return Steps(kept.track[spot], start_us, end_us, spot, spot, end_us - start_us, of_spot[spot], seen)


def _ways(kept: Spots, of_spot: Ints, gap_us: Ints) -> Steps:
    """The way behind every spot; behind the last of a track comes silence."""
    spot, last = np.arange(len(kept)), np.ones(len(kept), np.bool_)
    last[:-1] = kept.track[1:] != kept.track[:-1]
    after = np.where(last, -1, spot + 1)
    until_us = np.where(last, EVER_US, np.roll(kept.start_us, -1))
    whole_us = until_us - kept.end_us
    same = ~last & (of_spot == np.roll(of_spot, -1))
    return Steps(
        kept.track, kept.end_us, until_us, np.where(last, -1, spot), after, whole_us, np.where(same, of_spot, -1),
        ~last & (whole_us <= gap_us[kept.track]),
    )  # fmt: skip


def _silence(kept: Spots, before: Ints, tracks: int) -> Steps:
    """What comes before the first spot of each track; `before` is how many spots come before it."""
    number, none = np.arange(tracks), np.full(tracks, -1)
    any_spot = np.append(kept.track, -1)[before] == number
    until_us = np.where(any_spot, np.append(kept.start_us, 0)[before], EVER_US)
    ever, unseen = np.full(tracks, -EVER_US), np.zeros(tracks, np.bool_)
    return Steps(number, ever, until_us, none, none, np.zeros(tracks, np.int64), none, unseen)


def _cut(steps: Steps, since_us: Ints, until_us: Ints) -> tuple[Flags, Steps]:
    """What of the steps is within the period of their track: which of them are, and these."""
    start_us = np.maximum(steps.start_us, since_us[steps.track])
    end_us = np.minimum(steps.end_us, until_us[steps.track])
    within = (start_us < end_us) | ((start_us == end_us) & (steps.start_us == steps.end_us))
    cut = Steps(steps.track, start_us, end_us, steps.first, steps.last, steps.whole_us, steps.stay, steps.observed)
    return within, cut.where(within)


def _stay_of_spot(spots: int, stays: Stays) -> Ints:
    """The number of the stay of each spot, or -1."""
    change = np.zeros(spots + 1, np.int64)
    change[stays.first] += 1
    np.subtract.at(change, stays.last + 1, 1)  # the next may begin right there
    within = np.cumsum(change[:-1]) > 0
    number = np.searchsorted(stays.first, np.arange(spots), side="right") - 1
    return np.where(within, number, -1)
