"""Stays, moves and the unknown tile a period exactly, and say no more than the fixes show."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.days import PLACES, WORK, at, drifting, moved, track
from tracker.domain.fix import Fix
from tracker.domain.geo import distance_m
from tracker.domain.segments import IN_VEHICLE, ON_FOOT, MotionRules, Segment, SegmentKind, segment

TRACKS = Path(__file__).parents[3] / "shared" / "data" / "tracks"
STAY, MOVE, UNKNOWN = SegmentKind.STAY, SegmentKind.MOVE, SegmentKind.UNKNOWN


def segments(
    fixes: Sequence[Fix], start: str = "08:00", end: str = "16:00", rules: MotionRules = ON_FOOT
) -> tuple[Segment, ...]:
    return segment(fixes, at(start), at(end), rules)


def shape(found: Sequence[Segment]) -> list[tuple[str, str]]:
    """The kinds with the minutes they span, in words."""
    return [(part.kind.value, f"{part.spanned_s / 60:g}") for part in found]


def walk(start: str, minutes: int, mps: float, from_m: float = 0) -> list[Fix]:
    """A fix every 20 s on the way north."""
    steps = [timedelta(seconds=20 * n) for n in range(minutes * 3 + 1)]
    return [Fix(at(start) + s, *moved(from_m + mps * s.total_seconds(), 0), accuracy_m=10) for s in steps]


def test_without_fixes_all_is_unknown() -> None:
    assert shape(segments([])) == [("UNKNOWN", "480")]


def test_a_period_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a length"):
        segments([], "08:00", "08:00")


def test_a_day_at_two_places_is_stay_move_stay() -> None:
    found = segments([*track("07:50-12:00 work"), *track("12:10-16:10 kiosk")])
    assert shape(found) == [("STAY", "240"), ("MOVE", "10"), ("STAY", "230")]
    assert distance_m(found[2].lat or 0, found[2].lon or 0, *PLACES["kiosk"]) < 1


def test_walking_is_a_move() -> None:
    assert shape(segments(walk("08:00", 60, mps=1.3), end="09:00")) == [("MOVE", "60")]


def test_a_pause_shorter_than_a_visit_is_part_of_the_move() -> None:
    pause = [Fix(at("08:10") + timedelta(seconds=20 * n), *moved(780, 0), accuracy_m=10) for n in range(1, 3)]
    fixes = [*walk("08:00", 10, mps=1.3), *pause, *walk("08:11", 10, mps=1.3, from_m=800)]
    assert {part.kind for part in segments(fixes, end="08:21")} == {MOVE}


@pytest.mark.parametrize("seed", range(20))
def test_indoor_drift_of_80_m_for_4_hours_is_one_stay(seed: int) -> None:
    (stay,) = segments(drifting("08:00", "12:00", reach_m=80, accuracy_m=50, seed=seed), end="12:00")
    assert (stay.kind, stay.observed_s, stay.fixes) == (STAY, 4 * 3600, 241)
    assert WORK.distance_m(stay.lat or 0, stay.lon or 0) < -WORK.radius_m + 20  # near the centre


def test_a_centre_that_drifts_slowly_stays_one_stay() -> None:
    swing = [80, 60, 30, 0, -30, -60, -80, -60, -30, 0, 30, 60]
    fixes = [Fix(at(f"08:{n}"), *moved(swing[n // 5 % 12], 0), accuracy_m=40) for n in range(240)]
    assert [part.kind for part in segments(fixes, end="11:59")] == [STAY]


def test_a_16_minute_gap_in_a_3_hour_stay_keeps_both_parts() -> None:
    found = segments([*track("08:00-09:20 work"), *track("09:36-11:00 desk")], end="11:00")
    assert shape(found) == [("STAY", "180")]
    assert found[0].observed_s == (180 - 16) * 60
    assert found[0].fixes == 81 + 85


def test_a_stay_before_a_gap_is_emitted_and_the_gap_is_unknown() -> None:
    found = segments([*track("08:00-09:00 work"), *track("10:00-11:00 kiosk")], end="11:00")
    assert shape(found) == [("STAY", "60"), ("UNKNOWN", "60"), ("STAY", "60")]
    assert found[1].observed_s == 0


def test_who_was_leaving_when_silence_began_has_not_stayed() -> None:
    found = segments([*track("08:00-09:00 work", "09:01 kiosk"), *track("10:00-11:00 work")], end="11:00")
    assert shape(found) == [("STAY", "60"), ("MOVE", "1"), ("UNKNOWN", "59"), ("STAY", "60")]


def test_a_silence_as_long_as_a_gap_is_still_observed_and_a_longer_one_is_not() -> None:
    def found(until: str) -> float:
        fixes = [*track("08:00-09:00 work"), *track(f"{until}-11:00 work")]
        return segments(fixes, end="11:00")[0].observed_s

    assert (found("09:10"), found("09:11")) == (180 * 60, 169 * 60)


def test_a_slow_heartbeat_makes_longer_gaps() -> None:
    every_quarter = track("08:00-16:00 work", every_min=15)
    slow = MotionRules(60, 60, expected_interval_s=900)
    assert shape(segments(every_quarter, rules=slow)) == [("STAY", "480")]
    assert {part.kind for part in segments(every_quarter)} == {UNKNOWN}


def test_two_lone_fixes_at_one_place_show_no_time_there() -> None:
    assert shape(segments(track("09:00 work", "11:00 work"), "09:00", "11:00")) == [("UNKNOWN", "120")]


def test_two_fixes_outside_are_not_leaving_and_three_in_a_row_are() -> None:
    def fixes(outside: int) -> list[Fix]:
        away = [Fix(at("09:00") + timedelta(seconds=20 * n), *moved(300, n), accuracy_m=10) for n in range(outside)]
        return [*track("08:00-08:59 work"), *away, *track("09:02-10:00 work")]

    assert [part.kind for part in segments(fixes(2), end="10:00")] == [STAY]
    assert [part.kind for part in segments(fixes(3), end="10:00")] == [STAY, MOVE, STAY]


def test_120_seconds_outside_are_leaving_even_with_two_fixes() -> None:
    fixes = [*track("08:00-08:58 work"), *track("09:00 kiosk", "09:02 kiosk"), *track("09:04-10:00 work")]
    assert [part.kind for part in segments(fixes, end="10:00")] == [STAY, MOVE, STAY]


def test_inaccuracy_widens_a_stay_by_50_m_at_most() -> None:
    def kinds(away_m: float, accuracy_m: float) -> list[SegmentKind]:
        fixes = [Fix(at(f"08:{n}"), *moved(0 if n < 30 else away_m, 0), accuracy_m=accuracy_m) for n in range(60)]
        return [part.kind for part in segments(fixes, end="08:59")]

    assert (kinds(105, 50), kinds(105, 90)) == ([STAY], [STAY])
    assert (kinds(105, 20), kinds(130, 90)) == ([STAY, MOVE, STAY], [STAY, MOVE, STAY])


def test_a_teleport_does_not_end_a_stay() -> None:
    fixes = track("08:00-09:00 work", "09:01 bandung", "09:02-10:00 work")
    assert shape(segments(fixes, end="10:00")) == [("STAY", "120")]


def test_a_vehicle_may_stand_wider_than_a_walker() -> None:
    fixes = [Fix(at(f"08:{n}"), *moved(0 if n < 30 else 85, 0), accuracy_m=10) for n in range(60)]
    assert len(segments(fixes, end="08:59", rules=ON_FOOT)) == 3
    assert len(segments(fixes, end="08:59", rules=IN_VEHICLE)) == 1


def test_a_stay_across_the_edge_of_the_period_is_cut_there() -> None:
    found = segments(track("07:00-17:00 work"))
    assert shape(found) == [("STAY", "480")]
    assert found[0].observed_s == 480 * 60


places = st.sampled_from(sorted(PLACES))
jitter = st.integers(-60, 60)


@st.composite
def any_fixes(draw: st.DrawFn) -> list[Fix]:
    """Fixes of hours around the window with holes, repeats, jumps and bad accuracy."""
    fixes = []
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(-120 * 60, 600 * 60))
        lat, lon = PLACES[draw(places)]
        accuracy_m = draw(st.sampled_from([None, 0.0, 5.0, 30.0, 80.0, 400.0]))
        for n in range(draw(st.integers(1, 12))):
            when = at("08:00") + timedelta(seconds=start + n * draw(st.sampled_from([1, 20, 60, 300])))
            fixes.append(Fix(when, lat + draw(jitter) / 1e6, lon, accuracy_m=accuracy_m))
    return fixes


@given(any_fixes(), st.sampled_from([ON_FOOT, IN_VEHICLE, MotionRules(60, 60, expected_interval_s=900)]))
def test_segments_tile_the_period_exactly(fixes: list[Fix], rules: MotionRules) -> None:
    found = segments(fixes, rules=rules)
    assert (found[0].start, found[-1].end) == (at("08:00"), at("16:00"))
    assert all(here.end == after.start for here, after in zip(found, found[1:], strict=False))
    assert all(here.start < here.end for here in found)
    assert all(part.observed_s <= part.spanned_s for part in found)
    assert all(part.observed_s == part.spanned_s for part in found if part.kind is MOVE)
    assert all(part.observed_s == 0 for part in found if part.kind is UNKNOWN)


@given(any_fixes(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(fixes: list[Fix], chance: random.Random) -> None:
    shuffled = fixes[:]
    chance.shuffle(shuffled)
    assert segments(shuffled) == segments(fixes)


@given(any_fixes())
def test_a_fix_that_arrives_twice_changes_nothing_but_its_count(fixes: list[Fix]) -> None:
    def without_counts(found: Sequence[Segment]) -> list[tuple[object, ...]]:
        return [(s.kind, s.start, s.end, s.lat, s.lon, s.observed_s) for s in found]

    assert without_counts(segments([*fixes, *fixes])) == without_counts(segments(fixes))


def limerick_bus() -> list[Fix]:
    point = re.compile(r'<trkpt lat="([^"]+)" lon="([^"]+)">.*?<time>([^<]+)</time>', re.S)
    found = point.findall(real("limerick-bus-304.gpx"))
    return [Fix(datetime.fromisoformat(time), float(lat), float(lon)) for lat, lon, time in found]


def liverpool_buses() -> dict[str, list[Fix]]:
    buses: dict[str, list[Fix]] = {}
    for row in csv.DictReader(real("liverpool-bus-14.csv").splitlines()):
        when = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
        fix = Fix(when, float(row["latitude"]), float(row["longitude"]))
        buses.setdefault(row["vehicle_id"], []).append(fix)
    return buses


def real(name: str) -> str:
    if not TRACKS.is_dir():
        pytest.skip(f"the recorded tracks are not here: {TRACKS} is absent")
    return (TRACKS / name).read_text()


def test_a_real_bus_journey_starts_with_its_wait_at_the_first_stop() -> None:
    fixes = limerick_bus()
    found = segment(fixes, fixes[0].fix_time, fixes[-1].fix_time, IN_VEHICLE)
    assert found[0].kind is STAY and 240 <= found[0].spanned_s <= 360
    assert distance_m(found[0].lat or 0, found[0].lon or 0, fixes[0].lat, fixes[0].lon) < 80
    moving_s = sum(part.spanned_s for part in found if part.kind is MOVE)
    assert moving_s > 0.6 * (fixes[-1].fix_time - fixes[0].fix_time).total_seconds()
    assert UNKNOWN not in {part.kind for part in found}


def test_real_buses_that_were_not_heard_are_unknown_for_exactly_that_long() -> None:
    for fixes in liverpool_buses().values():
        fixes.sort(key=lambda fix: fix.fix_time)
        silences = [(b.fix_time - a.fix_time).total_seconds() for a, b in zip(fixes, fixes[1:], strict=False)]
        found = segment(fixes, fixes[0].fix_time, fixes[-1].fix_time, IN_VEHICLE)
        unknown = [part.spanned_s for part in found if part.kind is UNKNOWN]
        assert unknown == [silence for silence in silences if silence > IN_VEHICLE.gap_s]


def test_real_buses_lay_over_at_their_terminus() -> None:
    queen_square = (53.4077, -2.9825)
    layovers = [
        part
        for fixes in liverpool_buses().values()
        for part in segment(fixes, min(f.fix_time for f in fixes), max(f.fix_time for f in fixes), IN_VEHICLE)
        if part.lat and part.lon and distance_m(part.lat, part.lon, *queen_square) < 100
    ]
    assert len(layovers) >= 5
