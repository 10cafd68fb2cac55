"""The city's people as administrators see them: a list, and one with where they worked. Nothing here is a position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ScalarSelect, Select, Subquery, and_, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, aliased, joinedload

from tracker.storage import administered
from tracker.storage.models import Account, Assignment, Device, DriverSession, Membership, Person, Unit, Vehicle
from tracker.storage.paging import ANY_STATE, Page, page_of
from tracker.storage.rights import Viewer, units_below

STATES = ("no_phone", "no_account", "coming", "left", "left_behind")
SORTS = ("name", "nip", "unit")


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """What somebody asked for; empty values do not narrow. Without `state` all who work for the city or will.

    `unit_id`: who belongs to that unit or to what stands below it today.
    """

    search: str = ""
    unit_id: int | None = None
    state: str = ""
    sort: str = "name"


def person_list(session: Session, viewer: Viewer, wanted: PersonFilter, number: int) -> Page:
    """One page of the people whom somebody administers: rows of `people_wanted`."""
    query, order = people_wanted(viewer, wanted), _order(wanted.sort)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = page_of(session, query.with_only_columns(Person.id).order_by(*order), total, number)
    on_it = query.where(Person.id.in_(row.id for row in page.rows))  # who carries what, only of those who are shown
    return replace(page, rows=session.execute(on_it.order_by(*order)).all())


def people_wanted(viewer: Viewer, wanted: PersonFilter) -> Select[Any]:
    """The people who were asked for and are administered, in no order.

    Columns: id, nip, name; unit_id, unit, position and period of their present place, or of the next one of who has
    none today; device, which they carry at this moment; account_id.
    """
    present, device = _present(viewer.today), _device()
    columns: Sequence[Any] = (
        Person.id, Person.nip, Person.name, Unit.id.label("unit_id"), Unit.name.label("unit"), present.c.position,
        present.c.period, device.label("device"), Account.id.label("account_id"),
    )  # fmt: skip
    listed: Select[Any] = select(*columns)
    query = (
        listed
        .select_from(Person)
        .outerjoin(present, present.c.person_id == Person.id)
        .outerjoin(Unit, Unit.id == present.c.unit_id)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(administered.people(viewer))
    )
    states = {
        "": present.c.id.is_not(None),
        "no_phone": and_(present.c.period.contains(viewer.today), ~exists(_carried())),
        "no_account": and_(present.c.id.is_not(None), Account.id.is_(None)),
        "coming": func.lower(present.c.period) > viewer.today,
        "left": present.c.id.is_(None),
        "left_behind": and_(
            present.c.id.is_(None), or_(and_(Account.id.is_not(None), Account.closed_at.is_(None)), exists(_carried()))
        ),
        ANY_STATE: true(),
    }
    query = query.where(states[wanted.state])
    if wanted.unit_id is not None:
        query = query.where(Unit.id.in_(units_below(wanted.unit_id, viewer.today, viewer.today)))
    if wanted.search:
        by_name = (Person.name, Person.nip)
        query = query.where(or_(*(column.icontains(wanted.search, autoescape=True) for column in by_name)))
    return query


def memberships_of(session: Session, person_id: int) -> Sequence[Membership]:
    """Where somebody worked, works and will work, the newest first."""
    query = select(Membership).where(Membership.person_id == person_id).options(joinedload(Membership.unit))
    return session.scalars(query.order_by(Membership.period.desc())).all()


def drives_by(session: Session, viewer: Viewer, person_id: int, newest: int = 20) -> Sequence[Any]:
    """What somebody drove when, the newest first: period, vehicle_id, call_sign, and whether the viewer keeps it."""
    ours = administered.vehicles(viewer).label("ours")
    query = select(DriverSession.period, DriverSession.vehicle_id, Vehicle.call_sign, ours)
    theirs = query.join(Vehicle, Vehicle.id == DriverSession.vehicle_id).where(DriverSession.person_id == person_id)
    return session.execute(theirs.order_by(DriverSession.period.desc()).limit(newest)).all()


def _present(today: date) -> Subquery:
    """Everybody's place of today, or the next one of those who have none today.

    Not the first of each person's rows, sorted: that would be asked for each of 100,000 people, whatever narrows them.
    """
    earlier = aliased(Membership)
    lasts_earlier = and_(earlier.period.overlaps(Range(today, None)), earlier.period < Membership.period)
    is_next = ~exists().where(earlier.person_id == Membership.person_id, lasts_earlier)
    now = Membership.period.contains(today)
    later = Membership.period.strictly_right_of(Range(today, today, bounds="[]"))
    return select(Membership).where(or_(now, and_(later, is_next))).subquery("present")


def _device() -> ScalarSelect[str]:
    """The login of a living device that a person carries at this moment, the first by name."""
    return _carried().with_only_columns(func.min(Device.login)).correlate(Person).scalar_subquery()


def _carried() -> Select[Any]:
    """The living devices that a person carries at this moment."""
    carried = select(Device.login).join(Assignment, Assignment.device_id == Device.id)
    theirs = carried.where(Assignment.person_id == Person.id, Assignment.period.contains(func.statement_timestamp()))
    return theirs.where(Device.revoked_at.is_(None))


def _order(sort: str) -> Sequence[Any]:
    first: dict[str, tuple[Any, ...]] = {"nip": (Person.nip,), "unit": (func.lower(Unit.name),)}
    return (*first.get(sort, ()), func.lower(Person.name), Person.id)
