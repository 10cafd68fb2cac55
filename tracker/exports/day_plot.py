"""The days of a period as stacked bars, with a legend that says the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from tracker.exports.fonts import PLAIN, printable
from tracker.exports.ink import STATUSES, fill
from tracker.exports.legend import legend
from tracker.exports.paper import MARGIN, RULE, SMALL, SOFT, Paper

HEIGHT, AXIS, ABOVE = 150.0, 34.0, 16.0
LABEL_WIDTH = 38.0  # that the label of a day takes
MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Series:
    """What is stacked: the name of its ink, its label in the legend, and a value for each day, from 0 up."""

    ink: str
    label: str
    values: Sequence[float]


def draw_days(paper: Paper, days: Sequence[str], series: Sequence[Series], unit: str) -> None:
    """The plot and its legend; the first series is the lowest. `unit` says what the axis counts."""
    paper.need(HEIGHT + AXIS + ABOVE)
    paper.space(HEIGHT + ABOVE)
    canvas, left, bottom = paper.canvas, MARGIN + AXIS, paper.y
    width = paper.inner_width - AXIS
    top = max((sum(values) for values in zip(*(one.values for one in series), strict=True)), default=0.0)
    ticks = ticks_to(top)
    scale = HEIGHT / ticks[-1]
    canvas.setFont(PLAIN, SMALL)
    for tick in ticks:
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.4)
        canvas.line(left, bottom + tick * scale, left + width, bottom + tick * scale)
        canvas.setFillColor(SOFT)
        canvas.drawRightString(left - 4, bottom + tick * scale - 2.5, f"{tick:g}")
    canvas.drawString(MARGIN, bottom + HEIGHT + 6, printable(unit))
    step = width / max(len(days), 1)
    every = ceil(LABEL_WIDTH / step)
    for number, day in enumerate(days):
        x, y = left + number * step, bottom
        for one in series:
            fill(canvas, STATUSES[one.ink], x + 0.12 * step, y, 0.76 * step, one.values[number] * scale)
            y += one.values[number] * scale
        if number % every == 0:
            canvas.setFont(PLAIN, SMALL)
            canvas.setFillColor(SOFT)
            canvas.drawCentredString(x + step / 2, bottom - 10, printable(day))
    paper.space(18)
    legend(paper, [(STATUSES[one.ink], one.label) for one in series], AXIS)


def ticks_to(top: float) -> list[float]:
    """Round numbers from 0 to at least `top`, a few of them."""
    if top <= 1:
        return [0, 1]
    raw = top / MOST_TICKS
    power = 10 ** floor(log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    step = max(step, 1)
    return [step * number for number in range(ceil(top / step) + 1)]
