"""The bar of a day on paper: what filled it, hour by hour."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.exports.fonts import PLAIN, printable, width_of
from tracker.exports.ink import SEGMENTS, fill
from tracker.exports.legend import legend
from tracker.exports.paper import MARGIN, SMALL, SOFT, Paper

HEIGHT = 18.0


def draw_bar(
    paper: Paper, pieces: Sequence[tuple[str, float, float]], ticks: Sequence[str], labels: Sequence[tuple[str, str]]
) -> None:
    """Pieces as (kind, beginning, end), both parts of one; the labels of even distances, and those of the kinds."""
    paper.need(HEIGHT + 50)
    paper.space(HEIGHT + 6)
    canvas, width = paper.canvas, paper.inner_width
    for kind, start, end in pieces:
        fill(canvas, SEGMENTS[kind], MARGIN + start * width, paper.y, (end - start) * width, HEIGHT)
    canvas.setFont(PLAIN, SMALL)
    canvas.setFillColor(SOFT)
    for number, tick in enumerate(ticks):
        x = MARGIN + number * width / (len(ticks) - 1)
        shift = width_of(tick, PLAIN, SMALL) * number / (len(ticks) - 1)
        canvas.drawString(x - shift, paper.y - 10, printable(tick))
    paper.space(14)
    legend(paper, [(SEGMENTS[kind], label) for kind, label in labels])

