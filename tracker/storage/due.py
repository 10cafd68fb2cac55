"""Windows that are to be judged again, because something they depend on changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import Connection, and_, delete, exists, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.storage.models import DutyWindow, VerdictRevision, WindowDue

DECISION = "decision"  # somebody decided: stronger than any other reason, and than the lock


def mark_windows(db: Connection | Session, window_ids: Collection[int], reason: str, now: datetime) -> None:
    """These windows are judged again at the next run, for a reason; a decision stays one."""
    if not window_ids:
        return
    rows = [{"window_id": window_id, "reason": reason, "marked_at": now} for window_id in sorted(window_ids)]
    wanted = insert(WindowDue).values(rows)
    newer = {"reason": wanted.excluded.reason, "marked_at": wanted.excluded.marked_at}
    db.execute(
        wanted.on_conflict_do_update(
            index_elements=[WindowDue.window_id], set_=newer, where=WindowDue.reason != DECISION
        )
    )


def mark_judged(db: Connection | Session, first: date, reason: str, now: datetime) -> None:
    """All windows of a work date and later that were judged, or are being judged at this moment, are judged again.

    Of those that wait for their first verdict what it rests on may have been read already.
    """
    begun = or_(exists().where(VerdictRevision.window_id == DutyWindow.id),
                and_(DutyWindow.awaits_verdict, DutyWindow.ends_at <= now))  # fmt: skip
    judged = select(DutyWindow.id, literal(reason), literal(now)).where(DutyWindow.work_date >= first, begun)
    wanted = insert(WindowDue).from_select(["window_id", "reason", "marked_at"], judged)
    db.execute(wanted.on_conflict_do_nothing())


def lock_due(conn: Connection, window_ids: Collection[int]) -> dict[int, str]:
    """The marks of these windows with their reasons, held until the caller's transaction ends."""
    query = select(WindowDue.window_id, WindowDue.reason).where(WindowDue.window_id.in_(list(window_ids)))
    return {window_id: reason for window_id, reason in conn.execute(query.with_for_update())}


def take_due(conn: Connection, marks: Mapping[int, str]) -> None:
    """Once the windows are judged: the marks go with the caller's commit and the revisions, or not at all."""
    conn.execute(delete(WindowDue).where(WindowDue.window_id.in_(list(marks))))
