"""An outline that touches or crosses itself becomes one that encloses the same, or is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tracker.domain.outline import BadShape
from tracker.storage.mending import mended
from tracker.storage.zones import add_polygon, checked_parts

REAL = Path(__file__).parents[3] / "shared/data/jakarta/kelurahan.geojson"
SQUARE = [(106.8, -6.2), (106.81, -6.2), (106.81, -6.19), (106.8, -6.19), (106.8, -6.2)]
BOW_TIE = [(106.8, -6.2), (106.81, -6.19), (106.81, -6.2), (106.8, -6.19), (106.8, -6.2)]
THERE_AND_BACK = [*SQUARE[:2], (106.82, -6.2), *SQUARE[1:]]
TWISTED = [*SQUARE[:3], (106.805, -6.19), (106.80501, -6.1899), (106.80502, -6.19), (106.80499, -6.18995), *SQUARE[3:]]


def polygon(*ring: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(point) for point in ring]]}


@pytest.mark.parametrize("ring", [SQUARE, THERE_AND_BACK, TWISTED])
def test_what_is_enclosed_stays(engine: Engine, ring: list[tuple[float, float]]) -> None:
    found = mended(polygon(*ring))
    assert abs(found.change_m2) < 500  # of 1.2 million
    with Session(engine) as session:
        add_polygon(session, "Menteng", found.geometry)


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        (polygon(*BOW_TIE), "not clear what it encloses"),
        (polygon(*SQUARE[:2], SQUARE[0]), "encloses no area"),
        ({"type": "Polygon", "coordinates": [[[106.8]]]}, "cannot be read"),
        ({"type": "Nothing", "coordinates": []}, "cannot be read"),
    ],
)
def test_what_is_not_clear_is_refused(geometry: dict[str, Any], said: str) -> None:
    with pytest.raises(BadShape, match=said):
        mended(geometry)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=8))
def test_what_comes_out_can_be_stored_or_is_refused(corners: list[tuple[int, int]]) -> None:
    """`checked` is the judge: it knows nothing of who mended."""
    ring = [(106.8 + x * 1e-3, -6.2 + y * 1e-3) for x, y in corners]
    try:
        found = mended(polygon(*ring, ring[0]))
    except BadShape:
        return
    checked_parts(found.geometry)


def test_the_real_sub_districts_all_become_zones(engine: Engine) -> None:
    if not REAL.exists():
        pytest.skip("the real boundaries are not beside this checkout")
    refused = []
    with Session(engine) as session:
        for feature in json.loads(REAL.read_bytes())["features"]:
            name, geometry = feature["properties"]["name"], feature["geometry"]
            try:
                with session.begin_nested():
                    add_polygon(session, name, geometry)
            except BadShape:
                found = mended(geometry)
                refused.append((name, round(found.change_m2)))
                add_polygon(session, name, found.geometry)
    assert sorted(refused) == [
        ("PONDOK RANGGON", 4), ("SRENGSENG SAWAH", 0), ("SUNGAI BAMBU", 0), ("TANJUNG BARAT", 0),
    ]  # fmt: skip
