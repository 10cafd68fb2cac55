"""What can be wrong with a file or with one of its rows. The sentences are `tracker.web.import_words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    """What is wrong, in one word; `value` is what was found, `more` what was expected."""

    # with a file
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    NO_ROWS = "no_rows"
    NOT_READABLE = "not_readable"
    BROKEN_AT = "broken_at"
    OTHER_FILE = "other_file"
    FAR_CELL = "far_cell"
    NO_COLUMN = "no_column"
    SAME_HEADING = "same_heading"
    # with a cell
    MISSING = "missing"
    TOO_LONG = "too_long"
    NIP = "nip"
    ROUNDED = "rounded"
    DATE = "date"
    CHOICE = "choice"
    LOGIN = "login"
    NUMBER = "number"
    SHAPE = "shape"
    # with a row
    CELLS = "cells"
    TWICE = "twice"
    UNKNOWN_UNIT = "unknown_unit"
    UNIT_NOT_STANDING = "unit_not_standing"
    TOP_OF_TREE = "top_of_tree"
    CIRCLE = "circle"
    UNKNOWN_PERSON = "unknown_person"
    UNKNOWN_VEHICLE = "unknown_vehicle"
    NOT_YOURS = "not_yours"
    LATER = "later"
    TOO_FAR = "too_far"
    RETIRED = "retired"
    REVOKED = "revoked"
    PLATE_TAKEN = "plate_taken"
    ONE_HOLDER = "one_holder"
    BACKWARDS = "backwards"
    OVERLAP = "overlap"
    ROSTER_OVERLAP = "roster_overlap"
    DUTIES_OVERLAP = "duties_overlap"
    UNKNOWN_ROTATION = "unknown_rotation"
    UNKNOWN_ZONE = "unknown_zone"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: in which line of the file (0: in the file itself), in which column."""

    line: int
    column: str
    wrong: Wrong
    value: str = ""
    more: str = ""

    def as_json(self) -> dict[str, str | int]:
        return {"line": self.line, "column": self.column, "wrong": self.wrong, "value": self.value, "more": self.more}

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> Problem:
        line, column, wrong, value, more = (kept[name] for name in ("line", "column", "wrong", "value", "more"))
        return cls(int(str(line)), str(column), Wrong(str(wrong)), str(value), str(more))


class BadFile(ValueError):
    """The whole file cannot be read."""

    def __init__(self, wrong: Wrong, value: str = "", more: str = "") -> None:
        super().__init__(f"{wrong}: {value} {more}".strip())
        self.problem = Problem(0, "", wrong, value, more)


class BadCell(ValueError):
    """A cell holds no value of its column."""

    def __init__(self, wrong: Wrong, more: str = "") -> None:
        super().__init__(wrong)
        self.wrong, self.more = wrong, more
