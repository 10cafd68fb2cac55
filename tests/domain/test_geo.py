from __future__ import annotations

import pytest

from tracker.domain.geo import Circle, distance_m

MONAS, BUNDARAN_HI = (-6.175392, 106.827153), (-6.194957, 106.823077)


def test_a_known_distance_in_jakarta() -> None:
    # 2,210 m on the WGS 84 ellipsoid; near the equator a sphere is half a percent off
    assert distance_m(*MONAS, *BUNDARAN_HI) == pytest.approx(2210, rel=0.006)


def test_distance_does_not_depend_on_the_direction_and_is_zero_at_the_point() -> None:
    assert distance_m(*MONAS, *BUNDARAN_HI) == distance_m(*BUNDARAN_HI, *MONAS)
    assert distance_m(*MONAS, *MONAS) == 0


def test_antipodes_are_half_the_earth_apart() -> None:
    assert distance_m(0, 0, 0, 180) == pytest.approx(20_015_114, rel=1e-6)


def test_distance_to_a_zone_is_negative_inside() -> None:
    zone = Circle(*MONAS, 300)
    assert zone.distance_m(*MONAS) == -300
    assert zone.distance_m(*BUNDARAN_HI) == pytest.approx(1922, rel=0.01)
