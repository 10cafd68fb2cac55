"""The truth about what was computed: one row per report and work date, with its counts or its error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from tracker.storage.models import ReportRun


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


def _set(conn: Connection, report: str, period: date, **values: Any) -> None:
    row = {"report": report, "period": period, "started_at": values.get("finished_at"), **values}
    statement = insert(ReportRun).values(row)
    conn.execute(statement.on_conflict_do_update(index_elements=["report", "period"], set_=values))
