"""The first sheet of an XLSX file as rows, once it is known that it does not unpack into more than memory holds.

A sheet is read into a rectangle: two cells far from each other, in a file of some kilobytes, would fill it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import python_calamine

from tracker.imports.problems import BadFile, Wrong

SIGNATURE = b"PK\x03\x04"
BOOK = "xl/workbook.xml"
LARGEST_UNPACKED = 400 * 1024 * 1024  # bytes
LARGEST_SHEET = 10_000_000  # cells of the rectangle
CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*(?<!/)>")  # one with a value
PIECE = 1024 * 1024


def rows(content: bytes) -> Iterator[tuple[int, Sequence[Any]]]:
    """Each row of the first sheet with its number. Raises BadFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_traps(archive)
        sheet = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0)
        yield from enumerate(sheet.iter_rows(), 1)
    except (zipfile.BadZipFile, python_calamine.CalamineError, OSError, NotImplementedError) as error:
        raise BadFile(Wrong.NOT_READABLE, "XLSX") from error


def _refuse_traps(archive: zipfile.ZipFile) -> None:
    if BOOK not in archive.namelist():
        raise BadFile(Wrong.OTHER_FILE, "ODS / DOCX / ZIP", "CSV, XLSX")
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > LARGEST_UNPACKED:
        raise BadFile(Wrong.TOO_LARGE, f"{unpacked:,}", f"{LARGEST_UNPACKED:,}")
    for name in archive.namelist():
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            with archive.open(name) as sheet:
                _refuse_far_cells(_texts(sheet))


def _refuse_far_cells(texts: Iterator[bytes]) -> None:
    width, height = b"", 0
    for text in texts:
        for column, row in CELL.findall(text):
            width = max(width, column, key=lambda one: (len(one), one))
            height = max(height, int(row))
        if _number(width) * height > LARGEST_SHEET:
            raise BadFile(Wrong.FAR_CELL, f"{width.decode()}{height}")


def _texts(sheet: Any) -> Iterator[bytes]:
    """A sheet in pieces that end between two tags."""
    rest = b""
    while piece := sheet.read(PIECE):
        whole, tag, begun = (rest + piece).rpartition(b"<")
        yield whole
        rest = tag + begun
    yield rest


def _number(column: bytes) -> int:
    """A is 1, Z 26, AA 27."""
    number = 0
    for letter in column:
        number = number * 26 + letter - ord("A") + 1
    return number
