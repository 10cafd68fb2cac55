"""Tokens with which machines read on behalf of an account, in place of a browser's session."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from tracker.storage.models import Account, ApiToken
from tracker.storage.rights import Viewer, viewer_for
from tracker.storage.sessions import SEEN_EVERY

PREFIX = "jejak_"  # by which a scanner of published files finds one that leaked
LONGEST_VALID = timedelta(days=365)


class NameTaken(ValueError):
    """The account has a living token of this name."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Who asks with a token: the account's rights of this moment, of which only the scopes may be used."""

    viewer: Viewer
    name: str
    scopes: Collection[str]


def make_token(
    session: Session, account_id: int, name: str, scopes: Sequence[str], now: datetime, valid: timedelta
) -> tuple[int, str]:
    """The number and the text of a new token; the text is not kept. Raises NameTaken."""
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update())  # one at a time
    same = select(ApiToken.id).where(ApiToken.account_id == account_id, ApiToken.name == name)
    if session.scalar(same.where(ApiToken.revoked_at.is_(None))) is not None:
        raise NameTaken(f"there is a token named {name!r} already; revoke it, or choose another name")
    token = PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(
        account_id=account_id, name=name, scopes=list(scopes), token_sha256=_digest(token), created_at=now,
        expires_at=now + min(valid, LONGEST_VALID),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id, token


def machine_by(session: Session, token: str, now: datetime, today: date) -> Machine | None:
    """Who is behind a token; None when it is unknown, expired, revoked or its account closed.

    Commits that it was used.
    """
    row = session.execute(
        select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .where(ApiToken.token_sha256 == _digest(token), ApiToken.expires_at > now)
        .where(ApiToken.revoked_at.is_(None), Account.closed_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    found, account = row
    machine = Machine(viewer_for(session, account, today), found.name, tuple(found.scopes))
    unused = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - SEEN_EVERY)
    session.execute(update(ApiToken).where(ApiToken.id == found.id, unused).values(last_used_at=now))
    session.commit()
    return machine


def tokens_of(session: Session, account_id: int) -> Sequence[ApiToken]:
    """An account's tokens that were not revoked, expired ones too, the newest first."""
    living = select(ApiToken).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
    return session.scalars(living.order_by(ApiToken.id.desc())).all()


def revoke_token(session: Session, account_id: int, token_id: int, now: datetime) -> bool:
    """Take a token of this account out of use for good; False where it has none of this number in use."""
    return _revoke(session, account_id, now, ApiToken.id == token_id) > 0


def revoke_token_named(session: Session, account_id: int, name: str, now: datetime) -> bool:
    """The same by its name."""
    return _revoke(session, account_id, now, ApiToken.name == name) > 0


def revoke_tokens(session: Session, account_id: int, now: datetime) -> int:
    """Take all of an account's tokens out of use; how many there were."""
    return _revoke(session, account_id, now)


def _revoke(session: Session, account_id: int, now: datetime, *which: ColumnElement[bool]) -> int:
    living = update(ApiToken).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None), *which)
    return len(session.scalars(living.values(revoked_at=now).returning(ApiToken.id)).all())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
