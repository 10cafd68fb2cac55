"""A table as XLSX, however long: each row leaves memory once it is written. No cell is ever a formula or a link."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, count, islice
from typing import IO, Any

import xlsxwriter

from tracker.exports.columns import Column, Kind
from tracker.exports.csv_text import FORMULA_STARTS

MOST_ROWS = 1_048_575  # that a sheet holds below its titles
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet's times have no zone
FORMATS: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"num_format": "@"},
    Kind.DAY: {"num_format": "yyyy-mm-dd"},
    Kind.TIME: {"num_format": "yyyy-mm-dd hh:mm"},
    Kind.NUMBER: {"num_format": "0.#"},
    Kind.SHARE: {"num_format": "0 %"},
}
AS_IT_IS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cover:
    """The sheet that says what the others hold: its name, that of the others, and lines of a name and a value.

    The lines are asked for when all rows are written, so that they may tell of them. `made` is naive.
    """

    name: str
    rows_name: str
    lines: Callable[[], Iterable[tuple[str, str]]]
    made: datetime


def write_workbook(
    file: IO[bytes], columns: Sequence[Column], rows: Iterable[Any], cover: Cover, most_rows: int = MOST_ROWS
) -> int:
    """Write all rows, on as many sheets as they need; returns how many. The same rows give the same bytes."""
    with xlsxwriter.Workbook(file, AS_IT_IS) as book:
        book.use_zip64()
        book.set_properties({"created": cover.made})
        write = _row_writer(book, columns)
        written, left = 0, iter(rows)
        for number in count(1):
            first = next(left, None)
            if first is None and number > 1:
                break
            name = cover.rows_name if number == 1 else f"{cover.rows_name} {number}"
            some = () if first is None else chain((first,), islice(left, most_rows - 1))
            written += _sheet(book, name, columns, some, write)
        _about(book, cover)
    return written


def _sheet(book: Any, name: str, columns: Sequence[Column], rows: Iterable[Any], write: Any) -> int:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    sheet.write_row(0, 0, [column.title for column in columns], book.add_format({"bold": True, "bottom": 1}))
    number = 0
    for number, row in enumerate(rows, 1):
        write(sheet, number, row)
    sheet.autofilter(0, 0, number, len(columns) - 1)
    return number


def _row_writer(book: Any, columns: Sequence[Column]) -> Callable[[Any, int, Any], None]:
    formats = {kind: book.add_format(form) for kind, form in FORMATS.items()}
    quoted = book.add_format({"num_format": "@", "quote_prefix": True})  # stays text when somebody edits the cell
    plan = [(place, column.kind, column.value, formats[column.kind]) for place, column in enumerate(columns)]

    def write(sheet: Any, number: int, row: Any) -> None:
        for place, kind, value_of, form in plan:
            value = value_of(row)
            if value is None or value == "":
                continue
            if kind is Kind.TEXT:
                text = str(value)
                sheet.write_string(number, place, text, quoted if text.startswith(FORMULA_STARTS) else form)
            else:
                sheet.write_number(number, place, _number(value), form)

    return write


def _number(value: Any) -> Any:
    """Days and times as a spreadsheet counts them."""
    if isinstance(value, datetime):
        return (value - DAY_ZERO) / timedelta(days=1)
    return (value - DAY_ZERO.date()).days if isinstance(value, date) else value


def _about(book: Any, cover: Cover) -> None:
    sheet = book.add_worksheet(cover.name)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    bold = book.add_format({"bold": True, "valign": "top"})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "quote_prefix": True})
    for number, (name, value) in enumerate(_some(cover.lines())):
        sheet.write_string(number, 0, name, bold)
        sheet.write_string(number, 1, value, text)


def _some(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return (line for line in lines if line[1])
