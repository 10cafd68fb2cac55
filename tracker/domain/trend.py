"""Where the bars and lines of a trend lie: one computation for pages and for paper.

A plane of `WIDTH` x `HEIGHT` units, y downwards. Each point has its slot on the x axis, in order, whatever was counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 1000.0, 100.0
GAP = 0.2  # of a slot, between two bars
PARTS = ("present", "excused", "unverified", "no_show")  # of the judged duties, from the bottom up


@dataclass(frozen=True, slots=True)
class Point:
    """What is shown at a place of the x axis: how many there are of each part, and how much of the time was observed.

    `observed` is a share from 0 to 1; None where nothing was to be observed.
    """

    name: Any
    parts: Mapping[str, int]
    observed: float | None


@dataclass(frozen=True, slots=True)
class Block:
    """One part of one bar: `x` and `y` of its upper left corner."""

    part: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Step:
    """A level that holds over a slot."""

    x: float
    width: float
    y: float


@dataclass(frozen=True, slots=True)
class Plot:
    """`coverage` holds runs of steps without a slot missing between them."""

    blocks: tuple[Block, ...]
    coverage: tuple[tuple[Step, ...], ...]


def plot(points: Sequence[Point]) -> Plot:
    """Bars of shares that fill the height, and the course of the coverage. A point of nothing has neither."""
    slot = WIDTH / max(1, len(points))
    blocks = [block for number, point in enumerate(points) for block in _bar(point, number * slot, slot)]
    return Plot(tuple(blocks), tuple(_runs(points, slot)))


def _bar(point: Point, x: float, slot: float) -> list[Block]:
    total = sum(point.parts.get(part, 0) for part in PARTS)
    blocks, stacked = [], 0
    for part in PARTS:
        count = point.parts.get(part, 0)
        if count:
            stacked += count
            y = HEIGHT * (total - stacked) / total
            blocks.append(Block(part, x + slot * GAP / 2, y, slot * (1 - GAP), HEIGHT * count / total))
    return blocks


def _runs(points: Sequence[Point], slot: float) -> list[tuple[Step, ...]]:
    runs: list[list[Step]] = [[]]
    for number, point in enumerate(points):
        if point.observed is None:
            runs.append([])
        else:
            level = HEIGHT * (1 - min(1.0, max(0.0, point.observed)))
            runs[-1].append(Step(number * slot, slot, level))
    return [tuple(run) for run in runs if run]
