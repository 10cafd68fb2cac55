"""What may be the outline of a zone, and what is said of what may not. In 1e-7 degrees, longitude first."""

from __future__ import annotations

from math import cos, pi, sin
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.geo import Polygon
from tracker.domain.outline import E7, BadShape, Part, Point, checked, degrees, inner_point

X, Y = 1_068_000_000, -62_000_000


def ring(*points: tuple[int, int]) -> list[Point]:
    """Closed, of points in thousands from a place in Jakarta."""
    return [(X + 1000 * x, Y + 1000 * y) for x, y in (*points, points[0])]


def box(west: int, south: int, east: int, north: int) -> list[Point]:
    return ring((west, south), (east, south), (east, north), (west, north))


OUTER = box(0, 0, 100, 100)
BAY = ring((0, 0), (100, 0), (100, 100), (50, 50), (0, 100))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([], "empty"),
        ([[box(0, 0, 9, 9)[:3]]], "the outer ring of part 1 has 3 points: a ring needs at least 4"),
        ([[OUTER], [box(0, 0, 9, 9)[:4]]], "the outer ring of part 2 is not closed: it begins at 106.8"),
        ([[[(X, Y), (X, Y), (X + 9, Y), (X, Y)]]], "2 different points"),
        ([[[(X, Y), (X, 10 * X), (Y, Y), (X, Y)]]], "out of range: 106.8000000, 1068.0000000 (longitude comes before"),
        ([[ring((0, 0), (9, 9), (9, 0), (0, 9))]], "outer ring of part 1 crosses or touches itself: the edges from"),
        ([[ring((0, 0), (9, 0), (9, 9), (4, 0))]], "crosses or touches itself"),  # touches
        ([[ring((0, 0), (9, 0), (9, 9), (9, 4), (9, 9), (0, 9))]], "crosses or touches itself"),  # there and back
        ([[ring((0, 0), (9, 0), (4, 0))]], "crosses or touches itself"),  # all in one line
        ([[OUTER, box(110, 0, 120, 10)]], "hole 1 of part 1 lies outside of its outer ring"),
        ([[OUTER, box(10, 10, 20, 20), box(12, 12, 15, 15)]], "hole 2 of part 1 lies outside of its outer ring or in"),
        ([[OUTER, box(90, 90, 110, 110)]], "hole 1 of part 1 crosses the outer ring of part 1"),
        ([[OUTER, box(100, 20, 110, 30)]], "crosses the outer ring"),  # along its edge, outside
        ([[BAY, ring((100, 100), (0, 100), (50, 60))]], "hole 1 of part 1 lies outside"),  # the chord of a bay
        ([[ring(*[(n, n * n) for n in range(10_001)])]], "10,002 points, more than 10,000"),
    ],
)  # fmt: skip
def test_what_makes_no_outline_is_said_with_its_place(parts: list[Part], said: str) -> None:
    with pytest.raises(BadShape) as refused:
        checked(parts)
    assert said in str(refused.value)


def test_rings_may_touch_at_a_point_and_parts_may_overlap() -> None:
    touching = [OUTER, ring((100, 50), (80, 60), (80, 40)), ring((80, 60), (60, 70), (60, 50))]
    assert checked([touching, [box(50, 50, 200, 200)]])


def test_a_point_that_is_said_twice_in_a_row_is_one() -> None:
    assert checked([[[OUTER[0], *OUTER]]]) == [[OUTER]]


def curve(corners: int, seed: int) -> list[Point]:
    """A ring of many bays that does not cross itself."""
    chance = Random(seed)
    far = [(2 * pi * n / corners, chance.uniform(100, 10**6)) for n in range(corners)]
    points = [(X + round(reach * cos(turn)), Y + round(reach * sin(turn))) for turn, reach in far]
    return [*points, points[0]]


@given(st.integers(5, 200), st.integers(0, 10_000))
def test_whatever_does_not_cross_itself_is_taken_and_has_a_point_inside(corners: int, seed: int) -> None:
    outline = curve(corners, seed)
    parts = checked([[outline]])
    lon, lat = inner_point(parts)
    assert Polygon(0, 0, degrees(parts)).distance_m(lat / E7, lon / E7) < 0


@given(st.integers(8, 200), st.integers(0, 10_000), st.data())
def test_swapping_two_points_that_are_apart_is_found(corners: int, seed: int, data: st.DataObject) -> None:
    outline = curve(corners, seed)[:-1]
    at = data.draw(st.integers(0, corners - 3))
    outline[at], outline[at + 2] = outline[at + 2], outline[at]
    crossed = _crosses_itself([*outline, outline[0]])
    if crossed:
        with pytest.raises(BadShape, match="crosses or touches itself"):
            checked([[[*outline, outline[0]]]])
    else:
        checked([[[*outline, outline[0]]]])


def _crosses_itself(closed: list[Point]) -> bool:
    """Every edge with every other."""
    edges = list(zip(closed, closed[1:], strict=False))
    return any(
        _cross(*edges[one], *edges[other])
        for one in range(len(edges))
        for other in range(one + 2, len(edges))
        if (one, other) != (0, len(edges) - 1)
    )


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    def side(p: Point, q: Point, r: Point) -> int:
        value = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        return (value > 0) - (value < 0)

    return side(a, b, c) * side(a, b, d) <= 0 and side(c, d, a) * side(c, d, b) <= 0


def test_the_point_inside_lies_in_no_hole_and_well_inside() -> None:
    frame = [OUTER, box(10, 10, 90, 90)]
    lon, lat = inner_point([frame, [box(200, 0, 210, 10)]])
    assert Polygon(0, 0, degrees([frame])).distance_m(lat / E7, lon / E7) < -50  # the frame is 110 m wide


def test_what_has_no_room_for_a_point_is_too_thin() -> None:
    with pytest.raises(BadShape, match="too thin"):
        inner_point(checked([[[(X, Y), (X + 10_000, Y + 1), (X + 20_000, Y + 1), (X, Y)]]]))
