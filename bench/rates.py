"""From counts and times to a sustained rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How many had been counted at a moment (seconds since 1970)."""

    at: float
    count: int


def sustained(progress: Sequence[Progress], warm: int, until: float) -> float:
    """Messages per second once `warm` were through and while the load still went on, until `until`.

    From one moment of progress to another: what comes in batches is then counted in whole batches. Raises ValueError
    where fewer than two moments lie in that time.
    """
    within = [p for p in progress if p.count >= warm and p.at <= until]
    if len(within) < 2:
        raise ValueError("the run was too short for a sustained rate; give it more --fixes")
    first, last = within[0], within[-1]
    return (last.count - first.count) / (last.at - first.at)
