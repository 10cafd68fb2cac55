"""Accounts and signed-in browsers.

A password guess is counted before it is checked, in one statement, so that parallel guesses cannot outrun the limit. It
counts against the account at this address: who guesses somebody's password does not lock them out elsewhere. A looser
limit holds for the account at all addresses together. An address alone is never limited, because phones share them.
Unknown names cost the same time and get the same answer as wrong passwords.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from datetime import date, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import ColumnElement, Integer, Interval, and_, case, cast, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.storage.audit import Action, Actor, record
from tracker.storage.models import Account, SignInFailure, WebSession
from tracker.storage.rights import Viewer, grants_of

MINUTE = timedelta(minutes=1)
FREE_ATTEMPTS = 5  # at one account from one address
FREE_ATTEMPTS_ANYWHERE = 50  # at one account from all together
FORGOTTEN_AFTER = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=1)  # it doubles with each further wrong guess
SESSION_LENGTH = timedelta(days=30)  # a phone that belongs to one person
SESSION_LENGTH_WITH_RIGHTS = timedelta(hours=12)
HASHER = PasswordHasher()


def _nobodys_hash() -> str:
    """A hash that takes as long to check as anybody's and that no password fits; making a real one delays a start."""
    costs = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    salt, digest = (b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (HASHER.salt_len, HASHER.hash_len))
    return f"$argon2id$v=19${costs}${salt}${digest}"


NOBODYS_HASH = _nobodys_hash()


def create_account(
    session: Session,
    username: str,
    password: str,
    person_id: int | None = None,
) -> Account:
    """Add an account; user names do not distinguish capitals."""
    account = Account(
        username=username.strip().lower(),
        password_argon2=HASHER.hash(password),
        person_id=person_id,
    )
    session.add(account)
    session.flush()
    return account


def account_named(session: Session, username: str) -> Account | None:
    """The account of a user name; capitals make no difference."""
    return session.scalar(select(Account).where(Account.username == username.strip().lower()))


def change_password(session: Session, username: str, password: str) -> bool:
    """Give an account another password and end its sessions and its pause; False where there is no such account."""
    account_id = session.scalar(
        update(Account)
        .where(Account.username == username.strip().lower())
        .values(password_argon2=HASHER.hash(password), failed_sign_ins=0, blocked_until=None)
        .returning(Account.id)
    )
    session.execute(delete(WebSession).where(WebSession.account_id == account_id))
    session.execute(delete(SignInFailure).where(SignInFailure.account_id == account_id))
    return account_id is not None


def close_account(session: Session, username: str) -> bool:
    """Let nobody in with an account any more: nobody knows its password; False where there is no such account."""
    return change_password(session, username, secrets.token_urlsafe(32))


def check_password(session: Session, username: str, password: str, now: datetime, address: str) -> Account | None:
    """The account, if it exists, is not pausing for this address and the password is right. Commits the attempt."""
    account = _count_attempt(session, username.strip().lower(), now, address)
    session.commit()
    right = _matches(account.password_argon2 if account else NOBODYS_HASH, password)
    if account is None:
        return None
    if not right:
        tried = {"account": account.username}
        record(session, Actor(None, address), Action.SIGN_IN_FAILED, tried, people=account.people)
        session.commit()
        return None
    account.failed_sign_ins, account.blocked_until = 0, None
    here = and_(SignInFailure.account_id == account.id, SignInFailure.address == address)
    session.execute(delete(SignInFailure).where(or_(here, SignInFailure.last_at < now - FORGOTTEN_AFTER)))
    if HASHER.check_needs_rehash(account.password_argon2):
        account.password_argon2 = HASHER.hash(password)
    return account


def _count_attempt(session: Session, username: str, now: datetime, address: str) -> Account | None:
    """Take one attempt off an account that is not pausing; None where there is no attempt to take."""
    account_id = session.scalar(select(Account.id).where(Account.username == username))
    if account_id is None or not _count_here(session, account_id, now, address):
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
    attempts = func.least(SignInFailure.failed + 1, 100)
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


def _matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def open_session(session: Session, account: Account, now: datetime, today: date) -> tuple[str, datetime]:
    """A new browser session: the token for the cookie, and when it ends. Sweeps those that have ended."""
    length = SESSION_LENGTH_WITH_RIGHTS if grants_of(session, account.id, today) else SESSION_LENGTH
    token, expires_at = secrets.token_urlsafe(32), now + length
    session.execute(delete(WebSession).where(WebSession.expires_at <= now))
    session.add(WebSession(token_sha256=_digest(token), account_id=account.id, created_at=now, expires_at=expires_at))
    return token, expires_at


def viewer_of(session: Session, token: str, now: datetime, today: date) -> Viewer | None:
    """Who is behind a cookie, with the rights of this moment and day; None when the session has ended."""
    row = session.execute(
        select(Account.id, Account.username, Account.person_id)
        .join(WebSession, WebSession.account_id == Account.id)
        .where(WebSession.token_sha256 == _digest(token), WebSession.expires_at > now)
    ).one_or_none()
    return Viewer(*row, grants_of(session, row.id, today), today) if row else None


def close_session(session: Session, token: str) -> None:
    """Forget a browser session; its cookie opens nothing any more."""
    session.execute(delete(WebSession).where(WebSession.token_sha256 == _digest(token)))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
