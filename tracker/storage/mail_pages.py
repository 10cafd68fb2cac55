"""The mails as administrators see them: how many are in which state, one page of them, and what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.domain.mailing import STUCK_AFTER, is_stuck
from tracker.storage.models import Account, Mail, Subscription, Unit
from tracker.storage.paging import Page, page_of, total_of

CLOSED_BY_HAND = "closed_by_hand"


@dataclass(frozen=True, slots=True)
class Queue:
    """How many mails wait, since when the oldest; how many were left behind while being sent, and how many failed."""

    due: int
    oldest_due: datetime | None
    stuck: int
    failed: int


def queue_of(session: Session, now: datetime) -> Queue:
    due, stuck = Mail.state == "due", (Mail.state == "sending") & (Mail.claimed_at < now - STUCK_AFTER)
    counted = select(
        func.count().filter(due), func.min(Mail.created_at).filter(due), func.count().filter(stuck),
        func.count().filter(Mail.state == "failed"),
    )  # fmt: skip
    return Queue(*session.execute(counted.where(Mail.state.in_(["due", "sending", "failed"]))).one())


def counts_by_state(session: Session) -> Mapping[str, int]:
    return {state: count for state, count in session.execute(select(Mail.state, func.count()).group_by(Mail.state))}


def mail_list(session: Session, state: str, counts: Mapping[str, int], number: int) -> Page:
    """One page of the mails, those that wait longest first and then the newest; without a state, all."""
    columns: tuple[Any, ...] = (
        Mail.id, Mail.state, Mail.period, Mail.created_at, Mail.next_at, Mail.attempts, Mail.claimed_at,
        Mail.finished_at, Mail.problem, Subscription.cadence, Subscription.unit_id, Unit.name.label("unit"),
        Account.username,
    )  # fmt: skip
    query = select(*columns).join(Account, Account.id == Mail.account_id)
    query = query.outerjoin(Subscription, Subscription.id == Mail.subscription_id)
    query = query.outerjoin(Unit, Unit.id == Subscription.unit_id)
    if state:
        query = query.where(Mail.state == state)
    order = (Mail.created_at, Mail.id) if state in ("due", "sending") else (Mail.created_at.desc(), Mail.id.desc())
    return page_of(session, query.order_by(*order), total_of(counts, state), number)


def held_mail(session: Session, mail_id: int) -> Mail | None:
    """A mail, locked; None where there is none."""
    return session.scalar(select(Mail).where(Mail.id == mail_id).with_for_update(of=Mail))


def waits_for_somebody(mail: Mail, now: datetime) -> bool:
    """Whether an administrator may deal with it: it failed, or was left behind while being sent."""
    return mail.state == "failed" or (mail.state == "sending" and is_stuck(mail.claimed_at, now))


def undelivered(session: Session, account_id: int) -> str | None:
    """Why the newest mail of an account failed for good; None where it did not."""
    newest = select(Mail.state, Mail.problem).where(Mail.account_id == account_id).order_by(Mail.id.desc()).limit(1)
    row = session.execute(newest).first()
    return row.problem if row is not None and row.state == "failed" else None


def send_again(mail: Mail, now: datetime) -> None:
    """Due at once, as if it had never been tried."""
    mail.state, mail.next_at, mail.attempts, mail.finished_at, mail.problem = "due", now, 0, None, ""


def close(mail: Mail, now: datetime) -> None:
    """Nobody is to send it any more."""
    mail.state, mail.finished_at, mail.problem = "withheld", now, CLOSED_BY_HAND
