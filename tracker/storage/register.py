"""The city's register: units, people, vehicles, found by the names people use for them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.storage.models import Person, Unit, Vehicle


class NotFound(LookupError):
    """Nothing in the register has this name; the text says what was looked for."""


def add_unit(session: Session, name: str, below: str | None) -> Unit:
    """Add a node to the city's tree, at the top or below another."""
    unit = Unit(name=name, parent_id=unit_named(session, below).id if below else None)
    session.add(unit)
    session.flush()
    return unit


def add_person(session: Session, nip: str, name: str, unit: str, position: str) -> Person:
    """Add an employee to a unit."""
    person = Person(nip=nip, name=name, position=position, unit_id=unit_named(session, unit).id)
    session.add(person)
    session.flush()
    return person


def add_vehicle(session: Session, call_sign: str, plate: str, kind: str, unit: str) -> Vehicle:
    """Add a vehicle to a unit."""
    vehicle = Vehicle(call_sign=call_sign, plate=plate, kind=kind, unit_id=unit_named(session, unit).id)
    session.add(vehicle)
    session.flush()
    return vehicle


def unit_named(session: Session, name: str) -> Unit:
    unit = session.scalar(select(Unit).where(Unit.name == name))
    if unit is None:
        raise NotFound(f"there is no unit named {name!r}; add it with `unit add`, or check the spelling")
    return unit


def person_with_nip(session: Session, nip: str) -> Person:
    person = session.scalar(select(Person).where(Person.nip == nip))
    if person is None:
        raise NotFound(f"there is no person with NIP {nip}; add them with `person add`")
    return person


def vehicle_called(session: Session, call_sign: str) -> Vehicle:
    vehicle = session.scalar(select(Vehicle).where(Vehicle.call_sign == call_sign))
    if vehicle is None:
        raise NotFound(f"there is no vehicle called {call_sign!r}; add it with `vehicle add`")
    return vehicle
