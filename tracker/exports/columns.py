"""The columns of a table of which each row becomes a line of a workbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """What a column's cells are: `TIME` takes naive datetimes, `SHARE` a part of one; None is an empty cell."""

    TEXT = "text"
    DAY = "day"
    TIME = "time"
    NUMBER = "number"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Column:
    """A title, and what of a row stands below it; `width` is in letters."""

    title: str
    kind: Kind
    value: Callable[[Any], Any]
    width: int = 12
