"""Windows of yesterday (Jakarta time) in the database, with fixes in the words of tests/domain/days.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from reports.batches import Clock
from reports.judging import judge_due
from tests import builders
from tests.domain import days
from tracker.domain.fix import Fix, oldest_kept
from tracker.storage.fixes import Received, save_batch
from tracker.storage.models import IdleRevision, ReportRun, VerdictRevision

TODAY = datetime.now(days.WIB).replace(hour=0, minute=0, second=0, microsecond=0)
WORK_DATE = (TODAY - timedelta(days=1)).date()
SHIFT = TODAY - timedelta(days=1) - days.DAY
RETENTION_DAYS = 60
LOCK = timedelta(hours=72)


def at(clock: str) -> datetime:
    """A Jakarta clock time of yesterday; "+1 05:00" is today."""
    return days.at(clock) + SHIFT


def track(*words: str, **measures: Any) -> list[Fix]:
    return [fix._replace(fix_time=fix.fix_time + SHIFT) for fix in days.track(*words, **measures)]


@dataclass(frozen=True)
class OnDuty:
    person_id: int
    device_id: int
    window_id: int


def on_duty(
    conn: Connection, start: str = "08:00", end: str = "16:00", profile: str = "FIELD", grace_min: int = 15,
    zone_id: int | None = None,
) -> OnDuty:  # fmt: skip
    """A person with a phone and a window at the zone WORK, or another."""
    person_id = builders.person(conn)
    zone_id = zone_id or builders.zone(conn, days.WORK.lat, days.WORK.lon, int(days.WORK.radius_m))
    window_id = builders.window(
        conn, person_id, at(start), at(end),
        work_date=WORK_DATE, zones=[zone_id], shift_id=builders.shift(conn, profile, grace_min),
    )  # fmt: skip
    return OnDuty(person_id, builders.device(conn, person_id=person_id), window_id)


def receive(
    conn: Connection,
    device_id: int,
    fixes: Iterable[Fix],
    received_at: datetime | None = None,
    slow: timedelta = timedelta(0),
) -> None:
    """Store fixes as the bridge does, each at its own time unless told otherwise; `slow` is the device's clock."""
    save_batch(conn, [Received(device_id, received_at or fix.fix_time + slow, fix) for fix in fixes], [])


def clock_at(clock: str) -> Clock:
    """The time as those who judge know it."""
    now = at(clock)
    return Clock(now, oldest_kept(now, RETENTION_DAYS), LOCK)


def judge(engine: Engine, clock: str) -> None:
    """What the scheduler does at that time."""
    judge_due(engine, clock_at(clock), lambda: False)


def verdicts(engine: Engine, window_id: int) -> list[Row[Any]]:
    """All revisions of the verdict, oldest first."""
    return _revisions(engine, VerdictRevision, window_id)


def idles(engine: Engine, window_id: int) -> list[Row[Any]]:
    return _revisions(engine, IdleRevision, window_id)


def runs(engine: Engine, work_date: date = WORK_DATE) -> dict[str, Row[Any]]:
    """The runs of the work date by report."""
    with engine.connect() as conn:
        rows = conn.execute(select(ReportRun.__table__).where(ReportRun.period == work_date))
        return {row.report: row for row in rows}


def _revisions(engine: Engine, table: type[VerdictRevision] | type[IdleRevision], window_id: int) -> list[Row[Any]]:
    rows = select(table.__table__).where(table.window_id == window_id).order_by(table.revision)
    with engine.connect() as conn:
        return list(conn.execute(rows))
