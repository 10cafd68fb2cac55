"""The secret of an account's authenticator app, and which time step was used last.

The secret comes and stays sealed (`tracker.sealing`). A row that is not confirmed is an enrolment under way.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.storage.models import SecondFactor


def begin_enrolment(session: Session, account_id: int, secret_sealed: bytes) -> bool:
    """Keep a secret until a code confirms it; it takes the place of an unconfirmed one. False where one is in use."""
    fresh = insert(SecondFactor).values(account_id=account_id, secret_sealed=secret_sealed)
    kept = fresh.on_conflict_do_update(
        index_elements=[SecondFactor.account_id],
        set_={"secret_sealed": secret_sealed},
        where=SecondFactor.confirmed_at.is_(None),
    )
    return session.scalar(kept.returning(SecondFactor.account_id)) is not None


def sealed_secret(session: Session, account_id: int, confirmed: bool) -> bytes | None:
    """The secret in use, or the one of an enrolment under way."""
    return session.scalar(
        select(SecondFactor.secret_sealed).where(
            SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None) == confirmed
        )
    )


def confirm(session: Session, account_id: int, secret_sealed: bytes, step: int, now: datetime) -> bool:
    """Take a secret into use with its first code; False where the enrolment is not this one any more."""
    waiting = update(SecondFactor).where(
        SecondFactor.account_id == account_id,
        SecondFactor.secret_sealed == secret_sealed,
        SecondFactor.confirmed_at.is_(None),
    )
    done = waiting.values(confirmed_at=now, last_step=step).returning(SecondFactor.account_id)
    return session.scalar(done) is not None


def use_step(session: Session, account_id: int, step: int) -> bool:
    """Use a time step up; False where it, or a later one, was used before. Of two at once one may."""
    unused = update(SecondFactor).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None), SecondFactor.last_step < step
    )
    return session.scalar(unused.values(last_step=step).returning(SecondFactor.account_id)) is not None


def remove_second_factor(session: Session, account_id: int) -> bool:
    """Forget the secret; False where there was none in use."""
    gone = delete(SecondFactor).where(SecondFactor.account_id == account_id)
    return session.scalar(gone.returning(SecondFactor.confirmed_at)) is not None
