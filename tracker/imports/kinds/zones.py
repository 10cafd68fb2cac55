"""Zones from GeoJSON: areas, and points with a radius as circles. An outline that crosses itself is mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from tracker.domain.outline import E7, BadShape, Flaw
from tracker.imports import bulk, cells
from tracker.imports.columns import Column, Row, as_known
from tracker.imports.kind import Kind
from tracker.imports.plan import Change, Plan, once
from tracker.imports.problems import BadCell, Problem, Wrong
from tracker.imports.tables import read_features
from tracker.storage import zone_changes
from tracker.storage.changes import By
from tracker.storage.mending import mended
from tracker.storage.models import Zone
from tracker.storage.zone_changes import Area, Circle, Shape
from tracker.storage.zones import check_circle, checked_parts

COLUMNS = (
    Column("name", ("name",), ("nama",), required=True, example=("Menteng", "Depot Cilincing")),
    Column("parent", ("parent",), ("induk",), example=("Jakarta Pusat", "")),
    Column("radius_m", ("radius_m",), ("radius_m",), example=("", "150")),
)
NAMES = ("name", "nama", "namobj", "kelurahan", "desa")  # properties that are known to hold a name
PARENTS = ("parent", "induk", "district", "kecamatan", "wadmkc")
MENDABLE = (Flaw.CROSSES, Flaw.HOLE)


def read(content: bytes, _: Sequence[Column]) -> tuple[list[Row], list[Problem], tuple[str, ...]]:
    """The features as rows. A name that several have gets the name of what they lie in, where that is said."""
    rows, problems, notes = [], [], []
    features = read_features(content)
    named = [(line, _property(feature, NAMES), _property(feature, PARENTS), feature) for line, feature in features]
    count = Counter(name for _, name, _, _ in named)
    for line, name, parent, feature in named:
        if not name:
            problems.append(Problem(line, "name", Wrong.MISSING))
            continue
        full = f"{name}, {parent}" if count[name] > 1 and parent else name
        try:
            shape, mend = _shape(feature)
            rows.append(Row(line, {"name": cells.text(full), "shape": shape}))
            notes += [f"mended:{full}"] if mend else []
        except BadShape as error:
            problems.append(Problem(line, "shape", Wrong.SHAPE, full, error.flaw))
        except BadCell as error:
            problems.append(Problem(line, "name", error.wrong, full[:80], error.more))
    return rows, problems, tuple(notes)


def _property(feature: Mapping[str, Any], names: Iterable[str]) -> str:
    properties = feature.get("properties")
    found = {str(name).lower(): value for name, value in properties.items()} if isinstance(properties, dict) else {}
    return next((cells.as_text(found[name]) for name in names if cells.as_text(found.get(name))), "")


def _shape(feature: Mapping[str, Any]) -> tuple[Shape, bool]:
    """The shape of a feature, and whether it had to be mended."""
    geometry = feature.get("geometry")
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        return _circle(geometry, feature), False
    try:
        checked_parts(geometry)
        return Area(geometry), False
    except BadShape as error:
        if error.flaw not in MENDABLE or not isinstance(geometry, dict):
            raise
        return Area(mended(geometry).geometry), True


def _circle(geometry: Mapping[str, Any], feature: Mapping[str, Any]) -> Circle:
    try:
        lon, lat = (float(number) for number in geometry["coordinates"][:2])
        radius_m = round(float(_property(feature, ("radius_m",))))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadShape("a Point needs two coordinates and a radius_m in its properties", Flaw.RADIUS) from error
    check_circle(lat, lon, radius_m)
    return Circle(lat, lon, radius_m)


def compare(by: By, rows: Sequence[Row], since: date | None, plan: Plan) -> None:
    known = {zone.name: zone for zone in by.session.scalars(select(Zone).where(Zone.retired_at.is_(None)))}
    for row in once(plan, as_known(rows, known, "name"), "name"):
        zone, after = known.get(row["name"]), {"shape": _said(row["shape"])}
        if zone is None:
            plan.new.append(Change(row, row["name"], None, after))
        elif _same(zone, row["shape"]):
            plan.same += 1
        else:
            plan.changed.append(Change(row, row["name"], {"shape": _said_of(zone)}, after, {"zone": zone}))


def _same(zone: Zone, shape: Shape) -> bool:
    match shape:
        case Circle(lat, lon, radius_m):
            return (zone.lat_e7, zone.lon_e7, zone.radius_m) == (round(lat * E7), round(lon * E7), radius_m)
        case Area(geometry):
            parts = [[[list(point) for point in ring] for ring in part] for part in checked_parts(geometry)]
            return zone.parts == parts


def _said(shape: Shape) -> str:
    match shape:
        case Circle(lat, lon, radius_m):
            return f"{lat:.5f}, {lon:.5f}, {radius_m} m"
        case Area(geometry):
            return f"{sum(len(ring) for part in checked_parts(geometry) for ring in part)} points"


def _said_of(zone: Zone) -> str:
    if zone.parts is None:
        return f"{zone.lat_e7 / E7:.5f}, {zone.lon_e7 / E7:.5f}, {zone.radius_m} m"
    return f"{sum(len(ring) for part in zone.parts for ring in part)} points"


def keep(by: By, plan: Plan, progress: bulk.Progress) -> set[int]:
    """Zones are few and their changes touch duties: each goes the way of one that is drawn, with its own audit."""
    for one in plan.new:
        zone_changes.add_zone(by, one.key, one.row["shape"])
        progress(1)
    for one in plan.changed:
        zone_changes.reshape_zone(by, one.ids["zone"], one.row["shape"])
        progress(1)
    return set()


KIND = Kind("zones", COLUMNS, compare, keep, city_only=True, read=read, suffixes=(".geojson", ".json"))
