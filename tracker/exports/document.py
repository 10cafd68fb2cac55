"""What a page and a PDF both say: sections of facts, sentences and tables, in the language of the reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text below a head; `numbers` are the columns that are aligned to the right, `widths` relative."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    numbers: frozenset[int] = frozenset()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Part of a document. `key` says to templates which one it is."""

    key: str
    title: str
    facts: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    tables: Sequence[Table] = ()

    def parts(self) -> Iterator[object]:
        yield from (*self.facts, *self.notes, *self.tables)
