"""The truth about what was computed: one row per report and work date, with its counts or its error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from tracker.storage.models import ReportRun
from tracker.storage.paging import Page, page_of

STATES = ("running", "done", "failed")
SORTS = ("period", "started")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What somebody asked for; empty values do not narrow."""

    report: str = ""
    state: str = ""
    sort: str = "period"


def begin(conn: Connection, reports: Iterable[str], period: date, now: datetime) -> None:
    """A run has begun. One that a killed process left running begins again; its work is repeatable."""
    for report in reports:
        _set(conn, report, period, state="running", started_at=now, finished_at=None, error=None)


def finish(conn: Connection, report: str, period: date, now: datetime, counts: Mapping[str, int]) -> None:
    """A run came to its end; `counts` say what the report now holds."""
    _set(conn, report, period, state="done", finished_at=now, counts=dict(counts), error=None)


def fail(conn: Connection, reports: Iterable[str], period: date, now: datetime, error: str) -> None:
    """A run ended with an error; it will be tried again."""
    for report in reports:
        _set(conn, report, period, state="failed", finished_at=now, error=error)


def run_list(session: Session, wanted: RunFilter, number: int) -> Page:
    """One page of the runs that were asked for, the newest first."""
    query = select(ReportRun.__table__)
    for column, value in ((ReportRun.report, wanted.report), (ReportRun.state, wanted.state)):
        if value:
            query = query.where(column == value)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    first = ReportRun.started_at if wanted.sort == "started" else ReportRun.period
    return page_of(session, query.order_by(first.desc(), ReportRun.period.desc(), ReportRun.report), total, number)


def reports_run(session: Session) -> Sequence[str]:
    """The names of the reports that ever ran."""
    return session.scalars(select(ReportRun.report).distinct().order_by(ReportRun.report)).all()


def newest_runs(session: Session) -> Sequence[ReportRun]:
    """Of each report the runs that began last: those of several dates begin together."""
    other = aliased(ReportRun)
    newest = select(func.max(other.started_at)).where(other.report == ReportRun.report).scalar_subquery()
    return session.scalars(select(ReportRun).where(ReportRun.started_at == newest)).all()


def count_failed(session: Session) -> int:
    """How many runs ended with an error and have not ended well since."""
    return session.scalar(select(func.count()).select_from(ReportRun).where(ReportRun.state == "failed")) or 0


def _set(conn: Connection, report: str, period: date, **values: Any) -> None:
    row = {"report": report, "period": period, "started_at": values.get("finished_at"), **values}
    statement = insert(ReportRun).values(row)
    conn.execute(statement.on_conflict_do_update(index_elements=["report", "period"], set_=values))
