"""A number for "not said" in place of NULL, for the one table with rows by the million.

One NULL in a row of more than eight columns costs it eight bytes, and so does each of them on its way through a batch.
Python reads and writes None all the same; SQL of ours that reads `fix` says `nullif(.., NOT_SAID)`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, SmallInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

NOT_SAID = -(2**15)
NOT_SAID_S = -(2**31)


class Said(TypeDecorator[int]):
    """A measure in two bytes, or None."""

    impl: type[TypeEngine[int]] = SmallInteger
    cache_ok = True
    nothing = NOT_SAID

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int:
        return self.nothing if value is None else value

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value == self.nothing else value


class SaidSeconds(Said):
    """Seconds in four bytes, or None."""

    impl = Integer
    cache_ok = True
    nothing = NOT_SAID_S


class SaidYesNo(TypeDecorator[bool]):
    """Yes or no in the two bytes that a boolean would be padded to, or None."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int:
        return NOT_SAID if value is None else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        return None if value is None or value == NOT_SAID else bool(value)
