"""Who looked at whose data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from tracker.storage.models import Account, Audit
from tracker.storage.paging import Page, page_of
from tracker.storage.rights import Viewer

VIEW_TRACK = "view_track"
EXPORT_REPORT = "export_report"
VIEW_MESSAGE = "view_message"
REPLAY_MESSAGES = "replay_messages"


def record_track_view(session: Session, viewer: Viewer, person_id: int, work_date: date) -> None:
    """Note that `viewer` opens the track of a person's day; the caller commits before showing anything."""
    session.add(
        Audit(
            account_id=viewer.account_id,
            person_id=person_id,
            action=VIEW_TRACK,
            detail={"work_date": work_date.isoformat()},
        )
    )


def record_export(session: Session, viewer: Viewer, detail: Mapping[str, Any]) -> None:
    """Note that `viewer` takes rows about many people away; the caller commits before sending any."""
    session.add(Audit(account_id=viewer.account_id, action=EXPORT_REPORT, detail=dict(detail)))


def record_message_view(session: Session, viewer: Viewer, quarantine_id: int, login: str) -> None:
    """Note that `viewer` opens what a device said; the caller commits before showing it."""
    detail = {"quarantine_id": quarantine_id, "login": login}
    session.add(Audit(account_id=viewer.account_id, action=VIEW_MESSAGE, detail=detail))


def record_replay(session: Session, viewer: Viewer, detail: Mapping[str, Any]) -> None:
    """Note that `viewer` has messages in quarantine stored after all."""
    session.add(Audit(account_id=viewer.account_id, action=REPLAY_MESSAGES, detail=dict(detail)))


def looks_at(session: Session, person_id: int, number: int) -> Page:
    """One page of the looks at a person's data, newest first, each with the account that looked: rows of one Audit."""
    total = session.scalar(select(func.count()).where(Audit.person_id == person_id)) or 0
    query = select(Audit).where(Audit.person_id == person_id).order_by(Audit.at.desc(), Audit.id.desc())
    return page_of(session, query.options(joinedload(Audit.account).joinedload(Account.person)), total, number)
