"""What each ink means, in as many rows as it takes."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.exports.fonts import PLAIN, printable, width_of
from tracker.exports.ink import Ink, fill
from tracker.exports.paper import INK, MARGIN, SMALL, Paper

SWATCH, GAP, ROW = 18.0, 14.0, 14.0


def legend(paper: Paper, items: Sequence[tuple[Ink, str]], indent: float = 0.0) -> None:
    """Each ink with its label."""
    left = MARGIN + indent
    x = left
    paper.space(ROW)
    for ink, label in items:
        text = printable(label)
        width = SWATCH + width_of(text, PLAIN, SMALL) + GAP
        if x > left and x + width > MARGIN + paper.inner_width:
            x = left
            paper.space(ROW)
        fill(paper.canvas, ink, x, paper.y, SWATCH - 4, 9)
        paper.canvas.setFont(PLAIN, SMALL)
        paper.canvas.setFillColor(INK)
        paper.canvas.drawString(x + SWATCH, paper.y + 2, text)
        x += width
    paper.space(6)
