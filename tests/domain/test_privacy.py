"""What citizens may see: vehicles only, coarser, later, and never on an errand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.domain.days import around
from tracker.domain.geo import Circle
from tracker.domain.privacy import RULES, PublicVehicle, Sighting, public_id, published
from tracker.storage.models import Vehicle

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
BASE = Circle(-6.2, 106.8, 100)
AT_BASE = Sighting(
    vehicle_id=1, kind="garbage_truck", agency="Dinas Lingkungan Hidup", fix_time=NOW - timedelta(seconds=5),
    lat=-6.20031, lon=106.80027, speed_mps=0.0, course_deg=90.0, interval_s=10, base=BASE,
)  # fmt: skip
ON_THE_ROAD = replace(AT_BASE, lat=-6.2512345, lon=106.8312345, speed_mps=8.0)


def shown(seen: Sighting, now: datetime = NOW) -> PublicVehicle:
    vehicle = published(seen, "name", now)
    assert vehicle is not None
    return vehicle


@pytest.mark.parametrize("kind", ["ambulance", "fire_truck"])
def test_an_emergency_vehicle_is_shown_at_its_base_or_not_at_all(kind: str) -> None:
    assert shown(replace(AT_BASE, kind=kind)).state == "at_base"
    assert published(replace(ON_THE_ROAD, kind=kind), "name", NOW) is None
    assert published(replace(AT_BASE, kind=kind, base=None), "name", NOW) is None


def test_at_base_the_place_of_the_base_is_shown_not_the_gate() -> None:
    vehicle = shown(AT_BASE)
    assert (vehicle.lat, vehicle.lon, vehicle.course_deg) == (BASE.lat, BASE.lon, None)


def test_a_base_may_be_a_polygon_and_is_shown_at_a_point_inside() -> None:
    yard = around(100)
    vehicle = shown(replace(AT_BASE, kind="ambulance", base=yard))
    assert (vehicle.state, vehicle.lat, vehicle.lon) == ("at_base", yard.lat, yard.lon)
    assert published(replace(ON_THE_ROAD, kind="ambulance", base=yard), "name", NOW) is None


def test_a_place_on_the_road_is_rounded_by_the_rule_of_its_kind() -> None:
    assert (shown(ON_THE_ROAD).lat, shown(ON_THE_ROAD).lon) == (-6.2512, 106.8312)
    patrol = shown(replace(ON_THE_ROAD, kind="patrol_car"))
    assert (patrol.lat, patrol.lon) == (-6.251, 106.831)


def test_an_old_fix_leaves_the_map_and_a_parked_one_stays() -> None:
    later = NOW + timedelta(minutes=20)
    assert published(ON_THE_ROAD, "name", later) is None
    assert shown(AT_BASE, later).state == "at_base"


@pytest.mark.parametrize(("speed", "state"), [(8.0, "moving"), (0.4, "still"), (None, "still")])
def test_moving_is_said_only_of_what_was_seen_to_move(speed: float | None, state: str) -> None:
    vehicle = shown(replace(ON_THE_ROAD, speed_mps=speed))
    assert vehicle.state == state
    assert (vehicle.course_deg is not None) == (state == "moving")


def test_the_public_id_joins_no_two_days_and_needs_the_secret() -> None:
    today, tomorrow = date(2026, 11, 20), date(2026, 11, 21)
    ids = {public_id("secret", 1, today), public_id("secret", 1, tomorrow), public_id("other", 1, today)}
    assert len(ids) == 3
    assert public_id("secret", 1, today) == public_id("secret", 1, today)


def test_every_kind_of_vehicle_has_its_rule() -> None:
    [kinds] = [str(c.sqltext) for c in Vehicle.__table__.constraints if c.name == "ck_vehicle_kind"]
    assert all(f"'{kind}'" in kinds for kind in RULES) and kinds.count("'") == 2 * len(RULES)
