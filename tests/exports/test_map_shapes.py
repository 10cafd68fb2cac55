"""The map without tiles: true to scale, all of the track in the frame, and no way where nobody was seen."""

from __future__ import annotations

import io
from math import hypot

from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from tracker.exports.map_drawing import draw_map
from tracker.exports.map_shapes import HALF_LETTER, Drawing, MapFacts, ZoneShape, map_of
from tracker.exports.paper import Imprint, Paper

HOME = (106.8, -6.2)
PLACES = st.tuples(st.floats(106.6, 107.0), st.floats(-6.4, -6.0))


def drawn(facts: MapFacts) -> Drawing:
    found = map_of(facts, 500, 300)
    assert found is not None
    return found


@given(st.lists(PLACES, min_size=2, max_size=30))
def test_all_of_a_track_is_in_the_frame(way: list[tuple[float, float]]) -> None:
    shapes = drawn(MapFacts([ZoneShape("Kantor", HOME, 150)], [("moving", way)])).shapes
    [line] = [shape for shape in shapes if shape.form == "line"]
    assert len(line.points) == len(way)
    assert all(0 <= x <= 500 and 0 <= y <= 300 for x, y in line.points)


def test_the_scale_is_true() -> None:
    a_kilometre = (106.8, -6.2 + 1 / 111.195)
    shapes = drawn(MapFacts([], [("moving", [HOME, a_kilometre])])).shapes
    [line] = [shape for shape in shapes if shape.form == "line"]
    [scale] = [shape for shape in shapes if shape.form == "scale"]
    (ax, ay), (bx, by) = line.points
    (left, _), (right, _) = scale.points
    assert scale.text == "500 m" and abs((right - left) * 2 - hypot(bx - ax, by - ay)) < 1


def test_arrows_point_the_way() -> None:
    east = (106.82, -6.2)
    arrows = [shape for shape in drawn(MapFacts([], [("moving", [HOME, east])])).shapes if shape.form == "arrow"]
    assert arrows
    for arrow in arrows:
        (tip, _), (one, _), (other, _) = arrow.points
        assert tip > one and tip > other


def test_a_zone_far_larger_than_the_track_does_not_hide_it() -> None:
    near = (106.803, -6.2)
    shapes = drawn(MapFacts([ZoneShape("Kota", HOME, 20_000)], [("on_site", [HOME, near])])).shapes
    [line] = [shape for shape in shapes if shape.form == "line"]
    assert line.points[1][0] - line.points[0][0] > 300


def test_zones_alone_are_drawn_and_nothing_is_no_map() -> None:
    assert [shape.form for shape in drawn(MapFacts([ZoneShape("Kantor", HOME, 150)])).shapes][:2] == ["dot", "label"]
    assert map_of(MapFacts([]), 500, 300) is None


def test_a_long_name_at_the_edge_stays_on_the_map() -> None:
    zone = ZoneShape("Suku Dinas Lingkungan Hidup", HOME, 100)
    for step in (-0.09, 0.09):
        drawing = drawn(MapFacts([zone], [("off_site", [(HOME[0] + step, HOME[1]), (HOME[0] + step, HOME[1])])]))
        (label,) = [shape for shape in drawing.shapes if shape.form == "label" and shape.kind == "zone"]
        half = HALF_LETTER * len(zone.name)
        assert half <= label.points[0][0] <= drawing.width - half


def test_it_prints() -> None:
    ring = [HOME, (106.81, -6.2), (106.81, -6.19), HOME]
    zones = [ZoneShape("Kantor", HOME, 150), ZoneShape("Taman", HOME, None, [ring])]
    ways = [(kind, [HOME, (106.81, -6.2)]) for kind in ("on_site", "off_site", "moving", "uncertain", "unknown")]
    facts = MapFacts(zones, ways, [(1, "on_site", HOME)], [("08.00 pertama", HOME)])
    file = io.BytesIO()
    paper = Paper(file, Imprint("Peta", "kini", "Halaman", "id"))
    draw_map(paper, drawn(facts))
    paper.close()
    text = PdfReader(io.BytesIO(file.getvalue())).pages[0].extract_text()
    assert "Kantor" in text and "Taman" in text and "08.00 pertama" in text and "N" in text
