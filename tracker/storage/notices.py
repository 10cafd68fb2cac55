"""Who has read which version of the privacy notice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.storage.models import NoticeAcknowledgement

NOTICE_VERSION = 3  # one more when templates/notice.html says something else: everybody reads it again


def acknowledged_at(session: Session, person_id: int) -> datetime | None:
    """When the person read the present notice; None where they have not."""
    return session.scalar(
        select(NoticeAcknowledgement.at).where(
            NoticeAcknowledgement.person_id == person_id, NoticeAcknowledgement.version == NOTICE_VERSION
        )
    )


def acknowledge(session: Session, person_id: int, now: datetime) -> None:
    """Note that the person has read the present notice; a second time changes nothing."""
    read = insert(NoticeAcknowledgement).values(person_id=person_id, version=NOTICE_VERSION, at=now)
    session.execute(read.on_conflict_do_nothing())
