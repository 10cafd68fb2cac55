"""Workbooks: more rows than a sheet holds go on the next one, and the same rows give the same bytes."""

from __future__ import annotations

import io
from datetime import date, datetime

from python_calamine import CalamineWorkbook

from tracker.exports.columns import Column, Kind
from tracker.exports.workbook import Cover, write_workbook

MADE = datetime(2026, 11, 26, 9)  # noqa: DTZ001
COLUMNS = [
    Column("Nama", Kind.TEXT, lambda row: row[0]), Column("Hari", Kind.DAY, lambda row: row[1]),
    Column("Angka", Kind.NUMBER, lambda row: row[2]),
]  # fmt: skip


def workbook(count: int, most_rows: int) -> bytes:
    file = io.BytesIO()
    rows = ((f"Orang {number}", date(2026, 11, 1), number if number else None) for number in range(count))
    cover = Cover("Tentang", "Laporan", lambda: [("Dibuat", "=1+1")], MADE)
    assert write_workbook(file, COLUMNS, rows, cover, most_rows) == count
    return file.getvalue()


def test_rows_go_on_the_next_sheet_with_titles_again() -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook(5, 2)))
    assert book.sheet_names == ["Laporan", "Laporan 2", "Laporan 3", "Tentang"]
    last = book.get_sheet_by_name("Laporan 3").to_python()
    assert last == [["Nama", "Hari", "Angka"], ["Orang 4", date(2026, 11, 1), 4.0]]
    assert book.get_sheet_by_name("Laporan").to_python()[1] == ["Orang 0", date(2026, 11, 1), ""]
    assert book.get_sheet_by_name("Tentang").to_python() == [["Dibuat", "=1+1"]]


def test_a_full_sheet_has_no_empty_one_behind_it() -> None:
    assert CalamineWorkbook.from_filelike(io.BytesIO(workbook(4, 2))).sheet_names == ["Laporan", "Laporan 2", "Tentang"]
    assert CalamineWorkbook.from_filelike(io.BytesIO(workbook(0, 2))).sheet_names == ["Laporan", "Tentang"]


def test_the_same_rows_give_the_same_bytes() -> None:
    assert workbook(5, 100) == workbook(5, 100)
