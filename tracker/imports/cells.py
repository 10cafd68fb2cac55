"""A cell as a value, or what is wrong with it. A workbook's cell may be a number or a date. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from tracker.imports.problems import BadCell, Wrong

LONGEST = 200  # characters
NIP = re.compile(r"[0-9]{1,18}")
LOGIN = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # what no database keeps: NUL, and halves of characters
EXACT = 10**15  # a spreadsheet keeps no more digits of a number
FIRST_DATE, LAST_DATE = date(1950, 1, 1), date(2100, 12, 31)
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")

Read = Callable[[Any], Any]


def as_text(cell: Any) -> str:
    """What is written in a cell, without blanks around it; a whole number as its digits."""
    if isinstance(cell, str):
        return cell.strip() if cell.isprintable() else " ".join(NO_TEXT.sub("", cell).split())
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def text(cell: Any) -> str:
    found = as_text(cell)
    if len(found) > LONGEST:
        raise BadCell(Wrong.TOO_LONG, str(LONGEST))
    return found


def nip(cell: Any) -> str:
    """The digits of a NIP. A spreadsheet that took them for a number has lost the last ones."""
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= EXACT:
        raise BadCell(Wrong.ROUNDED)
    found = as_text(cell).replace(" ", "").removeprefix("'")
    if SCIENTIFIC.fullmatch(found):
        raise BadCell(Wrong.ROUNDED)
    if not NIP.fullmatch(found):
        raise BadCell(Wrong.NIP)
    return found


def login(cell: Any) -> str:
    found = as_text(cell)
    if not LOGIN.fullmatch(found):
        raise BadCell(Wrong.LOGIN)
    return found


def day(cell: Any) -> date:
    """A date: a cell that is one, or text with the year first or last."""
    found = cell.date() if isinstance(cell, datetime) else cell if isinstance(cell, date) else _day(as_text(cell))
    if found is None or not FIRST_DATE <= found <= LAST_DATE:
        raise BadCell(Wrong.DATE)
    return found


def _day(written: str) -> date | None:
    for pattern in DATES:
        try:
            return datetime.strptime(written, pattern).date()  # noqa: DTZ007, a day has no zone
        except ValueError:
            continue
    return None


def one_of(words: Mapping[str, str]) -> Read:
    """A cell that holds one of these words; each stands for a value."""
    expected = ", ".join(sorted(words))

    def read(cell: Any) -> str:
        found = words.get(as_text(cell).lower())
        if found is None:
            raise BadCell(Wrong.CHOICE, expected)
        return found

    return read


def some_of(words: Mapping[str, str]) -> Read:
    """A cell that holds some of these words, with commas or semicolons between them."""
    read_one = one_of(words)

    def read(cell: Any) -> tuple[str, ...]:
        return tuple(sorted({read_one(word) for word in re.split("[,;]", as_text(cell)) if word.strip()}))

    return read
