"""Where somebody idled more than once: places that are near to each other are one spot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.geo import distance_m
from tracker.domain.idle import IdlePlace

NEAR_M = 100.0  # twice what a stay's centre may be off


@dataclass(frozen=True, slots=True)
class Spot:
    """`times` stays of `seconds` in all around a place (None: on the move); `starts` are their beginnings, in order."""

    lat: float | None
    lon: float | None
    seconds: int
    starts: tuple[datetime, ...]

    @property
    def times(self) -> int:
        return len(self.starts)


def spots(places: Iterable[IdlePlace]) -> list[Spot]:
    """The spots of these places, the longest first; each lies where the longest of its stays was."""
    groups: list[list[IdlePlace]] = []
    for place in sorted(places, key=lambda one: (-one.seconds, one.start)):
        group = next((one for one in groups if _near(one[0], place)), None)
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return sorted(map(_spot, groups), key=lambda spot: -spot.seconds)


def _spot(group: Sequence[IdlePlace]) -> Spot:
    seconds = sum(place.seconds for place in group)
    return Spot(group[0].lat, group[0].lon, seconds, tuple(sorted(place.start for place in group)))


def _near(one: IdlePlace, other: IdlePlace) -> bool:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return one.lat is None and other.lat is None
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= NEAR_M
