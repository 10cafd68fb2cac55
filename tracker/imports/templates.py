"""An empty file to fill, with an example in it, in the language of the reader."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import xlsxwriter

from tracker.imports.kind import Kind

Explain = Callable[[str], tuple[str, str]]  # of a column: whether it must be filled, and what it holds
EXAMPLE_AREA = {"type": "Polygon", "coordinates": [[[106.83, -6.19], [106.84, -6.19], [106.84, -6.2], [106.83, -6.19]]]}
EXAMPLE_POINT = {"type": "Point", "coordinates": [106.95, -6.11]}


def as_csv(kind: Kind, language: str) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_headings(kind, language), *_examples(kind, language)])
    return text.getvalue().encode("utf-8-sig")  # which tells spreadsheets that it is UTF-8


def as_xlsx(kind: Kind, language: str, sheet: str, notes: str, explain: Explain) -> bytes:
    """A workbook whose first sheet is to be filled, and whose second one explains the columns."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "bottom": 1})
        rows = book.add_worksheet(sheet)
        rows.freeze_panes(1, 0)
        rows.set_column(0, len(kind.columns) - 1, 24, text)
        rows.write_row(0, 0, _headings(kind, language), bold)
        for number, example in enumerate(_examples(kind, language), 1):
            for place, value in enumerate(example):
                rows.write_string(number, place, value, text)
        about = book.add_worksheet(notes)
        about.set_column(0, 2, 32)
        for number, column in enumerate(kind.columns):
            about.write_row(number, 0, [column.heading(language), *explain(column.name)])
    return file.getvalue()


def as_geojson() -> bytes:
    features = [_feature("Menteng", EXAMPLE_AREA, parent="Jakarta Pusat"),
                _feature("Depot Cilincing", EXAMPLE_POINT, radius_m=150)]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=1).encode()


def _feature(name: str, geometry: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": name, **more}, "geometry": geometry}


def _headings(kind: Kind, language: str) -> Sequence[str]:
    return [column.heading(language) for column in kind.columns]


def _examples(kind: Kind, language: str) -> list[tuple[str, ...]]:
    return list(zip(*(column.examples(language) for column in kind.columns), strict=True))
