"""A team on one work date: who is on duty, how it was judged, whose log waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, Subquery, and_, case, func, literal, or_, select, true
from sqlalchemy.orm import Session

from tracker.storage.models import (
    Activity,
    Assignment,
    DailyLog,
    DeviceState,
    DutyWindow,
    DutyWindowZone,
    Membership,
    Person,
    Shift,
    Unit,
    VerdictRevision,
    Zone,
)
from tracker.storage.paging import Page, page_of, total_of
from tracker.storage.rights import Right, Viewer, covered_members, covers

SILENT_AFTER = timedelta(minutes=20)  # on duty now and not heard for longer: worth a look, not a verdict

# in the order in which a supervisor wants to see them
STATUSES = (
    "no_show", "unverified", "silent_now", "late", "not_judged", "on_duty", "present", "excused", "upcoming", "off",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TeamFilter:
    """What the supervisor asked for; empty values do not narrow."""

    work_date: date
    is_today: bool = False
    search: str = ""
    unit_id: int | None = None
    status: str = ""
    log_state: str = ""

    @property
    def first_date(self) -> date:
        """Of the windows that are looked for: today's list has those that are under way since yesterday, too."""
        return self.work_date - timedelta(days=1) if self.is_today else self.work_date


def team_list(
    session: Session, viewer: Viewer, wanted: TeamFilter, now: datetime, number: int
) -> tuple[Page, Mapping[str, int]]:
    """One page of people and their windows on the date, flags first; and how many there are of each status."""
    team = _team(viewer, wanted, now)
    statuses = session.execute(select(team.c.status, func.count()).group_by(team.c.status))
    counts = {status: count for status, count in statuses}
    rank = case({status: place for place, status in enumerate(STATUSES)}, value=team.c.status)
    query = select(team).where(*_narrowed(team, wanted)).order_by(rank, team.c.name, team.c.starts_at, team.c.person_id)
    return page_of(session, query, total_of(counts, wanted.status), number), counts


def waiting_logs(session: Session, viewer: Viewer, number: int) -> Page:
    """Submitted logs within the viewer's rights that are not their own, oldest first."""
    work = func.sum(func.extract("epoch", Activity.ends_at - Activity.starts_at))
    written = (
        select(func.count().label("activities"), work.label("worked_s"))
        .where(Activity.log_id == DailyLog.id)
        .lateral("written")
    )
    ids = _waiting(viewer).with_only_columns(DailyLog.id).order_by(*_QUEUE)
    # the page first: else all that wait would be joined to what is said of them
    page = page_of(session, ids, waiting_count(session, viewer), number)
    query = (
        select(
            DailyLog.person_id, DailyLog.work_date, Person.name, Unit.name.label("unit"), DailyLog.submitted_at,
            written.c.activities, written.c.worked_s,
        )
        .join(Person, Person.id == DailyLog.person_id)
        .join(Membership, _was_member(DailyLog))
        .join(Unit, Unit.id == Membership.unit_id)
        .join(written, true())
        .where(DailyLog.id.in_([row.id for row in page.rows]))
        .order_by(*_QUEUE)
    )  # fmt: skip
    return replace(page, rows=session.execute(query).all())


def waiting_count(session: Session, viewer: Viewer) -> int:
    """How many logs wait for this viewer."""
    return session.scalar(select(func.count()).select_from(_waiting(viewer).subquery())) or 0


def next_waiting(session: Session, viewer: Viewer, person_id: int, work_date: date) -> tuple[int, date] | None:
    """The person and date of the waiting log after the one given, from the start again at the end; None if no other."""
    others = _waiting(viewer).where(or_(DailyLog.person_id != person_id, DailyLog.work_date != work_date))
    here = select(DailyLog.submitted_at).where(DailyLog.person_id == person_id, DailyLog.work_date == work_date)
    later = case((DailyLog.submitted_at > here.scalar_subquery(), 0), else_=1)
    row = session.execute(others.order_by(later, *_QUEUE).limit(1)).first()
    return (row.person_id, row.work_date) if row else None


_QUEUE = (DailyLog.submitted_at, DailyLog.id)


def _waiting(viewer: Viewer) -> Select[int, date]:
    return (
        select(DailyLog.person_id, DailyLog.work_date)
        .join(Person, Person.id == DailyLog.person_id)
        .where(
            DailyLog.state == "submitted",
            covers(viewer, Right.DECIDE, DailyLog.person_id, DailyLog.work_date),
            Person.id.is_distinct_from(viewer.person_id),
        )
    )


def _was_member(of: Any) -> ColumnElement[bool]:
    """The membership that held on the work date of a row."""
    return and_(Membership.person_id == of.person_id, Membership.period.contains(of.work_date))


def _narrowed(team: Subquery, wanted: TeamFilter) -> list[ColumnElement[bool]]:
    return [team.c.status == wanted.status] if wanted.status else []


def _team(viewer: Viewer, wanted: TeamFilter, now: datetime) -> Subquery:
    """Every visible person with each window of the date (or none), before the status is narrowed."""
    people = chosen_people(viewer, wanted.search, wanted.unit_id, wanted.first_date, wanted.work_date)
    verdict, heard = latest_verdict(), last_heard(people, now)
    its_day = people.c.days.contains(DutyWindow.work_date)
    on_date = and_(DutyWindow.person_id == people.c.id, its_day, _of_date(wanted, now))
    work_date = func.coalesce(DutyWindow.work_date, wanted.work_date)
    log_of_date = and_(DailyLog.person_id == people.c.id, DailyLog.work_date == work_date)
    log_state = func.coalesce(DailyLog.state, "none")
    query = (
        select(
            people.c.id.label("person_id"), people.c.name, people.c.nip, people.c.position, people.c.unit,
            work_date.label("work_date"), DutyWindow.starts_at, DutyWindow.ends_at, Shift.name.label("shift"),
            _places(), _status(verdict, heard, now).label("status"), verdict.c.cause, verdict.c.late_min,
            verdict.c.left_early_min, verdict.c.observed_s,
            (verdict.c.expected_s - verdict.c.excused_s).label("watched_s"),
            _heard_on_duty(heard, now), log_state.label("log_state"),
        )
        .select_from(people)
        .outerjoin(DutyWindow, on_date)
        .outerjoin(Shift, Shift.id == DutyWindow.shift_id)
        .outerjoin(verdict, true())
        .outerjoin(heard, heard.c.person_id == people.c.id)
        .outerjoin(DailyLog, log_of_date)
    )  # fmt: skip
    query = query.where(or_(people.c.days.contains(wanted.work_date), DutyWindow.id.is_not(None)))
    if wanted.log_state:
        query = query.where(log_state == wanted.log_state)
    return query.subquery("team")


def _of_date(wanted: TeamFilter, now: datetime) -> ColumnElement[bool]:
    """The windows of the date; today's list has those that are under way since yesterday, too."""
    of_date = DutyWindow.work_date == wanted.work_date
    return or_(of_date, _under_way(now)) if wanted.is_today else of_date


def _under_way(now: datetime) -> ColumnElement[bool]:
    return and_(DutyWindow.starts_at <= now, now < DutyWindow.ends_at)


def _heard_on_duty(heard: Subquery, now: datetime) -> ColumnElement[datetime | None]:
    """When the phone was heard, of people on duty: where a phone is off duty is nobody's business."""
    return case((_under_way(now), heard.c.heard_at), else_=None).label("heard_at")


def chosen_people(viewer: Viewer, search: str, unit_id: int | None, first: date, last: date) -> CTE:
    """Who may be read about from `first` to `last`, whose name or NIP matches, of a unit and all below it.

    A row for each unit they belonged to: id, name, nip, position, unit and the `days` that may be read. Computed first
    and once: what is joined to it is then looked up for these people only.
    """
    members = covered_members(viewer, Right.READ, first, last, unit_id).subquery()
    columns = (Person.id, Person.name, Person.nip, members.c.position, Unit.name.label("unit"), members.c.days)
    people = select(*columns).join(members, members.c.person_id == Person.id).join(Unit, Unit.id == members.c.unit_id)
    if search:
        by_nip = Person.nip.startswith(search, autoescape=True)
        people = people.where(or_(Person.name.icontains(search, autoescape=True), by_nip))
    return people.cte("people").prefix_with("MATERIALIZED")


def latest_verdict() -> Any:
    """The newest verdict of `DutyWindow`, as a lateral subquery."""
    revisions = select(VerdictRevision).where(VerdictRevision.window_id == DutyWindow.id)
    return revisions.order_by(VerdictRevision.revision.desc()).limit(1).lateral("verdict")


def last_heard(people: CTE, now: datetime) -> Subquery:
    """When the phone of each of these people was last heard: columns person_id, heard_at."""
    return (
        select(Assignment.person_id, func.max(DeviceState.last_heard_at).label("heard_at"))
        .join(DeviceState, DeviceState.device_id == Assignment.device_id)
        .where(Assignment.person_id.in_(select(people.c.id)), Assignment.period.contains(now))
        .group_by(Assignment.person_id)
        .subquery("heard")
    )


def _places() -> ColumnElement[str]:
    names = select(func.string_agg(Zone.name, ", ")).join(DutyWindowZone, DutyWindowZone.zone_id == Zone.id)
    of_window = names.where(DutyWindowZone.window_id == DutyWindow.id).correlate(DutyWindow)
    return of_window.scalar_subquery().label("places")


def _status(verdict: Any, heard: Subquery, now: datetime) -> ColumnElement[str]:
    silent = or_(heard.c.heard_at.is_(None), heard.c.heard_at < now - SILENT_AFTER)
    settled = now - SILENT_AFTER > DutyWindow.starts_at  # a phone may need a moment at the start of duty
    return case(
        (DutyWindow.id.is_(None), "off"),
        (DutyWindow.excuse.is_not(None), "excused"),
        (verdict.c.status == "NO_SHOW", "no_show"),
        (verdict.c.status == "UNVERIFIED", "unverified"),
        (verdict.c.status == "EXCUSED", "excused"),
        (and_(verdict.c.status == "PRESENT", verdict.c.late_min > 0), "late"),
        (verdict.c.status == "PRESENT", "present"),
        (literal(now) < DutyWindow.starts_at, "upcoming"),
        (literal(now) >= DutyWindow.ends_at, "not_judged"),
        (and_(silent, settled), "silent_now"),
        else_="on_duty",
    )
