"""Plane geometry around Jakarta: spots, distances, and roads that bend. Good to a metre over the city's 30 km."""

from __future__ import annotations

from math import atan2, cos, degrees, pi, radians, sin, sqrt
from random import Random
from typing import NamedTuple

from tracker.domain import geo

METRES_PER_DEGREE = geo.EARTH_RADIUS_M * radians(1.0)
BLOCK_M = 700.0  # a journey turns about this often
BEND_M = 220.0  # a road is drawn with a point about this often
SWAY_M = 7.0  # how far a road strays from the straight line between two bends


class Spot(NamedTuple):
    """A point on the ground, degrees WGS 84."""

    lat: float
    lon: float


def offset_m(origin: Spot, spot: Spot) -> tuple[float, float]:
    """How far east and north of `origin` a spot is."""
    east = (spot.lon - origin.lon) * METRES_PER_DEGREE * cos(radians(origin.lat))
    return east, (spot.lat - origin.lat) * METRES_PER_DEGREE


def shifted(origin: Spot, east_m: float, north_m: float) -> Spot:
    """The spot so far east and north of `origin`."""
    lon = origin.lon + east_m / (METRES_PER_DEGREE * cos(radians(origin.lat)))
    return Spot(origin.lat + north_m / METRES_PER_DEGREE, lon)


def distance_m(a: Spot, b: Spot) -> float:
    """Metres between two spots."""
    return geo.distance_m(a.lat, a.lon, b.lat, b.lon)


def course_deg(a: Spot, b: Spot) -> float:
    """The compass course from `a` to `b`, 0 is north, 90 east."""
    return degrees(atan2(*offset_m(a, b))) % 360.0


def between(a: Spot, b: Spot, share: float) -> Spot:
    """The spot at `share` (0 to 1) of the straight way from `a` to `b`."""
    return Spot(a.lat + (b.lat - a.lat) * share, a.lon + (b.lon - a.lon) * share)


def somewhere(centre: Spot, radius_m: float, chance: Random) -> Spot:
    """A spot within `radius_m`, everywhere equally likely."""
    angle, reach = chance.uniform(0.0, 2 * pi), radius_m * sqrt(chance.random())
    return shifted(centre, reach * cos(angle), reach * sin(angle))


def at_distance(centre: Spot, distance: float, chance: Random) -> Spot:
    """A spot `distance` metres away, in any direction."""
    angle = chance.uniform(0.0, 2 * pi)
    return shifted(centre, distance * cos(angle), distance * sin(angle))


def road(start: Spot, end: Spot, chance: Random) -> list[Spot]:
    """The bends of a way through a city of blocks, from `start` to `end`, both included."""
    way = [start]
    for corner in _corners(start, end, chance):
        way.extend(_street(way[-1], corner, chance))
    return way


def _corners(start: Spot, end: Spot, chance: Random) -> list[Spot]:
    """Where the way turns: it goes east or west and north or south by turns, in blocks of unequal size."""
    east, north = offset_m(start, end)
    turns = max(1, round((abs(east) + abs(north)) / (2 * BLOCK_M)))
    shares_east, shares_north = _shares(turns, chance), _shares(turns, chance)
    corners, eastward_first = [], chance.random() < 0.5
    done_east = done_north = 0.0
    for share_east, share_north in zip(shares_east, shares_north, strict=True):
        if eastward_first:
            corners.append(shifted(start, share_east * east, done_north * north))
        else:
            corners.append(shifted(start, done_east * east, share_north * north))
        done_east, done_north = share_east, share_north
        corners.append(shifted(start, done_east * east, done_north * north))
    corners[-1] = end
    return corners


def _shares(count: int, chance: Random) -> list[float]:
    """Growing shares of a whole, the last one 1."""
    parts = [chance.uniform(0.5, 1.5) for _ in range(count)]
    total, done, shares = sum(parts), 0.0, []
    for part in parts:
        done += part / total
        shares.append(done)
    return shares


def _street(start: Spot, end: Spot, chance: Random) -> list[Spot]:
    """The points of a nearly straight street, without its start."""
    pieces = max(1, round(distance_m(start, end) / BEND_M))
    inner = [between(start, end, n / pieces) for n in range(1, pieces)]
    return [*(shifted(spot, chance.gauss(0, SWAY_M), chance.gauss(0, SWAY_M)) for spot in inner), end]
