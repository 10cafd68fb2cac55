"""The truth about what was computed: one row per report and work date, with its counts or its error."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, Integer, column, func, select, update, values
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


def begin(conn: Connection, reports: Iterable[str], period: date, now: datetime, total: int) -> None:
    """A run over `total` duties has begun. One that a killed process left running begins again: it is repeatable."""
    begun = {"state": "running", "started_at": now, "finished_at": None, "error": None, "done": 0, "total": total}
    for report in reports:
        _set(conn, report, period, **begun)


def progress(conn: Connection, reports: Collection[str], done: Mapping[date, int]) -> None:
    """So many duties of each period are done in the runs that are under way."""
    if done:
        rows = values(column("period", Date), column("done", Integer), name="now_done").data(list(done.items()))
        under_way = (ReportRun.report.in_(reports), ReportRun.period == rows.c.period, ReportRun.state == "running")
        conn.execute(update(ReportRun).where(*under_way).values(done=func.least(rows.c.done, ReportRun.total)))


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
    for filtered, value in ((ReportRun.report, wanted.report), (ReportRun.state, wanted.state)):
        if value:
            query = query.where(filtered == value)
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


def _set(conn: Connection, report: str, period: date, **said: Any) -> None:
    row = {"report": report, "period": period, "started_at": said.get("finished_at"), **said}
    statement = insert(ReportRun).values(row)
    conn.execute(statement.on_conflict_do_update(index_elements=["report", "period"], set_=said))
