"""How far apart, how far from a zone: metres on a sphere, exact enough for a city."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import asin, cos, inf, pi, radians, sin, sqrt
from typing import TypeAlias

import numpy as np

from tracker.domain.edge_columns import EdgeColumns
from tracker.domain.edges import Edges, edges_of
from tracker.domain.fixes import Floats, Ints

EARTH_RADIUS_M = 6_371_008.8  # mean radius of the WGS 84 ellipsoid (IUGG)
METRES_PER_DEGREE = EARTH_RADIUS_M * pi / 180

Ring: TypeAlias = tuple[tuple[float, float], ...]  # (longitude, latitude) in degrees, the last point being the first
Part: TypeAlias = tuple[Ring, ...]  # an outer ring and its holes


@dataclass(frozen=True, slots=True)
class Circle:
    """A zone around a place."""

    lat: float
    lon: float
    radius_m: float

    @property
    def centre(self) -> tuple[float, float]:
        """Latitude and longitude of the place that stands for the zone."""
        return self.lat, self.lon

    def distance_m(self, lat: float, lon: float) -> float:
        """The signed distance of a point to the zone's boundary, negative inside."""
        return distance_m(self.lat, self.lon, lat, lon) - self.radius_m


@dataclass(frozen=True)
class Polygon:
    """A zone of one or more parts as in GeoJSON's MultiPolygon; `lat`, `lon` is a point inside it.

    Its edges are straight in degrees, as GeoJSON says. No zone reaches over the antimeridian.
    """

    lat: float
    lon: float
    parts: tuple[Part, ...]

    @property
    def centre(self) -> tuple[float, float]:
        """Latitude and longitude of the place that stands for the zone."""
        return self.lat, self.lon

    def distance_m(self, lat: float, lon: float) -> float:
        """The signed distance of a point to the zone's boundary, negative inside.

        On a plane that touches the earth at the point, so the error grows with the distance, not with the zone: at
        Jakarta's latitude 0.2 mm in 200 m, which decides, and 3 m in 30 km; at 60 degrees north 3 mm and 50 m.
        """
        kx, ky = METRES_PER_DEGREE * cos(radians(lat)), METRES_PER_DEGREE
        nearest_m = inf
        for edges in self._edges:
            within = edges.crossings(lon, lat) % 2 == 1
            if within or edges.box_sq(lon, lat, kx, ky) < nearest_m * abs(nearest_m):
                away_m = sqrt(edges.nearest_sq(lon, lat, kx, ky))
                nearest_m = min(nearest_m, -away_m if within else away_m)
        return nearest_m

    def distances_m(self, lat: Floats, lon: Floats, reach_m: Floats) -> Floats:
        """The same for many points as far as it matters: -inf anywhere inside, and inf beyond `reach_m` of a point."""
        kx = METRES_PER_DEGREE * np.cos(np.radians(lat))
        nearest_m = np.full(len(lat), inf)
        for edges in self._edge_columns:
            at = np.flatnonzero(edges.near_box(lon, lat, kx, METRES_PER_DEGREE, reach_m))
            if len(at):
                found_m = edges.distances(lon[at], lat[at], kx[at], METRES_PER_DEGREE, reach_m[at])
                nearest_m[at] = np.minimum(nearest_m[at], found_m)
        return nearest_m

    @cached_property
    def _edge_columns(self) -> tuple[EdgeColumns, ...]:
        return tuple(EdgeColumns(part) for part in self.parts)

    @cached_property
    def fingerprint(self) -> str:
        """A SHA-256 of the shape."""
        return hashlib.sha256(json.dumps(self.parts, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def _edges(self) -> tuple[Edges, ...]:
        return tuple(edges_of(part) for part in self.parts)


Zone: TypeAlias = Circle | Polygon


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """The great-circle distance of two points in degrees (haversine formula)."""
    phi1, phi2 = radians(lat1), radians(lat2)
    half_chord = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half_chord)))


def distances_m(lat1: Floats | float, lon1: Floats | float, lat2: Floats, lon2: Floats) -> Floats:
    """The same for arrays of points, pair by pair."""
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    across = np.sin(np.radians(lon2 - lon1) / 2)
    half_chord = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * across * across
    apart_m: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(half_chord)))
    return apart_m


def farthest_m(north_deg: Floats, east_deg: Floats) -> Floats:
    """More metres than two points so many degrees apart can be apart: one way north, the other along the equator."""
    most_m: Floats = (np.abs(north_deg) + np.abs(east_deg)) * (METRES_PER_DEGREE * (1 + 1e-9))
    return most_m


def least_distances_m(
    track: Ints, lat: Floats, lon: Floats, reach_m: Floats, zones: Sequence[Sequence[Zone]]
) -> Floats:  # fmt: skip
    """The signed distance of each point to the nearest of its track's zones, inf where there is none.

    `zones` are those of each track. A polygon's is only told as far as `Polygon.distances_m` tells it.
    """
    least_m = np.full(len(track), inf)
    circles = [[zone for zone in of_track if isinstance(zone, Circle)] for of_track in zones]
    for number in range(max(map(len, circles), default=0)):
        chosen = [some[number] if number < len(some) else NOWHERE for some in circles]
        columns = np.array([(zone.lat, zone.lon, zone.radius_m) for zone in chosen])[track]
        away_m = distances_m(columns[:, 0], columns[:, 1], lat, lon) - columns[:, 2]
        least_m = np.minimum(least_m, away_m)
    for shape, members in _polygons(zones):
        at = np.flatnonzero(np.isin(track, members))
        least_m[at] = np.minimum(least_m[at], shape.distances_m(lat[at], lon[at], reach_m[at]))
    return least_m


NOWHERE = Circle(0.0, 0.0, -inf)


def _polygons(zones: Sequence[Sequence[Zone]]) -> list[tuple[Polygon, list[int]]]:
    """Each polygon with the tracks whose zone it is; the same object is the same polygon."""
    found: dict[int, tuple[Polygon, list[int]]] = {}
    for number, of_track in enumerate(zones):
        for zone in of_track:
            if isinstance(zone, Polygon):
                found.setdefault(id(zone), (zone, []))[1].append(number)
    return list(found.values())
