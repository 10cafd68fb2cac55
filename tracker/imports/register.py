"""What rows are compared with: the register as the importing account sees it, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Text, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from tracker.domain.writing import folded
from tracker.imports.columns import Row
from tracker.imports.plan import Plan
from tracker.imports.problems import Problem, Wrong
from tracker.storage import administered
from tracker.storage.among import among
from tracker.storage.changes import FARTHEST, By
from tracker.storage.models import Person, Unit, UnitPlace, Vehicle
from tracker.storage.register import folded_column


@dataclass(frozen=True, slots=True)
class StandingUnit:
    """A unit that the account administers, and since when it stands in the tree; None: it does not stand."""

    id: int
    begins: date | None
    stands: bool


def units_of(by: By) -> dict[str, StandingUnit]:
    """The units that the account administers, by name."""
    lasting = select(UnitPlace.unit_id, func.unnest(func.range_agg(UnitPlace.period)).label("period"))
    standing = lasting.group_by(UnitPlace.unit_id).subquery()
    begins = func.lower(standing.c.period)
    query = select(Unit.name, Unit.id, begins, standing.c.unit_id.is_not(None))
    query = query.outerjoin(standing, (standing.c.unit_id == Unit.id) & func.upper_inf(standing.c.period))
    if by.viewer is not None:
        query = query.where(administered.units(by.viewer))
    return {name: StandingUnit(*rest) for name, *rest in by.session.execute(query)}


def too_far(by: By, plan: Plan, row: Row, on: date | None, *, moves: bool = False) -> bool:
    """Whether a row is refused because its day is a slip of the year; who begins may have begun long ago."""
    if on is None or (on <= by.today + FARTHEST and (not moves or on >= by.today - FARTHEST)):
        return False
    plan.refuse(Problem(row.line, "since", Wrong.TOO_FAR, str(on)))
    return True


def unit_for(
    plan: Plan, units: dict[str, StandingUnit], row: Row, name: str, column: str, on: date | None
) -> int | None:
    """The id of a unit that stands from a day on; None, and the row is refused, where there is none."""
    unit = units.get(name)
    if unit is None:
        plan.refuse(Problem(row.line, column, Wrong.UNKNOWN_UNIT, name))
        return None
    if not unit.stands or (on is not None and unit.begins is not None and unit.begins > on):
        plan.refuse(Problem(row.line, column, Wrong.UNIT_NOT_STANDING, name, str(on or "")))
        return None
    return unit.id


def people_with(by: By, nips: Sequence[str]) -> dict[str, int]:
    """The ids of the people with these NIPs whom the account administers."""
    query = select(Person.nip, Person.id).where(among(Person.nip, nips))
    return dict(by.session.execute(query if by.viewer is None else query.where(administered.people(by.viewer))).all())


def array_of(texts: Sequence[str]) -> ColumnElement[Sequence[str]]:
    """Texts in one parameter, however many they are."""
    return cast(list(texts), ARRAY(Text))


def ours(by: By, table: Any, ids: Sequence[int], condition: Any) -> set[int]:
    """Which of these rows the account administers."""
    if by.viewer is None or by.viewer.administers_city:
        return set(ids)
    return set(by.session.scalars(select(table.id).where(among(table.id, ids), condition(by.viewer))))


def vehicles_called(by: By, call_signs: Sequence[str]) -> dict[str, int]:
    """The ids of the vehicles in service with these call signs that the account administers."""
    names = array_of([folded(call_sign) for call_sign in call_signs])
    query = select(Vehicle.call_sign, Vehicle.id).where(folded_column(Vehicle.call_sign) == any_(names))
    query = query.where(Vehicle.retired_at.is_(None))
    return dict(by.session.execute(query if by.viewer is None else query.where(administered.vehicles(by.viewer))).all())
