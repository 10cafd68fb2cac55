"""What a person is to be told, until they have read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import Session

from tracker.domain.differences import DECISIVE
from tracker.storage.models import DutyWindow, Notification


def notify(
    db: Connection | Session, person_id: int, kind: str, work_date: date, detail: Mapping[str, Any], now: datetime
) -> None:
    """Tell a person something about a day of theirs."""
    values = {"person_id": person_id, "at": now, "kind": kind, "work_date": work_date, "detail": dict(detail)}
    db.execute(insert(Notification).values(values))


def notify_worse(
    conn: Connection, window_id: int, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> None:
    """Tell whose window it is that its verdict became worse."""
    window = conn.execute(select(DutyWindow.person_id, DutyWindow.work_date).where(DutyWindow.id == window_id)).one()
    told = {name: {"before": before[name], "after": after[name]} for name in DECISIVE if before[name] != after[name]}
    notify(conn, window.person_id, "verdict_worse", window.work_date, told, now)


def unread(session: Session, person_id: int) -> Sequence[Notification]:
    """What a person has not read yet, oldest first."""
    theirs = Notification.person_id == person_id, Notification.read_at.is_(None)
    return session.scalars(select(Notification).where(*theirs).order_by(Notification.id)).all()


def read(session: Session, person_id: int, last_id: int, now: datetime) -> None:
    """A person has read everything up to a notification; what came since stays."""
    theirs = Notification.person_id == person_id, Notification.read_at.is_(None), Notification.id <= last_id
    session.execute(update(Notification).where(*theirs).values(read_at=now))
