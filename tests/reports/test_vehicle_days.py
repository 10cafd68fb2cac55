"""The days of vehicles are computed once they are over, and again when late fixes are in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from reports.vehicle_days import compute_days
from tests import builders
from tests.domain import days
from tests.domain.test_vehicle import drove, stood
from tests.reports.duties import LOCK, SHIFT, WORK_DATE, at, receive
from tracker.domain.fix import Fix
from tracker.storage import models as m


def shifted(*fixes: Fix) -> list[Fix]:
    return [fix._replace(fix_time=fix.fix_time + SHIFT) for fix in fixes]


def truck(conn: Connection, *capabilities: str) -> tuple[int, int]:
    vehicle_id = builders.vehicle(conn)
    conn.execute(update(m.Vehicle).where(m.Vehicle.id == vehicle_id).values(capabilities=list(capabilities)))
    return vehicle_id, builders.device(conn, vehicle_id=vehicle_id)


def compute(engine: Engine, clock: str) -> int:
    return compute_days(engine, days.WIB, at(clock), LOCK)


def day_of(engine: Engine, vehicle_id: int) -> Row[Any]:
    with engine.connect() as conn:
        theirs = m.VehicleDay.vehicle_id == vehicle_id, m.VehicleDay.day == WORK_DATE
        return conn.execute(select(m.VehicleDay.__table__).where(*theirs)).one()


def test_a_day_is_what_the_vehicle_did_from_midnight_to_midnight(engine: Engine) -> None:
    with engine.begin() as conn:
        truck_id, tracker = truck(conn)
        pump_id, pump = truck(conn, "pump")
        receive(conn, tracker, shifted(*drove("08:00", "08:59"), *stood("09:00", "10:00")))
        receive(conn, pump, shifted(*stood("09:00", "10:00")))
    assert compute(engine, "+1 00:30") == 2 * 6  # the days before, of which nothing is known
    assert compute(engine, "+1 01:00") == 2
    found = day_of(engine, truck_id)
    assert (found.moving_s, found.idle_s, found.unknown_s) == (3600, 3600, 22 * 3600)
    assert [stand["seconds"] for stand in found.stands] == [3600]
    assert (day_of(engine, pump_id).working_s, day_of(engine, pump_id).idle_s) == (3600, 0)
    assert compute(engine, "+1 01:30") == 0


def test_late_fixes_are_in_it_a_day_later(engine: Engine) -> None:
    with engine.begin() as conn:
        truck_id, tracker = truck(conn)
        receive(conn, tracker, shifted(*stood("09:00", "10:00", ignition=False)))
    compute(engine, "+1 01:00")
    with engine.begin() as conn:
        receive(conn, tracker, shifted(*stood("10:01", "11:00", ignition=False)), received_at=at("+1 12:00"))
    compute(engine, "+1 12:30")
    assert day_of(engine, truck_id).parked_s == 3600
    compute(engine, "+2 00:00")
    assert day_of(engine, truck_id).parked_s == 2 * 3600


def test_a_machine_is_counted_by_the_difference_of_its_counters(engine: Engine) -> None:
    with engine.begin() as conn:
        machine_id, tracker = truck(conn)
        receive(conn, tracker, shifted(*stood("09:00", "09:05")))
        readings = [("-1 20:00", 100, 20), ("12:00", 103, 21), ("20:00", 107, 23)]
        conn.execute(insert(m.MachineReading), [
            {"device_id": tracker, "read_at": at(clock), "received_at": at(clock) + timedelta(minutes=1),
             "operating_s": operating * 3600, "idle_s": idle * 3600}
            for clock, operating, idle in readings
        ])  # fmt: skip
    compute(engine, "+1 01:00")
    found = day_of(engine, machine_id)
    assert (found.counted_operating_s, found.counted_idle_s, found.impossible_counts) == (7 * 3600, 3 * 3600, 0)
