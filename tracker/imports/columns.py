"""The columns of a kind of file, by the headings that people write, and the rows of a table as values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.domain.writing import folded
from tracker.imports import cells
from tracker.imports.problems import BadCell, BadFile, Problem, Wrong
from tracker.imports.tables import Cell, Table


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, how it is headed in English and Indonesian (first the one of templates), how a cell is read.

    `example` is what the template shows, in both languages where they differ.
    """

    name: str
    english: tuple[str, ...]
    indonesian: tuple[str, ...]
    read: cells.Read = cells.text
    required: bool = False
    example: tuple[str, ...] = ()
    example_indonesian: tuple[str, ...] = ()

    def heading(self, language: str) -> str:
        return self.indonesian[0] if language == "id" else self.english[0]

    def examples(self, language: str) -> tuple[str, ...]:
        return self.example_indonesian if language == "id" and self.example_indonesian else self.example


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file and its values; an empty cell, or a column that is not there, is None."""

    line: int
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


def rows_of(table: Table, columns: Sequence[Column]) -> tuple[list[Row], list[Problem], tuple[str, ...]]:
    """The rows of a table that could be read, what is wrong with the others, and notes. Raises BadFile."""
    if not table.headings:
        raise BadFile(Wrong.NO_ROWS)
    places = _places(table.headings, columns)
    if not table.rows:
        raise BadFile(Wrong.NO_ROWS)
    read = {place for _, place in places}
    left_alone = [heading for place, heading in enumerate(table.headings) if heading and place not in read]
    rows, problems = [], []
    for line, row_cells in table.rows:
        wrong: list[Problem] = []
        if len(row_cells) > len(table.headings) and any(
            cells.as_text(cell) for cell in row_cells[len(table.headings) :]
        ):
            wrong.append(Problem(line, "", Wrong.CELLS, str(len(row_cells)), str(len(table.headings))))
        values = {column.name: _value(column, row_cells, place, line, wrong) for column, place in places}
        if wrong:
            problems += wrong
        else:
            rows.append(Row(line, values))
    return rows, problems, (*table.notes, *(f"unknown:{heading[:80]}" for heading in left_alone))


def as_known(rows: Sequence[Row], known: Iterable[str], *names: str) -> list[Row]:
    """The rows with the names in some of their columns spelled as the register does: capitals make no other name.

    Two rows that spell a name of their own otherwise get the spelling of the first.
    """
    spelled = {folded(name): name for name in known}
    return [
        Row(row.line, {**row.values, **{name: spelled.setdefault(folded(row[name]), row[name]) for name in names
                                        if row[name] is not None}})
        for row in rows
    ]  # fmt: skip


def _value(column: Column, row: Sequence[Cell], place: int, line: int, wrong: list[Problem]) -> Any:
    cell = row[place] if place < len(row) else None
    if cell is None or cell == "" or (isinstance(cell, str) and not cell.strip()):
        if column.required:
            wrong.append(Problem(line, column.name, Wrong.MISSING))
        return None
    try:
        return column.read(cell)
    except BadCell as error:
        wrong.append(Problem(line, column.name, error.wrong, cells.as_text(cell)[:80], error.more))
        return None


def _places(headings: Sequence[str], columns: Sequence[Column]) -> list[tuple[Column, int]]:
    """Where each column stands; those that nobody knows are left alone."""
    known = {_plain(heading): column for column in columns
             for heading in (column.name, *column.english, *column.indonesian)}  # fmt: skip
    found: dict[str, tuple[Column, int]] = {}
    for place, heading in enumerate(headings):
        column = known.get(_plain(heading))
        if column is None:
            continue
        if column.name in found:
            raise BadFile(Wrong.SAME_HEADING, heading)
        found[column.name] = (column, place)
    for column in columns:
        if column.required and column.name not in found:
            raise BadFile(Wrong.NO_COLUMN, column.name, ", ".join(headings)[:200])
    return list(found.values())


def _plain(heading: str) -> str:
    return re.sub(r"[\s_\-*.]+", " ", heading).strip().lower()
