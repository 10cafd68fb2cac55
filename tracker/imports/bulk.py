"""Many rows in one statement: what would take a statement for each row takes one for thousands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

CHUNK = 5000  # rows in one statement: progress moves after each
# what began on the very day from which something else holds: it was put right on the same day
GONE = "DELETE FROM {table} USING given WHERE {of} = given.id AND lower(period) = given.since"

Progress = Callable[[int], None]  # how many rows more are done
ItemT = TypeVar("ItemT")


def chunks(items: Sequence[ItemT]) -> Iterator[Sequence[ItemT]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def run(session: Session, statement: str, columns: str, rows: Sequence[Sequence[Any]], **values: Any) -> Any:
    """Run a statement that reads from `given`: the rows, with these columns, written as in `nip text, day date`."""
    named = [column.split() for column in columns.split(", ")]
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in named)
    names = ", ".join(name for name, _ in named)
    sides = list(zip(*rows, strict=True)) if rows else [()] * len(named)
    values |= {name: list(side) for (name, _), side in zip(named, sides, strict=True)}
    found = session.execute(
        text(f"WITH given AS (SELECT * FROM unnest({arrays}) AS given({names})) {statement}"), values
    )
    assert isinstance(found, CursorResult)
    return found.all() if found.returns_rows else found.rowcount
