"""One page of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.orm import Session

PAGE_SIZE = 50
ANY_STATE = "any"  # of a list that is narrowed to no state, not even to what is in use


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of page `number` (from 1) of `total` rows."""

    rows: Sequence[Row[Any]]
    number: int
    total: int
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))


def total_of(counts: Mapping[str, int], status: str) -> int:
    """How many rows a list has that is narrowed to one status, or to none (an empty one)."""
    return counts.get(status, 0) if status else sum(counts.values())


def page_of(session: Session, query: Select[Any], total: int, number: int) -> Page:
    """Page `number` of an ordered query of `total` rows; a number past the end gives the last page."""
    number = max(1, min(number, Page((), 1, total).last))
    rows = session.execute(query.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
    return Page(rows, number, total)
