"""What an administrator draws or types of a zone, checked and turned into a shape."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields, validate

from tracker.domain.outline import FARTHEST_LAT_DEG, BadShape, Flaw
from tracker.domain.writing import LONGEST_NAME
from tracker.storage.models import Zone
from tracker.storage.zone_changes import Area, Circle, Shape
from tracker.storage.zone_pages import KINDS, SORTS, STATES, ZoneFilter
from tracker.storage.zones import LARGEST_RADIUS_M, LEAST_RADIUS_M, geometry_of
from tracker.web.forms import LONGEST_SEARCH, Form, Line, PageQuery, Prose, parse

DEFAULT_RADIUS_M = 100
MOST_CORNERS = 200  # shown as lines that can be changed one by one; longer outlines are shown as GeoJSON
CORNER = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*\Z")


class ZoneNameForm(Form):
    name = Line(required=True, validate=validate.Length(max=LONGEST_NAME))


class ShapeForm(Form):
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    lat = fields.Float(load_default=None, validate=validate.Range(-FARTHEST_LAT_DEG, FARTHEST_LAT_DEG))
    lon = fields.Float(load_default=None, validate=validate.Range(-180, 180))
    radius_m = fields.Integer(load_default=None, validate=validate.Range(LEAST_RADIUS_M, LARGEST_RADIUS_M))
    outline = Prose(load_default="")


class ZoneForm(ZoneNameForm, ShapeForm):
    pass


class ZoneQuery(PageQuery):
    q = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    kind = fields.String(load_default="", validate=validate.OneOf(KINDS))
    state = fields.String(load_default="", validate=validate.OneOf(STATES))
    sort = fields.String(load_default="name", validate=validate.OneOf(SORTS))


def zone_filter(sent: Mapping[str, str]) -> tuple[ZoneFilter, int]:
    """The zones that were asked for, and which page of them."""
    asked = parse(ZoneQuery(), sent).values
    names = {"search": "q", "kind": "kind", "state": "state", "sort": "sort"}
    wanted = {name: asked[key] for name, key in names.items() if key in asked}
    return ZoneFilter(**wanted), asked.get("page", 1)


def missing(values: Mapping[str, Any], file: bytes) -> list[str]:
    """The fields that a shape of the chosen kind needs and that are empty."""
    if values["kind"] == "area":
        return [] if values["outline"] or file else ["outline"]
    return [name for name in ("lat", "lon", "radius_m") if values[name] is None]


def shape_of(values: Mapping[str, Any], file: bytes) -> Shape:
    """The shape of a checked form with nothing missing; a file goes before what is typed. Raises BadShape."""
    if values["kind"] == "circle":
        return Circle(values["lat"], values["lon"], values["radius_m"])
    text = _decoded(file) if file else values["outline"]
    return Area(_geojson(text) if text.lstrip().startswith("{") else _corners(text))


def fields_of(zone: Zone) -> dict[str, Any]:
    """What the form shows of a zone."""
    if zone.radius_m is not None:
        return {"kind": "circle", "lat": zone.lat_e7 / 1e7, "lon": zone.lon_e7 / 1e7, "radius_m": zone.radius_m}
    return {"kind": "area", "outline": outline_text(geometry_of(zone))}


def outline_text(geometry: Mapping[str, Any]) -> str:
    """A Polygon or MultiPolygon as somebody may change it: a line for each corner, or GeoJSON where it is more."""
    coordinates: Sequence[Any] = geometry["coordinates"]
    parts = coordinates if geometry["type"] == "MultiPolygon" else [coordinates]
    if len(parts) == 1 and len(parts[0]) == 1 and len(parts[0][0]) <= MOST_CORNERS:
        return "\n".join(f"{lat:.7f}, {lon:.7f}" for lon, lat in parts[0][0][:-1])
    return json.dumps({"type": "MultiPolygon", "coordinates": parts})


def _decoded(file: bytes) -> str:
    try:
        return file.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadShape(f"the file is not text: {error}") from error


def _geojson(text: str) -> object:
    """The geometry of a GeoJSON object: its own, its feature's, or that of the only feature in it."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadShape(f"that is not GeoJSON: {error}") from error
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise BadShape("expected one feature: import a file with several", Flaw.SEVERAL)
        found = features[0]
    return found.get("geometry") if isinstance(found, dict) and found.get("type") == "Feature" else found


def _corners(text: str) -> object:
    """A polygon of corners, a line each, latitude first; the last need not be the first again."""
    ring: list[tuple[float, float]] = []
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        found = CORNER.match(line)
        if found is None:
            what = f"line {number} is not a latitude and a longitude such as -6.2, 106.8"
            raise BadShape(what, Flaw.CORNER, line.strip()[:40])
        ring.append((float(found[2]), float(found[1])))
    if ring and ring[0] != ring[-1]:
        ring.append(ring[0])
    return {"type": "Polygon", "coordinates": [ring]}
