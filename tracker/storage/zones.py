"""Zones: the one way in, checked, and the one way out, as the shapes that the rules know."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import geojson
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from tracker.domain import geo
from tracker.domain.outline import E7, FARTHEST_LAT_DEG, BadShape, Flaw, Part, checked, degrees, inner_point
from tracker.storage.models import Zone

TOO_LARGE = 1e9  # for a coordinate of any kind, also one in metres; nan and infinity are not below
LEAST_RADIUS_M, LARGEST_RADIUS_M = 10, 50_000


def add_circle(session: Session, name: str, lat: float, lon: float, radius_m: int) -> Zone:
    """Add a circle; raises BadShape where it is none of a possible size and place."""
    check_circle(lat, lon, radius_m)
    return _added(session, Zone(name=name, lat_e7=round(lat * E7), lon_e7=round(lon * E7), radius_m=radius_m))


def check_circle(lat: float, lon: float, radius_m: int) -> None:
    """Raise BadShape where a circle is of no possible size or place."""
    if not (abs(lat) <= FARTHEST_LAT_DEG and abs(lon) <= 180):
        what = f"the centre is out of range: {lat}, {lon} (latitude comes before longitude)"
        raise BadShape(what, Flaw.OUT_OF_RANGE, f"{lat}, {lon}")
    if not LEAST_RADIUS_M <= radius_m <= LARGEST_RADIUS_M:
        what = f"a radius is {LEAST_RADIUS_M} to {LARGEST_RADIUS_M:,} metres, not {radius_m}"
        raise BadShape(what, Flaw.RADIUS)


def add_polygon(session: Session, name: str, geometry: object) -> Zone:
    """Add a GeoJSON Polygon or MultiPolygon; raises BadShape, which says what is wrong with it and where."""
    parts = checked_parts(geometry)
    lon_e7, lat_e7 = inner_point(parts)
    kept = [[[list(point) for point in ring] for ring in part] for part in parts]  # as JSON gives it back
    return _added(session, Zone(name=name, lat_e7=lat_e7, lon_e7=lon_e7, parts=kept))


def checked_parts(geometry: object) -> Sequence[Part]:
    """The parts of a GeoJSON Polygon or MultiPolygon; raises BadShape where they make no outline."""
    return checked(_parts(geometry))


def shapes(conn: Connection, zone_ids: Collection[int]) -> dict[int, geo.Zone]:
    """Zones by their ids, as the rules know them."""
    rows = conn.execute(select(*Zone.__table__.c).where(Zone.id.in_(zone_ids)))
    return {row.id: _shape(row.lat_e7 / E7, row.lon_e7 / E7, row.radius_m, row.parts) for row in rows}


def geometry_of(zone: Zone) -> geojson.geometry.Geometry:
    """What GeoJSON knows of a zone, in degrees: a polygon as it is, of a circle the centre."""
    if zone.parts is None:
        return geojson.Point((zone.lon_e7 / E7, zone.lat_e7 / E7), precision=7)
    return geojson.MultiPolygon(degrees(zone.parts), precision=7)


def _shape(lat: float, lon: float, radius_m: int | None, parts: Sequence[Part] | None) -> geo.Zone:
    if parts is not None:
        return geo.Polygon(lat, lon, degrees(parts))
    assert radius_m is not None  # a check of the table
    return geo.Circle(lat, lon, radius_m)


def _added(session: Session, zone: Zone) -> Zone:
    session.add(zone)
    session.flush()
    return zone


def _parts(geometry: object) -> list[Part]:
    """The parts of a geometry in whole 1e-7 degrees."""
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or kind not in ("Polygon", "MultiPolygon"):
        raise BadShape(f"expected a GeoJSON Polygon or MultiPolygon, not {_short(kind or geometry)}")
    coordinates = _list(geometry.get("coordinates"), "the coordinates")
    parts = coordinates if kind == "MultiPolygon" else [coordinates] if coordinates else []
    return [_part(part, number) for number, part in enumerate(parts, 1)]


def _part(part: object, number: int) -> Part:
    rings = _list(part, f"part {number}")
    if not rings:
        raise BadShape(f"part {number} is empty: it needs an outer ring", Flaw.EMPTY)
    return [_ring(ring, f"ring {at} of part {number}") for at, ring in enumerate(rings, 1)]


def _ring(ring: object, where: str) -> list[tuple[int, int]]:
    return [_point(point, f"point {at} of {where}") for at, point in enumerate(_list(ring, where), 1)]


def _point(point: object, where: str) -> tuple[int, int]:
    """A height, which may follow, is nothing to us."""
    numbers = _list(point, where)[:2]
    if len(numbers) < 2 or not all(_is_number(number) for number in numbers):
        raise BadShape(f"{where} is not a longitude and a latitude: {_short(point)}")
    lon, lat = numbers
    return round(lon * E7), round(lat * E7)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < TOO_LARGE


def _list(value: object, where: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise BadShape(f"{where} should be a list, not {_short(value)}")
    return value


def _short(value: object) -> str:
    return json.dumps(value, default=repr)[:40]
