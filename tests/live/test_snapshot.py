"""The public snapshot, from the real tables to the file: vehicles only, nothing that names one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import geojson
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.dialects.postgresql import Range

from tests import builders
from tests.domain import days
from tracker.domain.fix import Fix
from tracker.live.snapshot import feature_collection, public_vehicles, write
from tracker.storage.fixes import Received, save_batch
from tracker.storage.models import Assignment, Device, Vehicle

NOW = datetime.now(UTC)
JAKARTA = ZoneInfo("Asia/Jakarta")


def seen(engine: Engine, device_id: int, *places: tuple[float, float, float]) -> None:
    """Store fixes given as (minutes ago, lat, lon)."""
    fixes = [Fix(NOW - timedelta(minutes=ago), lat, lon, speed_mps=5, course_deg=90) for ago, lat, lon in places]
    with engine.begin() as conn:
        save_batch(conn, [Received(device_id, NOW, fix) for fix in fixes], [])


def snapshot(engine: Engine) -> geojson.FeatureCollection:
    with engine.connect() as conn:
        return feature_collection(public_vehicles(conn, "secret", JAKARTA, NOW), NOW)


def test_a_vehicle_is_shown_where_it_was_last_and_a_person_never(engine: Engine) -> None:
    with engine.begin() as conn:
        truck = builders.device(conn, vehicle_id=builders.vehicle(conn))
        person_id = builders.person(conn)
        phone = builders.device(conn, person_id=person_id)
        builders.window(conn, person_id, NOW - timedelta(hours=3), NOW + timedelta(hours=3))
    seen(engine, truck, (2, -6.21, 106.81), (1, -6.22, 106.82))
    seen(engine, phone, (1, -6.23, 106.83))
    [feature] = snapshot(engine)["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [106.82, -6.22]}
    assert feature["properties"]["state"] == "moving"


def test_a_vehicle_in_the_yard_of_its_base_is_shown_at_the_bases_own_place(engine: Engine) -> None:
    with engine.begin() as conn:
        yard = builders.area(conn, days.square(300))
        inside, outside = (builders.vehicle(conn, kind="ambulance", base=yard) for _ in range(2))
        devices = [builders.device(conn, vehicle_id=vehicle) for vehicle in (inside, outside)]
    seen(engine, devices[0], (1, *days.moved(290, 290)))  # a circle so wide would leave the corner out
    seen(engine, devices[1], (1, *days.moved(290, 310)))
    [feature] = snapshot(engine)["features"]
    assert feature["properties"]["state"] == "at_base"
    lon, lat = feature["geometry"]["coordinates"]
    assert days.around(300).distance_m(lat, lon) < -200


def test_nothing_in_the_file_names_a_vehicle_or_its_device(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as conn:
        vehicle_id = builders.vehicle(conn)
        device_id = builders.device(conn, "plate-b-9042", vehicle_id=vehicle_id)
        names = [*conn.execute(select(Vehicle.call_sign, Vehicle.plate)).one(), conn.scalar(select(Device.login))]
    seen(engine, device_id, (1, -6.22, 106.82))
    write(tmp_path, snapshot(engine))
    text = (tmp_path / "vehicles.geojson").read_text()
    assert geojson.loads(text).is_valid
    assert not any(name in text for name in names)
    [feature] = json.loads(text)["features"]
    assert set(feature["properties"]) == {
        "kind", "agency", "fix_time", "course_deg", "state", "old_after_s", "stale_after_s",
    }  # fmt: skip


def test_a_patrol_is_shown_where_it_was_when_its_delay_began(engine: Engine) -> None:
    with engine.begin() as conn:
        car = builders.device(conn, vehicle_id=builders.vehicle(conn, kind="patrol_car"))
    seen(engine, car, (1, -6.1, 106.9), (16, -6.3, 106.7), (17, -6.4, 106.6))
    [feature] = snapshot(engine)["features"]
    assert feature["geometry"]["coordinates"] == [106.7, -6.3]


def test_a_vehicle_that_was_never_heard_is_not_shown(engine: Engine) -> None:
    with engine.begin() as conn:
        builders.device(conn, vehicle_id=builders.vehicle(conn))
    assert snapshot(engine)["features"] == []


def test_what_a_device_saw_with_an_earlier_holder_is_not_shown(engine: Engine) -> None:
    with engine.begin() as conn:
        person_id, truck = builders.person(conn), builders.vehicle(conn)
        builders.window(conn, person_id, NOW - timedelta(hours=3), NOW + timedelta(hours=3))
        device_id = builders.device(conn, person_id=person_id)
    seen(engine, device_id, (20, -6.23, 106.83))
    handed_over = NOW - timedelta(minutes=5)
    with engine.begin() as conn:
        conn.execute(update(Assignment).values(period=Range(builders.LONG_AGO, handed_over)))
        conn.execute(insert(Assignment).values(device_id=device_id, vehicle_id=truck, period=Range(handed_over, None)))
    assert snapshot(engine)["features"] == []


def test_a_vehicle_with_two_devices_is_shown_once_where_it_was_last(engine: Engine) -> None:
    with engine.begin() as conn:
        truck = builders.vehicle(conn)
        devices = [builders.device(conn, vehicle_id=truck) for _ in range(2)]
    seen(engine, devices[0], (2, -6.21, 106.81))
    seen(engine, devices[1], (1, -6.22, 106.82))
    [feature] = snapshot(engine)["features"]
    assert feature["geometry"]["coordinates"] == [106.82, -6.22]
