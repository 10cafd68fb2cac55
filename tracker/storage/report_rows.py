"""The rows of the no-show and idle reports: the newest revision of every judged window, within the reader's rights.

Duties that have begun and wait for their verdict can be listed, too: they are no part of a report, nor of its files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Row, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from tracker.storage.among import among
from tracker.storage.figures import Figures, figures_in, figures_on, sums_by_unit
from tracker.storage.models import DutyWindow, IdleRevision, Shift, Unit, VerdictRevision
from tracker.storage.paging import Page, page_of, total_of
from tracker.storage.rights import Viewer
from tracker.storage.team_days import chosen_people

ELSEWHERE = ("late", "left_early")  # seen elsewhere at the beginning, at the end
NOT_JUDGED = "NOT_JUDGED"  # what a list of those that wait is narrowed to
ROWS_AT_A_TIME = 1000  # of a download, so that a year of a city never lies in memory


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What the reader asked for; empty values do not narrow. `status` is one value of the report's status column.

    `elsewhere` is one of `ELSEWHERE`: duties with such minutes, in the report that has them.
    """

    first: date
    last: date
    search: str = ""
    unit_id: int | None = None
    status: str = ""
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A kind of report: its revisions, the columns it shows of them, and the one that can be narrowed and counted."""

    name: str
    revisions: type[VerdictRevision] | type[IdleRevision]
    columns: tuple[str, ...]
    status: str


NO_SHOW = Report(
    "no-show",
    VerdictRevision,
    ("status", "cause", "late_min", "left_early_min", "on_site_s", "off_site_s", "moving_s", "unknown_s"),
    "status",
)
IDLE = Report("idle", IdleRevision, ("measure", "counted_s"), "measure")


def report_list(
    session: Session, report: Report, viewer: Viewer, wanted: ReportFilter, number: int, now: datetime
) -> tuple[Page, Mapping[str, int]]:
    """One page of the report, newest day first; and how many rows there are of each status, and of `NOT_JUDGED`."""
    duties, newest = _duties(report, viewer, wanted)
    waits = and_(newest.c.id.is_(None), DutyWindow.starts_at <= now)
    rows = duties.where(or_(newest.c.id.is_not(None), waits)).order_by(None).subquery()
    status = func.coalesce(rows.c[report.status], NOT_JUDGED).label("status")
    counts = {name: count for name, count in session.execute(select(status, func.count()).group_by(status))}
    if wanted.status == NOT_JUDGED:
        return page_of(session, duties.where(waits), counts.get(NOT_JUDGED, 0), number), counts
    judged = {name: count for name, count in counts.items() if name != NOT_JUDGED}
    return page_of(session, _rows(report, viewer, wanted), total_of(judged, wanted.status), number), counts


def people_in(session: Session, report: Report, viewer: Viewer, wanted: ReportFilter) -> dict[int, int]:
    """The ids of everybody who has a row under the filter, and how many rows each has."""
    rows = _rows(report, viewer, wanted).order_by(None).subquery()
    counted = session.execute(select(rows.c.person_id, func.count()).group_by(rows.c.person_id))
    return {person_id: count for person_id, count in counted}


def report_rows(
    session: Session, report: Report, viewer: Viewer, wanted: ReportFilter, people: Collection[int]
) -> Iterator[Row[Any]]:
    """All rows of the filter about `people`, a batch at a time from the server; the first is read before this returns.

    Nobody else comes into a file, whoever was judged since it was written down whom it shows.
    """
    query = _rows(report, viewer, wanted).where(among(DutyWindow.person_id, people))
    batches = session.execute(query.execution_options(yield_per=ROWS_AT_A_TIME)).partitions()
    first = next(batches, ())
    return chain(first, chain.from_iterable(batches))


def report_days(
    session: Session, report: Report, viewer: Viewer, wanted: ReportFilter, people: Collection[int], now: datetime
) -> dict[date, Figures]:
    """The rows of the filter about `people`, summed by work date, in order."""
    windows = _windows_of(report, viewer, wanted, people)
    return figures_on(session, windows, wanted.first, wanted.last, now)


def report_people(
    session: Session, report: Report, viewer: Viewer, wanted: ReportFilter, people: Collection[int], now: datetime
) -> Iterator[tuple[Row[Any], Figures]]:
    """Each of `people` by name with the sums of their rows, a batch at a time (id, nip, name, unit).

    Who belonged to several units has a line for each, with the duties of those days: so units sum to what they are.
    """
    members = _chosen(viewer, wanted)
    each = select(members.c.id, members.c.nip, members.c.name).where(among(members.c.id, people)).distinct().subquery()
    windows = _windows_of(report, viewer, wanted, people, members)
    sums = sums_by_unit(windows, wanted.first, wanted.last, now).subquery()
    query = select(each, Unit.name.label("unit"), sums).join(sums, sums.c.key == each.c.id)
    query = query.join(Unit, Unit.id == sums.c.unit_id).order_by(each.c.name, each.c.nip, Unit.name)
    batches = session.execute(query.execution_options(yield_per=ROWS_AT_A_TIME)).partitions()
    return ((row, figures_in(row)) for row in chain.from_iterable(batches))


def _windows_of(
    report: Report, viewer: Viewer, wanted: ReportFilter, people: Collection[int], chosen: CTE | None = None
) -> Select[Any]:
    rows = _rows(report, viewer, wanted, chosen).order_by(None).with_only_columns(DutyWindow.id)
    return rows.where(among(DutyWindow.person_id, people))


def _chosen(viewer: Viewer, wanted: ReportFilter) -> CTE:
    return chosen_people(viewer, wanted.search, wanted.unit_id, wanted.first, wanted.last)


def _rows(report: Report, viewer: Viewer, wanted: ReportFilter, chosen: CTE | None = None) -> Select[Any]:
    duties, newest = _duties(report, viewer, wanted, chosen)
    judged = duties.where(newest.c.id.is_not(None))
    return judged.where(newest.c[report.status] == wanted.status) if wanted.status else judged


def _duties(
    report: Report, viewer: Viewer, wanted: ReportFilter, chosen: CTE | None = None
) -> tuple[Select[Any], FromClause]:
    """Duties of whatever status, judged or not, and their newest revisions."""
    table = report.revisions
    people = _chosen(viewer, wanted) if chosen is None else chosen
    newest = (
        select(table).where(table.window_id == DutyWindow.id).order_by(table.revision.desc()).limit(1).lateral("newest")
    )
    shared = [newest.c[name] for name in (
        "observed_s", "revision", "reason", "computed_at", "rule_version")]  # fmt: skip
    # nothing is to be observed of an excused duty; an idle figure does not know that it is one
    excused: ColumnElement[int] = case((DutyWindow.excuse.is_not(None), newest.c.expected_s), else_=0)
    if report is NO_SHOW:
        excused = newest.c.excused_s
    query = (
        select(
            DutyWindow.work_date, DutyWindow.starts_at, DutyWindow.ends_at, Shift.name.label("shift"),
            people.c.id.label("person_id"), people.c.nip, people.c.name, people.c.unit,
            *(newest.c[name] for name in report.columns), *shared,
            (newest.c.expected_s - excused).label("watched_s"),
        )
        .select_from(people)
        .join(DutyWindow, and_(DutyWindow.person_id == people.c.id, people.c.days.contains(DutyWindow.work_date)))
        .outerjoin(newest, true())
        .join(Shift, Shift.id == DutyWindow.shift_id)
        .where(DutyWindow.work_date.between(wanted.first, wanted.last))  # which the days say, too: for the index
        .order_by(DutyWindow.work_date.desc(), people.c.name, DutyWindow.starts_at, DutyWindow.id)
    )  # fmt: skip
    minutes = f"{wanted.elsewhere}_min"
    if minutes in report.columns:
        query = query.where(newest.c[minutes] > 0)
    return query, newest
