"""The city's tree as administrators see it: a list of units, and one with where it stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, and_, exists, func, select, text, true
from sqlalchemy.orm import Session, aliased

from tracker.storage import administered
from tracker.storage.models import Membership, Unit, UnitPlace, Vehicle
from tracker.storage.paging import ANY_STATE, Page, page_of
from tracker.storage.rights import Viewer, units_below

STATES = ("empty", "ended")
SORTS = ("name", "people")


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """What somebody asked for; empty values do not narrow. Without `state` all units that stand or will.

    `unit_id`: only what stands below that unit today.
    """

    search: str = ""
    unit_id: int | None = None
    state: str = ""
    sort: str = "name"


def unit_list(session: Session, viewer: Viewer, wanted: UnitFilter, number: int) -> Page:
    """One page of the units that somebody administers: rows of `units_wanted`."""
    query = units_wanted(viewer, wanted)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return page_of(session, query.order_by(*_order(wanted.sort)), total, number)


def units_wanted(viewer: Viewer, wanted: UnitFilter) -> Select[Any]:
    """The units that were asked for and are administered, in no order.

    Columns: id, name; parent_id and parent of today; how many people and vehicles belong to each itself; whether it
    ended.
    """
    place, parent = aliased(UnitPlace), aliased(Unit)
    here = and_(place.unit_id == Unit.id, place.period.contains(viewer.today))
    people, vehicles, stands = _people(viewer.today), _vehicles(), _stands()
    columns: Sequence[Any] = (
        Unit.id, Unit.name, parent.id.label("parent_id"), parent.name.label("parent"), people.label("people"),
        vehicles.label("vehicles"), (~stands).label("ended"),
    )  # fmt: skip
    states = {
        "": stands,
        "empty": and_(stands, people == 0, vehicles == 0, ~_has_parts(viewer.today)),
        "ended": ~stands,
        ANY_STATE: true(),
    }
    listed: Select[Any] = select(*columns)
    query = (
        listed
        .select_from(Unit)
        .outerjoin(place, here)
        .outerjoin(parent, parent.id == place.parent_id)
        .where(administered.units(viewer), states[wanted.state])
    )
    if wanted.unit_id is not None:
        below = units_below(wanted.unit_id, viewer.today, viewer.today)
        query = query.where(Unit.id.in_(below), Unit.id != wanted.unit_id)
    if wanted.search:
        query = query.where(Unit.name.icontains(wanted.search, autoescape=True))
    return query


def standing_units(session: Session, viewer: Viewer) -> Sequence[Row[int, str]]:
    """The units in which somebody may place people, vehicles and other units, by name: id and name of each."""
    query = select(Unit.id, Unit.name).where(administered.units(viewer), _stands())
    return session.execute(query.order_by(func.lower(Unit.name))).all()


def places_of(session: Session, unit_id: int) -> Sequence[UnitPlace]:
    """Where a unit stood, stands and will stand, the newest first."""
    query = select(UnitPlace).where(UnitPlace.unit_id == unit_id)
    return session.scalars(query.order_by(UnitPlace.period.desc())).all()


def _stands() -> ColumnElement[bool]:
    """Whether a unit stands in the tree or will: it has not ended."""
    return exists().where(UnitPlace.unit_id == Unit.id, func.upper_inf(UnitPlace.period)).correlate(Unit)


def _has_parts(today: date) -> ColumnElement[bool]:
    return exists().where(UnitPlace.parent_id == Unit.id, UnitPlace.period.contains(today)).correlate(Unit)


def _people(today: date) -> ScalarSelect[int]:
    members = select(func.count()).where(Membership.unit_id == Unit.id, Membership.period.contains(today))
    return members.correlate(Unit).scalar_subquery()


def _vehicles() -> ScalarSelect[int]:
    theirs = select(func.count()).where(Vehicle.unit_id == Unit.id, Vehicle.retired_at.is_(None))
    return theirs.correlate(Unit).scalar_subquery()


def _order(sort: str) -> Sequence[Any]:
    first: tuple[Any, ...] = (text("people DESC"),) if sort == "people" else ()
    return (*first, func.lower(Unit.name), Unit.id)
