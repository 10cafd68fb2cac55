"""What a kind of file is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.imports.bulk import Progress
from tracker.imports.columns import Column, Row, rows_of
from tracker.imports.plan import Plan
from tracker.imports.problems import Problem
from tracker.imports.tables import read_table
from tracker.storage.changes import By

Reading = tuple[list[Row], list[Problem], tuple[str, ...]]  # rows, what could not be read, and notes
Read = Callable[[bytes, Sequence[Column]], Reading]


def from_table(content: bytes, columns: Sequence[Column]) -> Reading:
    """What a CSV or XLSX file holds."""
    return rows_of(read_table(content), columns)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its columns, how its rows are compared with the register, and how a plan is kept.

    `compare` fills the plan and changes nothing. `keep` returns the ids of the people whose data changed.
    """

    name: str
    columns: tuple[Column, ...]
    compare: Callable[[By, Sequence[Row], date | None, Plan], None]
    keep: Callable[[By, Plan, Progress], set[int]]
    city_only: bool = False
    read: Read = from_table
    suffixes: tuple[str, ...] = (".csv", ".xlsx")
