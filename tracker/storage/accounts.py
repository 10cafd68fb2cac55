"""Accounts: made without a password, activated with a one-time code, reset and closed.

Whoever makes an account never knows its password: they hand over a code, and the person chooses. A reset is the same
once more. How guesses are counted stands in `attempts`. Unknown names cost a hash, too, and get the same answer as
wrong passwords; some milliseconds of counting tell them apart to who measures often.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64encode
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from tracker.storage.attempts import forget_attempts, note_failure, plain_username, take_attempt
from tracker.storage.models import Account
from tracker.storage.register import NotFound
from tracker.storage.second_factor import remove_second_factor
from tracker.storage.sessions import end_sessions
from tracker.storage.tokens import revoke_tokens

CODE_VALID = timedelta(days=7)
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that look alike
# OWASP's first choice; argon2-cffi's own (64 MiB, 3 passes) takes eight times as long, and 07:30 would wait for it
HASHER = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)


def _nobodys_hash() -> str:
    """A hash that takes as long to check as anybody's and that no password fits; making a real one delays a start."""
    costs = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    salt, digest = (b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (HASHER.salt_len, HASHER.hash_len))
    return f"$argon2id$v=19${costs}${salt}${digest}"


NOBODYS_HASH = _nobodys_hash()


def add_account(session: Session, username: str, person_id: int | None = None) -> Account:
    """Add an account that nobody can sign in with yet: give it a code."""
    account = Account(username=plain_username(username), person_id=person_id)
    session.add(account)
    session.flush()
    return account


def create_account(session: Session, username: str, password: str, person_id: int | None = None) -> Account:
    """Add an account with a known password, as a simulated city needs it."""
    account = add_account(session, username, person_id)
    set_password(account, password)
    return account


def first_administrator(session: Session, username: str) -> Account | None:
    """The first account of a city; None where there is an account already. Of two at once one makes it."""
    session.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))
    if session.scalar(select(Account.id).limit(1)) is not None:
        return None
    return add_account(session, username)


def give_code(account: Account, now: datetime) -> str:
    """A new one-time code, 99 random bits in groups that can be read out; an earlier one is worth nothing."""
    code = "-".join("".join(secrets.choice(CODE_LETTERS) for _ in range(5)) for _ in range(4))
    account.activation_sha256, account.activation_expires_at = _digest(code), now + CODE_VALID
    return code


def check_code(session: Session, username: str, code: str, now: datetime, address: str) -> Account | None:
    """The account that this code activates, if an attempt is left. Commits the attempt."""
    account = take_attempt(session, username, now, address)
    _matches(NOBODYS_HASH, code)  # takes the time of a sign-in, beside which it does not show whether the name is known
    if account is None or account.closed_at or not account.activation_sha256 or not account.activation_expires_at:
        return None
    if hmac.compare_digest(account.activation_sha256, _digest(code)) and account.activation_expires_at > now:
        return account
    note_failure(session, account, "activation code", address)
    return None


def activate(session: Session, account: Account, code: str, password: str) -> bool:
    """Use the code up for this password; False where somebody used it or replaced it meanwhile."""
    used = session.scalar(
        update(Account)
        .where(Account.id == account.id, Account.activation_sha256 == _digest(code), Account.closed_at.is_(None))
        .values(password_argon2=_hash(password), activation_sha256=None, activation_expires_at=None)
        .returning(Account.id)
    )
    return used is not None


def reset_account(session: Session, username: str, now: datetime, *, lost_phone: bool = False) -> str | None:
    """Take what opens an account, a closed one's too, and give a code; None where there is no such account.

    Password, sessions, tokens and pauses are gone: the person begins anew with the code. The second factor stays, or a
    stolen code would be enough, but for whoever lost the phone it is on.
    """
    account = _empty(session, username, now)
    if account is None:
        return None
    if lost_phone:
        remove_second_factor(session, account.id)
    account.closed_at = None
    return give_code(account, now)


def close_account(session: Session, username: str, now: datetime) -> Account | None:
    """Let nobody and no machine in with an account any more; None where there is no such account."""
    account = _empty(session, username, now)
    if account is not None:
        remove_second_factor(session, account.id)
        account.closed_at = now
    return account


def account_named(session: Session, username: str) -> Account:
    """Raises `NotFound`."""
    account = session.scalar(select(Account).where(Account.username == plain_username(username)))
    if account is None:
        raise NotFound(f"there is no account named {username!r}")
    return account


def check_password(session: Session, username: str, password: str, now: datetime, address: str) -> Account | None:
    """The account, if it exists, is not pausing for this address and the password is right. Commits the attempt.

    It is held until the transaction ends: what the caller opens with it, a reset beside us waits for and takes away.
    It does not give attempts back: that is for whoever knows that nothing else is asked.
    """
    account = take_attempt(session, username, now, address)
    known = account.password_argon2 if account and not account.closed_at else None
    if not _matches(known or NOBODYS_HASH, password) or account is None:
        if account is not None:
            note_failure(session, account, "password", address)
        return None
    right = Account.id == account.id, Account.password_argon2 == known, Account.closed_at.is_(None)
    held = session.scalar(select(Account).where(*right).with_for_update())  # a reset may have come while we hashed
    if held is not None and known and HASHER.check_needs_rehash(known):
        set_password(held, password)
    return held


def set_password(account: Account, password: str) -> None:
    account.password_argon2 = _hash(password)


def plain_password(password: str) -> str:
    """The same letters as the same characters, whatever keyboard wrote them (NFKC, as NIST SP 800-63B asks)."""
    return unicodedata.normalize("NFKC", password)


def _empty(session: Session, username: str, now: datetime) -> Account | None:
    """An account without anything that opens it, or None."""
    account = session.scalar(select(Account).where(Account.username == plain_username(username)).with_for_update())
    if account is None:
        return None
    account.password_argon2 = account.activation_sha256 = account.activation_expires_at = None
    forget_attempts(session, account)
    end_sessions(session, account.id)
    revoke_tokens(session, account.id, now)
    return account


def _hash(password: str) -> str:
    if not password:
        raise ValueError("an empty password is none")
    return HASHER.hash(plain_password(password))


def _matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, plain_password(password)) and password != ""
    except VerifyMismatchError:
        return False


def _digest(code: str) -> bytes:
    """Of a code as it was meant, however its groups were typed."""
    letters = "".join(letter for letter in code.lower() if letter in CODE_LETTERS)
    return hashlib.sha256(letters.encode()).digest()
