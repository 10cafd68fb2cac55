"""Who did or looked at what, about whom, why and from where. Append-only.

`record` is the one way in. What it notes is committed with the change it is about, and before anything read is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from tracker.storage.models import Account, Audit
from tracker.storage.paging import Page, page_of

COMMAND_LINE = "command line"
ROWS_AT_A_TIME = 1000


class Action(StrEnum):
    """What is written down."""

    VIEW_TRACK = "view_track"
    VIEW_SUMMARY = "view_summary"
    EXPORT_REPORT = "export_report"
    DECIDE = "decide"
    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    VIEW_MESSAGE = "view_message"
    REPLAY_MESSAGES = "replay_messages"
    ADD_UNIT = "add_unit"
    RENAME_UNIT = "rename_unit"
    MOVE_UNIT = "move_unit"
    MERGE_UNIT = "merge_unit"
    ADD_PERSON = "add_person"
    RENAME_PERSON = "rename_person"
    MOVE_PERSON = "move_person"
    LEAVE = "leave"
    CANCEL_PLAN = "cancel_plan"
    ADD_VEHICLE = "add_vehicle"
    CHANGE_VEHICLE = "change_vehicle"
    MOVE_VEHICLE = "move_vehicle"
    RETIRE_VEHICLE = "retire_vehicle"
    BEGIN_DRIVE = "begin_drive"
    END_DRIVE = "end_drive"
    ADD_DEVICE = "add_device"
    CHANGE_DEVICE = "change_device"
    HAND_DEVICE = "hand_device"
    RETURN_DEVICE = "return_device"
    SWAP_DEVICE = "swap_device"
    RENEW_SECRET = "renew_secret"
    REVOKE_DEVICE = "revoke_device"
    SET_DEVICE_KEY = "set_device_key"
    ADD_ZONE = "add_zone"
    CHANGE_ZONE = "change_zone"
    REMOVE_ZONE = "remove_zone"
    ADD_SHIFT = "add_shift"
    CHANGE_SHIFT = "change_shift"
    RETIRE_SHIFT = "retire_shift"
    ADD_ROTATION = "add_rotation"
    CHANGE_ROTATION = "change_rotation"
    RETIRE_ROTATION = "retire_rotation"
    ADD_RULE_SET = "add_rule_set"
    CHANGE_RULE_SET = "change_rule_set"
    REMOVE_RULE_SET = "remove_rule_set"
    CONFIRM_HOLIDAYS = "confirm_holidays"
    REMOVE_HOLIDAY = "remove_holiday"
    ASSIGN_ROSTER = "assign_roster"
    END_ROSTER = "end_roster"
    CHANGE_ROSTER_DAY = "change_roster_day"
    ADD_OVERTIME = "add_overtime"
    REMOVE_OVERTIME = "remove_overtime"
    ADD_POST = "add_post"
    END_POST = "end_post"
    DECIDE_LEAVE = "decide_leave"
    END_LEAVE = "end_leave"
    ATTEST = "attest"
    WITHDRAW_ATTESTATION = "withdraw_attestation"
    DECIDE_CASE = "decide_case"
    VIEW_CONTEST = "view_contest"
    DECIDE_CONTEST = "decide_contest"
    FIND_ABSENCE = "find_absence"
    WITHDRAW_ABSENCE = "withdraw_absence"
    IMPORT = "import"
    ADD_ACCOUNT = "add_account"
    ACTIVATE_ACCOUNT = "activate_account"
    RESET_ACCOUNT = "reset_account"
    CLOSE_ACCOUNT = "close_account"
    CHANGE_PASSWORD = "change_password"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    END_SESSION = "end_session"
    MAKE_TOKEN = "make_token"
    REVOKE_TOKEN = "revoke_token"
    GRANT_ROLE = "grant_role"
    END_GRANT = "end_grant"
    NAME_DEPUTY = "name_deputy"
    END_DEPUTY = "end_deputy"
    EXPORT_OWN = "export_own"
    ANSWER_CORRECTION = "answer_correction"
    SET_MAIL_ADDRESS = "set_mail_address"
    CONFIRM_MAIL_ADDRESS = "confirm_mail_address"
    REMOVE_MAIL_ADDRESS = "remove_mail_address"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    SEND_MAIL_AGAIN = "send_mail_again"
    CLOSE_MAIL = "close_mail"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, or None for an operator at the command line and who is not signed in; and from where."""

    account_id: int | None
    address: str


OPERATOR = Actor(None, COMMAND_LINE)


def record(
    session: Session, actor: Actor, action: Action, detail: Mapping[str, Any], *, people: Collection[int] = (),
    why: str = "",
) -> None:  # fmt: skip
    """Note that `actor` does `action` with the data of `people`; the caller commits before showing anything."""
    kept = {"people": sorted(set(people)), "why": why, "address": actor.address, "detail": dict(detail)}
    session.add(Audit(account_id=actor.account_id, action=action, **kept))


def looks_at(session: Session, person_id: int, number: int) -> Page:
    """One page of what was done with a person's data, newest first, each with its account: rows of one Audit."""
    theirs = Audit.people.contains([person_id])
    total = session.scalar(select(func.count()).where(theirs)) or 0
    query = select(Audit).where(theirs).order_by(Audit.at.desc(), Audit.id.desc())
    return page_of(session, query.options(joinedload(Audit.account).joinedload(Account.person)), total, number)


def written(
    session: Session, *, person_id: int | None = None, account_id: int | None = None, since: datetime | None = None
) -> Iterator[Audit]:
    """The rows about a person, of an account, from a time on, oldest first; a batch at a time from the server."""
    query = select(Audit).options(joinedload(Audit.account)).order_by(Audit.id)
    if person_id is not None:
        query = query.where(Audit.people.contains([person_id]))
    if account_id is not None:
        query = query.where(Audit.account_id == account_id)
    if since is not None:
        query = query.where(Audit.at >= since)
    return iter(session.scalars(query, execution_options={"yield_per": ROWS_AT_A_TIME}))
