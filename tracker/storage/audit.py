"""Who did or looked at what, about whom, why and from where. Append-only.

`record` is the one way in. What it notes is committed with the change it is about, and before anything read is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from tracker.storage.models import Account, Audit
from tracker.storage.paging import Page, page_of

COMMAND_LINE = "command line"


class Action(StrEnum):
    """What is written down."""

    VIEW_TRACK = "view_track"
    EXPORT_REPORT = "export_report"
    VIEW_MESSAGE = "view_message"
    REPLAY_MESSAGES = "replay_messages"
    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    ACTIVATE_ACCOUNT = "activate_account"
    RESET_ACCOUNT = "reset_account"
    CLOSE_ACCOUNT = "close_account"
    CHANGE_PASSWORD = "change_password"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    END_SESSION = "end_session"
    MAKE_TOKEN = "make_token"
    REVOKE_TOKEN = "revoke_token"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, or None for an operator at the command line; and from which address."""

    account_id: int | None
    address: str


def record(
    session: Session, actor: Actor, action: Action, detail: Mapping[str, Any], *, people: Collection[int] = (),
    why: str = "",
) -> None:  # fmt: skip
    """Note that `actor` does `action` with the data of `people`; the caller commits before showing anything."""
    (person_id,) = people or (None,)
    said = dict(detail) | ({"why": why} if why else {})
    session.add(Audit(account_id=actor.account_id, person_id=person_id, action=action, detail=said))


def looks_at(session: Session, person_id: int, number: int) -> Page:
    """One page of the looks at a person's data, newest first, each with the account that looked: rows of one Audit."""
    total = session.scalar(select(func.count()).where(Audit.person_id == person_id)) or 0
    query = select(Audit).where(Audit.person_id == person_id).order_by(Audit.at.desc(), Audit.id.desc())
    return page_of(session, query.options(joinedload(Audit.account).joinedload(Account.person)), total, number)
