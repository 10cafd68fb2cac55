"""The city's register: units, people, vehicles, found by the names people use for them.

Places in the tree and memberships hold for days; who moves keeps the days before. All functions work in the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import psycopg
from sqlalchemy import ColumnElement, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.domain.writing import folded, one_line
from tracker.domain.writing import plate as written_plate
from tracker.storage.models import Assignment, DriverSession, Membership, Person, Unit, UnitPlace, Vehicle
from tracker.storage.periods import PlanT, cancel_at, end_at
from tracker.storage.rights import units_below

REGISTER_LOCK = 0x74726565  # "tree"
WRITTEN: dict[str, Any] = {"call_sign": one_line, "plate": written_plate}  # how columns of a vehicle are written


class NotFound(LookupError):
    """Nothing in the register has this name; the text says what was looked for, and `what` of which kind it is."""

    def __init__(self, text: str, what: str = "") -> None:
        super().__init__(text)
        self.what = what


class Why(StrEnum):
    """Why the register cannot become like this; pages have their own words for each."""

    OWN_PART = "a unit cannot stand below itself"
    NOT_STANDING = "the unit ended, or begins later"
    UNIT_ENDED = "the unit itself ended, or will end, or begins later"
    TOO_FAR = "a change is planned for at most a year ahead"
    LAST_TOO_FAR = "what began long ago cannot have ended over a year ago"
    CYCLE_OVERLAPS = "the shifts of the rotation overlap each other"
    NOT_PLANNED = "nothing is planned for this day, or it has come"
    OUT_OF_REACH = "without the plan nobody but the city would have it"
    WOULD_END = "the unit in which it would go on ends"
    NOT_ALL_YOURS = "the plan is about units of others, too"
    MERGED_LATER = "a unit is merged on the day itself"
    HEIR_IS_PART = "the unit that takes over is a part of the other one"
    NO_MEMBER = "the person belongs to no unit then"
    RETIRED = "the vehicle is retired already"
    NOT_DRIVEN = "nobody drove the vehicle then"
    NOT_CARRIED = "nobody carried the device then"
    UNIT_TAKEN = "there is a unit of this name already"
    NIP_TAKEN = "there is a person with this NIP already"
    CALL_SIGN_TAKEN = "there is a vehicle with this call sign already"
    PLATE_TAKEN = "there is a vehicle with this plate already"
    TOP_OF_YOURS = "the unit stands below what others administer: they place it"
    NEEDS_HOLDER = "what nobody carries is the city's"
    TWO_HOLDERS = "a person or a vehicle carries a device, not both"
    LOGIN_TAKEN = "there is, or was, a device with this login already"
    LOGIN = "a login has 2 to 63 small letters, digits and hyphens, and begins with a letter or digit"
    ZONE_TAKEN = "there is a zone of this name already"
    ZONE_USED = "the zone is the base of vehicles, or duties to come are worked in it"
    SHIFT_TAKEN = "there is, or was, a shift of this name already"
    SHIFT_USED = "rotations have the shift"
    NO_SHIFT = "a rotation has a shift on one day at least, and 366 days at most"
    ROTATION_TAKEN = "there is, or was, a rotation of this name already"
    ROTATION_USED = "people work by the rotation"
    RULE_SET_TAKEN = "there is a rule set of this name already"
    BACKWARDS = "the last day is before the first"
    NO_ROSTER = "the person works by no rotation then"
    DUTIES_OVERLAP = "two duties of the person would overlap"
    FILES_WAIT = "files of this account wait already, as many as may"


class Impossible(ValueError):
    """The register cannot become like this; the text says why, and `why` in one word where there is one."""

    def __init__(self, text: str, why: StrEnum | None = None) -> None:
        super().__init__(text)
        self.why = why


# what the database refuses by these rules
RULES = {
    "uq_unit_name": Why.UNIT_TAKEN, "uq_person_nip": Why.NIP_TAKEN, "uq_vehicle_call_sign": Why.CALL_SIGN_TAKEN,
    "uq_vehicle_plate": Why.PLATE_TAKEN, "uq_device_login": Why.LOGIN_TAKEN, "ck_device_login": Why.LOGIN,
    "uq_zone_name": Why.ZONE_TAKEN, "uq_shift_name": Why.SHIFT_TAKEN, "uq_rotation_name": Why.ROTATION_TAKEN,
    "uq_rule_set_name": Why.RULE_SET_TAKEN,
}  # fmt: skip


@contextmanager
def rules_said(session: Session) -> Iterator[None]:
    """What the database refuses by one of `RULES` is `Impossible`; nothing of the block is kept then."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        why = RULES.get(broken_rule(error))
        if why is None:
            raise
        raise Impossible(why, why) from error


def broken_rule(error: IntegrityError) -> str:
    """The name of the constraint that refused a row; empty where the database did not say."""
    return (isinstance(error.orig, psycopg.Error) and error.orig.diag.constraint_name) or ""


def add_unit(session: Session, name: str, below: str | None, since: date | None = None) -> Unit:
    """Add a node to the city's tree, at the top or below another, from a day on (or since ever)."""
    unit = Unit(name=one_line(name))
    with rules_said(session):
        session.add(unit)
    parent_id = living_unit(session, below, since).id if below else None
    session.add(UnitPlace(unit_id=unit.id, parent_id=parent_id, period=Range(since, None)))
    session.flush()
    return unit


def rename_unit(session: Session, name: str, fresh: str) -> None:
    """Call a unit by another name, on all days."""
    unit = unit_named(session, name)
    lasting(session, unit, None)
    with rules_said(session):
        unit.name = one_line(fresh)


def move_unit(session: Session, name: str, below: str | None, on: date) -> None:
    """Place a unit, with all below it, elsewhere in the tree from a day on; where it stands already nothing changes."""
    unit, parent = unit_named(session, name), living_unit(session, below, on) if below else None
    if parent is not None and _is_part(session, parent.id, unit.id, on):
        raise Impossible(f"{below!r} is a part of {name!r}: a unit cannot be placed below itself", Why.OWN_PART)
    lasting(session, unit, on)
    if _goes_on(session, UnitPlace, UnitPlace.unit_id == unit.id, on, parent_id=parent and parent.id):
        return
    end_at(session, UnitPlace, UnitPlace.unit_id == unit.id, on)
    session.add(UnitPlace(unit_id=unit.id, parent_id=parent and parent.id, period=Range(on, None)))
    session.flush()


def merge_unit(session: Session, name: str, into: str, on: date, today: date) -> set[int]:
    """From a day on all of a unit belongs to another: people, vehicles, the units below; returns the ids of the people.

    The unit itself ends; its days before stay what they were. On the day itself or later, not before: what is planned
    can be cancelled, and who came and went until then would not be where they belong.
    """
    unit, heir = unit_named(session, name), living_unit(session, into, on)
    lasting(session, unit, on)
    if on > today:
        raise Impossible(f"{name!r} cannot be merged before the day has come", Why.MERGED_LATER)
    if _is_part(session, heir.id, unit.id, on):
        raise Impossible(f"{into!r} is a part of {name!r}: move it elsewhere first", Why.HEIR_IS_PART)
    end_at(session, UnitPlace, UnitPlace.unit_id == unit.id, on)
    unit.merged_into_id = heir.id
    _hand_over(session, UnitPlace, UnitPlace.parent_id, unit.id, heir.id, on)
    session.execute(update(Vehicle).where(Vehicle.unit_id == unit.id).values(unit_id=heir.id))
    members = _hand_over(session, Membership, Membership.unit_id, unit.id, heir.id, on)
    return {member.person_id for member in members}


def cancel_unit_plan(session: Session, name: str, on: date) -> tuple[UnitPlace, UnitPlace]:
    """A unit is not placed elsewhere on a day; returns the place that does not begin, and the one that goes on."""
    unit = unit_named(session, name)
    lock_tree(session)
    begins, goes_on = _cancelled(session, UnitPlace, UnitPlace.unit_id == unit.id, on)
    if begins is None or goes_on is None:
        raise Impossible(f"{name!r} begins or ends on {on}, which is no other place", Why.NOT_PLANNED)
    if goes_on.parent_id is not None:
        if not _stands_throughout(session, goes_on.parent_id, goes_on.period):
            raise Impossible("the unit above it ends", Why.WOULD_END)
        if _is_part(session, goes_on.parent_id, unit.id, on):
            raise Impossible(f"{name!r} would stand below itself", Why.OWN_PART)
    return begins, goes_on


def add_person(session: Session, nip: str, name: str, unit: str, position: str, since: date | None = None) -> Person:
    """Add an employee to a unit from a day on (or since ever)."""
    unit_id = living_unit(session, unit, since).id
    person = Person(nip=nip, name=one_line(name))
    with rules_said(session):
        session.add(person)
    _join(session, person.id, unit_id, position, since)
    session.flush()
    return person


def rename_person(session: Session, nip: str, fresh_nip: str, name: str) -> Person:
    """Put right how somebody is written, and their NIP."""
    person = person_with_nip(session, nip)
    with rules_said(session):
        person.nip, person.name = fresh_nip, one_line(name)
    return person


def move_person(session: Session, nip: str, unit: str, position: str | None, on: date, today: date) -> Person:
    """From a day on somebody works in another unit, or in another position; who had left is back.

    Who is to begin later begins earlier, where the day lies before that: up to it. For who works there so already
    nothing changes.
    """
    person, unit_id = person_with_nip(session, nip), living_unit(session, unit, on).id
    mine = Membership.person_id == person.id
    same = {"unit_id": unit_id} if position is None else {"unit_id": unit_id, "position": one_line(position)}
    if _goes_on(session, Membership, mine, on, **same):
        return person
    later = select(Membership).where(mine, func.lower(Membership.period) > max(on, today))
    coming = session.scalar(later.order_by(Membership.period).limit(1))
    if coming is not None and not _overlaps(session, mine, Range(min(on, today), coming.first)):
        kept = position if position is not None else coming.position
        if (coming.unit_id, coming.position) == (unit_id, kept):
            coming.period = Range(on, coming.period.upper)
        else:
            _join(session, person.id, unit_id, kept, on, coming.first)
    else:
        before = end_at(session, Membership, mine, on)
        _join(session, person.id, unit_id, position if position is not None else before.position if before else "", on)
    session.flush()
    return person


def cancel_person_plan(session: Session, nip: str, on: date) -> tuple[Membership | None, Membership | None]:
    """What is planned for somebody on a day does not happen: another unit or position, a beginning, or leaving.

    Returns the membership that does not begin, and the one that goes on.
    """
    person = person_with_nip(session, nip)
    lock_tree(session)
    begins, goes_on = _cancelled(session, Membership, Membership.person_id == person.id, on)
    if goes_on is not None and not _stands_throughout(session, goes_on.unit_id, goes_on.period):
        raise Impossible("the unit where they work until then ends", Why.WOULD_END)
    return begins, goes_on


def leave(session: Session, nip: str, on: date) -> Person:
    """Somebody does not work for the city any more from a day on."""
    person = person_with_nip(session, nip)
    if end_at(session, Membership, Membership.person_id == person.id, on) is None:
        raise Impossible(f"the person with NIP {nip} belongs to no unit on {on}", Why.NO_MEMBER)
    return person


def add_vehicle(
    session: Session,
    call_sign: str,
    plate: str,
    kind: str,
    unit: str,
    capabilities: Collection[str] = (),
    public_view: str = "by_kind",
) -> Vehicle:
    """Add a vehicle to a unit."""
    vehicle = Vehicle(
        call_sign=one_line(call_sign), plate=written_plate(plate), kind=kind, unit_id=unit_named(session, unit).id,
        capabilities=sorted(capabilities), public_view=public_view,
    )  # fmt: skip
    with rules_said(session):
        session.add(vehicle)
    return vehicle


def written(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a vehicle as they are kept."""
    return {name: WRITTEN[name](value) if name in WRITTEN else value for name, value in values.items()}


def change_vehicle(session: Session, call_sign: str, values: Mapping[str, Any]) -> Vehicle:
    """Put other values, as `written`, in the columns of a vehicle; what is not named stays."""
    vehicle = vehicle_called(session, call_sign)
    with rules_said(session):
        for name, value in values.items():
            setattr(vehicle, name, value)
    return vehicle


def move_vehicle(session: Session, call_sign: str, unit: str, today: date) -> None:
    """Give a vehicle to another unit."""
    vehicle_called(session, call_sign).unit_id = living_unit(session, unit, today).id
    session.flush()


def retire_vehicle(session: Session, vehicle: Vehicle, at: datetime) -> list[int]:
    """A vehicle serves no more: nobody drives it, and nobody carries its devices. Returns the ids of who drove it."""
    if vehicle.retired_at is not None:
        raise Impossible(f"{vehicle.call_sign!r} is retired already", Why.RETIRED)
    drove = end_at(session, DriverSession, DriverSession.vehicle_id == vehicle.id, at)
    lasting = or_(func.upper_inf(Assignment.period), func.upper(Assignment.period) > at)
    for device_id in session.scalars(select(Assignment.device_id).where(Assignment.vehicle_id == vehicle.id, lasting)):
        end_at(session, Assignment, Assignment.device_id == device_id, at)
    vehicle.retired_at = at
    session.flush()
    return [] if drove is None else [drove.person_id]


def begin_drive(session: Session, call_sign: str, nip: str, at: datetime) -> Person:
    """Somebody takes the wheel of a vehicle: whoever drove it, and whatever they drove, ends at that moment."""
    vehicle, person = vehicle_called(session, call_sign), person_with_nip(session, nip)
    if vehicle.retired_at is not None:
        raise Impossible(f"{call_sign!r} is retired", Why.RETIRED)
    end_at(session, DriverSession, DriverSession.vehicle_id == vehicle.id, at)
    end_at(session, DriverSession, DriverSession.person_id == person.id, at)
    session.add(DriverSession(vehicle_id=vehicle.id, person_id=person.id, period=Range(at, None)))
    session.flush()
    return person


def end_drive(session: Session, call_sign: str, at: datetime) -> int:
    """Nobody drives a vehicle any more; returns the id of the person who did."""
    vehicle = vehicle_called(session, call_sign)
    ended = end_at(session, DriverSession, DriverSession.vehicle_id == vehicle.id, at)
    if ended is None:
        raise Impossible(f"nobody drove {call_sign!r} at that time", Why.NOT_DRIVEN)
    return int(ended.person_id)


def unit_named(session: Session, name: str) -> Unit:
    unit = session.scalar(select(Unit).where(same_name(Unit.name, name)))
    if unit is None:
        raise no_unit(name)
    return unit


def no_unit(name: str) -> NotFound:
    return NotFound(f"there is no unit named {name!r}; add it with `unit add`, or check the spelling", "unit")


def same_name(column: Any, name: str) -> ColumnElement[bool]:
    """Whether a column holds a name, whatever its capitals."""
    same: ColumnElement[bool] = folded_column(column) == folded(one_line(name))
    return same


def folded_column(column: Any) -> ColumnElement[str]:
    """A column of names as they are compared."""
    found: ColumnElement[str] = func.translate(column, ascii_uppercase, ascii_lowercase)
    return found


def lasting(session: Session, unit: Unit, on: date | None) -> None:
    """Refuse what changes a unit that ended, will end, or has not begun on a day."""
    lock_tree(session)
    if not _lasts(session, unit.id, on):
        raise Impossible(f"the unit {unit.name!r} ended, will end, or begins later", Why.UNIT_ENDED)


def living_unit(session: Session, name: str, on: date | None) -> Unit:
    """A unit that stands in the tree from a day on (or now) without an end, held so until the transaction ends."""
    unit = unit_named(session, name)
    lock_tree(session)  # a merger beside us would leave somebody in a unit that is gone
    if not _lasts(session, unit.id, on):
        what = f"the unit {name!r} is not in the tree from {on or 'now'} on: it ended, or begins later"
        raise Impossible(what, Why.NOT_STANDING)
    return unit


def members_below(session: Session, name: str, on: date) -> set[int]:
    """The ids of the people of a unit and of what stands below it, from a day on."""
    below = units_below(unit_named(session, name).id, on, on)
    members = select(Membership.person_id).where(Membership.unit_id.in_(below))
    return set(session.scalars(members.where(Membership.period.overlaps(Range(on, None)))))


def person_with_nip(session: Session, nip: str) -> Person:
    person = session.scalar(select(Person).where(Person.nip == nip))
    if person is None:
        raise no_person(nip)
    return person


def no_person(nip: str) -> NotFound:
    return NotFound(f"there is no person with NIP {nip}; add them with `person add`", "person")


def vehicle_called(session: Session, call_sign: str) -> Vehicle:
    vehicle = session.scalar(select(Vehicle).where(same_name(Vehicle.call_sign, call_sign)))
    if vehicle is None:
        raise no_vehicle(call_sign)
    return vehicle


def no_vehicle(call_sign: str) -> NotFound:
    return NotFound(f"there is no vehicle called {call_sign!r}; add it with `vehicle add`", "vehicle")


def no_device(login: str) -> NotFound:
    return NotFound(f"no device with the login {login!r}", "device")


def _join(
    session: Session, person_id: int, unit_id: int, position: str, since: date | None, until: date | None = None
) -> None:
    period = Range(since, until)
    session.add(Membership(person_id=person_id, unit_id=unit_id, position=one_line(position), period=period))


def _goes_on(session: Session, table: type[PlanT], of: ColumnElement[bool], on: date, **values: Any) -> bool:
    """Whether the row that holds on a day has these values and no end."""
    row = session.scalar(select(table).where(of, table.period.contains(on), func.upper_inf(table.period)))
    return row is not None and all(getattr(row, name) == value for name, value in values.items())


def _cancelled(
    session: Session, table: type[PlanT], of: ColumnElement[bool], on: date
) -> tuple[PlanT | None, PlanT | None]:
    cancelled = cancel_at(session, table, of, on)
    if cancelled == (None, None):
        raise Impossible(f"nothing is planned for {on}", Why.NOT_PLANNED)
    return cancelled


def _overlaps(session: Session, of: ColumnElement[bool], days: Range[date]) -> bool:
    return session.scalar(select(Membership.id).where(of, Membership.period.overlaps(days)).limit(1)) is not None


def _lasts(session: Session, unit_id: int, on: date | None) -> bool:
    """Whether a unit stands, here or there, from a day on (or now) without an end."""
    if on is not None:
        return _stands_throughout(session, unit_id, Range(on, None))
    endless = select(UnitPlace.id).where(UnitPlace.unit_id == unit_id, func.upper_inf(UnitPlace.period))
    return session.scalar(endless) is not None


def _stands_throughout(session: Session, unit_id: int, period: Range[date]) -> bool:
    all_places = select(func.range_agg(UnitPlace.period).op("@>")(cast(period, DATERANGE)))
    return bool(session.scalar(all_places.where(UnitPlace.unit_id == unit_id)))


def _is_part(session: Session, unit_id: int, of: int, since: date) -> bool:
    """Whether a unit is another one or stands below it on some day from `since` on."""
    parts = units_below(of, since, None).subquery()
    return session.scalar(select(parts.c.unit_id).where(parts.c.unit_id == unit_id).limit(1)) is not None


def _hand_over(session: Session, table: Any, column: Any, unit_id: int, heir_id: int, on: date) -> Sequence[Any]:
    """What names a unit in a column names its heir from a day on; rows that began before are cut in two. Which did."""
    rows = session.scalars(select(table).where(column == unit_id, table.period.overlaps(Range(on, None)))).all()
    for row in rows:
        values = {name: getattr(row, name) for name in table.__table__.columns.keys() if name != "id"}
        lower, upper = row.period.lower, row.period.upper
        if lower is not None and lower >= on:
            setattr(row, column.key, heir_id)
            continue
        row.period = Range(lower, on)
        session.flush()  # the old period ends before the new one may begin
        session.add(table(**values | {column.key: heir_id, "period": Range(on, upper)}))
    session.flush()
    return rows


def lock_tree(session: Session) -> None:
    """Two changes at once could each be right and together a circle, or leave somebody behind."""
    session.execute(select(func.pg_advisory_xact_lock(REGISTER_LOCK)))
