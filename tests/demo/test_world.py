"""The simulated world is the same after every restart, and what it claims could have happened."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest

from tracker.demo.activities import written
from tracker.demo.cast import FLEET, UNITS, Employee, Habit, Machine
from tracker.demo.ground import Spot, distance_m
from tracker.demo.journey import Journey
from tracker.demo.person_days import PHONE_MARGIN_S, PhoneDay
from tracker.demo.sensors import phone_fixes, tracker_fixes
from tracker.demo.staff import STAFF
from tracker.demo.vehicle_days import local
from tracker.demo.world import DAY, World
from tracker.domain.fix import Fix

JAKARTA = ZoneInfo("Asia/Jakarta")
FIRST = date(2026, 2, 23)  # two weeks over the end of a month
DAYS = [FIRST + n * DAY for n in range(14)]
FASTEST_MPS = 20.0
CITY_CENTRE, CITY_M = Spot(-6.2, 106.85), 35_000


@pytest.fixture(scope="module")
def world() -> World:
    return World(JAKARTA)


def phone_days(world: World) -> list[PhoneDay]:
    days = [world.phone_day(employee, on) for employee in STAFF for on in DAYS]
    return [day for day in days if day is not None]


def assert_plausible(journey: Journey) -> None:
    for a, b in pairwise(journey.knots):
        assert a.at < b.at
        assert distance_m(a.spot, b.spot) / (b.at - a.at) < FASTEST_MPS
        assert distance_m(b.spot, CITY_CENTRE) < CITY_M


def until(fixes: object, end: float) -> list[Fix]:
    return list(takewhile(lambda fix: fix.fix_time.timestamp() <= end, fixes))  # type: ignore[call-overload]


def employees(habit: Habit) -> list[Employee]:
    return [employee for employee in STAFF if employee.habit is habit]


def test_a_restarted_city_plans_the_same_days_again(world: World) -> None:
    again = World(JAKARTA)
    assert all(world.vehicle_day(m, FIRST) == again.vehicle_day(m, FIRST) for m in FLEET)
    assert all(world.phone_day(e, FIRST) == again.phone_day(e, FIRST) for e in STAFF)


def test_another_seed_is_another_city(world: World) -> None:
    other = World(JAKARTA, seed="other")
    trucks = [m for m in FLEET if m.kind == "garbage_truck"]
    assert all(world.vehicle_day(m, FIRST) != other.vehicle_day(m, FIRST) for m in trucks)


@pytest.mark.parametrize("machine", FLEET, ids=lambda machine: machine.call_sign)
def test_a_vehicle_day_fills_the_local_day_and_begins_and_ends_at_its_parking(world: World, machine: Machine) -> None:
    for on in DAYS:
        day = world.vehicle_day(machine, on)
        assert (day.start, day.end) == (local(on, JAKARTA), local(on + DAY, JAKARTA))
        assert day.knots[0].spot == day.knots[-1].spot == machine.parking
        assert distance_m(machine.parking, machine.base.spot) < machine.base.radius_m
        assert_plausible(day)


def test_people_move_plausibly_and_their_journey_covers_what_the_phone_reports(world: World) -> None:
    days = phone_days(world)
    assert len(days) > 300
    for day in days:
        assert day.journey.start <= day.on and day.off <= day.journey.end
        assert_plausible(day.journey)


def test_whoever_is_not_late_or_absent_begins_duty_at_the_workplace(world: World) -> None:
    for day in phone_days(world):
        at_start = day.journey.motion(day.duty.starts_at.timestamp() + 120).spot
        place = day.duty.employee.workplace
        begins_inside = distance_m(at_start, place.spot) < place.radius_m
        under_way = day.duty.employee.rides is not None  # an ambulance may be called out at once
        assert begins_inside or under_way or day.mood in (Habit.LATE, Habit.ABSENT), day.duty.employee.name


def test_the_absent_are_heard_all_day_and_never_near_work(world: World) -> None:
    absent = [day for day in phone_days(world) if day.mood is Habit.ABSENT]
    assert absent
    for day in absent:
        fixes = until(phone_fixes(world, day.duty.employee, int(day.on)), day.off)
        assert len(fixes) > 500
        place = day.duty.employee.workplace
        assert all(distance_m(Spot(fix.lat, fix.lon), place.spot) > place.radius_m + 200 for fix in fixes)


def test_a_flat_phone_tells_its_falling_battery_and_then_nothing(world: World) -> None:
    flat = [day for day in phone_days(world) if day.mood is Habit.FLAT_PHONE]
    assert flat
    for day in flat:
        fixes = until(phone_fixes(world, day.duty.employee, int(day.on)), day.duty.ends_at.timestamp())
        assert fixes[-1].fix_time < day.duty.ends_at - timedelta(hours=2)
        assert fixes[0].battery_pct is not None and fixes[-1].battery_pct is not None
        assert fixes[0].battery_pct > 20 and fixes[-1].battery_pct <= 5


def test_a_silent_phone_says_nothing(world: World) -> None:
    day = next(day for day in phone_days(world) if day.mood is Habit.SILENT)
    fixes = until(phone_fixes(world, day.duty.employee, int(day.on)), day.duty.ends_at.timestamp())
    assert fixes == []


def test_a_phone_is_heard_around_duty_only(world: World) -> None:
    start, end = local(FIRST, JAKARTA), local(FIRST + 3 * DAY, JAKARTA)
    for employee in STAFF[:20]:
        duties = [day.duty for on in (FIRST + n * DAY for n in range(-2, 4)) if (day := world.phone_day(employee, on))]
        margin = timedelta(seconds=PHONE_MARGIN_S)
        for fix in until(phone_fixes(world, employee, int(start)), end):
            assert any(d.starts_at - margin <= fix.fix_time <= d.ends_at + margin for d in duties)


def test_an_indoor_phone_drifts_around_its_desk(world: World) -> None:
    day = next(d for e in employees(Habit.DRIFTING) for on in DAYS if (d := world.phone_day(e, on)) is not None
               and d.mood is Habit.DRIFTING and d.duty.shift.profile == "OFFICE")  # fmt: skip
    start, end = day.duty.starts_at.timestamp(), day.duty.ends_at.timestamp()
    fixes = until(phone_fixes(world, day.duty.employee, int(start)), end)
    away = [distance_m(Spot(fix.lat, fix.lon), day.duty.employee.workplace.spot) for fix in fixes]
    assert 60 < max(away) < 250


@pytest.mark.parametrize("call_sign", ["AGD-101", "LHP-01", "ALB-01", "PTR-02"])
def test_a_tracker_that_starts_again_anywhere_goes_on_where_it_stopped(world: World, call_sign: str) -> None:
    machine = next(m for m in FLEET if m.call_sign == call_sign)
    begin = int(local(FIRST, JAKARTA))
    whole = list(islice(tracker_fixes(world, machine, begin), 3000))
    assert [f.fix_time for f in whole] == sorted({f.fix_time for f in whole})
    for stopped in (0, 1, 999, 2500):
        after = int(whole[stopped].fix_time.timestamp())
        again = tracker_fixes(World(JAKARTA), machine, after)
        assert list(islice(again, 200)) == whole[stopped + 1 : stopped + 201]


def test_a_phone_that_starts_again_anywhere_goes_on_where_it_stopped(world: World) -> None:
    guard = next(e for e in STAFF if e.position == "Penjaga Pool")
    whole = list(islice(phone_fixes(world, guard, int(local(FIRST, JAKARTA))), 2500))
    for stopped in (0, 700, 1500, 2200):
        after = int(whole[stopped].fix_time.timestamp())
        again = phone_fixes(World(JAKARTA), guard, after)
        assert list(islice(again, 200)) == whole[stopped + 1 : stopped + 201]


def test_a_vehicle_is_heard_at_least_once_a_minute_and_more_often_on_the_way(world: World) -> None:
    ambulance = FLEET[0]
    begin = int(local(FIRST, JAKARTA))
    fixes = until(tracker_fixes(world, ambulance, begin), begin + 86400)
    gaps = [(b.fix_time - a.fix_time).total_seconds() for a, b in pairwise(fixes)]
    assert max(gaps) <= 60 and min(gaps) == 5


@pytest.mark.parametrize("hour", range(24))
def test_something_moves_at_every_hour_of_a_working_day(world: World, hour: int) -> None:
    moments = [local(FIRST, JAKARTA) + hour * 3600 + minute * 60 for minute in (15, 30, 45)]
    moving = {m.kind for m in FLEET for at in moments if world.vehicle_day(m, FIRST).motion(at).speed_mps > 0}
    assert moving - {"ambulance", "fire_truck"}, "citizens do not see those on a task"


def test_a_crew_is_where_its_vehicle_is(world: World) -> None:
    driver = next(e for e in STAFF if e.rides == "LHP-01")
    day = next(d for on in DAYS if (d := world.phone_day(driver, on)) is not None)
    stop = next(stop for stop in day.journey.stops if stop.what == "landfill")
    truck = world.vehicle_day(next(m for m in FLEET if m.call_sign == "LHP-01"), day.duty.work_date)
    assert truck.motion(stop.start + 60).spot == day.journey.motion(stop.start + 60).spot == stop.spot


def test_what_people_write_lies_within_duty_and_does_not_overlap(world: World) -> None:
    lines = 0
    for day in phone_days(world):
        activities = written(day)
        lines += len(activities)
        for activity in activities:
            assert day.duty.starts_at.timestamp() <= activity.start < activity.end <= day.duty.ends_at.timestamp()
            assert activity.volume >= 1
        assert all(a.end <= b.start for a, b in pairwise(activities))
    assert lines > 800


def test_the_cast_is_a_city(world: World) -> None:
    assert len(STAFF) >= 60 and len({e.nip for e in STAFF}) == len(STAFF)
    assert all(len(e.nip) == 18 and e.nip.isdigit() for e in STAFF)
    assert all(date(int(e.nip[:4]), int(e.nip[4:6]), int(e.nip[6:8])) < date(2000, 1, 1) for e in STAFF)
    assert len(FLEET) == 40 and len({m.plate for m in FLEET}) == 40
    assert {e.unit for e in STAFF} | {m.unit for m in FLEET} <= UNITS.keys()
    assert {e.habit for e in STAFF} == set(Habit)


def test_a_night_shift_belongs_to_the_date_of_its_start(world: World) -> None:
    nights = [day.duty for day in phone_days(world) if day.duty.shift.name == "Jaga malam"]
    assert nights
    for duty in nights:
        assert duty.starts_at == datetime.combine(duty.work_date, datetime.min.time(), UTC) + timedelta(hours=15)
        assert duty.ends_at - duty.starts_at == timedelta(hours=8)
