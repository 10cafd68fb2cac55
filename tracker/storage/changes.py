"""What changes in the register on somebody's behalf: looked at whether they may, done, and written down.

The command line, the pages and the API all change the register here, in the caller's transaction. What somebody does
not administer does not exist for them: they get the `NotFound` of something that is not there. An operator at the
command line may do everything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.domain.writing import one_line
from tracker.storage import administered, register
from tracker.storage.audit import Action, Actor, record
from tracker.storage.figures import mark_counted
from tracker.storage.models import Device, Membership, Person, Unit, UnitPlace, Vehicle
from tracker.storage.publication import mark_rostered
from tracker.storage.register import Impossible, NotFound, Why
from tracker.storage.rights import Viewer

FARTHEST = timedelta(days=366)  # from today, on which something may change
RowT = TypeVar("RowT", Person, Vehicle, Device)


@dataclass(frozen=True, slots=True)
class By:
    """On whose behalf something changes, and when: an account with its rights, or an operator, who has no viewer."""

    session: Session
    actor: Actor
    viewer: Viewer | None
    now: datetime
    today: date

    @property
    def tomorrow(self) -> date:
        """From when on other terms hold: a duty that has begun keeps those by which it began."""
        return self.today + timedelta(days=1)

    def note(self, action: Action, detail: Mapping[str, Any], people: Collection[int] = ()) -> None:
        """Write down what was done, in the same transaction."""
        record(self.session, self.actor, action, detail, people=people)

    def unit(self, name: str) -> Unit:
        """A unit that they administer, by its name; units change one at a time, see `register.lock_tree`."""
        unit = register.unit_named(self.session, name)
        if self.reaches(Unit, unit.id, administered.units):
            return unit
        raise register.no_unit(name)

    def person(self, nip: str) -> Person:
        """A person whom they administer, held until the transaction ends, as are vehicles and devices.

        Whoever needs several holds them in this order, or waits for another who waits for them: the tree, people and
        vehicles, devices; many of a kind with the tree.
        """
        return self._held(Person, Person.nip == nip, administered.people, register.no_person(nip))

    def employee(self, nip: str) -> Person:
        """A person whom they administer and who works for the city, today or later."""
        person = self.person(nip)
        ahead = Membership.person_id == person.id, Membership.period.overlaps(Range(self.today, None))
        if self.session.scalar(select(Membership.id).where(*ahead).limit(1)) is None:
            raise Impossible(f"the person with NIP {nip} belongs to no unit", Why.NO_MEMBER)
        return person

    def vehicle(self, call_sign: str) -> Vehicle:
        """A vehicle that they administer."""
        named = register.same_name(Vehicle.call_sign, call_sign)
        return self._held(Vehicle, named, administered.vehicles, register.no_vehicle(call_sign))

    def device(self, login: str) -> Device:
        """A device that they administer, revoked or not."""
        def theirs(viewer: Viewer) -> ColumnElement[bool]:
            return administered.devices(viewer, self.now)  # not when the transaction began: it may hand it over itself

        return self._held(Device, Device.login == login, theirs, register.no_device(login))

    def plan(self, on: date) -> None:
        """Refuse a day so far ahead that it is a slip of the finger: what is planned stands in the way of the rest."""
        if on > self.today + FARTHEST:
            raise Impossible(f"{on} is over a year ahead", Why.TOO_FAR)

    def change(self, on: date) -> None:
        """Refuse a day so far away that it is a slip of the finger: years of days would go to other superiors."""
        self.plan(on)
        if on < self.today - FARTHEST:
            raise Impossible(f"{on} is over a year ago", Why.TOO_FAR)

    def planned(self, on: date) -> None:
        """Refuse to cancel what has come."""
        if on <= self.today:
            raise Impossible(f"{on} has come", Why.NOT_PLANNED)

    def above(self, name: str | None) -> None:
        """Refuse a place in the tree that they may not give: the top is the city's."""
        if name is not None:
            self.unit(name)
        elif self.viewer is not None and not self.viewer.administers_city:
            raise register.no_unit("")

    def below_theirs(self, name: str) -> None:
        """Refuse to take a unit out of the sight of its superiors: what it stands below must be theirs, too."""
        unit = self.unit(name)
        if self.viewer is None or self.viewer.administers_city:
            return
        here = UnitPlace.unit_id == unit.id, UnitPlace.period.contains(self.today)
        parent_id = self.session.scalar(select(UnitPlace.parent_id).where(*here))
        if parent_id is None or not self.reaches(Unit, parent_id, administered.units):
            raise Impossible(f"{name!r} stands below what others administer", Why.TOP_OF_YOURS)

    def _held(self, table: type[RowT], named: ColumnElement[bool], condition: Any, missing: NotFound) -> RowT:
        """The row as it is now, which nobody else changes until the transaction ends."""
        ours = select(table).where(named)
        if self.viewer is not None:
            ours = ours.where(condition(self.viewer))
        held = ours.with_for_update(of=table, key_share=True).execution_options(populate_existing=True)
        row = self.session.scalar(held)
        if row is None:
            raise missing
        return row

    def all_theirs(self, unit_id: int | None) -> None:
        """Refuse to cancel what is about a unit of others, or about the top of the tree, which is the city's."""
        if self.viewer is None or self.viewer.administers_city:
            return
        if unit_id is None or not self.reaches(Unit, unit_id, administered.units):
            raise Impossible("the plan is about units of others, too", Why.NOT_ALL_YOURS)

    def reaches(self, table: Any, row_id: int, condition: Any) -> bool:
        if self.viewer is None:
            return True
        ours: ColumnElement[bool] = condition(self.viewer)
        return self.session.scalar(select(table.id).where(table.id == row_id, ours)) is not None


def add_unit(by: By, name: str, below: str | None, since: date | None = None) -> Unit:
    by.above(below)
    by.plan(since or by.today)
    unit = register.add_unit(by.session, name, below, since)
    by.note(Action.ADD_UNIT, {"unit": name, "below": below, **_since(since)})
    return unit


def rename_unit(by: By, name: str, fresh: str) -> None:
    """Call a unit by another name; one that has it already is left as it is."""
    unit = by.unit(name)
    before = unit.name
    if before == one_line(fresh):
        return
    register.rename_unit(by.session, name, fresh)
    by.note(Action.RENAME_UNIT, {"unit": unit.name, "before": before})


def move_unit(by: By, name: str, below: str | None, on: date) -> None:
    by.below_theirs(name)
    by.above(below)
    by.change(on)
    register.move_unit(by.session, name, below, on)
    people = register.members_below(by.session, name, on)
    by.note(Action.MOVE_UNIT, {"unit": name, "below": below, "on": str(on)}, people)


def merge_unit(by: By, name: str, into: str, on: date) -> int:
    """Give all of a unit to another one; returns how many people moved."""
    by.below_theirs(name)
    by.unit(into)
    by.change(on)
    below = register.members_below(by.session, name, on)  # who get other superiors, too
    moved = register.merge_unit(by.session, name, into, on, by.today)
    mark_counted(by.session, on, by.now)
    by.note(Action.MERGE_UNIT, {"unit": name, "into": into, "on": str(on)}, moved | below)
    return len(moved)


def cancel_unit_plan(by: By, name: str, on: date) -> None:
    """A unit is not placed elsewhere on a day to come."""
    by.below_theirs(name)
    by.planned(on)
    for place in register.cancel_unit_plan(by.session, name, on):
        by.all_theirs(place.parent_id)
    people = register.members_below(by.session, name, on)
    by.note(Action.CANCEL_PLAN, {"unit": name, "on": str(on)}, people)


def add_person(by: By, nip: str, name: str, unit: str, position: str, since: date | None = None) -> Person:
    by.unit(unit)
    by.plan(since or by.today)
    person = register.add_person(by.session, nip, name, unit, position, since)
    by.note(Action.ADD_PERSON, {"nip": nip, "unit": unit, "position": position, **_since(since)}, [person.id])
    return person


def rename_person(by: By, nip: str, fresh_nip: str, name: str) -> Person:
    """Put right how somebody is written, and their NIP."""
    person = by.person(nip)
    before = {"nip": person.nip, "name": person.name}
    after = {"nip": fresh_nip, "name": one_line(name)}
    if before != after:
        register.rename_person(by.session, nip, fresh_nip, name)
        by.note(Action.RENAME_PERSON, {"before": before, "after": after}, [person.id])
    return person


def move_person(by: By, nip: str, unit: str, position: str | None, on: date) -> Person:
    register.lock_tree(by.session)
    by.person(nip)
    by.unit(unit)
    by.change(on)
    person = register.move_person(by.session, nip, unit, position, on, by.today)
    mark_counted(by.session, on, by.now)
    mark_rostered(by.session, [person.id], on, "roster")  # who had left is back
    by.note(Action.MOVE_PERSON, {"unit": unit, "position": position, "on": str(on)}, [person.id])
    return person


def cancel_person_plan(by: By, nip: str, on: date) -> Person:
    """What is planned for somebody on a day to come does not happen."""
    register.lock_tree(by.session)
    person = by.person(nip)
    by.planned(on)
    for member in register.cancel_person_plan(by.session, nip, on):
        if member is not None:
            by.all_theirs(member.unit_id)
    if not by.reaches(Person, person.id, administered.people):
        raise Impossible("they would belong to no unit", Why.OUT_OF_REACH)
    mark_rostered(by.session, [person.id], on, "roster")
    by.note(Action.CANCEL_PLAN, {"on": str(on)}, [person.id])
    return person


def leave(by: By, nip: str, on: date) -> Person:
    by.person(nip)
    by.change(on)
    person = register.leave(by.session, nip, on)
    mark_counted(by.session, on, by.now)
    mark_rostered(by.session, [person.id], on, "roster")
    by.note(Action.LEAVE, {"on": str(on)}, [person.id])
    return person


def add_vehicle(
    by: By, call_sign: str, plate: str, kind: str, unit: str, capabilities: Collection[str] = (),
    public_view: str = "by_kind", base_zone_id: int | None = None,
) -> Vehicle:  # fmt: skip
    by.unit(unit)
    vehicle = register.add_vehicle(by.session, call_sign, plate, kind, unit, capabilities, public_view)
    vehicle.base_zone_id = base_zone_id
    by.note(Action.ADD_VEHICLE, {"vehicle": call_sign, "plate": plate, "kind": kind, "unit": unit})
    return vehicle


def change_vehicle(by: By, call_sign: str, values: Mapping[str, Any]) -> Vehicle:
    """Put other values in the columns of a vehicle; what is not named stays, and what is the same is not noted."""
    vehicle = by.vehicle(call_sign)
    changed = {name: value for name, value in register.written(values).items() if getattr(vehicle, name) != value}
    if changed:
        before = {name: getattr(vehicle, name) for name in changed}
        register.change_vehicle(by.session, call_sign, changed)
        by.note(Action.CHANGE_VEHICLE, {"vehicle": call_sign, "before": before, "after": changed})
    return vehicle


def move_vehicle(by: By, call_sign: str, unit: str) -> None:
    register.lock_tree(by.session)
    by.vehicle(call_sign)
    by.unit(unit)
    register.move_vehicle(by.session, call_sign, unit, by.today)
    by.note(Action.MOVE_VEHICLE, {"vehicle": call_sign, "unit": unit})


def retire_vehicle(by: By, call_sign: str) -> None:
    """A vehicle serves no more, from now on: nobody drives it, and its devices are carried by nobody."""
    vehicle = by.vehicle(call_sign)
    drivers = register.retire_vehicle(by.session, vehicle, by.now)
    by.note(Action.RETIRE_VEHICLE, {"vehicle": call_sign}, drivers)


def begin_drive(by: By, call_sign: str, nip: str, at: datetime) -> Person:
    by.vehicle(call_sign)
    by.employee(nip)
    person = register.begin_drive(by.session, call_sign, nip, at)
    by.note(Action.BEGIN_DRIVE, {"vehicle": call_sign, "at": at.isoformat()}, [person.id])
    return person


def end_drive(by: By, call_sign: str, at: datetime) -> None:
    by.vehicle(call_sign)
    person_id = register.end_drive(by.session, call_sign, at)
    by.note(Action.END_DRIVE, {"vehicle": call_sign, "at": at.isoformat()}, [person_id])


def _since(since: date | None) -> dict[str, str]:
    return {} if since is None else {"since": str(since)}
