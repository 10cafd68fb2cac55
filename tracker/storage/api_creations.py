"""What programs created, by the key that they gave it: who asks again gets the same thing, not another one.

Only the key of what was made is kept, no answer: nothing of a person is copied, and no secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.storage.models import ApiCreation

KEPT_FOR = timedelta(days=1)


class KeyReused(ValueError):
    """The key was used for something else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an account asks to be created, under which key; `digest` is of all that was sent."""

    account_id: int
    key: str
    digest: bytes
    now: datetime

    @property
    def row(self) -> Any:
        """Its row in the table, as a condition."""
        return (ApiCreation.account_id == self.account_id) & (ApiCreation.key == self.key)


def claim(session: Session, asked: Asked) -> int | None:
    """The key of what was made when this was asked before; None: the caller is to make it, and `keep` its key.

    A second one of the same key waits here for the transaction of the first, and makes it where that one failed.
    Raises KeyReused.
    """
    values = {"account_id": asked.account_id, "key": asked.key, "digest": asked.digest, "created_at": asked.now}
    ours = insert(ApiCreation).values(values).on_conflict_do_nothing().returning(ApiCreation.key)
    if session.scalar(ours) is not None:
        return None
    digest, made_id = session.execute(select(ApiCreation.digest, ApiCreation.made_id).where(asked.row)).one()
    if digest != asked.digest:
        raise KeyReused(f"the key {asked.key!r} was used for something else")
    assert made_id is not None  # a committed row has one
    return made_id


def keep(session: Session, asked: Asked, made_id: int) -> None:
    """Keep what was made under a key, in the transaction that makes it."""
    session.execute(update(ApiCreation).where(asked.row).values(made_id=made_id))


def forget_creations(conn: Connection, now: datetime) -> int:
    """Forget keys that nobody asks by any more; how many there were."""
    return conn.execute(delete(ApiCreation).where(ApiCreation.created_at < now - KEPT_FOR)).rowcount
