"""What comes in: the bytes of a CSV, XLSX or GeoJSON file as rows with their line numbers. Pure."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.imports import workbooks
from tracker.imports.problems import BadFile, Wrong

LARGEST_FILE = 32 * 1024 * 1024  # bytes
MOST_ROWS = 200_000
DELIMITERS = ",;\t|"
JSON = (b"{", b"[")
OTHERS = {
    b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"<": "HTML / XML",
    b"\xd0\xcf\x11\xe0": "XLS / DOC (97-2003)",
}  # fmt: skip

Cell = Any  # text; from a workbook also a number, a date or None


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, and rows of (line in the file, cells); `notes` is what the reader should know of the reading."""

    headings: Sequence[str]
    rows: Sequence[tuple[int, Sequence[Cell]]]
    notes: tuple[str, ...] = ()


def read_table(content: bytes) -> Table:
    """The table of a file; which kind of file it is says its beginning. Raises BadFile."""
    if len(content) > LARGEST_FILE:
        raise BadFile(Wrong.TOO_LARGE, f"{len(content):,}", f"{LARGEST_FILE:,}")
    other = _other_file(content)
    if other:
        raise BadFile(Wrong.OTHER_FILE, other, "CSV, XLSX")
    is_book = content.startswith(workbooks.SIGNATURE)
    return _table(workbooks.rows(content), ()) if is_book else _csv(content)


def read_features(content: bytes) -> Sequence[tuple[int, dict[str, Any]]]:
    """The features of a GeoJSON FeatureCollection, numbered from 1. Raises BadFile."""
    if len(content) > LARGEST_FILE:
        raise BadFile(Wrong.TOO_LARGE, f"{len(content):,}", f"{LARGEST_FILE:,}")
    begins = content.removeprefix(codecs.BOM_UTF8).lstrip()
    if not begins.startswith(JSON):
        other = "XLSX" if content.startswith(workbooks.SIGNATURE) else _other_file(content) or "CSV"
        raise BadFile(Wrong.OTHER_FILE, other, "GeoJSON")
    try:
        found = json.loads(begins)
    except json.JSONDecodeError as error:
        raise BadFile(Wrong.BROKEN_AT, "GeoJSON", str(error.lineno)) from error
    except (ValueError, RecursionError) as error:
        raise BadFile(Wrong.NOT_READABLE, "GeoJSON") from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise BadFile(Wrong.NOT_READABLE, "GeoJSON FeatureCollection")
    if not features:
        raise BadFile(Wrong.NO_ROWS)
    if len(features) > MOST_ROWS:
        raise BadFile(Wrong.TOO_MANY_ROWS, f"{len(features):,}", f"{MOST_ROWS:,}")
    return [(number, one if isinstance(one, dict) else {}) for number, one in enumerate(features, 1)]


def _other_file(content: bytes) -> str:
    """What a file is by its first bytes, where it is none of those that are read; empty where it may be one."""
    begins = content.removeprefix(codecs.BOM_UTF8).lstrip()[:64]
    if begins.startswith(JSON):
        return "JSON"
    return next((name for signature, name in OTHERS.items() if begins.startswith(signature)), "")


def _csv(content: bytes) -> Table:
    text, notes = _decoded(content)
    if "\0" in text:
        raise BadFile(Wrong.NOT_READABLE, "CSV")
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return _table(((reader.line_num, row) for row in reader), notes)
    except csv.Error as error:
        raise BadFile(Wrong.BROKEN_AT, "CSV", str(reader.line_num)) from error


def _decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    """UTF-8 as it should be, else what spreadsheets write: UTF-16 with its mark, or Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16"), ()
        except UnicodeDecodeError as error:
            raise BadFile(Wrong.NOT_READABLE, "CSV") from error
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), ("cp1252",)
    except UnicodeDecodeError as error:
        raise BadFile(Wrong.NOT_READABLE, "CSV") from error


def _table(lines: Iterator[tuple[int, Sequence[Cell]]], notes: tuple[str, ...]) -> Table:
    """Headings are the first row that is not empty; empty rows are no rows."""
    filled = ((line, row) for line, row in lines if any(_is_filled(cell) for cell in row))
    _, headings = next(filled, (0, ()))
    rows: list[tuple[int, Sequence[Cell]]] = []
    for row in filled:
        if len(rows) == MOST_ROWS:
            raise BadFile(Wrong.TOO_MANY_ROWS, f"> {MOST_ROWS:,}", f"{MOST_ROWS:,}")
        rows.append(row)
    return Table([str(heading).strip() for heading in headings], rows, notes)


def _is_filled(cell: Cell) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else cell is not None
