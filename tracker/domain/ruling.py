"""What a rule of the domain says when it says no."""

from __future__ import annotations

from enum import StrEnum


class RuledOut(Exception):
    """A rule says no, in one word; pages have their own sentences for each."""

    def __init__(self, refusal: StrEnum) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
