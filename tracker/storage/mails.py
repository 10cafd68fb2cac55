"""The mails that are due: taken one at a time, written down as being sent before a server is asked, then settled.

A mail that a killed process leaves in `sending` may have been sent: nobody takes it again but an administrator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session, joinedload

from tracker.domain.mailing import GIVEN_UP_AFTER, next_try
from tracker.storage.models import Mail

NO_SERVER = "no_server"


@dataclass(frozen=True, slots=True)
class Claim:
    """That a mail is being sent since then, for the how-manieth time."""

    mail_id: int
    at: datetime
    attempts: int


def next_due(session: Session, now: datetime) -> Mail | None:
    """The mail that is due first, locked until the caller's transaction ends; others pass it by."""
    due = select(Mail).where(Mail.state == "due", Mail.next_at <= now).order_by(Mail.next_at, Mail.id).limit(1)
    return session.scalar(due.with_for_update(skip_locked=True, of=Mail).options(joinedload(Mail.account)))


def claim(mail: Mail, now: datetime) -> Claim:
    """It is being sent: to be committed before a server is asked."""
    mail.state, mail.claimed_at, mail.attempts, mail.problem = "sending", now, mail.attempts + 1, ""
    return Claim(mail.id, now, mail.attempts)


def settle(mail: Mail, state: str, now: datetime, problem: str = "") -> None:
    """It came to its end: `sent`, `withheld` or `failed`."""
    mail.state, mail.finished_at, mail.problem = state, now, problem


def settle_sent(conn: Connection, claim: Claim, now: datetime) -> None:
    _after_claim(conn, claim, state="sent", finished_at=now)


def settle_failed(conn: Connection, claim: Claim, problem: str, now: datetime) -> None:
    _after_claim(conn, claim, state="failed", finished_at=now, problem=problem)


def try_again(conn: Connection, claim: Claim, problem: str, now: datetime) -> bool:
    """It was not sent: due again after a while, or failed when it has been tried for long enough; whether due again."""
    again = next_try(claim.attempts, now)
    if again is None:
        settle_failed(conn, claim, problem, now)
        return False
    _after_claim(conn, claim, state="due", next_at=again, problem=problem)
    return True


def note_unknown(conn: Connection, claim: Claim, problem: str) -> None:
    """Nobody can tell whether it was sent: it stays as it is, with what happened."""
    _after_claim(conn, claim, problem=problem)


def give_up_waiting(conn: Connection, now: datetime) -> int:
    """Fail what has waited too long while no mail server is set; how many."""
    waiting = update(Mail).where(Mail.state == "due", Mail.next_at < now - GIVEN_UP_AFTER)
    return conn.execute(waiting.values(state="failed", finished_at=now, problem=NO_SERVER)).rowcount


def forget_old(conn: Connection, before: datetime) -> int:
    """Forget mails that came to their end before then; what was made of their periods stays known."""
    return conn.execute(delete(Mail).where(Mail.finished_at < before, Mail.state.not_in(["due", "sending"]))).rowcount


def _after_claim(conn: Connection, claim: Claim, **said: object) -> None:
    """Only what was claimed then: an administrator may have let it be sent again meanwhile."""
    claimed = update(Mail).where(Mail.id == claim.mail_id, Mail.state == "sending", Mail.claimed_at == claim.at)
    conn.execute(claimed.values(**said))
