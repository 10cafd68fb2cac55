"""Counting guesses at an account, so that they have an end.

A guess is counted before it is checked, in one statement, so that parallel guesses cannot outrun the limit. It
counts against the account at this address: who guesses somebody's password does not lock them out elsewhere, up to
fifty guesses at the account from all addresses together. An address alone is never limited, because phones share them.
Only a complete sign-in gives attempts back: a right password whose code is missing gives back its own alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Interval,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.storage.audit import Action, Actor, record
from tracker.storage.models import Account, SignInFailure

MINUTE = timedelta(minutes=1)
FREE_ATTEMPTS = 5  # at one account from one address
FREE_ATTEMPTS_ANYWHERE = 50  # at one account from all together
FORGOTTEN_AFTER = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=1)  # it doubles with each further wrong guess


def take_attempt(session: Session, username: str, now: datetime, address: str) -> Account | None:
    """Take one attempt off an account and commit it; None where there is no such account, or it pauses."""
    account = _count(session, plain_username(username), now, address)
    session.commit()
    return account


def plain_username(username: str) -> str:
    """User names do not distinguish capitals, nor blanks around them."""
    return username.strip().lower()


def place_of(address: str) -> str:
    """What of an address counts: of IPv6 the network of 64 bits, which is as much as one connection has to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))


def forget_old(conn: Connection, now: datetime) -> int:
    """Forget what was guessed over a day ago, everywhere; how many addresses that were."""
    old = delete(SignInFailure).where(SignInFailure.last_at < now - FORGOTTEN_AFTER)
    count = conn.execute(old).rowcount
    recent = exists().where(SignInFailure.account_id == Account.id)
    conn.execute(update(Account).where(Account.failed_sign_ins > 0, ~recent).values(failed_sign_ins=0))
    return count


def give_back(session: Session, account: Account, now: datetime, address: str) -> None:
    """Forget the attempts at an account from here, and those from elsewhere in its looser count."""
    account.failed_sign_ins, account.blocked_until = 0, None
    here = and_(SignInFailure.account_id == account.id, SignInFailure.address == place_of(address))
    session.execute(delete(SignInFailure).where(or_(here, SignInFailure.last_at < now - FORGOTTEN_AFTER)))


def undo_attempt(session: Session, account: Account, address: str) -> None:
    """Give back the one attempt just taken, for what was right but is no sign-in; earlier ones stay counted."""
    fewer = func.greatest(Account.failed_sign_ins - 1, 0)
    session.execute(update(Account).where(Account.id == account.id).values(failed_sign_ins=fewer, blocked_until=None))
    here = update(SignInFailure).where(
        SignInFailure.account_id == account.id, SignInFailure.address == place_of(address)
    )
    session.execute(here.values(failed=func.greatest(SignInFailure.failed - 1, 0), blocked_until=None))


def note_failure(session: Session, account: Account, shown: str, address: str) -> None:
    """Write a wrong guess into the audit, and commit it. What is tried during a pause is not looked at, nor written."""
    detail = {"account": account.username, "shown": shown}
    record(session, Actor(None, address), Action.SIGN_IN_FAILED, detail, people=account.people)
    session.commit()


def forget_attempts(session: Session, account: Account) -> None:
    """Forget the attempts at an account from everywhere, and every pause."""
    account.failed_sign_ins, account.blocked_until = 0, None
    session.execute(delete(SignInFailure).where(SignInFailure.account_id == account.id))


def _count(session: Session, username: str, now: datetime, address: str) -> Account | None:
    free = or_(Account.blocked_until.is_(None), Account.blocked_until <= now)
    account_id = session.scalar(select(Account.id).where(Account.username == username, free))
    if account_id is None or not _count_here(session, account_id, now, place_of(address)):
        return None
    attempts = func.least(Account.failed_sign_ins + 1, 1000)
    return session.scalar(
        update(Account)
        .where(Account.id == account_id, or_(Account.blocked_until.is_(None), Account.blocked_until <= now))
        .values(failed_sign_ins=attempts, blocked_until=_pause(attempts, FREE_ATTEMPTS_ANYWHERE, now))
        .returning(Account)
    )


def _count_here(session: Session, account_id: int, now: datetime, address: str) -> bool:
    """Take one attempt off an account at an address; False where it pauses there."""
    forgotten = SignInFailure.last_at < now - FORGOTTEN_AFTER
    attempts = case((forgotten, 1), else_=func.least(SignInFailure.failed + 1, 100))
    first = insert(SignInFailure).values(account_id=account_id, address=address, failed=1, last_at=now)
    counted = first.on_conflict_do_update(
        index_elements=[SignInFailure.account_id, SignInFailure.address],
        set_={"failed": attempts, "last_at": now, "blocked_until": _pause(attempts, FREE_ATTEMPTS, now)},
        where=or_(SignInFailure.blocked_until.is_(None), SignInFailure.blocked_until <= now),
    )
    return session.scalar(counted.returning(SignInFailure.failed)) is not None


def _pause(attempts: ColumnElement[int], free: int, now: datetime) -> ColumnElement[datetime | None]:
    """Until when to pause after so many attempts in a row, NULL where some are free."""
    doublings = func.least(func.greatest(attempts - free, 0), 8)
    minutes = func.least(FIRST_PAUSE // MINUTE * func.power(2, doublings), LONGEST_PAUSE // MINUTE)
    until = literal(now) + func.make_interval(0, 0, 0, 0, 0, cast(minutes, Integer), type_=Interval)
    return case((attempts >= free, until), else_=None)
