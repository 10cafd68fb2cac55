"""Pages by key: what is added meanwhile comes on a later page, and nothing comes twice or is missed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import Session

PATTERN = r"^[A-Za-z0-9_-]{6}$"  # the four bytes of a key
START = "AAAAAA"
LARGEST_KEY = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a list, and the cursor of those after them; None: these were the last."""

    rows: Sequence[Row[Any]]
    next: str | None


def rows_after(session: Session, query: Select[Any], key: ColumnElement[int] | Any, cursor: str, limit: int) -> Rows:
    """The next rows of a query in the order of their key."""
    found = session.execute(query.where(key > _key(cursor)).order_by(key).limit(limit + 1)).all()
    return Rows(found[:limit], cursor_of(found[limit - 1].id) if len(found) > limit else None)


def cursor_of(key: int) -> str:
    """Where a list goes on after the row of this key."""
    return base64.urlsafe_b64encode(key.to_bytes(4)).decode().rstrip("=")


def _key(cursor: str) -> int:
    return min(int.from_bytes(base64.urlsafe_b64decode(f"{cursor}==")), LARGEST_KEY)
