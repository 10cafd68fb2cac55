"""The rows of the no-show and idle reports: the newest revision of every judged window, within the reader's rights."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, Integer, Row, Select, and_, any_, func, literal, select, true
from sqlalchemy.orm import Session

from tracker.storage.models import DutyWindow, IdleRevision, Shift, VerdictRevision
from tracker.storage.paging import Page, page_of, total_of
from tracker.storage.rights import Viewer
from tracker.storage.team_days import chosen_people

ROWS_AT_A_TIME = 1000  # of a download, so that a year of a city never lies in memory


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What the reader asked for; empty values do not narrow. `status` is one value of the report's status column."""

    first: date
    last: date
    search: str = ""
    unit_id: int | None = None
    status: str = ""


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
    session: Session, report: Report, viewer: Viewer, wanted: ReportFilter, number: int
) -> tuple[Page, Mapping[str, int]]:
    """One page of the report, newest day first; and how many rows there are of each status."""
    rows = _rows(report, viewer, replace(wanted, status="")).order_by(None).subquery()
    statuses = session.execute(select(rows.c[report.status], func.count()).group_by(rows.c[report.status]))
    counts = {status: count for status, count in statuses}
    return page_of(session, _rows(report, viewer, wanted), total_of(counts, wanted.status), number), counts


def people_in(session: Session, report: Report, viewer: Viewer, wanted: ReportFilter) -> list[int]:
    """The ids of everybody who has a row under the filter."""
    rows = _rows(report, viewer, wanted).order_by(None).subquery()
    return list(session.scalars(select(rows.c.person_id).distinct()))


def report_rows(
    session: Session, report: Report, viewer: Viewer, wanted: ReportFilter, people: Collection[int]
) -> Iterator[Row[Any]]:
    """All rows of the filter about `people`, a batch at a time from the server; the first is read before this returns.

    Nobody else comes into a file, whoever was judged since it was written down whom it shows.
    """
    query = _rows(report, viewer, wanted).where(DutyWindow.person_id == any_(literal(list(people), ARRAY(Integer))))
    batches = session.execute(query.execution_options(yield_per=ROWS_AT_A_TIME)).partitions()
    first = next(batches, ())
    return chain(first, chain.from_iterable(batches))


def _rows(report: Report, viewer: Viewer, wanted: ReportFilter) -> Select[Any]:
    table = report.revisions
    people = chosen_people(viewer, wanted.search, wanted.unit_id, wanted.first, wanted.last)
    newest = (
        select(table).where(table.window_id == DutyWindow.id).order_by(table.revision.desc()).limit(1).lateral("newest")
    )
    shared = [newest.c[name] for name in ("observed_s", "expected_s", "revision", "reason", "computed_at")]
    query = (
        select(
            DutyWindow.work_date, DutyWindow.starts_at, DutyWindow.ends_at, Shift.name.label("shift"),
            people.c.id.label("person_id"), people.c.nip, people.c.name, people.c.unit,
            *(newest.c[name] for name in report.columns), *shared,
        )
        .select_from(people)
        .join(DutyWindow, and_(DutyWindow.person_id == people.c.id, people.c.days.contains(DutyWindow.work_date)))
        .join(newest, true())
        .join(Shift, Shift.id == DutyWindow.shift_id)
        .where(DutyWindow.work_date.between(wanted.first, wanted.last))  # which the days say, too: for the index
        .order_by(DutyWindow.work_date.desc(), people.c.name, DutyWindow.starts_at, DutyWindow.id)
    )  # fmt: skip
    return query.where(newest.c[report.status] == wanted.status) if wanted.status else query
