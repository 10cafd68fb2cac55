"""Whose data an account may see. Every query about people joins `visible_people`; what is not in it does not exist."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, false, select
from sqlalchemy.orm import Session, aliased

from tracker.storage.models import Person, Unit


@dataclass(frozen=True, slots=True)
class Viewer:
    """The account on whose behalf data are read."""

    account_id: int
    username: str
    role: str  # employee | supervisor | administrator
    person_id: int | None
    supervised_unit_id: int | None

    @property
    def sees_team(self) -> bool:
        return self.role in ("supervisor", "administrator")

    @property
    def decides_or_administers(self) -> bool:
        """Whose account would be worth most to a thief: it has shorter sessions and a second factor."""
        return self.sees_team


def visible_people(viewer: Viewer) -> Select[int]:
    """The ids of the people `viewer` may see: all, those of the supervised units, or oneself."""
    if viewer.role == "administrator":
        return select(Person.id)
    if viewer.role == "supervisor":
        return select(Person.id).where(Person.unit_id.in_(visible_units(viewer)))
    return select(Person.id).where(Person.id == viewer.person_id)


def visible_units(viewer: Viewer) -> Select[int]:
    """The ids of the units `viewer` supervises: the whole tree, or one unit and everything below it."""
    if viewer.role == "administrator":
        return select(Unit.id)
    if viewer.role != "supervisor" or viewer.supervised_unit_id is None:
        return select(Unit.id).where(false())
    return units_below(viewer.supervised_unit_id)


def units_below(unit_id: int) -> Select[int]:
    """The ids of a unit and of everything below it."""
    tree = select(Unit.id).where(Unit.id == unit_id).cte(recursive=True)  # unnamed: a query may hold several
    child = aliased(Unit)
    tree = tree.union(select(child.id).join(tree, child.parent_id == tree.c.id))
    return select(tree.c.id)


def visible_person(session: Session, viewer: Viewer, person_id: int) -> Person | None:
    """One person, or None where `viewer` may not see them: the two cases look the same from outside."""
    return session.scalar(select(Person).where(Person.id == person_id, Person.id.in_(visible_people(viewer))))
