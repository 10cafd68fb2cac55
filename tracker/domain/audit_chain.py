"""The chain over the audit: each row's link is a hash of the row and of the link before it.

The database makes the links; this module knows for itself how, so that a function replaced there is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

Fields = Sequence[str | None]  # the columns of a row as text, in the order of `storage.audit_chain`; None for NULL
NOTHING = (-1).to_bytes(4, signed=True)  # stands for NULL where the length of a text would be
HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """A link by its number, from 1, and its hash. Whoever noted one can prove that what came before it stands."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def read(cls, text: str) -> Head:
        """What `str` wrote; raises ValueError for anything else."""
        found = HEAD.fullmatch(text.strip().lower())
        if not found:
            raise ValueError("expected a number, a colon and 64 hexadecimal digits, as `audit verify` prints them")
        return cls(int(found[1]), bytes.fromhex(found[2]))


BEGINNING = Head(0, bytes(32))


@dataclass(frozen=True, slots=True)
class Link:
    """One link with the row it is about; `fields` is None where that row is gone."""

    seq: int
    row: int
    hash: bytes
    fields: Fields | None


class Wrong(StrEnum):
    """What can be wrong with a chain."""

    ALTERED = "altered"  # the row, or what comes before it, is not what was linked
    REMOVED = "removed"  # the row is gone, its link is there
    BROKEN = "broken"  # links are missing before this one
    UNLINKED = "unlinked"  # a row without a link
    REWRITTEN = "rewritten"  # the noted head has another hash now
    CUT_OFF = "cut off"  # the noted head is gone


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, at the number `seq` of the chain or the `row` of the audit."""

    wrong: Wrong
    seq: int | None = None
    row: int | None = None


def row_bytes(fields: Fields) -> bytes:
    """A row as bytes that no other row has: each field behind its length in bytes."""
    return b"".join(_field_bytes(field) for field in fields)


def _field_bytes(field: str | None) -> bytes:
    if field is None:
        return NOTHING
    said = field.encode()
    return len(said).to_bytes(4, signed=True) + said


def next_hash(before: bytes, fields: Fields) -> bytes:
    """The hash of the link that follows the one with the hash `before`."""
    return sha256(before + row_bytes(fields)).digest()


class Walk:
    """Goes along a chain link by link and says what is wrong; remembers only where it is.

    Each link is held against the hash that its predecessor has now, so that one change is one fault, not one in every
    row after it.
    """

    def __init__(self, expect: Head | None = None) -> None:
        self.head = BEGINNING
        self._expect = expect if expect and expect.seq > 0 else None

    def step(self, link: Link) -> Iterator[Fault]:
        """What is wrong with the next link, in the order of their numbers."""
        if link.seq != self.head.seq + 1:
            yield Fault(Wrong.BROKEN, link.seq, link.row)
        elif link.fields is not None and link.hash != next_hash(self.head.hash, link.fields):
            yield Fault(Wrong.ALTERED, link.seq, link.row)
        if link.fields is None:
            yield Fault(Wrong.REMOVED, link.seq, link.row)
        self.head = Head(link.seq, link.hash)
        if self._expect and link.seq == self._expect.seq:
            if link.hash != self._expect.hash:
                yield Fault(Wrong.REWRITTEN, link.seq)
            self._expect = None

    def end(self) -> Iterator[Fault]:
        """What is wrong once there are no more links."""
        if self._expect:
            yield Fault(Wrong.CUT_OFF, self._expect.seq)
