"""How far apart, how far from a zone: metres on a sphere, exact enough for a city."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8  # mean radius of the WGS 84 ellipsoid (IUGG)


@dataclass(frozen=True, slots=True)
class Zone:
    """A circle where work takes place."""

    lat: float
    lon: float
    radius_m: float

    def distance_m(self, lat: float, lon: float) -> float:
        """The signed distance of a point to the zone's boundary, negative inside."""
        return distance_m(self.lat, self.lon, lat, lon) - self.radius_m


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """The great-circle distance of two points in degrees (haversine formula)."""
    phi1, phi2 = radians(lat1), radians(lat2)
    half_chord = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half_chord)))
