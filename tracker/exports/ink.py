"""Colours with patterns: what they mean is told apart without the colour, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracker.exports.paper import INK, clipped

STEP = 4.0  # points between the lines of a pattern


@dataclass(frozen=True, slots=True)
class Ink:
    """A fill, and a pattern on it: "" (none), "/" (lines), "x" (crossed lines), "." (dots); `dash` is of lines."""

    fill: str
    pattern: str = ""
    line: str = INK
    dash: tuple[float, ...] = ()


# what a bar's parts and a track's pieces are drawn in, by the names that the pages give them
SEGMENTS = {
    "on_site": Ink("#0b7a6f", line="#ffffff"),
    "off_site": Ink("#e58a4f", "/", "#7a2f08", (5, 1.5)),
    "outside": Ink("#e58a4f", "/", "#7a2f08", (5, 1.5)),
    "moving": Ink("#a9c5e8", ".", "#1d4f8f", (1.5, 1.5)),
    "uncertain": Ink("#e3e8e9", "x", "#8a989e", (1, 3)),
    "unknown": Ink("#ffffff", "x", "#8a989e", (1, 3)),
    "not_yet": Ink("#ffffff"),
}
STATUSES = {
    "present": Ink("#0b7a6f", line="#ffffff"),
    "excused": Ink("#dfe6e7", ".", "#51636a"),
    "unverified": Ink("#f2c977", "/", "#6b4a00"),
    "no_show": Ink("#b3261e", "x", "#ffffff"),
    "idle": Ink("#e58a4f", "/", "#7a2f08"),
    "away": Ink("#a9c5e8", ".", "#1d4f8f"),
}


def fill(canvas: Any, ink: Ink, x: float, y: float, width: float, height: float) -> None:
    """A rectangle in this ink, with a thin outline."""
    if width <= 0 or height <= 0:
        return
    canvas.setFillColor(ink.fill)
    canvas.rect(x, y, width, height, stroke=0, fill=1)
    if ink.pattern:
        with clipped(canvas, x, y, width, height):
            _pattern(canvas, ink, x, y, width, height)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.3)
    canvas.rect(x, y, width, height, stroke=1, fill=0)


def _pattern(canvas: Any, ink: Ink, x: float, y: float, width: float, height: float) -> None:
    canvas.setStrokeColor(ink.line)
    canvas.setFillColor(ink.line)
    canvas.setLineWidth(0.7)
    if ink.pattern == ".":
        for column in range(int(width / STEP) + 1):
            for row in range(int(height / STEP) + 1):
                canvas.circle(x + (column + 0.5) * STEP, y + (row + 0.5) * STEP, 0.6, stroke=0, fill=1)
        return
    steps = range(-int(height / STEP) - 1, int(width / STEP) + 1)
    canvas.lines([(x + n * STEP, y, x + n * STEP + height, y + height) for n in steps])
    if ink.pattern == "x":
        canvas.lines([(x + n * STEP, y + height, x + n * STEP + height, y) for n in steps])
