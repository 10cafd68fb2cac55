"""All data about a person as one JSON document or as a zip of CSV files; docs/my-data.md describes both.

Times are ISO 8601 with the city's offset. Rows are taken a few at a time, so that a file of any length needs little
memory.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tracker.exports.csv_text import BYTE_ORDER_MARK, harmless
from tracker.web.formats import local

ROWS_A_PIECE = 200  # some 50 kB of JSON
BYTES_A_PIECE = 64 * 1024
WORDS = ("what", "why", "ground", "kept")  # what is said of each part
IN_MEMORY = 1024 * 1024  # bytes of a zip; what is larger lies on disk until it is sent


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of data: its name, what the page says of it, and its rows."""

    name: str
    words: Mapping[str, str]
    columns: Sequence[str]
    rows: Iterator[Sequence[Any]]


def json_pieces(about: Mapping[str, Any], parts: Iterable[Part]) -> Iterator[str]:
    """The document, piece by piece; one row on a line."""
    yield f'{{"about": {_json(about)},\n"data": {{'
    separator = "\n"
    for part in parts:
        yield f'{separator}"{part.name}": {{{_json(part.words)[1:-1]}, "rows": ['
        yield from _json_rows(part)
        yield "]}"
        separator = ",\n"
    yield "\n}}\n"


def _json_rows(part: Part) -> Iterator[str]:
    separator = "\n"
    while rows := list(islice(part.rows, ROWS_A_PIECE)):
        yield separator + ",\n".join(_json(dict(zip(part.columns, row, strict=True))) for row in rows)
        separator = ",\n"


def zip_file(about: Mapping[str, Any], parts: Iterable[Part], now: datetime) -> IO[bytes]:
    """A zip with a CSV file of each part, and `contents.csv`, which says what they are. To be closed by the caller."""
    with ExitStack() as unfinished:
        file = unfinished.enter_context(SpooledTemporaryFile(IN_MEMORY))
        with ZipFile(file, "w") as archive:
            listed = [_added(archive, part, now) for part in parts]
            _write(archive, "contents", ("file", *WORDS), chain(listed, about.items()), now)
        unfinished.pop_all()
    file.seek(0)
    return file


def _added(archive: ZipFile, part: Part, now: datetime) -> list[str]:
    """Write a part; returns its line of the contents."""
    _write(archive, part.name, part.columns, part.rows, now)
    return [f"{part.name}.csv", *(part.words[name] for name in WORDS)]


def _write(archive: ZipFile, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], now: datetime) -> None:
    entry = ZipInfo(f"{name}.csv", local(now).timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    with archive.open(entry, "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:
        text.write(BYTE_ORDER_MARK)
        table = csv.writer(text)
        table.writerow(columns)
        table.writerows(map(_cells, rows))


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """A file in pieces."""
    return iter(lambda: file.read(BYTES_A_PIECE), b"")


def begun(pieces: Iterator[str]) -> Iterator[str]:
    """The same pieces, the first few of which exist already: what fails at once is no broken file."""
    first = list(islice(pieces, 3))
    return chain(first, pieces)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _cells(row: Iterable[Any]) -> list[Any]:
    return [harmless(_cell(value)) for value in row]


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return _json(value)
    return _plain(value) if isinstance(value, date) else value


def _plain(value: Any) -> str:
    """A time in the city's zone, a day as it is."""
    return local(value).isoformat() if isinstance(value, datetime) else str(value)
