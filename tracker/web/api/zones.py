"""Where work takes place. Zones are the city's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy import Select, select

from tracker.domain.outline import E7, FARTHEST_LAT_DEG
from tracker.domain.writing import LONGEST_NAME
from tracker.storage import zone_changes
from tracker.storage.changes import By
from tracker.storage.models import Zone
from tracker.storage.zone_changes import Area, Circle
from tracker.storage.zones import LARGEST_RADIUS_M, LEAST_RADIUS_M, geometry_of
from tracker.web.access import Access
from tracker.web.api.resource import Body, Kind, Made, Resource
from tracker.web.api.shapes import ListQuery, Nothing, Number, Shape, Text, Whole, shown_id


class CircleShape(Shape):
    lat = Number(
        required=True, validate=validate.Range(-FARTHEST_LAT_DEG, FARTHEST_LAT_DEG), metadata={"example": -6.2}
    )  # fmt: skip
    lon = Number(required=True, validate=validate.Range(-180, 180), metadata={"example": 106.8})
    radius_m = Whole(required=True, validate=validate.Range(LEAST_RADIUS_M, LARGEST_RADIUS_M))


class GeometryShape(Shape):
    """GeoJSON."""

    type = fields.String(required=True, validate=validate.OneOf(["Polygon", "MultiPolygon"]))
    coordinates = fields.List(fields.Raw(), required=True, metadata={"description": "Longitude comes before latitude."})


class ZoneShape(Shape):
    id = shown_id()
    name = fields.String(required=True)
    circle = fields.Function(
        lambda row: _circle(row.Zone),
        required=True,
        metadata={"type": ["object", "null"], "description": "lat, lon and radius_m; null: it is an area."},
    )
    geometry = fields.Function(
        lambda row: _geometry(row.Zone), required=True,
        metadata={"type": ["object", "null"], "description": "A GeoJSON MultiPolygon; null: it is a circle."},
    )  # fmt: skip


class OutlineShape(Shape):
    """Either a circle or an area."""

    circle = fields.Nested(CircleShape)
    geometry = fields.Nested(GeometryShape)

    @validates_schema
    def one_of_both(self, data: Any, **_: Any) -> None:
        if len(data.keys() & {"circle", "geometry"}) != 1:
            raise ValidationError("Send either circle or geometry.")


class NewZoneShape(OutlineShape):
    name = Text(LONGEST_NAME, required=True, metadata={"example": "Taman Menteng"})


class ZoneNameShape(Shape):
    name = Text(LONGEST_NAME, required=True, metadata={"example": "Taman Menteng"})


def wanted() -> Select[Any]:
    columns: Sequence[Any] = (Zone, Zone.id, Zone.name)
    living: Select[Any] = select(*columns)
    return living.where(Zone.retired_at.is_(None))


zones = Resource("zones", Kind(Zone, ZoneShape, wanted, Access.CITY_ADMINISTRATOR), "Where work takes place.")


@zones.listing(ListQuery)
def list_zones(asked: Body) -> Select[Any]:
    """The zones that are in use."""
    return wanted().where(Zone.name.icontains(asked["q"], autoescape=True))


@zones.creating(NewZoneShape)
def add_zone(by: By, sent: Body) -> Made:
    """Add a zone."""
    return Made(zone_changes.add_zone(by, sent["name"], _outline(sent)).id)


@zones.changing("", ZoneNameShape)
def rename_zone(by: By, row: Any, sent: Body) -> None:
    """Call a zone by another name."""
    zone_changes.rename_zone(by, row.Zone, sent["name"])


@zones.changing("outline", OutlineShape)
def reshape_zone(by: By, row: Any, sent: Body) -> Made:
    """Give a zone another shape: it gets another id, and what was judged keeps the old one."""
    return Made(zone_changes.reshape_zone(by, row.Zone, _outline(sent)).id)


@zones.changing("removal", Nothing)
def remove_zone(by: By, row: Any, sent: Body) -> None:
    """A zone is used no more, from now on."""
    zone_changes.remove_zone(by, row.Zone)


def _outline(sent: Body) -> Circle | Area:
    return Circle(**sent["circle"]) if "circle" in sent else Area(sent["geometry"])


def _circle(zone: Zone) -> Body | None:
    if zone.radius_m is None:
        return None
    return {"lat": zone.lat_e7 / E7, "lon": zone.lon_e7 / E7, "radius_m": zone.radius_m}


def _geometry(zone: Zone) -> Any:
    return None if zone.parts is None else geometry_of(zone)
