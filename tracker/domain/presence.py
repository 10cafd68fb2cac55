"""Where somebody was, step by step: inside the zones, outside, or not to be told. Never more than the fixes show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import groupby

from tracker.domain.cleaning import DECIDING_ACCURACY_M
from tracker.domain.geo import Zone
from tracker.domain.segments import LEAST_GAP_S, Step

CLEARLY_OUTSIDE = 2  # so many times its accuracy away from the zone, a fix is outside
OUTSIDE_STEP_S = LEAST_GAP_S  # more time between two fixes outside shows nothing, however seldom the device reports


class Place(StrEnum):
    """INSIDE is shown and credited; TOUCHED saw the zone but shows no time in it; OUTSIDE is beyond doubt."""

    INSIDE = "inside"
    TOUCHED = "touched"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring steps of one place."""

    start: datetime
    end: datetime
    place: Place

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def place_of_point(lat: float, lon: float, accuracy_m: float, zones: Sequence[Zone]) -> Place:
    """INSIDE, OUTSIDE or UNCERTAIN. Without zones nothing can be told."""
    if not zones:
        return Place.UNCERTAIN
    away_m = min(zone.distance_m(lat, lon) for zone in zones)
    if away_m > CLEARLY_OUTSIDE * accuracy_m:
        return Place.OUTSIDE
    return Place.INSIDE if away_m <= accuracy_m <= DECIDING_ACCURACY_M else Place.UNCERTAIN


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


def spans(steps: Sequence[Step], places: Sequence[Place], visit_s: float) -> tuple[Span, ...]:
    """The period as spans that tile it. Doubt too short for a visit, with nothing but outside around it, is outside."""
    lasting = (pair for pair in zip(steps, places, strict=True) if pair[0].start < pair[0].end)
    read = _merged(Span(step.start, step.end, place) for step, place in lasting)
    around = [None, *(span.place for span in read), None]
    return tuple(
        _merged(
            replace(span, place=Place.OUTSIDE) if _too_short(span, {before, after}, visit_s) else span
            for span, before, after in zip(read, around, around[2:], strict=False)
        )
    )


def _too_short(span: Span, neighbours: set[Place | None], visit_s: float) -> bool:
    doubtful = span.place in (Place.UNCERTAIN, Place.UNKNOWN)
    return doubtful and span.seconds < visit_s and neighbours <= {Place.OUTSIDE, None} and neighbours != {None}


def _merged(parts: Iterable[Span]) -> list[Span]:
    grouped = (list(group) for _, group in groupby(parts, key=lambda span: span.place))
    return [replace(group[0], end=group[-1].end) for group in grouped]
