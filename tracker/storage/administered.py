"""What an account administers, as conditions for queries: the register's pages, the API and every change ask these.

Who administers units reaches nothing outside them. Whoever belongs to nobody today and begins in one of theirs later
is theirs already; who leaves is the city's from that day on. What nobody carries, and zones, are the city's.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import Range

from tracker.storage.models import Assignment, Device, Membership, Person, Unit, Vehicle
from tracker.storage.rights import Right, Viewer, covers, units_covered


def units(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a row of Unit is administered."""
    return true() if viewer.administers_city else Unit.id.in_(_units(viewer))


def people(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a row of Person is administered."""
    if viewer.administers_city:
        return true()
    theirs = Membership.person_id == Person.id
    now = exists().where(theirs, Membership.period.contains(viewer.today))
    later = Membership.period.overlaps(Range(viewer.today, None)) & Membership.unit_id.in_(_units(viewer))
    begins = and_(~now, exists().where(theirs, later))
    return or_(covers(viewer, Right.ADMINISTER, Person.id, viewer.today), begins)


def vehicles(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a row of Vehicle is administered."""
    return true() if viewer.administers_city else Vehicle.unit_id.in_(_units(viewer))


def devices(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a row of Device is administered: by who or what carries it at this moment."""
    if viewer.administers_city:
        return true()
    carried = select(Assignment.device_id).where(Assignment.period.contains(func.now()))
    by_people = select(Person.id).where(people(viewer))
    by_vehicles = select(Vehicle.id).where(vehicles(viewer))
    ours = or_(Assignment.person_id.in_(by_people), Assignment.vehicle_id.in_(by_vehicles))
    return Device.id.in_(carried.where(ours))


def _units(viewer: Viewer) -> Select[int]:
    return units_covered(viewer, Right.ADMINISTER, viewer.today, viewer.today)
