"""Signed-in browsers. The cookie carries a token, the table its SHA-256, so a copy of the table opens nothing.

How long a session may last is read with the rights of this moment: whoever is given more rights has a shorter one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from tracker.storage.models import Account, SecondFactor, WebSession
from tracker.storage.rights import Viewer, viewer_for

# by whether the account decides or administers; a phone belongs to one person
SESSION_LENGTH = {False: timedelta(days=30), True: timedelta(hours=12)}
LONGEST_SILENCE = timedelta(hours=2)  # of an account that decides or administers
CODE_MUST_COME_WITHIN = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)  # how exactly it is known when a session or token was last used
LONGEST_USER_AGENT = 200  # characters


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose browser it is, and what is still to be done before it opens anything."""

    viewer: Viewer
    session_id: int
    awaits_code: bool
    has_second_factor: bool


def open_session(
    session: Session, account: Account, now: datetime, today: date, address: str = "", user_agent: str = "", *,
    awaits_code: bool = False,
) -> tuple[str, datetime]:  # fmt: skip
    """A new browser session: the token for the cookie, and when it ends."""
    length = SESSION_LENGTH[viewer_for(session, account, today).decides_or_administers]
    token, expires_at = secrets.token_urlsafe(32), now + (CODE_MUST_COME_WITHIN if awaits_code else length)
    session.add(
        WebSession(
            token_sha256=_digest(token), account_id=account.id, created_at=now, expires_at=expires_at,
            last_seen_at=now, address=address, user_agent=user_agent[:LONGEST_USER_AGENT], awaits_code=awaits_code,
        )
    )  # fmt: skip
    return token, expires_at


def signed_in_by(session: Session, token: str, now: datetime, today: date, address: str | None) -> SignedIn | None:
    """Who is behind a cookie, with the rights of this moment; None when the session has ended.

    Commits that it was seen from an address; None: it asks by itself, and nobody was seen.
    """
    row = session.execute(
        select(WebSession, Account, SecondFactor.confirmed_at)
        .join(Account, Account.id == WebSession.account_id)
        .outerjoin(SecondFactor, SecondFactor.account_id == Account.id)
        .where(WebSession.token_sha256 == _digest(token), WebSession.expires_at > now, Account.closed_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    browser, account, confirmed_at = row
    who = SignedIn(viewer_for(session, account, today), browser.id, browser.awaits_code, confirmed_at is not None)
    if who.viewer.decides_or_administers and _is_over(browser, now):
        return None
    if address is not None and browser.last_seen_at <= now - SEEN_EVERY:
        _see(session, browser.id, now, address)
    return who


def forget_ended(conn: Connection, now: datetime) -> int:
    """Sweep the sessions that have ended; how many there were."""
    return conn.execute(delete(WebSession).where(WebSession.expires_at <= now)).rowcount


def still_awaits_code(session: Session, account_id: int, session_id: int) -> bool:
    """Whether a half-open session is still there; its account is held until the transaction ends, as a reset does."""
    open_account = select(Account.id).where(Account.id == account_id, Account.closed_at.is_(None))
    if session.scalar(open_account.with_for_update()) is None:
        return False
    half = select(WebSession.id).where(WebSession.id == session_id, WebSession.awaits_code)
    return session.scalar(half) is not None


def sessions_of(session: Session, who: Viewer, now: datetime) -> Sequence[WebSession]:
    """The browsers that are signed in with an account, the one last used first."""
    complete = select(WebSession).where(WebSession.account_id == who.account_id, WebSession.awaits_code.is_(False))
    kept = complete.where(WebSession.expires_at > now)
    found = session.scalars(kept.order_by(WebSession.last_seen_at.desc(), WebSession.id.desc())).all()
    return [one for one in found if not (who.decides_or_administers and _is_over(one, now))]


def close_session(session: Session, token: str) -> int | None:
    """Forget a browser session: its cookie opens nothing any more. The account it was for, if there was one."""
    ended = delete(WebSession).where(WebSession.token_sha256 == _digest(token))
    return session.scalar(ended.returning(WebSession.account_id))


def end_session(session: Session, account_id: int, session_id: int) -> bool:
    """End one session of an account; False where it has none of this number."""
    one = delete(WebSession).where(WebSession.account_id == account_id, WebSession.id == session_id)
    return session.scalar(one.returning(WebSession.id)) is not None


def end_sessions(session: Session, account_id: int, but: int | None = None) -> int:
    """End all sessions of an account, or all but one; how many there were."""
    ended = delete(WebSession).where(WebSession.account_id == account_id)
    if but is not None:
        ended = ended.where(WebSession.id != but)
    return len(session.scalars(ended.returning(WebSession.id)).all())


def _is_over(browser: WebSession, now: datetime) -> bool:
    return now >= browser.created_at + SESSION_LENGTH[True] or now >= browser.last_seen_at + LONGEST_SILENCE


def _see(session: Session, session_id: int, now: datetime, address: str) -> None:
    unseen = update(WebSession).where(WebSession.id == session_id, WebSession.last_seen_at <= now - SEEN_EVERY)
    session.execute(unseen.values(last_seen_at=now, address=address))
    session.commit()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
