"""What changes of the city's zones, on somebody's behalf: see `tracker.storage.changes`. Zones are the city's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from tracker.domain.writing import one_line
from tracker.storage import zones
from tracker.storage.audit import Action
from tracker.storage.changes import By
from tracker.storage.models import DutyWindow, DutyWindowZone, Vehicle, Zone
from tracker.storage.publication import mark_zone
from tracker.storage.register import Impossible, NotFound, Why, rules_said, same_name
from tracker.storage.roster_zones import in_rosters, replace_zone


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle as somebody gave it, in degrees and metres; whether it is possible, `zones.add_circle` says."""

    lat: float
    lon: float
    radius_m: int


@dataclass(frozen=True, slots=True)
class Area:
    """A GeoJSON Polygon or MultiPolygon as somebody gave it."""

    geometry: Any


Shape = Circle | Area


def add_zone(by: By, name: str, shape: Shape) -> Zone:
    """Add a zone. Raises BadShape where it is none."""
    _may(by)
    zone = _added(by.session, one_line(name), shape)
    by.note(Action.ADD_ZONE, {"zone_id": zone.id, "zone": zone.name})
    return zone


def rename_zone(by: By, zone: Zone, name: str) -> None:
    """Call a zone by another name."""
    _may(by)
    name = one_line(name)
    if zone.name == name:
        return
    before = zone.name
    with rules_said(by.session):
        zone.name = name
    by.note(Action.CHANGE_ZONE, {"zone_id": zone.id, "zone": name, "before": before})


def reshape_zone(by: By, zone: Zone, shape: Shape) -> Zone:
    """Put another shape in the place of a zone's: for vehicles at once, for duties that have not begun.

    What was judged keeps the old shape. Returns the zone of the new one, or the old one where they are the same.
    """
    _may(by)
    with by.session.begin_nested() as attempt:
        zone.retired_at = by.now
        by.session.flush()  # the name is free for the new one
        fresh = _added(by.session, zone.name, shape)
        if _same(zone, fresh):
            attempt.rollback()
            return zone
    by.session.execute(update(Vehicle).where(Vehicle.base_zone_id == zone.id).values(base_zone_id=fresh.id))
    replace_zone(by.session, zone.id, fresh.id)
    ahead = select(DutyWindow.id).where(DutyWindow.starts_at > by.now)
    moved = update(DutyWindowZone).where(DutyWindowZone.zone_id == zone.id, DutyWindowZone.window_id.in_(ahead))
    windows = by.session.scalars(moved.values(zone_id=fresh.id).returning(DutyWindowZone.window_id)).all()
    mark_zone(by.session, fresh.id, by.today + timedelta(days=1), "roster")  # a batch being published read the old one
    people = by.session.scalars(select(DutyWindow.person_id).where(DutyWindow.id.in_(windows)))
    by.note(Action.CHANGE_ZONE, {"zone_id": fresh.id, "zone": zone.name, "instead_of_zone": zone.id}, set(people))
    return fresh


def remove_zone(by: By, zone: Zone) -> None:
    """A zone is used no more from now on; what was judged keeps it. Refused while vehicles or later duties have it."""
    _may(by)
    based = exists().where(Vehicle.base_zone_id == zone.id, Vehicle.retired_at.is_(None))
    ahead = exists().where(
        DutyWindowZone.zone_id == zone.id, DutyWindow.id == DutyWindowZone.window_id, DutyWindow.ends_at > by.now
    )
    if by.session.scalar(select(based | ahead | in_rosters(zone.id, by.today))):
        what = f"the zone {zone.name!r} is the base of vehicles, or duties to come are worked in it"
        raise Impossible(what, Why.ZONE_USED)
    zone.retired_at = by.now
    by.note(Action.REMOVE_ZONE, {"zone_id": zone.id, "zone": zone.name})
    by.session.flush()


def zone_named(by: By, name: str) -> Zone:
    """The zone that has this name now."""
    _may(by)
    zone = by.session.scalar(select(Zone).where(same_name(Zone.name, name), Zone.retired_at.is_(None)))
    if zone is None:
        raise NotFound(f"there is no zone named {name!r}", "zone")
    return zone


def _may(by: By) -> None:
    if by.viewer is not None and not by.viewer.administers_city:
        raise NotFound("zones are the city's", "zone")


def _added(session: Session, name: str, shape: Shape) -> Zone:
    with rules_said(session):
        match shape:
            case Circle(lat, lon, radius_m):
                return zones.add_circle(session, name, lat, lon, radius_m)
            case Area(geometry):
                return zones.add_polygon(session, name, geometry)


def _same(one: Zone, other: Zone) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("lat_e7", "lon_e7", "radius_m", "parts"))
