"""A cell as a value, or what is wrong with it. A workbook's cell may be a number or a date. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.domain.writing import one_line
from tracker.domain.writing import plate as written_plate
from tracker.imports.problems import BadCell, Wrong

LONGEST = 200  # characters
NIP = re.compile(r"[0-9]{1,18}")
LOGIN = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # what no database keeps: NUL, and halves of characters
MOST_DAYS = 366
EXACT = 10**15  # a spreadsheet keeps no more digits of a number
FIRST_DATE, LAST_DATE = date(1950, 1, 1), date(2100, 12, 31)
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y")

Read = Callable[[Any], Any]


def as_text(cell: Any) -> str:
    """What is written in a cell, without blanks around it; a whole number as its digits."""
    if isinstance(cell, str):
        return one_line(cell if cell.isprintable() else NO_TEXT.sub("", cell))
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


def plate(cell: Any) -> str:
    return written_plate(text(cell))


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


def whole(cell: Any) -> int:
    """A number of days."""
    found = as_text(cell)
    if not (found.isascii() and found.isdigit() and len(found) < 4 and int(found) <= MOST_DAYS):
        raise BadCell(Wrong.NUMBER)
    return int(found)


def names(cell: Any) -> tuple[str, ...]:
    """Some names, semicolons between."""
    return tuple(one.strip() for one in text(cell).split(";") if one.strip())


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


@dataclass(frozen=True, slots=True)
class Choice:
    """A cell that holds one of some words, or with `many` some of them, commas or semicolons between.

    `words`: of each value the word in English and in Indonesian, then others that people write.
    """

    words: Mapping[str, tuple[str, ...]]
    many: bool = False

    def __call__(self, cell: Any) -> Any:
        if not self.many:
            return self._value(as_text(cell))
        written = re.split("[,;]", as_text(cell))
        return tuple(sorted({self._value(word.strip()) for word in written if word.strip()}))

    def said(self, language: str) -> str:
        """The words of a language, for who wrote another one."""
        return ", ".join(sorted(self.word(value, language) for value in self.words))

    def word(self, value: str, language: str) -> str:
        words = self.words.get(value)
        return words[1 if language == "id" else 0] if words else value

    def _value(self, word: str) -> str:
        folded = word.lower()
        found = next((value for value, words in self.words.items() if folded == value or folded in words), None)
        if found is None:
            raise BadCell(Wrong.CHOICE)
        return found
