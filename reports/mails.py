"""Mails that are due are sent, one at a time, each at most once.

A mail is written down as being sent, and that is committed, before the server is asked for anything. Who dies in
between leaves it so, and nobody sends it again by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker import failpoints, metrics
from tracker.mailing.letters import Letter, Sender, Withheld, letter_of
from tracker.mailing.server import Fate, MailServer, Outcome, hand_over
from tracker.storage import mails as store
from tracker.storage.models import Mail

OUTCOMES = ("sent", "again", "unknown", "withheld", "failed")
MOST_AT_ONCE = 1_000  # of one turn
MOST_PUT_OFF = 20  # in a row: it is not their readers, then
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """How mails go out; without a server none does."""

    server: MailServer | None
    sender: Sender


@dataclass(slots=True)
class Turn:
    """Mails that are sent one after the other, and how many of the last were put off."""

    put_off: int = 0

    def goes_on(self, fate: Fate) -> bool:
        """Whether the next may be sent, after one of such a fate."""
        self.put_off = self.put_off + 1 if fate is Fate.PUT_OFF else 0
        return fate in (Fate.SENT, Fate.REFUSED) or 0 < self.put_off < MOST_PUT_OFF


@dataclass(frozen=True, slots=True)
class Claimed:
    claim: store.Claim
    letter: Letter


def send_due(engine: Engine, post: Post, stopping: Callable[[], bool]) -> None:
    """Send what is due; ends early once `stopping` turns true or the server takes nothing now."""
    for outcome in OUTCOMES:
        metrics.MAILS.labels(outcome)  # shown from the start: an alarm compares with 0
    if post.server is None:
        with engine.begin() as conn:
            _count("failed", store.give_up_waiting(conn, datetime.now(UTC)))
        return
    turn = Turn()
    for _ in range(MOST_AT_ONCE):
        if stopping() or not _send_next(engine, post.server, post.sender, turn):
            return


def _send_next(engine: Engine, server: MailServer, sender: Sender, turn: Turn) -> bool:
    """Deal with the mail that is due first; whether to go on with the next."""
    claimed = _claim_next(engine, sender)
    if not isinstance(claimed, Claimed):
        return claimed
    failpoints.reach("mail_claimed")
    outcome = hand_over(server, claimed.letter.to, claimed.letter.content)
    with engine.begin() as conn:
        _settle(conn, claimed, outcome, datetime.now(UTC))
    failpoints.reach("mail_settled")
    return turn.goes_on(outcome.fate)


def _claim_next(engine: Engine, sender: Sender) -> Claimed | bool:
    """Claim the mail that is due first, its letter written; or whether there was one, which came to its end unsent.

    The letter is written in the transaction that claims it: where the database goes away meanwhile the mail stays due.
    """
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        mail = store.next_due(session, now)
        if mail is None:
            return False
        letter = _letter(session, mail, sender, now)
        if letter is None:
            return True
        return Claimed(store.claim(mail, now), letter)


def _letter(session: Session, mail: Mail, sender: Sender, now: datetime) -> Letter | None:
    """The letter of a mail; None where it is withheld or cannot be written, which is then settled."""
    try:
        with session.begin_nested():
            return letter_of(session, mail, sender, now)
    except Withheld as why:
        store.settle(mail, "withheld", now, str(why))
        _count("withheld")
    except OperationalError:
        raise  # the database is away: it is for the scheduler to say
    except Exception as error:
        log.exception("mail %d cannot be written", mail.id)
        store.settle(mail, "failed", now, f"not_written: {type(error).__name__}: {error}")
        _count("failed")
    return None


def _settle(conn: Connection, claimed: Claimed, outcome: Outcome, now: datetime) -> None:
    """Write down what became of a mail that was handed over."""
    claim = claimed.claim
    if outcome.fate is Fate.SENT:
        store.settle_sent(conn, claim, now)
        _count("sent")
        return
    log.warning("mail %d: %s (%s)", claim.mail_id, outcome.fate.value, outcome.reason)
    if outcome.fate is Fate.REFUSED:
        store.settle_failed(conn, claim, f"refused: {outcome.reason}", now)
        _count("failed")
    elif outcome.fate is Fate.UNKNOWN:
        store.note_unknown(conn, claim, f"unknown: {outcome.reason}")
        _count("unknown")
    else:
        again = store.try_again(conn, claim, f"not_taken: {outcome.reason}", now)
        _count("again" if again else "failed")


def _count(outcome: str, mails: int = 1) -> None:
    if mails:
        metrics.MAILS.labels(outcome).inc(mails)
