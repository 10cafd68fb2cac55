"""What one revision of a verdict says otherwise than the one before, and whether that is worse for the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOLD = (
    "status", "cause", "late_min", "left_early_min", "on_site_s", "off_site_s", "moving_s", "unknown_s", "excused_s",
    "expected_s", "observed_s",
)  # fmt: skip
DECISIVE = ("status", "cause", "late_min", "left_early_min")  # where they differ, the result is another one
RANK = {"NO_SHOW": 0, "UNVERIFIED": 1, "PRESENT": 2, "EXCUSED": 2}


@dataclass(frozen=True, slots=True)
class Difference:
    """A value of a revision that is another one than before."""

    name: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What changed of what a verdict says, in the order in which it is told."""
    return [
        Difference(name, before.get(name), after.get(name)) for name in TOLD if before.get(name) != after.get(name)
    ]


def another(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the result is another one: nobody needs to look where only seconds moved."""
    return any(before.get(name) != after.get(name) for name in DECISIVE)


def worse(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the person is worse off than before: by the status, or by minutes that are held against them."""
    ranks = RANK[before["status"]], RANK[after["status"]]
    if ranks[0] != ranks[1]:
        return ranks[1] < ranks[0]
    return any((after[name] or 0) > (before[name] or 0) for name in ("late_min", "left_early_min"))
