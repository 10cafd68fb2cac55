"""The map of a track on paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tracker.exports.fonts import BOLD, PLAIN, printable, width_of
from tracker.exports.ink import SEGMENTS
from tracker.exports.map_shapes import Drawing, Point, Shape, moved
from tracker.exports.paper import INK, MARGIN, RULE, SMALL, Paper, clipped

GROUND, ZONE, ZONE_EDGE = "#f6f8f8", "#d7ece8", "#0b5a60"
LINES = {"on_site": "#0b7a6f", "moving": "#1d4f8f"}  # of ways whose ink is too light for a line


def draw_map(paper: Paper, drawing: Drawing) -> None:
    """The drawing in a frame, below what is written."""
    paper.need(drawing.height + 8)
    paper.space(drawing.height + 4)
    canvas, left, bottom = paper.canvas, MARGIN, paper.y
    canvas.setFillColor(GROUND)
    canvas.rect(left, bottom, drawing.width, drawing.height, stroke=0, fill=1)
    with clipped(canvas, left, bottom, drawing.width, drawing.height):
        for shape in moved(drawing, bottom + drawing.height, left).shapes:
            FORMS[shape.form](canvas, shape)
    canvas.setStrokeColor(RULE)
    canvas.rect(left, bottom, drawing.width, drawing.height, stroke=1, fill=0)
    paper.space(4)


def line_colour(kind: str) -> str:
    """Of a way."""
    return LINES.get(kind) or SEGMENTS[kind].line


def _area(canvas: Any, shape: Shape) -> None:
    canvas.setFillColor(ZONE)
    canvas.setStrokeColor(ZONE_EDGE)
    canvas.setLineWidth(1)
    canvas.drawPath(_path(canvas, shape.points, closed=True), stroke=1, fill=1)


def _line(canvas: Any, shape: Shape) -> None:
    canvas.saveState()
    canvas.setStrokeColor(line_colour(shape.kind))
    canvas.setLineWidth(1.8)
    canvas.setLineJoin(1)
    canvas.setDash(*([list(SEGMENTS[shape.kind].dash)] if SEGMENTS[shape.kind].dash else []))
    canvas.drawPath(_path(canvas, shape.points), stroke=1, fill=0)
    canvas.restoreState()


def _arrow(canvas: Any, shape: Shape) -> None:
    canvas.setFillColor(line_colour(shape.kind))
    canvas.drawPath(_path(canvas, shape.points, closed=True), stroke=0, fill=1)


def _dot(canvas: Any, shape: Shape) -> None:
    [(x, y)] = shape.points
    if shape.kind == "zone":
        canvas.setFillColor(ZONE)
        canvas.setStrokeColor(ZONE_EDGE)
        canvas.setLineWidth(1)
        canvas.circle(x, y, shape.radius, stroke=1, fill=1)
        return
    canvas.setFillColor(INK if shape.kind == "end" else line_colour(shape.kind))
    canvas.setStrokeColor("#ffffff")
    canvas.setLineWidth(1)
    canvas.circle(x, y, shape.radius, stroke=1, fill=1)
    if shape.text:
        canvas.setFillColor("#ffffff")
        canvas.setFont(BOLD, SMALL)
        canvas.drawCentredString(x, y - SMALL / 3, shape.text)


def _label(canvas: Any, shape: Shape) -> None:
    """With a light ground: it may lie on the way."""
    [(x, y)] = shape.points
    font = BOLD if shape.kind == "end" else PLAIN
    text = printable(shape.text)
    width = width_of(text, font, SMALL)
    canvas.setFillColor("#ffffff")
    canvas.rect(x - width / 2 - 2, y - 2.5, width + 4, SMALL + 3, stroke=0, fill=1)
    canvas.setFillColor(ZONE_EDGE if shape.kind == "zone" else INK)
    canvas.setFont(font, SMALL)
    canvas.drawCentredString(x, y, text)


def _scale(canvas: Any, shape: Shape) -> None:
    (left, y), (right, _) = shape.points
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(1)
    canvas.lines([(left, y, right, y), (left, y - 3, left, y + 3), (right, y - 3, right, y + 3)])
    canvas.setFillColor(INK)
    canvas.setFont(PLAIN, SMALL)
    canvas.drawString(right + 5, y - 2.5, shape.text)


def _north(canvas: Any, shape: Shape) -> None:
    (x, top), (_, bottom) = shape.points
    canvas.setFillColor(INK)
    arrow = [(x, top), (x + 4, top - 10), (x - 4, top - 10)]
    canvas.drawPath(_path(canvas, arrow, closed=True), stroke=0, fill=1)
    canvas.setFont(BOLD, SMALL)
    canvas.drawCentredString(x, bottom, shape.text)


def _path(canvas: Any, points: Sequence[Point], closed: bool = False) -> Any:
    path = canvas.beginPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if closed:
        path.close()
    return path


FORMS: dict[str, Callable[[Any, Shape], None]] = {
    "area": _area, "line": _line, "arrow": _arrow, "dot": _dot, "label": _label, "scale": _scale, "north": _north,
}  # fmt: skip
