"""The city's vehicles as administrators see them: a list, and one with its devices and drivers. No position is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from tracker.storage import administered
from tracker.storage.models import Assignment, Device, DriverSession, Person, Unit, Vehicle, Zone
from tracker.storage.paging import ANY_STATE, Page, page_of
from tracker.storage.rights import Viewer, units_below

STATES = ("no_tracker", "hidden", "retired")
SORTS = ("call_sign", "kind", "unit")


@dataclass(frozen=True, slots=True)
class VehicleFilter:
    """What somebody asked for; empty values do not narrow. Without `state` all vehicles that serve.

    `unit_id`: what belongs to that unit or to what stands below it today.
    """

    search: str = ""
    unit_id: int | None = None
    kind: str = ""
    state: str = ""
    sort: str = "call_sign"


def vehicle_list(session: Session, viewer: Viewer, wanted: VehicleFilter, number: int) -> Page:
    """One page of the vehicles that somebody administers: rows of `vehicles_wanted`."""
    query = vehicles_wanted(viewer, wanted)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return page_of(session, query.order_by(*_order(wanted.sort)), total, number)


def vehicles_wanted(viewer: Viewer, wanted: VehicleFilter) -> Select[Any]:
    """The vehicles that were asked for and are administered, in no order, with their device and driver of this moment.

    Columns: id, call_sign, plate, kind, capabilities, public_view, retired_at, unit_id, unit, base_zone_id, base_zone,
    device, driver_id, driver.
    """
    device = _device()
    columns: Sequence[Any] = (
        Vehicle.id, Vehicle.call_sign, Vehicle.plate, Vehicle.kind, Vehicle.capabilities, Vehicle.public_view,
        Vehicle.retired_at, Unit.id.label("unit_id"), Unit.name.label("unit"), Zone.id.label("base_zone_id"),
        Zone.name.label("base_zone"), device.label("device"), Person.id.label("driver_id"),
        Person.name.label("driver"),
    )  # fmt: skip
    # not now(): that is when the transaction began, before what it may just have changed
    driven = and_(DriverSession.vehicle_id == Vehicle.id, DriverSession.period.contains(func.statement_timestamp()))
    serves = Vehicle.retired_at.is_(None)
    states = {
        "": serves,
        "no_tracker": and_(serves, device.is_(None)),
        "hidden": and_(serves, Vehicle.public_view != "by_kind"),
        "retired": ~serves,
        ANY_STATE: true(),
    }
    listed: Select[Any] = select(*columns)
    query = (
        listed
        .select_from(Vehicle)
        .join(Unit, Unit.id == Vehicle.unit_id)
        .outerjoin(Zone, Zone.id == Vehicle.base_zone_id)
        .outerjoin(DriverSession, driven)
        .outerjoin(Person, Person.id == DriverSession.person_id)
        .where(administered.vehicles(viewer), states[wanted.state])
    )
    if wanted.unit_id is not None:
        query = query.where(Vehicle.unit_id.in_(units_below(wanted.unit_id, viewer.today, viewer.today)))
    if wanted.kind:
        query = query.where(Vehicle.kind == wanted.kind)
    if wanted.search:
        by_name = (Vehicle.call_sign, Vehicle.plate)
        query = query.where(or_(*(column.icontains(wanted.search, autoescape=True) for column in by_name)))
    return query


def drives_of(session: Session, vehicle_id: int, newest: int = 20) -> Sequence[Any]:
    """Who drove a vehicle when, the newest first: rows of DriverSession and the driver's name."""
    query = select(DriverSession, Person.name).join(Person, Person.id == DriverSession.person_id)
    return session.execute(
        query.where(DriverSession.vehicle_id == vehicle_id).order_by(DriverSession.period.desc()).limit(newest)
    ).all()


def _device() -> ScalarSelect[str]:
    """The login of a living device that a vehicle carries at this moment, the first by name."""
    carried = select(func.min(Device.login)).join(Assignment, Assignment.device_id == Device.id)
    its = carried.where(Assignment.vehicle_id == Vehicle.id, Assignment.period.contains(func.statement_timestamp()))
    return its.where(Device.revoked_at.is_(None)).correlate(Vehicle).scalar_subquery()


def _order(sort: str) -> Sequence[Any]:
    first: dict[str, tuple[Any, ...]] = {"kind": (Vehicle.kind,), "unit": (func.lower(Unit.name),)}
    return (*first.get(sort, ()), Vehicle.call_sign)
