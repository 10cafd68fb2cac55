"""Where an account's mails go, and which reports it wants. A caller commits.

The code that confirms an address is made when it is sent and never kept: of it there is a digest, good for some
minutes and some tries.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from tracker.storage.models import Account, Mail, MailAddress, Subscription

CODE_VALID = timedelta(minutes=15)
WRONG_CODES = 5  # end a code
CODES_A_DAY = 5  # mails to an address that nobody has confirmed
MOST_SUBSCRIPTIONS = 20
REPLACED = "replaced"


def address_of(session: Session, account_id: int) -> MailAddress | None:
    return session.get(MailAddress, account_id)


def set_address(session: Session, account_id: int, address: str, language: str, now: datetime) -> bool:
    """Keep an address until its code confirms it, and let the code be sent; False where there were too many today."""
    _hold(session, account_id)
    codes = (Mail.account_id == account_id, Mail.subscription_id.is_(None))
    recent = select(func.count()).select_from(Mail).where(*codes, Mail.created_at > now - timedelta(days=1))
    if (session.scalar(recent) or 0) >= CODES_A_DAY:
        return False
    fresh = {"address": address, "language": language, "code_sha256": None, "code_expires_at": None,
             "wrong_codes": 0, "confirmed_at": None}  # fmt: skip
    row = insert(MailAddress).values(account_id=account_id, **fresh)
    session.execute(row.on_conflict_do_update(index_elements=[MailAddress.account_id], set_=fresh))
    before = update(Mail).where(*codes, Mail.state == "due")
    session.execute(before.values(state="withheld", finished_at=now, problem=REPLACED))
    session.add(Mail(account_id=account_id, created_at=now, next_at=now))
    return True


def remove_address(session: Session, account_id: int) -> bool:
    gone = delete(MailAddress).where(MailAddress.account_id == account_id)
    return session.scalar(gone.returning(MailAddress.account_id)) is not None


def fresh_code(address: MailAddress, now: datetime) -> str:
    """A code for this address, in the place of any before: six digits, to be sent and forgotten."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    address.code_sha256, address.code_expires_at = _digest(address, code), now + CODE_VALID
    address.wrong_codes = 0
    return code


def confirm(session: Session, account_id: int, code: str, now: datetime) -> bool:
    """Take an address into use by its code; a wrong one counts. The row is held, so that no two tries are one."""
    held = select(MailAddress).where(MailAddress.account_id == account_id).with_for_update()
    address = session.scalar(held.execution_options(populate_existing=True))
    expected = (address.code_sha256 if address else None) or bytes(hashlib.sha256().digest_size)
    right = hmac.compare_digest(expected, _digest(address, code))  # looked at whatever else is wrong
    if address is None or address.code_expires_at is None or address.confirmed_at is not None:
        return False
    if now >= address.code_expires_at or address.wrong_codes >= WRONG_CODES:
        return False
    if not right:
        address.wrong_codes += 1
        return False
    address.confirmed_at, address.code_sha256, address.code_expires_at = now, None, None
    return True


def subscriptions_of(session: Session, account_id: int) -> Sequence[Subscription]:
    """What an account wants now."""
    wanted = select(Subscription).where(Subscription.account_id == account_id, Subscription.ended_at.is_(None))
    return session.scalars(wanted.options(joinedload(Subscription.unit)).order_by(Subscription.id)).all()


def subscribe(session: Session, account_id: int, cadence: str, unit_id: int | None, now: datetime) -> int | None:
    """Begin a subscription, once however often it is asked for; None where the account has as many as it may."""
    _hold(session, account_id)
    wanted = subscriptions_of(session, account_id)
    same = [one.id for one in wanted if (one.cadence, one.unit_id) == (cadence, unit_id)]
    if same or len(wanted) >= MOST_SUBSCRIPTIONS:
        return same[0] if same else None
    begun = Subscription(account_id=account_id, cadence=cadence, unit_id=unit_id, created_at=now)
    session.add(begun)
    session.flush()
    return begun.id


def end_subscription(session: Session, account_id: int, subscription_id: int, now: datetime) -> Subscription | None:
    """End one of an account's; None where it has none of this number."""
    one = select(Subscription).where(Subscription.id == subscription_id, Subscription.account_id == account_id)
    found = session.scalar(one.where(Subscription.ended_at.is_(None)).with_for_update(of=Subscription))
    if found is not None:
        found.ended_at = now
    return found


def _hold(session: Session, account_id: int) -> None:
    """What counts an account's rows comes one after the other."""
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update())


def _digest(address: MailAddress | None, code: str) -> bytes:
    whose = f"{address.account_id} {address.address}" if address else ""
    return hashlib.sha256(f"{whose} {code}".encode()).digest()
