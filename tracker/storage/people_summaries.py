"""The figures of people: a page of a unit's people, and one person's days, counted when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CTE, Select, and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from tracker.domain.idle import IdlePlace
from tracker.storage.figures import Figures, figures_of, figures_on
from tracker.storage.models import DutyWindow, IdleRevision, Membership, Person
from tracker.storage.paging import PAGE_SIZE, Page, page_of
from tracker.storage.rights import Right, Viewer, covered_members
from tracker.storage.team_days import chosen_people
from tracker.storage.unit_summaries import share

MOST_SORTED = 40_000  # people x days that are counted for one order of all of them

# who comes first
SORTS: Mapping[str, Callable[[Figures], tuple[float, ...]]] = {
    "no_show": lambda one: (-one.no_show, -share(one.no_show, one.judged)),
    "unverified": lambda one: (-one.unverified, -share(one.unverified, one.judged)),
    "late": lambda one: (-one.late_min, -one.late),
    "idle": lambda one: (-(one.idle_s + one.away_s),),
    "coverage": lambda one: (share(one.observed_s, one.watched_s) if one.watched_s else 1.1,),
}


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Whose figures are wanted, of which days, and who comes first: a key of `SORTS`, or by name."""

    first: date
    last: date
    search: str = ""
    unit_id: int | None = None
    sort: str = "name"

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Line:
    """A person with the names of the units they belonged to."""

    person_id: int
    nip: str
    name: str
    unit: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of `Line`s; `sortable` says whether they could be brought into the order that was asked for."""

    page: Page
    sortable: bool


def people_list(session: Session, viewer: Viewer, wanted: PeopleFilter, now: datetime, number: int) -> Listed:
    """One page of the people of a unit and all below it, by name; or by their figures, if they are not too many."""
    people = chosen_people(viewer, wanted.search, wanted.unit_id, wanted.first, wanted.last)
    query = (
        select(people.c.id, people.c.nip, people.c.name, func.string_agg(people.c.unit.distinct(), ", ").label("unit"))
        .group_by(people.c.id, people.c.nip, people.c.name)
        .order_by(people.c.name, people.c.id)
    )
    total = session.scalar(select(func.count(people.c.id.distinct()))) or 0
    by_name = wanted.sort not in SORTS
    if by_name or total * wanted.days > MOST_SORTED:
        page = page_of(session, query, total, number)
        ids = [row.id for row in page.rows]
        found = figures_of(session, _duties(people, wanted, ids), wanted.first, wanted.last, now)
        return Listed(replace(page, rows=_lines(page.rows, found)), by_name)  # type: ignore[arg-type]
    found = figures_of(session, _duties(people, wanted), wanted.first, wanted.last, now)
    order = SORTS[wanted.sort]
    lines = sorted(_lines(session.execute(query).all(), found), key=lambda line: order(line.figures))
    number = max(1, min(number, Page((), 1, total).last))
    rows: Any = lines[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return Listed(Page(rows, number, total), True)


def readable_days_of(session: Session, viewer: Viewer, person_id: int, first: date, last: date) -> list[date]:
    """The days from `first` to `last` of a person that somebody may read about, in order."""
    members = covered_members(viewer, Right.READ, first, last).where(Membership.person_id == person_id).subquery()
    ranges = [one for days in session.scalars(select(members.c.days)) for one in days]
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in every if any(day in one for one in ranges)]


def person_days(
    session: Session, person_id: int, days: Collection[date], now: datetime
) -> list[tuple[date, Figures]]:
    """A person's figures on those of these days that have duties, in order."""
    if not days:
        return []
    return list(figures_on(session, _duties_of(person_id, days), min(days), max(days), now).items())


def idle_places(session: Session, person_id: int, days: Collection[date]) -> list[IdlePlace]:
    """Where a person's idle or away time of these days was spent, by the newest figure of each duty.

    Places that were forgotten with the positions are none.
    """
    newest = (
        select(IdleRevision.evidence)
        .where(IdleRevision.window_id.in_(_duties_of(person_id, days)))
        .ext(distinct_on(IdleRevision.window_id))
        .order_by(IdleRevision.window_id, IdleRevision.revision.desc())
    )
    places = (one for evidence in session.scalars(newest) for one in evidence.get("places", ()))
    return [_place(one) for one in places if "lat" in one]


def duties_on(session: Session, person_id: int, days: Collection[date], now: datetime) -> Sequence[DutyWindow]:
    """The duties of these days that have begun, with their shift, the newest first."""
    begun = select(DutyWindow).where(DutyWindow.id.in_(_duties_of(person_id, days)), DutyWindow.starts_at <= now)
    return session.scalars(begun.options(joinedload(DutyWindow.shift)).order_by(DutyWindow.starts_at.desc())).all()


def last_unit(session: Session, person_id: int, days: Sequence[date]) -> Membership | None:
    """Who a person was on the last of these days."""
    query = select(Membership).join(Person, Person.id == Membership.person_id)
    return session.scalar(query.where(Membership.person_id == person_id, Membership.period.contains(days[-1])))


def _place(told: Mapping[str, Any]) -> IdlePlace:
    start, end = (datetime.fromisoformat(told[name]) for name in ("start", "end"))
    return IdlePlace(told["lat"], told["lon"], start, end, told["seconds"])


def _duties_of(person_id: int, days: Collection[date]) -> Select[Any]:
    return select(DutyWindow.id).where(DutyWindow.person_id == person_id, DutyWindow.work_date.in_(list(days)))


def _duties(people: CTE, wanted: PeopleFilter, ids: Collection[int] | None = None) -> Select[Any]:
    """The duties of these people on the days that may be read."""
    theirs = and_(DutyWindow.person_id == people.c.id, people.c.days.contains(DutyWindow.work_date))
    query = select(DutyWindow.id).join(people, theirs)
    query = query.where(DutyWindow.work_date.between(wanted.first, wanted.last))
    return query if ids is None else query.where(DutyWindow.person_id.in_(ids))


def _lines(rows: Sequence[Any], found: Mapping[int, Figures]) -> list[Line]:
    return [Line(row.id, row.nip, row.name, row.unit, found.get(row.id, Figures())) for row in rows]
