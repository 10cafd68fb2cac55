"""What an account administers, as conditions for queries: the register's pages, the API and every change ask these.

Who administers units reaches nothing outside them. Whoever belongs to nobody today and begins in one of theirs later
is theirs already; who leaves is the city's from that day on. What nobody carries, and zones, are the city's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import aliased

from tracker.storage.models import Assignment, Device, Membership, Person, Unit, Vehicle
from tracker.storage.rights import Right, Viewer, units_covered


def units(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a row of Unit is administered."""
    return true() if viewer.administers_city else Unit.id.in_(_units(viewer))


def people(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a row of Person is administered."""
    if viewer.administers_city:
        return true()
    today, place = aliased(Membership), aliased(Membership)
    now = exists().where(today.person_id == place.person_id, today.period.contains(viewer.today))
    theirs = select(place.person_id).where(
        place.unit_id.in_(_units(viewer)), place.period.overlaps(Range(viewer.today, None)),
        or_(place.period.contains(viewer.today), ~now),
    )  # fmt: skip
    return Person.id.in_(theirs)


def vehicles(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a row of Vehicle is administered."""
    return true() if viewer.administers_city else Vehicle.unit_id.in_(_units(viewer))


def devices(viewer: Viewer, at: datetime | None = None) -> ColumnElement[bool]:
    """Whether a row of Device is administered: by who or what carries it at a time, which is now unless it is given."""
    if viewer.administers_city:
        return true()
    moment = at if at is not None else func.statement_timestamp()
    carried = select(Assignment.device_id).where(Assignment.period.contains(moment))
    by_people = select(Person.id).where(people(viewer))
    by_vehicles = select(Vehicle.id).where(vehicles(viewer))
    ours = or_(Assignment.person_id.in_(by_people), Assignment.vehicle_id.in_(by_vehicles))
    return Device.id.in_(carried.where(ours))


def _units(viewer: Viewer) -> Select[int]:
    return units_covered(viewer, Right.ADMINISTER, viewer.today, viewer.today)
