"""Reports over periods: which were made, how far a period is, and making it once, with a mail for each subscription.

A period's row in `report_run` is the truth: whoever turns it to `done` writes the mails, in the same transaction. Of
two schedulers the second finds it done; a killed one leaves neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Date, DateTime, exists, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from tracker.domain.period_reports import Standing
from tracker.domain.periods import DAY, Period
from tracker.storage.models import DutyWindow, Mail, ReportRun, Subscription, UnitDayDue, VerdictRevision


@dataclass(frozen=True, slots=True)
class Made:
    """What a period's report was made of, and how many mails tell of it."""

    duties: int
    not_judged: int
    mails: int


def first_duty(conn: Connection) -> date | None:
    return conn.scalar(select(func.min(DutyWindow.work_date)))


def periods_made(conn: Connection, cadence: str) -> set[date]:
    """The first days of the periods of which there is a report."""
    done = select(ReportRun.period).where(ReportRun.report == cadence, ReportRun.state == "done")
    return set(conn.scalars(done))


def standing_of(conn: Connection, period: Period) -> Standing:
    """How far a period is; of its duties those count that somebody was expected at."""
    judged = exists().where(VerdictRevision.window_id == DutyWindow.id)  # asked of those that wait only: of a month all
    columns = (func.count(), func.count().filter(DutyWindow.awaits_verdict, ~judged), func.max(DutyWindow.ends_at))
    expected = DutyWindow.work_date.between(period.first, period.last) & DutyWindow.excuse.is_(None)
    duties, not_judged, last_end = conn.execute(select(*columns).where(expected)).one()
    marked = select(func.count()).select_from(UnitDayDue).where(UnitDayDue.work_date.between(period.first, period.last))
    return Standing(duties, not_judged, conn.scalar(marked) or 0, last_end)


def note_wait(conn: Connection, period: Period, standing: Standing, behind_min: int, now: datetime) -> None:
    """Write down that a period waits and for what; one that was made meanwhile stays made."""
    counts = {"waits_for_duties": standing.not_judged, "waits_for_days": standing.uncounted_days}
    judged = {"done": standing.duties - standing.not_judged, "total": standing.duties}
    behind = {"behind_min": behind_min} if behind_min else {}
    _set(conn, period, now, state="running", counts={**counts, **behind}, error=None, **judged)


def note_failure(conn: Connection, period: Period, error: str, now: datetime) -> None:
    _set(conn, period, now, state="failed", finished_at=now, error=error)


def make(conn: Connection, period: Period, standing: Standing, zone: ZoneInfo, now: datetime) -> Made | None:
    """Make a period's report in the caller's transaction; None where it was made before, and then nothing changes."""
    if not _set(conn, period, now, state="done", finished_at=now, error=None, done=None, total=None):
        return None
    made = Made(standing.duties, standing.not_judged, _write_mails(conn, period, zone, now))
    counts = {"duties": made.duties, "not_judged": made.not_judged, "mails": made.mails}
    own = (ReportRun.report == period.cadence, ReportRun.period == period.first)
    conn.execute(update(ReportRun).where(*own).values(counts=counts))
    return made


def _write_mails(conn: Connection, period: Period, zone: ZoneInfo, now: datetime) -> int:
    """A mail for each subscription that there was before the period ended; how many."""
    end = datetime.combine(period.last + DAY, time(), zone)
    when = literal(now, DateTime(timezone=True))
    subscribed = select(Subscription.id, Subscription.account_id, literal(period.first, Date), when, when).where(
        Subscription.cadence == period.cadence, Subscription.ended_at.is_(None), Subscription.created_at < end
    )
    columns = ["subscription_id", "account_id", "period", "created_at", "next_at"]
    written = conn.scalars(insert(Mail).from_select(columns, subscribed).returning(Mail.id))
    return len(written.all())


def _set(conn: Connection, period: Period, now: datetime, **said: Any) -> bool:
    """Write into the period's row unless it is done; whether it was written. Two at once wait for each other here."""
    row = {"report": period.cadence.value, "period": period.first, "started_at": now, **said}
    statement = upsert(ReportRun).values(row)
    unless_done = ReportRun.state != "done"
    kept = statement.on_conflict_do_update(index_elements=["report", "period"], set_=said, where=unless_done)
    return conn.scalar(kept.returning(ReportRun.id)) is not None
