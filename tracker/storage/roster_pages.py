"""What pages show of rosters: a unit's month, one person's, and where something is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, exists, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, joinedload, selectinload

from tracker.domain.roster import Duty, Overlap
from tracker.storage import administered
from tracker.storage.models import (
    DutyWindow,
    DutyWindowZone,
    ExtraDuty,
    Holiday,
    LeavePeriod,
    Membership,
    Person,
    Post,
    Publication,
    RosterDay,
    RosterEntry,
    Rotation,
    RotationDay,
    RuleSet,
    RuleSetShift,
    Shift,
    Unit,
    Zone,
)
from tracker.storage.paging import Page, page_of
from tracker.storage.rights import Viewer, units_below
from tracker.storage.rostering import Calendar, calendar, duties_of, expected_of

MOST_POST_DAYS = 14  # of which missing people are looked for


@dataclass(frozen=True, slots=True)
class Line:
    """One person's month: their duties and excused parts by work date. `overlap`: two of them are at once."""

    person_id: int
    nip: str
    name: str
    unit: str
    days: Mapping[date, Sequence[Duty]]
    overlap: bool = False


@dataclass(frozen=True, slots=True)
class Short:
    """A post that has fewer people on a day than it needs, excused ones not counted."""

    day: date
    unit: str
    zone: str
    shift: str
    needed: int
    planned: int


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything that says when one person works."""

    entries: Sequence[RosterEntry]
    days: Mapping[date, RosterDay]
    extras: Sequence[ExtraDuty]
    leaves: Sequence[LeavePeriod]
    publication: Publication | None


def month_of(
    session: Session, viewer: Viewer, unit_id: int | None, first: date, last: date, zone: ZoneInfo, number: int
) -> tuple[Page, Sequence[Line], Calendar]:
    """One page of the people whom the viewer administers on some day from `first` to `last`, with their duties."""
    wanted = members(viewer, unit_id, first, last)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    page = page_of(session, wanted.order_by(Person.name, Person.id), total, number)
    known = calendar(session.connection())
    return page, lines_of(session, page.rows, known, first, last, zone), known


def lines_of(
    session: Session, people: Sequence[Row[Any]], known: Calendar, first: date, last: date, zone: ZoneInfo
) -> list[Line]:
    """The duties of these people, by day."""
    expected = expected_of(session.connection(), [row.id for row in people], known)
    return [_line(row, expected[row.id], known, first, last, zone) for row in people]


def roster_of(session: Session, person_id: int, first: date, last: date) -> Roster:
    """Everything that says when a person works; single days, overtime and leave of the days from `first` to `last`."""
    entries = select(RosterEntry).where(RosterEntry.person_id == person_id).order_by(func.lower(RosterEntry.period))
    days = select(RosterDay).where(RosterDay.person_id == person_id, RosterDay.day.between(first, last))
    extras = select(ExtraDuty).where(ExtraDuty.person_id == person_id, ExtraDuty.day.between(first, last))
    leaves = select(LeavePeriod).where(
        LeavePeriod.person_id == person_id, LeavePeriod.period.overlaps(Range(first, last, bounds="[]"))
    )
    return Roster(
        session.scalars(entries.options(joinedload(RosterEntry.rotation))).all(),
        {one.day: one for one in session.scalars(days.options(joinedload(RosterDay.shift)))},
        session.scalars(extras.options(joinedload(ExtraDuty.shift)).order_by(ExtraDuty.day)).all(),
        session.scalars(leaves.order_by(func.lower(LeavePeriod.period))).all(),
        session.get(Publication, person_id),
    )


def without_roster(session: Session, viewer: Viewer, unit_id: int | None, on: date, number: int) -> Page:
    """One page of the people who work for the city on a day and have no roster: they are never judged."""
    wanted = rosterless(viewer, unit_id, on)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    return page_of(session, wanted.order_by(Unit.name, Person.name, Person.id), total, number)


def rosterless(viewer: Viewer, unit_id: int | None, on: date) -> Any:
    """The people whom `without_roster` lists, as a query."""
    rostered = exists().where(RosterEntry.person_id == Person.id, RosterEntry.period.contains(on))
    return members(viewer, unit_id, on, on).where(~rostered)


def troubled(viewer: Viewer, unit_id: int | None, on: date) -> Any:
    """People whose windows cannot be published, as two of their duties are at once, with the `problem`, as a query."""
    wanted = members(viewer, unit_id, on, on).add_columns(Publication.problem)
    return wanted.where(Publication.person_id == Person.id, Publication.problem.is_not(None))


def with_problem(session: Session, viewer: Viewer, unit_id: int | None, on: date) -> Sequence[Row[Any]]:
    """The people of `troubled`, by name."""
    return session.execute(troubled(viewer, unit_id, on).order_by(Person.name)).all()


def placeless(session: Session, viewer: Viewer, unit_id: int | None, first: date, last: date) -> Page:
    """The first people, by name, with published duties of these days that have no zone; and how many there are."""
    somewhere = exists().where(DutyWindowZone.window_id == DutyWindow.id)
    expected = DutyWindow.work_date.between(first, last), DutyWindow.excuse.is_(None)
    nowhere = exists().where(DutyWindow.person_id == Person.id, *expected, ~somewhere)
    wanted = members(viewer, unit_id, first, last).where(nowhere)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    return page_of(session, wanted.order_by(Person.name, Person.id), total, 1)


def posts_of(session: Session, viewer: Viewer, unit_id: int | None, on: date) -> Sequence[Post]:
    """The posts of the units the viewer administers that are kept on a day or later."""
    query = select(Post).join(Unit, Unit.id == Post.unit_id).where(Post.period.overlaps(Range(on, None)))
    if unit_id is not None:
        query = query.where(Post.unit_id.in_(units_below(unit_id, on, None)))
    loaded = query.options(joinedload(Post.unit), joinedload(Post.zone), joinedload(Post.shift))
    return session.scalars(loaded.where(administered.units(viewer)).order_by(Unit.name, Post.id)).all()


def short_posts(session: Session, viewer: Viewer, unit_id: int | None, first: date, last: date) -> list[Short]:
    """The posts that have too few people on the days from `first` to `last`, as far as windows are published."""
    posts = posts_of(session, viewer, unit_id, first)
    found: list[Short] = []
    planned = _planned(session, posts, first, last)
    parts = {unit: set(session.scalars(units_below(unit, first, last))) for unit in {post.unit_id for post in posts}}
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        for post in posts:
            if day in post.period and day.isoweekday() in post.weekdays:
                by_unit = planned.get((post.shift_id, post.zone_id, day), {})
                there = sum(count for unit, count in by_unit.items() if unit in parts[post.unit_id])
                if there < post.people:
                    found.append(
                        Short(day, post.unit.name, post.zone.name, post.shift.name, post.people, there)
                    )
    return found


def offered_shifts(session: Session) -> Sequence[Shift]:
    """The shifts that are not retired."""
    return session.scalars(select(Shift).where(Shift.retired_at.is_(None)).order_by(Shift.name)).all()


def offered_rotations(session: Session) -> Sequence[Rotation]:
    """The rotations that are not retired."""
    return session.scalars(select(Rotation).where(Rotation.retired_at.is_(None)).order_by(Rotation.name)).all()


def all_shifts(session: Session) -> Sequence[Shift]:
    """All shifts, the offered ones first."""
    return session.scalars(select(Shift).order_by(Shift.retired_at.is_not(None), Shift.name)).all()


def all_rotations(session: Session, on: date) -> Sequence[Row[Any]]:
    """All rotations, the offered ones first, each with how many people work by it on a day or later."""
    ahead = RosterEntry.rotation_id == Rotation.id, RosterEntry.period.overlaps(Range(on, None))
    people = select(func.count(RosterEntry.person_id.distinct())).where(*ahead).scalar_subquery()
    query = select(Rotation, people.label("people")).order_by(Rotation.retired_at.is_not(None), Rotation.name)
    return session.execute(query.options(selectinload(Rotation.shifts).joinedload(RotationDay.shift))).all()


def all_rule_sets(session: Session) -> Sequence[RuleSet]:
    """All rule sets, the newest first."""
    query = select(RuleSet).order_by(func.lower(RuleSet.period).desc(), RuleSet.id.desc())
    return session.scalars(query.options(selectinload(RuleSet.shifts).joinedload(RuleSetShift.shift))).all()


def holidays_of(session: Session, year: int) -> Sequence[Holiday]:
    """The confirmed holidays of a year."""
    of_year = Holiday.day.between(date(year, 1, 1), date(year, 12, 31))
    return session.scalars(select(Holiday).where(of_year).order_by(Holiday.day)).all()


def zone_names(session: Session, zone_ids: Sequence[int]) -> dict[int, str]:
    """The names of zones by their numbers."""
    rows = session.execute(select(Zone.id, Zone.name).where(Zone.id.in_(list(zone_ids))))
    return {zone_id: name for zone_id, name in rows}


def member_for(session: Session, viewer: Viewer, person_id: int, on: date) -> Any:
    """A person whom the viewer administers, with the unit of a day or the next one; None where they are not theirs."""
    query = (
        select(Person.id, Person.nip, Person.name, Unit.name.label("unit"), Unit.id.label("unit_id"))
        .join(Membership, Membership.person_id == Person.id)
        .join(Unit, Unit.id == Membership.unit_id)
        .where(Person.id == person_id, administered.people(viewer))
        .order_by(Membership.period.contains(on).desc(), func.lower(Membership.period).desc().nulls_last())
    )
    return session.execute(query.limit(1)).first()


def members(viewer: Viewer, unit_id: int | None, first: date, last: date) -> Any:
    """id, nip, name and unit of whom the viewer administers and who is employed on some of these days."""
    within = Membership.period.overlaps(Range(first, last, bounds="[]"))
    newest = (
        select(Membership.unit_id)
        .where(Membership.person_id == Person.id, within)
        .order_by(func.upper(Membership.period).desc().nulls_first())
        .limit(1)
        .correlate(Person)
    )
    columns = select(Person.id, Person.nip, Person.name, Unit.name.label("unit")).select_from(Person)
    query = columns.join(Unit, Unit.id == newest.scalar_subquery())
    if unit_id is not None:
        query = query.where(Unit.id.in_(units_below(unit_id, first, last)))
    return query.where(administered.people(viewer))


def _line(row: Row[Any], one: Any, known: Calendar, first: date, last: date, zone: ZoneInfo) -> Line:
    days: dict[date, list[Duty]] = {}
    try:
        for duty in duties_of(one, known, first, last, zone):
            days.setdefault(duty.work_date, []).append(duty)
    except Overlap:
        return Line(row.id, row.nip, row.name, row.unit, {}, overlap=True)
    return Line(row.id, row.nip, row.name, row.unit, days)


def _planned(
    session: Session, posts: Sequence[Post], first: date, last: date
) -> dict[tuple[int, int, date], dict[int, int]]:
    """How many people of each unit are expected by shift, zone and day."""
    query = (
        select(DutyWindow.shift_id, DutyWindowZone.zone_id, DutyWindow.work_date, Membership.unit_id,
               func.count(DutyWindow.person_id.distinct()))
        .join(DutyWindowZone, DutyWindowZone.window_id == DutyWindow.id)
        .join(Membership, and_(Membership.person_id == DutyWindow.person_id,
                               Membership.period.contains(DutyWindow.work_date)))
        .where(
            DutyWindow.work_date.between(first, last), DutyWindow.excuse.is_(None),
            DutyWindow.shift_id.in_({post.shift_id for post in posts}),
            DutyWindowZone.zone_id.in_({post.zone_id for post in posts}),
        )
        .group_by(DutyWindow.shift_id, DutyWindowZone.zone_id, DutyWindow.work_date, Membership.unit_id)
    )  # fmt: skip
    found: dict[tuple[int, int, date], dict[int, int]] = {}
    for shift, zone, day, unit, count in session.execute(query):
        found.setdefault((shift, zone, day), {})[unit] = count
    return found
