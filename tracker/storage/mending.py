"""Outlines that touch or cross themselves, as drawings and files have them, made into what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, radians
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from tracker.domain.outline import BadShape, Flaw

GRID_DEG = 1e-7  # what is stored
METRES_PER_DEGREE = 111_195.0  # of a sphere of 6,371 km
LARGEST_CHANGE = 0.01  # of the area: more is another place than the one that was drawn


@dataclass(frozen=True, slots=True)
class Mended:
    """A GeoJSON Polygon or MultiPolygon that is an outline, and how its area differs from the one that was given."""

    geometry: dict[str, Any]
    change_m2: float


def mended(geometry: Mapping[str, Any]) -> Mended:
    """An outline in the place of a Polygon or MultiPolygon that touches or crosses itself.

    What it encloses stays, each crossing becomes a corner. Raises BadShape where there is no area in it, or where the
    area would change by more than `LARGEST_CHANGE`: then nobody knows what was meant.
    """
    given = _read(geometry)
    valid = shapely.make_valid(given, method="structure", keep_collapsed=False)
    stored = shapely.set_precision(valid, GRID_DEG)  # stays valid, unlike corners that are rounded one by one
    if stored.geom_type not in ("Polygon", "MultiPolygon") or stored.is_empty:
        raise BadShape("the geometry encloses no area", Flaw.TOO_THIN)
    before, after = _area_m2(given), _area_m2(stored)
    if abs(after - before) > LARGEST_CHANGE * max(before, after):
        areas = f"{before:,.0f} or {after:,.0f} m2"
        raise BadShape(f"the outline crosses itself, so that it is not clear what it encloses: {areas}", Flaw.UNCLEAR)
    return Mended(mapping(stored), after - before)


def _read(geometry: Mapping[str, Any]) -> BaseGeometry:
    try:
        return shape(dict(geometry))
    except (shapely.errors.ShapelyError, ValueError, TypeError, LookupError) as error:
        raise BadShape(f"the geometry cannot be read: {error}") from error


def area_m2(geometry: Mapping[str, Any]) -> float:
    """How large a Polygon or MultiPolygon is; raises BadShape where it cannot be read."""
    return _area_m2(_read(geometry))


def _area_m2(geometry: BaseGeometry) -> float:
    """By the signed areas of the rings, also of one that crosses itself."""
    lat = geometry.centroid.y if not geometry.is_empty else 0.0
    return float(geometry.area) * METRES_PER_DEGREE**2 * cos(radians(lat))
