"""The figures of units, counted again for each work date whose verdicts are newer than they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from tracker.storage.figures import count_day, due_days, mark_begun

DAYS_AT_A_TIME = 30  # some seconds each in a large city: publishing and judging wait in the same thread


def count_due(engine: Engine, zone: ZoneInfo, now: datetime, stopping: Callable[[], bool]) -> None:
    """Count marked work dates, the newest first, each in its own transaction; the next turn goes on with the rest."""
    with engine.begin() as conn:
        mark_begun(conn, now.astimezone(zone).date(), now)
        marked = due_days(conn)
    for work_date in marked[:DAYS_AT_A_TIME]:
        if stopping():
            return
        with engine.begin() as conn:
            count_day(conn, work_date, now)
