"""Where somebody was, step by step: inside the zones, outside, or not to be told. Never more than the fixes show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple

import numpy as np

from tracker.domain.cleaning import DECIDING_ACCURACY_M, Spots
from tracker.domain.fixes import EPOCH, SECOND_US, Flags, Floats, Ints, moment
from tracker.domain.geo import Zone, least_distances_m
from tracker.domain.segments import EVER_US, LEAST_GAP_S, Followed, SegmentKind, Stay, Steps, runs

CLEARLY_OUTSIDE = 2  # so many times its accuracy away from the zone, a fix is outside
OUTSIDE_STEP_S = LEAST_GAP_S  # more time between two fixes outside shows nothing, however seldom the device reports


class Place(StrEnum):
    """INSIDE is shown and credited; TOUCHED saw the zone but shows no time in it; OUTSIDE is beyond doubt."""

    INSIDE = "inside"
    TOUCHED = "touched"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"
    OUTSIDE = "outside"


PLACES = tuple(Place)
INSIDE, TOUCHED, UNCERTAIN, UNKNOWN, OUTSIDE = range(len(PLACES))  # as arrays have them


class Source(StrEnum):
    """What shows that somebody was inside."""

    TRACK = "track"
    CHECK_IN = "check_in"
    ACTIVITY = "activity"
    VEHICLE = "vehicle"
    ATTESTATION = "attestation"


class Leg(NamedTuple):
    """Neighbouring steps that say the same: one kind, one stay, one place. `source` is what shows an INSIDE."""

    start: datetime
    end: datetime
    kind: SegmentKind
    place: Place
    stay: Stay | None
    source: Source | None = None

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


class Span(NamedTuple):
    """Neighbouring legs of one place, shown by one source where that is INSIDE."""

    start: datetime
    end: datetime
    place: Place
    source: Source | None = None

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


DOUBTFUL = (Place.UNCERTAIN, Place.UNKNOWN)
PLACE_AND_SOURCE = attrgetter("place", "source")
SHOWN = tuple(Source.TRACK if place is Place.INSIDE else None for place in PLACES)


def place_of_point(lat: float, lon: float, accuracy_m: float, zones: Sequence[Zone]) -> Place:
    """INSIDE, OUTSIDE or UNCERTAIN. Without zones nothing can be told."""
    if not zones:
        return Place.UNCERTAIN
    away_m = min(zone.distance_m(lat, lon) for zone in zones)
    if away_m > CLEARLY_OUTSIDE * accuracy_m:
        return Place.OUTSIDE
    return Place.INSIDE if away_m <= accuracy_m <= DECIDING_ACCURACY_M else Place.UNCERTAIN


def legs_of(followed: Followed, zones: Sequence[Sequence[Zone]]) -> list[tuple[Leg, ...]]:
    """The lasting steps of each track as legs, which tile its period; `zones` are those of each track."""
    steps = followed.steps
    places = _places_of(steps, followed, zones)
    begin = runs(steps.track, steps.stay, places, steps.observed | (steps.stay >= 0))
    end_us = steps.end_us[np.append(begin[1:], len(steps)) - 1]
    stays = [*followed.each_stay(), None]  # whose last is that of number -1
    opening = steps.where(begin)
    columns = (opening.track, opening.start_us, end_us, places[begin], opening.stay)
    legs: list[list[Leg]] = [[] for _ in zones]
    rows = zip(opening.kinds(), *(column.tolist() for column in columns), strict=True)
    at_us, at = EVER_US, EPOCH  # where the leg before has ended the next begins: they share a time
    for kind, track, since, until, place, stay in rows:
        start = at if since == at_us else moment(since)
        at_us, at = until, moment(until)
        legs[track].append(Leg(start, at, kind, PLACES[place], stays[stay], SHOWN[place]))
    return [tuple(parts) for parts in legs]


def _places_of(steps: Steps, followed: Followed, zones: Sequence[Sequence[Zone]]) -> Ints:
    """The number in `PLACES` of where each step was spent.

    Credited only if both ends (or the stay) are inside, outside only if everything in it is and it is short.
    """
    kept, stays = followed.seen.kept, followed.stays
    spot = np.append(_places_at(kept.track, kept.lat, kept.lon, kept.accuracy_m, zones), UNCERTAIN)
    of_stay = np.append(_places_at(stays.track, *stays.place, zones), OUTSIDE)  # the last is for none
    first, last, stay = spot[steps.first], spot[steps.last], of_stay[steps.stay]
    aside_inside, aside_not_outside = _set_aside(steps, followed, zones)
    inside = ((stay == INSIDE) & (steps.stay >= 0)) | ((first == INSIDE) & (last == INSIDE))
    touched = (first == INSIDE) | (last == INSIDE) | aside_inside
    unseen = (steps.first != steps.last) & (steps.whole_us > OUTSIDE_STEP_S * SECOND_US)
    outside = (first == OUTSIDE) & (last == OUTSIDE) & (stay == OUTSIDE) & ~aside_not_outside & ~unseen
    return np.select([~steps.observed, inside, touched, outside], [UNKNOWN, INSIDE, TOUCHED, OUTSIDE], UNCERTAIN)


def _set_aside(steps: Steps, followed: Followed, zones: Sequence[Sequence[Zone]]) -> tuple[Flags, Flags]:
    """Whether anything that was set aside within a step is inside, and whether anything is not outside."""
    aside, kept = followed.seen.set_aside(), followed.seen.kept
    if not len(aside):
        nothing = np.zeros(len(steps), np.bool_)
        return nothing, nothing
    place = _places_at(aside.track, aside.lat, aside.lon, aside.accuracy_m, zones)
    # whole steps, not what a period leaves of them: from the first spot to the last, or while the one was seen
    alone = steps.first == steps.last
    since_us = np.where(alone, kept.start_us[steps.first], kept.end_us[steps.first]) if len(kept) else steps.start_us
    until_us = np.where(alone, kept.end_us[steps.last], kept.start_us[steps.last]) if len(kept) else steps.end_us
    begin = _rank(aside, steps.track, since_us, "left")
    end = _rank(aside, steps.track, until_us, "right")
    found = [np.append(0, np.cumsum(which)) for which in (place == INSIDE, place != OUTSIDE)]
    inside, not_outside = (sums[np.maximum(begin, end)] > sums[begin] for sums in found)
    return inside, not_outside


def _rank(aside: Spots, track: Ints, time_us: Ints, side: Literal["left", "right"]) -> Ints:
    """How many of the spots come before these times of their tracks, or with `right` not after them."""
    origin = min(int(aside.start_us.min()), int(time_us.min()))
    length = max(int(aside.start_us.max()), int(time_us.max())) - origin + 1
    width = np.int64(length)
    return np.searchsorted(aside.track * width + (aside.start_us - origin), track * width + (time_us - origin), side)


def _places_at(track: Ints, lat: Floats, lon: Floats, accuracy_m: Floats, zones: Sequence[Sequence[Zone]]) -> Ints:
    """As `place_of_point` for many points: numbers in `PLACES`. `zones` are those of each track."""
    doubt_m = CLEARLY_OUTSIDE * accuracy_m
    away_m = least_distances_m(track, lat, lon, doubt_m, zones)
    deciding = (away_m <= accuracy_m) & (accuracy_m <= DECIDING_ACCURACY_M)
    outside = (away_m > doubt_m) & np.array([bool(of_track) for of_track in zones])[track]
    return np.where(outside, OUTSIDE, np.where(deciding, INSIDE, UNCERTAIN))


def spans(legs: Sequence[Leg], visit_s: float) -> tuple[Span, ...]:
    """The legs as spans that tile the same. Doubt too short for a visit, with nothing but outside around it, is
    outside."""
    read = _merged(legs)
    around = [None, *(span.place for span in read), None]
    outside = {
        number for number, span in enumerate(read)
        if span.place in DOUBTFUL and _too_short(span, {around[number], around[number + 2]}, visit_s)
    }  # fmt: skip
    if not outside:
        return tuple(read)
    return tuple(_merged(span._replace(place=Place.OUTSIDE) if number in outside else span
                         for number, span in enumerate(read)))  # fmt: skip


def _too_short(span: Span, neighbours: set[Place | None], visit_s: float) -> bool:
    return span.seconds < visit_s and neighbours <= {Place.OUTSIDE, None} and neighbours != {None}


def _merged(parts: Iterable[Leg | Span]) -> list[Span]:
    """One span for each row of neighbours of one place and source."""
    alike = ([*group] for _, group in groupby(parts, key=PLACE_AND_SOURCE))
    return [Span(group[0].start, group[-1].end, group[0].place, group[0].source) for group in alike]
