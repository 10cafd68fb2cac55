"""What a vehicle did: only what was seen, and an engine that works is not idle."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.days import PLACES, at, moved
from tracker.domain.fix import Fix
from tracker.domain.observation import MachineCounters
from tracker.domain.vehicle import Counted, Engine, Stretch, counted, seconds, stretches


def stood(start: str, end: str, place: str = "work", ignition: bool | None = True, every_min: float = 1) -> list[Fix]:
    fixes, when = [], at(start)
    while when <= at(end):
        fixes.append(Fix(when, *PLACES[place], accuracy_m=10, speed_mps=0.0, ignition=ignition))
        when += timedelta(minutes=every_min)
    return fixes


def drove(start: str, end: str) -> list[Fix]:
    minutes = int((at(end) - at(start)).total_seconds() // 60)
    return [Fix(at(start) + timedelta(minutes=n), *moved(400 * n, 0), accuracy_m=10, speed_mps=8.0, ignition=True)
            for n in range(minutes + 1)]  # fmt: skip


def day(*fixes: Fix, takes_power: bool = False, interval_s: float = 60) -> tuple[Stretch, ...]:
    return stretches(fixes, at("08:00"), at("16:00"), interval_s, takes_power)


def minutes(*fixes: Fix, takes_power: bool = False) -> dict[str, int]:
    return {engine: s // 60 for engine, s in seconds(day(*fixes, takes_power=takes_power)).items() if s}


def test_standing_with_the_engine_on_is_idle_and_with_it_off_is_parked() -> None:
    fixes = [*drove("08:00", "08:59"), *stood("09:00", "10:00"), *stood("10:01", "16:00", ignition=False)]
    assert minutes(*fixes) == {"moving": 60, "idle": 61, "parked": 359}
    assert [part.engine for part in day(*fixes)] == [Engine.MOVING, Engine.IDLE, Engine.PARKED]


def test_less_than_three_minutes_is_traffic() -> None:
    def found(goes_on: str) -> dict[str, int]:
        return minutes(*drove("08:00", "08:29"), *stood("08:30", "08:31"), *drove(goes_on, "16:00"))

    assert found("08:32") == {"moving": 480}
    assert found("08:33") == {"moving": 477, "idle": 3}


def test_who_pumps_or_lifts_is_not_idle() -> None:
    assert minutes(*stood("08:00", "16:00"), takes_power=True) == {"working": 480}


def test_an_ignition_that_is_not_known_is_unknown_and_a_drive_is_a_drive_all_the_same() -> None:
    assert minutes(*stood("08:00", "16:00", ignition=None)) == {"unknown": 480}
    there = [fix._replace(ignition=None, speed_mps=None) for fix in drove("08:00", "16:00")]
    assert minutes(*there) == {"moving": 480}


def test_silence_is_unknown() -> None:
    assert minutes() == {"unknown": 480}
    assert minutes(*stood("08:00", "10:00"), *stood("12:00", "16:00")) == {"idle": 360, "unknown": 120}


def test_a_jump_there_and_back_is_set_aside() -> None:
    jump = Fix(at("09:00.5"), *PLACES["bandung"], accuracy_m=10, speed_mps=20.0, ignition=True)
    assert minutes(*stood("08:00", "16:00"), jump) == {"idle": 480}


def test_a_period_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a length"):
        stretches([], at("08:00"), at("08:00"), 60, False)


def reading(clock: str, operating_h: float | None, idle_h: float | None = None) -> MachineCounters:
    operating_s, idle_s = (None if hours is None else round(hours * 3600) for hours in (operating_h, idle_h))
    return MachineCounters(at(clock), operating_s, idle_s)


def day_of(*readings: MachineCounters) -> Counted:
    return counted(readings, at("00:00"), at("23:59"))


def test_a_days_figure_is_the_difference_of_its_counters() -> None:
    assert day_of(reading("-1 23:00", 100, 20), reading("12:00", 104, 21), reading("23:00", 108, 23)) == Counted(
        8 * 3600, 3 * 3600
    )


def test_a_first_reading_alone_shows_nothing() -> None:
    assert day_of(reading("12:00", 104, 21)) == day_of() == Counted(None, None)
    assert day_of(reading("08:00", 100), reading("16:00", 106)) == Counted(6 * 3600, None)


def test_a_counter_that_falls_or_runs_faster_than_time_is_left_out_and_counted() -> None:
    replaced = day_of(reading("06:00", 100), reading("10:00", 104), reading("11:00", 2), reading("13:00", 4))
    assert replaced == Counted(6 * 3600, None, impossible=1)
    assert day_of(reading("06:00", 100), reading("07:00", 900), reading("09:00", 901)).operating_s == 3600


def test_readings_of_the_day_after_are_not_this_days() -> None:
    assert day_of(reading("08:00", 1), reading("16:00", 3), reading("+1 08:00", 9)) == Counted(2 * 3600, None)


@st.composite
def any_fixes(draw: st.DrawFn) -> list[Fix]:
    fixes: list[Fix] = []
    when: datetime = at("07:00")
    for _ in range(draw(st.integers(0, 40))):
        when += timedelta(seconds=draw(st.sampled_from([10, 30, 60, 300, 1200])))
        place = PLACES[draw(st.sampled_from(["work", "desk", "kiosk", "bandung"]))]
        fixes.append(Fix(when, *place, accuracy_m=draw(st.sampled_from([None, 5.0, 500.0])),
                         speed_mps=draw(st.sampled_from([None, 0.0, 0.2, 9.0])),
                         ignition=draw(st.sampled_from([None, True, False]))))  # fmt: skip
    return fixes


@given(any_fixes(), st.booleans())
def test_stretches_tile_the_period_exactly(fixes: list[Fix], takes_power: bool) -> None:
    found = day(*fixes, takes_power=takes_power)
    assert (found[0].start, found[-1].end) == (at("08:00"), at("16:00"))
    assert all(one.end == other.start and one.engine is not other.engine
               for one, other in zip(found, found[1:], strict=False))  # fmt: skip
    assert sum(seconds(found).values()) == 8 * 3600
    assert all(part.engine is not Engine.IDLE for part in found) or not takes_power
