"""How far from a polygon: what looking at every edge says, whatever the shape."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, inf, pi, radians, sin
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.days import around, moved, square
from tracker.domain.geo import METRES_PER_DEGREE, Circle, Part, Polygon, Ring, distance_m

LAT, LON = -6.2, 106.8
SIDE_M = 1000.0


def star(corners: int, seed: int, lat: float = LAT, lon: float = LON, reach: float = 0.05) -> Ring:
    """A ring of many bays around a point, at least a third of `reach` degrees away from it."""
    chance = Random(seed)
    turns = [2 * pi * n / corners for n in range(corners)]
    places = [(turn, reach * chance.uniform(1 / 3, 1)) for turn in turns]
    ring = tuple((lon + far * cos(turn), lat + far * sin(turn)) for turn, far in places)
    return (*ring, ring[0])


def oracle(parts: tuple[Part, ...], lat: float, lon: float) -> float:
    """Every edge in turn, on the plane that touches the earth at the point."""
    return min(_part_oracle(part, lat, lon) for part in parts)


def _part_oracle(part: Part, lat: float, lon: float) -> float:
    inside, nearest = False, inf
    for ring in part:
        flat = [((x - lon) * METRES_PER_DEGREE * cos(radians(lat)), (y - lat) * METRES_PER_DEGREE) for x, y in ring]
        for (x1, y1), (x2, y2) in pairwise(flat):
            length_sq = (x2 - x1) ** 2 + (y2 - y1) ** 2
            along = min(1.0, max(0.0, -(x1 * (x2 - x1) + y1 * (y2 - y1)) / length_sq)) if length_sq else 0.0
            nearest = min(nearest, hypot(x1 + along * (x2 - x1), y1 + along * (y2 - y1)))
            if (y1 > 0) != (y2 > 0) and x1 - y1 * (x2 - x1) / (y2 - y1) > 0:
                inside = not inside
    return -nearest if inside else nearest


corners = st.integers(3, 120)
seeds = st.integers(0, 10_000)
offsets = st.floats(-0.12, 0.12)


@given(corners, seeds, offsets, offsets, st.sampled_from([LAT, 0.0, 52.5, -70.0]))
def test_the_distance_is_that_of_looking_at_every_edge(
    corners: int, seed: int, north: float, east: float, at_lat: float
) -> None:
    shore = star(corners, seed, at_lat)
    lake = star(corners, seed + 1, at_lat, reach=0.01)
    island = star(corners, seed + 2, at_lat + 0.1, LON + 0.06, reach=0.02)
    parts = ((shore, lake), (island,))
    lat, lon = at_lat + north, LON + east
    assert Polygon(at_lat, LON, parts).distance_m(lat, lon) == pytest.approx(oracle(parts, lat, lon), abs=1e-6)


@given(seeds, st.integers(0, 119), st.floats(0, 1))
def test_a_point_on_the_boundary_is_neither_in_nor_out(seed: int, edge: int, share: float) -> None:
    ring = star(120, seed)
    (lon1, lat1), (lon2, lat2) = ring[edge], ring[edge + 1]
    shape = Polygon(LAT, LON, ((ring,),))
    away_m = shape.distance_m(lat1 + share * (lat2 - lat1), lon1 + share * (lon2 - lon1))
    assert away_m == pytest.approx(0, abs=1e-5)
    assert shape.distance_m(lat1, lon1) == 0


@given(st.floats(-2, 2), st.floats(-2, 2), st.integers(100, 5000))
def test_a_circle_and_a_polygon_of_many_corners_agree(north: float, east: float, radius_m: int) -> None:
    number = 360
    reach = radius_m / METRES_PER_DEGREE
    turns = [2 * pi * (n % number) / number for n in range(number + 1)]
    ring = tuple((LON + reach * cos(t) / cos(radians(LAT)), LAT + reach * sin(t)) for t in turns)
    lat, lon = LAT + north * reach, LON + east * reach
    exact_m = Circle(LAT, LON, radius_m).distance_m(lat, lon)
    # a chord stays 4e-5 of the radius within the circle; the rest is the plane instead of the sphere
    assert Polygon(LAT, LON, ((ring,),)).distance_m(lat, lon) == pytest.approx(exact_m, abs=3e-4 * radius_m)


def test_a_square_is_as_far_as_its_side_and_its_corner_say() -> None:
    shape = around(SIDE_M)
    assert shape.centre == (LAT, LON) and shape.distance_m(*shape.centre) == pytest.approx(-SIDE_M, rel=1e-3)
    assert shape.distance_m(*moved(0, SIDE_M + 500)) == pytest.approx(500, rel=1e-3)
    corner = moved(SIDE_M + 300, SIDE_M + 400)
    assert shape.distance_m(*corner) == pytest.approx(distance_m(*corner, *moved(SIDE_M, SIDE_M)), rel=1e-3)


def test_a_hole_is_outside_and_an_island_in_it_inside() -> None:
    shape = Polygon(LAT, LON, ((square(SIDE_M), square(500)), (square(100),)))
    assert shape.distance_m(LAT, LON) == pytest.approx(-100, rel=1e-3)
    assert shape.distance_m(*moved(0, 300)) == pytest.approx(200, rel=1e-3)
    assert shape.distance_m(*moved(0, 750)) == pytest.approx(-250, rel=1e-3)


def test_of_parts_that_overlap_everything_is_inside() -> None:
    shape = Polygon(LAT, LON, ((square(SIDE_M),), (square(SIDE_M, 0, SIDE_M),)))
    assert shape.distance_m(*moved(0, 500)) == pytest.approx(-500, rel=1e-3)


def test_the_fingerprint_is_that_of_the_shape() -> None:
    assert around(100).fingerprint == around(100).fingerprint != around(101).fingerprint
