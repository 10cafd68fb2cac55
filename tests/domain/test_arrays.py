"""The arrays say what the plain engine says, whatever people do and however many are computed together.

Equal are times, kinds, places, sources, counts, indices and every spot that was set aside; centres of stays are equal
to a nanodegree and their accuracy to a micrometre, for arrays sum where the plain engine goes step by step (see there).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import cos, pi, radians, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain import plain_engine
from tests.domain.days import DAY, RULES, WORK, around, at, moved, square
from tests.domain.test_polygon import star
from tests.domain.test_segments import any_fixes, limerick_bus, liverpool_buses
from tracker.domain.cleaning import cleaned
from tracker.domain.duty import Case, Course, DutyWindow, Evidence, Profile, course_of, courses_of
from tracker.domain.edge_columns import EdgeColumns
from tracker.domain.fix import Fix
from tracker.domain.fixes import Fixes, moment
from tracker.domain.geo import METRES_PER_DEGREE, Circle, Polygon, Zone
from tracker.domain.segments import IN_VEHICLE, ON_FOOT, MotionRules, Segment, Stay, segment

LATE = at("23:00")
BAY = Polygon(WORK.lat, WORK.lon, ((star(40, 5, reach=0.01), star(40, 6, reach=0.001)), (square(80, 600, 900),)))
ZONES: list[tuple[Zone, ...]] = [
    (), (WORK,), (WORK, Circle(*moved(400, 300), 60.0)), (around(150, square(50)),), (BAY,), (BAY, WORK, around(90)),
]  # fmt: skip


def rounded(stay: Stay | None) -> tuple[object, ...] | None:
    return stay and (
        stay.first, stay.last, pytest.approx(stay.lat, abs=1e-9), pytest.approx(stay.lon, abs=1e-9),
        pytest.approx(stay.accuracy_m, abs=1e-6),
    )  # fmt: skip


def assert_same(found: Course, expected: Course) -> None:
    assert [leg._replace(stay=None) for leg in found.legs] == [leg._replace(stay=None) for leg in expected.legs]
    for one, other in zip(found.legs, expected.legs, strict=True):
        mine = one.stay and (one.stay.first, one.stay.last, one.stay.lat, one.stay.lon, one.stay.accuracy_m)
        assert mine == rounded(other.stay)
    assert (found.vague, found.spikes, found.rivals) == (expected.vague, expected.spikes, expected.rivals)


def assert_same_segments(found: Sequence[Segment], expected: Sequence[Segment]) -> None:
    assert [replace(part, lat=None, lon=None) for part in found] == [
        replace(part, lat=None, lon=None) for part in expected
    ]
    for one, other in zip(found, expected, strict=True):
        assert (one.lat, one.lon) == (pytest.approx(other.lat, abs=1e-9), pytest.approx(other.lon, abs=1e-9))


def life(chance: random.Random, seconds: int) -> list[Fix]:
    """A day of somebody: they stay, stroll, walk and drive, fall silent, jump, repeat themselves and get vague."""
    fixes: list[Fix] = []
    when, north, east = at("07:00") + timedelta(seconds=chance.randrange(3600)), 0.0, 0.0
    until = when + timedelta(seconds=seconds)
    while when < until:
        mode = chance.choice(["stay", "stay", "drift", "stroll", "walk", "drive", "silence", "jump", "back", "frozen"])
        every_s, heading = chance.choice([0.5, 5, 20, 60, 60, 300]), chance.uniform(0, 2 * pi)
        mps = {"stroll": 0.3, "walk": 1.3, "drive": 9.0}.get(mode, 0.0)
        reach = {"stay": chance.choice([5, 40, 90]), "drift": 120.0}.get(mode, 3.0)
        accuracy_m = chance.choice([None, 0.0, 4.0, 15.0, 33.3, 60.0, 99.5, 100.0])
        if mode == "silence":
            when += timedelta(seconds=chance.choice([200, 599, 601, 1000, 4000]))
        if mode == "jump":
            north, east = north + chance.choice([-90_000, 900, 200]), east + chance.choice([300, 60_000])
        if mode == "back":
            north = east = 0.0
        for _ in range(chance.randrange(1, 90)):
            when += timedelta(seconds=every_s)
            north, east = north + mps * every_s * sin(heading), east + mps * every_s * cos(heading)
            shake = 0.0 if mode == "frozen" else reach
            place = moved(north + chance.gauss(0, shake / 2), east + chance.gauss(0, shake / 2))
            said_m = 400.0 if chance.random() < 0.03 else accuracy_m
            fixes.append(Fix(when, *place, accuracy_m=said_m, battery_pct=50))
            if chance.random() < 0.02:  # a spike
                fixes.append(Fix(when + timedelta(seconds=0.25), *moved(north + 80_000, east), accuracy_m=accuracy_m))
            if chance.random() < 0.03:  # the other device, at the same moment or a little later
                later = timedelta(seconds=chance.choice([0, 0, 0.125]))
                fixes.append(Fix(when + later, *moved(300, 200), accuracy_m=chance.choice([5.0, 15.0, 100.0])))
            if chance.random() < 0.05:
                fixes.append(fixes[-1])
    chance.shuffle(fixes)
    return fixes


def case(chance: random.Random, fixes: Sequence[Fix]) -> Case:
    start = at("08:00") + timedelta(minutes=chance.randrange(-30, 120))
    end = start + timedelta(minutes=chance.randrange(1, 600))
    margin = timedelta(minutes=chance.choice([0, 60, 200]))
    profile = chance.choice([Profile.FIELD, Profile.DRIVER])
    window = DutyWindow(start, end, start - margin, end + margin, DAY, profile, chance.choice(ZONES))
    return window, Evidence(fixes, expected_interval_s=chance.choice([10, 60, 300])), RULES


@pytest.mark.parametrize("seed", range(60))
def test_a_batch_of_lives_is_read_as_each_would_be_by_the_plain_engine(seed: int) -> None:
    chance = random.Random(seed)
    cases = [case(chance, life(chance, chance.choice([600, 20_000, 30_000]))) for _ in range(chance.randrange(1, 9))]
    for found, one in zip(courses_of(cases, LATE), cases, strict=True):
        assert_same(found, plain_engine.course_of(*one, LATE))


@settings(max_examples=200, deadline=None)
@given(st.lists(any_fixes(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_whatever_fixes_there_are_a_batch_says_what_the_plain_engine_says(
    tracks: list[list[Fix]], chance: random.Random
) -> None:
    cases = [case(chance, fixes) for fixes in tracks]
    now = chance.choice([at("09:00"), LATE])
    for found, one in zip(courses_of(cases, now), cases, strict=True):
        assert_same(found, plain_engine.course_of(*one, now))


@st.composite
def few_places(draw: st.DrawFn) -> list[Fix]:
    """Seconds apart, at few places far and near: every order of repeats, rivals, spikes and vague ones."""
    places = [moved(0, 0), moved(0, 0), moved(30, 0), moved(150, 0), moved(9_000, 0), moved(90_000, 0)]
    row = st.tuples(st.integers(0, 40), st.sampled_from(places), st.sampled_from([None, 5.0, 100.0, 300.0]))
    every_s = draw(st.sampled_from([1, 30, 130, 700]))
    rows = draw(st.lists(row, max_size=30))
    return [Fix(at("08:00") + timedelta(seconds=n * every_s), *place, accuracy_m=m) for n, place, m in rows]


@settings(max_examples=300, deadline=None)
@given(few_places(), st.sampled_from([ON_FOOT, IN_VEHICLE, MotionRules(60, 30, 900)]))
def test_cleaning_and_segments_are_those_of_the_plain_engine(fixes: list[Fix], rules: MotionRules) -> None:
    found = cleaned(fixes, 600.0, rules.top_speed_mps)
    assert found == plain_engine.cleaned(fixes, 600.0, rules.top_speed_mps)
    period = at("07:50"), at("12:00")
    assert_same_segments(segment(fixes, *period, rules), plain_engine.segment(fixes, *period, rules))


def test_real_tracks_are_read_alike() -> None:
    for fixes in [limerick_bus(), *liverpool_buses().values()]:
        times = [fix.fix_time for fix in fixes]
        for rules in (IN_VEHICLE, ON_FOOT):
            period = min(times), max(times)
            assert_same_segments(segment(fixes, *period, rules), plain_engine.segment(fixes, *period, rules))


def test_a_window_says_the_same_alone_and_among_others() -> None:
    """To the last bit: what stands beside it in the arrays changes nothing."""
    chance = random.Random(3)
    cases = [case(chance, life(chance, 20_000)) for _ in range(12)]
    assert courses_of(cases, LATE) == [course_of(*one, LATE) for one in cases]


@given(st.integers(3, 120), st.integers(0, 9999), st.lists(st.tuples(st.floats(-0.12, 0.12), st.floats(-0.12, 0.12))))
def test_many_points_are_as_far_from_a_polygon_as_each_of_them(
    corners: int, seed: int, offsets: list[tuple[float, float]]
) -> None:
    parts = ((star(corners, seed), star(corners, seed + 1, reach=0.01)), (star(9, seed, WORK.lat + 0.1, reach=0.02),))
    shape = Polygon(WORK.lat, WORK.lon, parts)
    fixes = Fixes.of(Fix(moment(0), WORK.lat + north, WORK.lon + east) for north, east in offsets)
    reach_m = fixes.lat * 0 + 3000.0
    for away_m, fix in zip(shape.distances_m(fixes.lat, fixes.lon, reach_m), fixes, strict=True):
        exact_m = shape.distance_m(fix.lat, fix.lon)
        assert (away_m < 0) == (exact_m < 0)
        if exact_m >= 0 and abs(exact_m - 3000.0) > 1e-6:
            assert away_m == (pytest.approx(exact_m, abs=1e-6) if exact_m < 3000.0 else float("inf"))


def test_the_points_of_one_lot_are_not_all_there_are() -> None:
    ring = star(60, 1)
    edges = EdgeColumns([ring])
    places = [(WORK.lat + n / 9e3, WORK.lon + n % 77 / 2e3) for n in range(-500, 500)]
    fixes = Fixes.of(Fix(moment(0), *place) for place in places)
    kx = fixes.lat * 0 + METRES_PER_DEGREE * cos(radians(WORK.lat))
    whole = edges.distances(fixes.lon, fixes.lat, kx, METRES_PER_DEGREE, kx * 0 + 500)
    single = [
        edges.distances(one.lon, one.lat, kx[:1], METRES_PER_DEGREE, kx[:1] * 0 + 500)[0]
        for one in (fixes.where(slice(n, n + 1)) for n in range(len(fixes)))
    ]
    assert whole.tolist() == single


def test_columns_read_as_the_fixes_they_were_made_of() -> None:
    fixes = [Fix(at("08:00"), -6.2, 106.8, None, battery_pct=None), Fix(at("07:00"), 6.2, -106.8, 0.0, battery_pct=0)]
    columns = Fixes.of(fixes)
    assert list(columns) == fixes and columns[-1] == fixes[-1] and columns[1:] == Fixes.of(fixes[1:])
    assert columns.between(at("07:30"), at("09:00")) == Fixes.of(fixes[:1])
    assert [columns.last_battery_pct(at(clock)) for clock in ("06:00", "07:00", "09:00")] == [None, 0, 0]


def test_the_digest_of_fixes_is_the_same_for_ever_and_in_any_order() -> None:
    fixes = [Fix(at("08:00"), -6.2, 106.8, None, battery_pct=7), Fix(datetime.fromisoformat("1960-01-01T00:00Z"), 0, 1)]
    same = "6a0981b7814ad30a5a82aa8050bf252da411727d72139f9cbf1af34a6246774f"
    assert Fixes.of(fixes).digest() == Fixes.of(fixes[::-1]).digest() == same
    others = [fixes[0]._replace(**{name: 1}) for name in ("lat", "lon", "accuracy_m", "battery_pct")]
    assert len({Fixes.of([one, fixes[1]]).digest() for one in others} - {same}) == 4
