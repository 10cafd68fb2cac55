"""Whose data an account may see, and on which days. Every query about people asks `covers` or
joins `covered_members`; what a right does not cover does not exist.

Rights follow the date: they are those of today, over the people who belonged to the unit, and over the units that
stood below it, on the day the data are about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Integer,
    Select,
    TableValuedAlias,
    Text,
    all_,
    bindparam,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATEMULTIRANGE, DATERANGE, Range, array
from sqlalchemy.orm import Session, aliased

from tracker.storage.models import Account, Deputy, Membership, RoleGrant, Unit, UnitPlace

NOBODY = 0  # no key is
LONGEST_CHAIN = 3  # deputies of deputies: further than that nobody knows any more who decides
ALWAYS = func.daterange(None, None, type_=DATERANGE)


class Right(Enum):
    """What may be done, and the roles that may."""

    READ = ("supervisor", "auditor")
    DECIDE = ("supervisor",)
    ADMINISTER = ("administrator", "system_administrator")
    ADMINISTER_CITY = ("system_administrator",)
    READ_AUDIT = ("auditor", "system_administrator")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over a unit and all below it, or over the whole city; of one's own, or in the place of somebody."""

    role: str
    unit_id: int | None
    instead_of: str | None = None  # the user name of whom one is the deputy
    but_people: tuple[int, ...] = ()  # and they, and who stood in between: about none of them a deputy decides


@dataclass(frozen=True, slots=True)
class Viewer:
    """The account on whose behalf data are read, with its rights of `today`."""

    account_id: int
    username: str
    person_id: int | None
    grants: tuple[Grant, ...]
    today: date

    def holds(self, right: Right) -> bool:
        return any(grant.role in right.value for grant in self.grants)

    @property
    def people(self) -> list[int]:
        """Whose account it is, for the audit."""
        return [] if self.person_id is None else [self.person_id]

    @property
    def decides_or_administers(self) -> bool:
        """Whose account would be worth most to a thief: it has shorter sessions and a second factor."""
        return bool(self.grants)

    @property
    def reads(self) -> bool:
        return self.holds(Right.READ)

    @property
    def decides(self) -> bool:
        return self.holds(Right.DECIDE)

    @property
    def administers(self) -> bool:
        return self.holds(Right.ADMINISTER)

    @property
    def reads_whole_audit(self) -> bool:
        return any(grant.role in Right.READ_AUDIT.value and grant.unit_id is None for grant in self.grants)

    @property
    def administers_city(self) -> bool:
        return self.holds(Right.ADMINISTER_CITY)


def viewer_for(session: Session, account: Account, today: date) -> Viewer:
    """An account with its rights of a day."""
    return Viewer(account.id, account.username, account.person_id, grants_of(session, account.id, today), today)


def grants_of(session: Session, account_id: int, today: date) -> tuple[Grant, ...]:
    """What an account may do today: what was granted to it, and as a deputy what its supervisors may decide."""
    return tuple(
        Grant(role, unit_id, *((username, tuple(people)) if hops else ()))
        for role, unit_id, hops, username, people in session.execute(GRANTS, {"account": account_id, "today": today})
    )


def _grants() -> Select[Any, Any, Any, Any, Any]:
    """The roles of an `account` on the day `today`, and of those in whose place it stands."""
    account, today = bindparam("account", type_=Integer), bindparam("today", type_=Date)
    nobody = cast(array([], type_=Integer), ARRAY(Integer))
    start = select(account.label("id"), literal(0).label("hops"), nobody.label("people"))
    standing = start.cte(recursive=True)
    person = func.coalesce(Account.person_id, NOBODY)
    above = (
        select(Deputy.principal_id, standing.c.hops + 1, func.array_append(standing.c.people, person))
        .join(standing, Deputy.deputy_id == standing.c.id)
        .join(Account, Account.id == Deputy.principal_id)
        .where(Deputy.period.contains(today), Account.closed_at.is_(None), standing.c.hops < LONGEST_CHAIN)
    )
    standing = standing.union(above)
    may = or_(standing.c.hops == 0, RoleGrant.role.in_(Right.DECIDE.value))
    return (
        select(RoleGrant.role, RoleGrant.unit_id, standing.c.hops, Account.username, standing.c.people)
        .join(standing, standing.c.id == RoleGrant.account_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(RoleGrant.period.contains(today), Account.closed_at.is_(None), may)
        .order_by(standing.c.hops, RoleGrant.id)
    )


GRANTS = _grants()  # each request asks it: to put it together anew takes longer than its answer


def covers(
    viewer: Viewer, right: Right, person: Any, on: date | ColumnElement[date] | Any, *, from_above: bool = False
) -> ColumnElement[bool]:
    """Whether a right covers the data of a person on a day; both may be columns.

    `from_above`: by a role over more than the person's own unit.
    """
    covered = _covered(viewer, right)
    if covered is None:
        return false()
    above = (covered.c.top.is_distinct_from(Membership.unit_id),) if from_above else ()
    return exists().where(
        Membership.person_id == person, Membership.period.contains(on), Membership.unit_id == covered.c.unit_id,
        covered.c.period.contains(on), Membership.person_id != all_(covered.c.but_people), *above,
    )  # fmt: skip


def covered_members(
    viewer: Viewer, right: Right, first: date, last: date, unit_id: int | None = None
) -> Select[Any, Any, Any, Any]:
    """All whom a right covers on some day from `first` to `last`: person_id, unit_id, position and these `days`.

    One row for each unit a person belonged to; `days` is a multirange. With a unit only the days on which they belonged
    to it or to what stood below it.
    """
    asked = Range(first, last, bounds="[]")
    columns = (Membership.person_id, Membership.unit_id, Membership.position)
    covered = _covered(viewer, right)
    if covered is None:
        return select(*columns, literal(None, DATEMULTIRANGE).label("days")).where(false())
    period = Membership.period * covered.c.period * literal(asked, DATERANGE)
    query = select(*columns).join(covered, covered.c.unit_id == Membership.unit_id)
    if unit_id is not None:
        below = _tree([Grant("", unit_id)], [0])
        query, period = query.join(below, below.c.unit_id == Membership.unit_id), period * below.c.period
    days = func.range_agg(period, type_=DATEMULTIRANGE)
    # that the periods overlap is left to HAVING: asked for here, each unit would scan the index of all periods
    query = query.where(Membership.period.overlaps(asked), Membership.person_id != all_(covered.c.but_people))
    return query.add_columns(days.label("days")).group_by(Membership.id).having(~func.isempty(days))


def grounds(session: Session, viewer: Viewer, right: Right, person_id: int, on: date) -> Sequence[Grant]:
    """By which grants a right covers a person on a day: none where it does not."""
    covered = _covered(viewer, right)
    if covered is None:
        return ()
    query = (
        select(covered.c.grant_number)
        .join(Membership, Membership.unit_id == covered.c.unit_id)
        .where(Membership.person_id == person_id, Membership.period.contains(on), covered.c.period.contains(on))
        .where(Membership.person_id != all_(covered.c.but_people))
        .distinct()
    )
    return [viewer.grants[number] for number in session.scalars(query.order_by(covered.c.grant_number))]


def visible_member(session: Session, viewer: Viewer, right: Right, person_id: int, on: date) -> Membership | None:
    """The membership of a person on a day, or None where the right does not cover it: the two look the same."""
    query = select(Membership).where(Membership.person_id == person_id, Membership.period.contains(on))
    return session.scalar(query.where(covers(viewer, right, person_id, on)))


def units_covered(viewer: Viewer, right: Right, first: date, last: date) -> Select[int]:
    """The ids of the units that a right covers on some day from `first` to `last`."""
    covered = _covered(viewer, right)
    if covered is None:
        return select(Unit.id).where(false())
    return select(covered.c.unit_id).where(covered.c.period.overlaps(Range(first, last, bounds="[]")))


def covers_unit(viewer: Viewer, right: Right, unit: Any, on: date | Any) -> ColumnElement[bool]:
    """Whether a right covers a unit's own people on a day; both may be columns. For what is counted of all of them."""
    if any(grant.unit_id is None for grant in viewer.grants if grant.role in right.value):
        return true()
    covered = _covered(viewer, right)
    if covered is None:
        return false()
    return exists().where(covered.c.unit_id == unit, covered.c.period.contains(on))


def stood_below(top: int, unit: Any, on: date | Any) -> ColumnElement[bool]:
    """Whether a unit is `top` or stood below it on a day; both may be columns."""
    tree = _tree([Grant("", top)], [0])
    return exists().where(tree.c.unit_id == unit, tree.c.period.contains(on))


def ever_covered(viewer: Viewer, right: Right) -> Select[int]:
    """The ids of all whom a right covers on any day: for narrowing in advance, beside `covers`, never in its place."""
    covered = _covered(viewer, right)
    if covered is None:
        return select(Membership.person_id).where(false())
    return select(Membership.person_id).join(covered, covered.c.unit_id == Membership.unit_id).distinct()


def units_below(unit_id: int, first: date, last: date | None) -> Select[int]:
    """The ids of a unit and of what stood below it on some day from `first` to `last`, None being for ever."""
    tree = _tree([Grant("", unit_id)], [0])
    return select(tree.c.unit_id).where(tree.c.period.overlaps(Range(first, last, bounds="[]" if last else "[)")))


def _covered(viewer: Viewer, right: Right) -> CTE | None:
    """The units that a right covers and when: unit_id, period, but_people, grant_number; None where it is not held.

    `top` is the unit of the grant, None of one over the whole city.
    """
    numbers = [number for number, grant in enumerate(viewer.grants) if grant.role in right.value]
    return _tree(viewer.grants, numbers) if numbers else None


def _tree(grants: Sequence[Grant], numbers: Sequence[int]) -> CTE:
    """What stands at or below the units of the grants, each for the days on which it did."""
    granted = _granted(grants, numbers)
    unit_id = granted.c.unit_id
    tree = (
        select(
            Unit.id.label("unit_id"), ALWAYS.label("period"), cast(granted.c.but_people, ARRAY(Integer)),
            granted.c.number.label("grant_number"), unit_id.is_(None).label("whole_city"), unit_id.label("top"),
        )
        .join(granted, or_(unit_id.is_(None), unit_id == Unit.id))
        .cte(recursive=True)
    )  # fmt: skip
    place = aliased(UnitPlace)
    below = (
        select(place.unit_id, place.period * tree.c.period, tree.c.but_people, tree.c.grant_number, literal(False),
               tree.c.top)
        .join(tree, place.parent_id == tree.c.unit_id)
        .where(place.period.overlaps(tree.c.period), ~tree.c.whole_city)
    )
    return tree.union(below)


def _granted(grants: Sequence[Grant], numbers: Sequence[int]) -> TableValuedAlias:
    """Grants as rows: number, unit_id, and but_people as the text of an array, for arrays of unequal length make none.

    As parameters, not as VALUES, which SQLAlchemy would compile anew for each request.
    """
    chosen = [grants[number] for number in numbers]
    parts = (
        literal(list(numbers), ARRAY(Integer)),
        literal([grant.unit_id for grant in chosen], ARRAY(Integer)),
        literal([f"{{{','.join(map(str, grant.but_people))}}}" for grant in chosen], ARRAY(Text)),
    )
    columns = (column("number", Integer), column("unit_id", Integer), column("but_people", Text))
    return func.unnest(*parts).table_valued(*columns).render_derived(name="granted")
