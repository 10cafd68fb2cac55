"""Rosters: the cases that the rules name, and what holds for every rotation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.roster import (
    Assignment,
    Duty,
    Extra,
    Leave,
    Overlap,
    Part,
    Pattern,
    Rotation,
    RuleSet,
    bounds,
    duties,
    excused,
    overlap_within,
)

WIB = ZoneInfo("Asia/Jakarta")
OFFICE = Pattern("Kantor", time(7, 30), 510)
NIGHT = Pattern("Malam", time(22), 480)
GUARD = Pattern("Jaga 24 jam", time(8), 1440)
MONDAY = date(2026, 2, 16)
WEEK = Rotation(MONDAY, (OFFICE,) * 5 + (None, None))


def expected(rotation: Rotation, first: date, last: date, *rules: RuleSet, zone: ZoneInfo = WIB) -> tuple[Duty, ...]:
    return duties([Assignment(rotation, first)], rules, first, last, zone)


def local(moment: datetime) -> str:
    return f"{moment.astimezone(WIB):%d %H:%M}"


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    (night,) = expected(Rotation(MONDAY, (NIGHT,)), MONDAY, MONDAY)
    assert (night.work_date, local(night.start), local(night.end)) == (MONDAY, "16 22:00", "17 06:00")


def test_guards_of_24_hours_take_over_from_each_other_at_the_end_of_a_month_and_on_a_leap_day() -> None:
    first, last = date(2028, 2, 27), date(2028, 3, 3)
    a, b, c = (Rotation(date(2028, 1, 1) + timedelta(days=n), (GUARD, None, None), beats_holidays=True)
               for n in range(3))  # fmt: skip
    on_duty = sorted((duty for one in (a, b, c) for duty in expected(one, first, last)), key=lambda duty: duty.start)
    assert [duty.work_date.day for duty in on_duty] == [27, 28, 29, 1, 2, 3]
    assert all(one.end == other.start for one, other in pairwise(on_duty))


def test_the_hours_of_ramadan_begin_in_the_middle_of_a_week() -> None:
    ramadan = RuleSet(date(2026, 2, 18), date(2026, 3, 19), {"Kantor": Pattern("Kantor Ramadan", time(8), 420)})
    week = expected(WEEK, MONDAY, MONDAY + timedelta(days=6), ramadan)
    assert [(local(duty.start), local(duty.end)) for duty in week] == [
        ("16 07:30", "16 16:00"), ("17 07:30", "17 16:00"), ("18 08:00", "18 15:00"), ("19 08:00", "19 15:00"),
        ("20 08:00", "20 15:00"),
    ]  # fmt: skip


def test_collective_leave_that_is_announced_later_excuses_the_office_and_not_the_guard() -> None:
    announced = {MONDAY: "Cuti bersama Imlek"}
    office, guard = expected(WEEK, MONDAY, MONDAY), expected(Rotation(MONDAY, (GUARD,), True), MONDAY, MONDAY)
    assert [duty.excuse for duty in excused(office + guard, {}, [])] == [None, None]
    assert [duty.excuse for duty in excused(office + guard, announced, [])] == ["holiday", None]


def test_leave_for_half_a_day_leaves_the_other_half_to_be_worked() -> None:
    office = expected(WEEK, MONDAY, MONDAY)
    for part, worked in ((Part.FIRST_HALF, ("16 11:45", "16 16:00")), (Part.SECOND_HALF, ("16 07:30", "16 11:45"))):
        parts = excused(office, {}, [Leave("leave", MONDAY, MONDAY, part)])
        (rest,) = (duty for duty in parts if duty.excuse is None)
        assert len(parts) == 2 and (local(rest.start), local(rest.end)) == worked


def test_two_halves_of_two_kinds_are_told_apart_and_a_holiday_needs_no_leave() -> None:
    office = expected(WEEK, MONDAY, MONDAY)
    halves = [Leave("sick", MONDAY, MONDAY, Part.FIRST_HALF), Leave("leave", MONDAY, MONDAY, Part.SECOND_HALF)]
    assert [duty.excuse for duty in excused(office, {}, halves)] == ["sick", "leave"]
    assert [duty.excuse for duty in excused(office, {MONDAY: "Imlek"}, halves)] == ["holiday"]
    both = [replaced for replaced in halves if replaced.kind == "sick"]
    both.append(Leave("sick", MONDAY, MONDAY, Part.SECOND_HALF))
    assert [duty.excuse for duty in excused(office, {}, both)] == ["sick"]


def test_two_duties_a_quarter_of_an_hour_apart_share_no_moment() -> None:
    morning, noon = Pattern("Pagi", time(6), 360), Pattern("Siang", time(12, 15), 240)
    found = duties([Assignment(Rotation(MONDAY, (one,)), MONDAY) for one in (morning, noon)], (), MONDAY, MONDAY, WIB)
    assert [tuple(map(local, times)) for times in bounds(found)] == [
        ("16 05:30", "16 12:15"), ("16 12:15", "16 16:45"),
    ]  # fmt: skip


def test_who_comes_long_before_is_of_no_duty_yet() -> None:
    (night,) = expected(Rotation(MONDAY, (NIGHT,)), MONDAY, MONDAY)
    ((since, _),) = bounds([night])
    assert local(since) == "16 21:30"


def test_nobody_is_expected_twice_at_once() -> None:
    long = Pattern("Panjang", time(20), 720)
    with pytest.raises(Overlap, match="Malam on 2026-02-16 begins before Panjang of 2026-02-16 ends"):
        duties([Assignment(Rotation(MONDAY, (one,)), MONDAY) for one in (NIGHT, long)], (), MONDAY, MONDAY, WIB)


@pytest.mark.parametrize(
    ("cycle", "days"),
    [
        ((OFFICE,) * 5 + (None, None), None), ((GUARD,), None), ((GUARD, None, None), None), ((NIGHT, NIGHT), None),
        ((GUARD, OFFICE), (0, 1)), ((OFFICE, None, GUARD), (2, 3)), ((replace(GUARD, minutes=1441),), (0, 1)),
    ],
)  # fmt: skip
def test_a_rotation_may_not_overlap_itself(cycle: tuple[Pattern | None, ...], days: tuple[int, int] | None) -> None:
    found = overlap_within(Rotation(MONDAY, cycle))
    assert (found and tuple((one.work_date - MONDAY).days for one in (found.one, found.other))) == days


def test_a_single_day_may_have_another_shift_or_none_and_keeps_its_place() -> None:
    at_gate = Assignment(WEEK, MONDAY, zones=(7,))
    instead = {MONDAY: Extra(MONDAY, NIGHT), MONDAY + timedelta(days=1): None}
    week = duties([at_gate], (), MONDAY, MONDAY + timedelta(days=2), WIB, instead)
    found = [(duty.pattern, duty.work_date.day, duty.zones) for duty in week]
    assert found == [("Malam", 16, (7,)), ("Kantor", 18, (7,))]
    assert [duty.excuse for duty in excused(week, {MONDAY: "Imlek"}, [])] == [None, None]  # called in by name


def test_overtime_is_a_duty_of_its_own_and_may_not_overlap() -> None:
    overtime = Extra(MONDAY, Pattern("Lembur", time(17), 120, zones=(3,)))
    found = duties([Assignment(WEEK, MONDAY, zones=(7,))], (), MONDAY, MONDAY, WIB, extras=[overtime])
    assert [(duty.pattern, duty.zones) for duty in found] == [("Kantor", (7,)), ("Lembur", (3,))]
    early = Extra(MONDAY, Pattern("Lembur", time(15), 120))
    with pytest.raises(Overlap):
        duties([Assignment(WEEK, MONDAY)], (), MONDAY, MONDAY, WIB, extras=[early])


def test_breaks_are_times_of_the_duty() -> None:
    lunch = Pattern("Kantor", time(7, 30), 510, breaks=((270, 60),))
    (duty,) = expected(Rotation(MONDAY, (lunch,)), MONDAY, MONDAY)
    assert [(local(since), local(until)) for since, until in duty.breaks] == [("16 12:00", "16 13:00")]


def test_a_clock_that_is_put_forward_makes_no_night_shorter() -> None:
    saturday, zone = date(2026, 3, 7), ZoneInfo("America/New_York")
    (night,) = expected(Rotation(MONDAY, (NIGHT,)), saturday, saturday, zone=zone)
    assert night.end - night.start == timedelta(hours=8)


minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
patterns = st.builds(Pattern, st.sampled_from(["A", "B", "C"]), minutes, st.integers(30, 720))
rotations = st.builds(
    Rotation, st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.lists(st.none() | patterns, min_size=1, max_size=28).map(tuple), st.booleans(),
)  # fmt: skip
days = st.dates(date(2019, 1, 1), date(2032, 1, 1))
leaves = st.lists(
    st.builds(lambda kind, first, length, part: Leave(kind, first, first + timedelta(days=length), part),
              st.sampled_from(["leave", "sick"]), days, st.integers(0, 400), st.sampled_from(Part)), max_size=4,
)  # fmt: skip


@given(rotations, days, st.integers(-50, 50))
def test_a_rotation_is_the_same_a_cycle_earlier_or_later(rotation: Rotation, day: date, cycles: int) -> None:
    assert rotation.on(day) == rotation.on(day + timedelta(days=cycles * len(rotation.cycle)))


@given(rotations, days)
def test_what_is_asked_in_parts_is_the_same_as_in_one(rotation: Rotation, day: date) -> None:
    try:
        whole = expected(rotation, day, day + timedelta(days=9))
    except Overlap:
        return
    second = day + timedelta(days=5)
    assignment = [Assignment(rotation, day)]
    assert whole == (
        *duties(assignment, (), day, second - timedelta(days=1), WIB),
        *duties(assignment, (), second, day + timedelta(days=9), WIB),
    )
    assert all(duty.start.tzinfo is UTC and duty.start.astimezone(WIB).date() == duty.work_date for duty in whole)


@given(rotations, days, leaves, st.booleans())
def test_excused_parts_and_the_rest_tile_each_duty(
    rotation: Rotation, day: date, taken: Sequence[Leave], holiday: bool
) -> None:
    holidays = {day: "Libur"} if holiday else {}
    for duty in duties([Assignment(rotation, day)], (), day, day, WIB):
        parts = excused([duty], holidays, taken)
        assert (parts[0].start, parts[-1].end) == (duty.start, duty.end)
        assert all(one.end == other.start for one, other in pairwise(parts))
        assert all(part.start < part.end for part in parts)


@given(rotations, days, st.integers(0, 180), st.integers(0, 180))
def test_every_moment_belongs_to_one_duty_at_most(rotation: Rotation, day: date, before: int, after: int) -> None:
    try:
        found = expected(rotation, day, day + timedelta(days=6))
    except Overlap:
        return
    margins = timedelta(minutes=before), timedelta(minutes=after)
    accepted = bounds([replace(duty, margins=margins) for duty in found])
    for duty, (since, until) in zip(found, accepted, strict=True):
        assert duty.start - timedelta(minutes=before) <= since <= duty.start
        assert duty.end <= until <= duty.end + timedelta(minutes=after)
    assert all(one[1] <= other[0] for one, other in pairwise(accepted))
