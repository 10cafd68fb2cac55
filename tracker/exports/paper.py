"""The pages of a PDF, filled from top to bottom. A finished page is compressed at once: memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas

from tracker.exports.document import Section, Table
from tracker.exports.fonts import BOLD, PLAIN, known_letters, lines_of, printable, width_of

MARGIN, FOOT = 36.0, 26.0
SMALL, TEXT, HEADING, TITLE = 7.5, 9.0, 12.0, 17.0
LEADING = 1.3  # of the size of letters
PAD = 3.0
INK, SOFT, RULE, SHADE = "#16282d", "#51636a", "#c3cdd0", "#eef2f2"


@dataclass(frozen=True, slots=True)
class Imprint:
    """What stands on each page: the title, who made it and when, and what stands before the number of a page."""

    title: str
    made: str
    page: str
    language: str


class Paper:
    """A document in the making; `close` completes the file. `y` is how far down the page is filled, in points."""

    def __init__(self, file: IO[bytes], imprint: Imprint, wide: bool = False) -> None:
        known_letters()
        self.width, self.height = landscape(A4) if wide else A4
        self.canvas = Canvas(file, (self.width, self.height), pageCompression=1, invariant=1, lang=imprint.language)
        self.canvas.setTitle(imprint.title)
        self.canvas.setAuthor("Jejak")
        self._imprint = imprint
        self.y = 0.0
        self._begin_page()

    @property
    def inner_width(self) -> float:
        return float(self.width) - 2 * MARGIN

    def close(self) -> None:
        self._end_page()
        self.canvas.save()

    def need(self, height: float) -> bool:
        """Begin another page where there is no room left; says whether it did."""
        if self.y - height >= MARGIN + FOOT:
            return False
        self._end_page()
        self._begin_page()
        return True

    def space(self, height: float) -> None:
        self.y -= height

    def write(self, text: str, size: float = TEXT, font: str = PLAIN, colour: str = INK, indent: float = 0.0) -> None:
        """A paragraph."""
        for line in lines_of(printable(text), font, size, self.inner_width - indent):
            self.need(size * LEADING)
            self.y -= size * LEADING
            self._ink(font, size, colour)
            self.canvas.drawString(MARGIN + indent, self.y, line)

    def title(self, text: str, below: str = "") -> None:
        self.write(text, TITLE, BOLD)
        if below:
            self.write(below, TEXT, colour=SOFT)
        self.space(6)

    def heading(self, text: str, least: float = 80.0) -> None:
        """A heading that stays with at least so much of what follows."""
        self.need(HEADING * LEADING + least)
        self.space(10)
        self.write(text, HEADING, BOLD)
        self.space(2)

    def section(self, section: Section) -> None:
        """A section of a document without what is drawn."""
        self.heading(section.title)
        self.facts(section.facts)
        for note in section.notes:
            self.write(note)
        for table in section.tables:
            self.table(table)

    def facts(self, facts: Iterable[tuple[str, str]], name_width: float = 150.0) -> None:
        """Names and values side by side."""
        for name, value in facts:
            names = lines_of(printable(name), PLAIN, TEXT, name_width - 8)
            values = lines_of(printable(value), PLAIN, TEXT, self.inner_width - name_width)
            for left, right in _side_by_side(names, values):
                self.need(TEXT * LEADING)
                self.y -= TEXT * LEADING
                self._ink(PLAIN, TEXT, SOFT)
                self.canvas.drawString(MARGIN, self.y, left)
                self._ink(PLAIN, TEXT, INK)
                self.canvas.drawString(MARGIN + name_width, self.y, right)

    def table(self, table: Table, rows: Iterable[Sequence[str]] | None = None) -> None:
        """A table of any length, its head on each page; `rows` come in the place of the table's own."""
        if table.title:
            self.need(4 * TEXT * LEADING)
            self.space(4)
            self.write(table.title, TEXT, BOLD)
        self.space(4)
        widths = widths_of(table, self.inner_width)
        following = iter(table.rows if rows is None else rows)
        first = next(following, None)
        begins = [] if first is None else [first]  # with which the head stays
        kept = [self._cells(table.head, widths, BOLD), *(self._cells(row, widths, PLAIN) for row in begins)]
        self.need(sum(map(_height, kept)))
        self._head(table, widths)
        for row in chain(begins, following):
            cells = self._cells(row, widths, PLAIN)
            if self.need(_height(cells)):
                self._head(table, widths)
            self._row(cells, widths, table.numbers, PLAIN)
            self._rule(RULE)
        self.space(6)

    def _head(self, table: Table, widths: Sequence[float]) -> None:
        cells = self._cells(table.head, widths, BOLD)
        self.canvas.setFillColor(SHADE)
        self.canvas.rect(MARGIN, self.y - _height(cells), self.inner_width, _height(cells), stroke=0, fill=1)
        self._row(cells, widths, table.numbers, BOLD)
        self._rule(SOFT)

    @staticmethod
    def _cells(row: Sequence[str], widths: Sequence[float], font: str) -> list[list[str]]:
        return [
            lines_of(printable(cell), font, SMALL, width - 2 * PAD) for cell, width in zip(row, widths, strict=True)
        ]

    def _row(self, cells: list[list[str]], widths: Sequence[float], numbers: frozenset[int], font: str) -> None:
        self._ink(font, SMALL, INK)
        x, top = MARGIN, self.y - PAD + 1
        for place, (lines, width) in enumerate(zip(cells, widths, strict=True)):
            for number, line in enumerate(lines, 1):
                y = top - number * SMALL * LEADING + 2
                if place in numbers:
                    self.canvas.drawRightString(x + width - PAD, y, line)
                elif line:
                    self.canvas.drawString(x + PAD, y, line)
            x += width
        self.y -= _height(cells)

    def _rule(self, colour: str) -> None:
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(0.4)
        self.canvas.line(MARGIN, self.y, self.width - MARGIN, self.y)

    def _ink(self, font: str, size: float, colour: str) -> None:
        self.canvas.setFont(font, size)
        self.canvas.setFillColor(colour)

    def _begin_page(self) -> None:
        self.y = self.height - MARGIN

    def _end_page(self) -> None:
        self._ink(PLAIN, SMALL, SOFT)
        self.canvas.drawString(MARGIN, MARGIN, printable(f"{self._imprint.title} · {self._imprint.made}"))
        page = f"{self._imprint.page} {self.canvas.getPageNumber()}"
        self.canvas.drawRightString(self.width - MARGIN, MARGIN, printable(page))
        self.canvas.showPage()


@contextmanager
def clipped(canvas: Any, x: float, y: float, width: float, height: float) -> Iterator[None]:
    """Draw within a rectangle and leave all settings as they were."""
    canvas.saveState()
    path = canvas.beginPath()
    path.rect(x, y, width, height)
    canvas.clipPath(path, stroke=0, fill=0)
    yield
    canvas.restoreState()


def widths_of(table: Table, whole: float) -> list[float]:
    """The columns in points: by their share of the whole, but none narrower than a word of its head."""
    least = [max(width_of(word, BOLD, SMALL) for word in printable(f"{head} ").split(" ")) + 2 * PAD + 0.5
             for head in table.head]  # fmt: skip
    shares = [max(0.0, whole * width / sum(table.widths) - low) for width, low in zip(table.widths, least, strict=True)]
    left = whole - sum(least)
    return [low + left * share / sum(shares) if sum(shares) else whole / len(least)
            for low, share in zip(least, shares, strict=True)]  # fmt: skip


def _side_by_side(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number in range(max(len(left), len(right))):
        yield left[number] if number < len(left) else "", right[number] if number < len(right) else ""


def _height(cells: Sequence[Sequence[str]]) -> float:
    return max(len(lines) for lines in cells) * SMALL * LEADING + 2 * PAD - 2
