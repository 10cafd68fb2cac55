"""Nothing worse than PRESENT is said unless it holds whatever happened while nobody was looking."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.days import DAY, RULES, WORK, around, at, drifting, duty, moved, square, track, verdict
from tracker.domain.duty import Cause, DutyWindow, Evidence, Status, Verdict, digest, judge
from tracker.domain.fix import Fix
from tracker.domain.geo import Circle

PRESENT, NO_SHOW, UNVERIFIED = Status.PRESENT, Status.NO_SHOW, Status.UNVERIFIED


def said(found: Verdict) -> tuple[Status, Cause | None]:
    return found.status, found.cause


# ---- the table of domain.md ------------------------------------------------------------------------------------------


def test_seen_inside_all_day_is_present_and_on_time() -> None:
    found = verdict(*track("07:40-16:10 work"))
    assert (*said(found), found.late_min, found.left_early_min) == (PRESENT, None, 0, 0)
    assert (found.on_site_s, found.observed_s, found.expected_s) == (28800, 28800, 28800)


def test_observed_throughout_and_never_inside_is_a_no_show() -> None:
    found = verdict(*track("07:10-16:10 home"))
    assert said(found) == (NO_SHOW, None)
    assert (found.late_min, found.left_early_min, found.off_site_s) == (None, None, 28800)


def test_silence_is_unverified_not_no_show() -> None:
    assert said(verdict()) == (UNVERIFIED, Cause.SILENT)


def test_outside_before_duty_and_then_silent_from_the_start_is_unverified() -> None:
    assert said(verdict(*track("07:05-07:55 home"))) == (UNVERIFIED, Cause.SILENT)


def test_20_minutes_outside_and_then_dark_is_not_a_no_show() -> None:
    found = verdict(*track("07:30-08:20 home"))
    assert said(found) == (UNVERIFIED, Cause.PARTIAL)
    assert (found.late_min, found.observed_s) == (None, 20 * 60)


def test_first_seen_inside_at_0840_after_silence_is_not_late() -> None:
    found = verdict(*track("08:40-16:10 work"))
    assert (*said(found), found.late_min) == (PRESENT, None, None)
    assert found.unknown_s == 40 * 60


def test_a_phone_that_dies_of_an_empty_battery_at_0910_counts_what_was_seen() -> None:
    found = verdict(*track("07:50-08:50 work"), *track("08:51-09:10 work", battery_pct=3))
    assert said(found) == (UNVERIFIED, Cause.BATTERY)
    assert (found.on_site_s, found.unknown_s) == (70 * 60, 410 * 60)


def test_a_phone_that_falls_silent_at_0910_counts_what_was_seen() -> None:
    found = verdict(*track("07:50-09:10 work"))
    assert (*said(found), found.on_site_s) == (UNVERIFIED, Cause.PARTIAL, 70 * 60)


def test_outside_until_the_battery_was_empty_is_unverified() -> None:
    found = verdict(*track("07:50-11:00 home", battery_pct=4))
    assert said(found) == (UNVERIFIED, Cause.BATTERY)


def test_present_in_the_morning_and_silent_for_less_than_half_the_day_is_present() -> None:
    found = verdict(*track("07:50-14:00 work"))
    assert (*said(found), found.left_early_min) == (PRESENT, None, None)
    assert found.evidence["unknown_because"] == "partial"


def test_switched_off_location_is_unverified() -> None:
    assert said(verdict(location_off=True)) == (UNVERIFIED, Cause.LOCATION_OFF)
    assert said(verdict(*track("07:10-16:10 home"), location_off=True)) == (UNVERIFIED, Cause.LOCATION_OFF)


def test_silence_while_nobody_was_heard_is_an_outage() -> None:
    assert said(verdict(outages=((at("08:00"), at("16:00")),))) == (UNVERIFIED, Cause.OUTAGE)


def test_a_short_outage_does_not_explain_a_whole_day_of_silence() -> None:
    assert said(verdict(outages=((at("12:00"), at("12:40")),))) == (UNVERIFIED, Cause.SILENT)


def test_no_show_is_held_while_there_was_an_outage() -> None:
    found = verdict(*track("07:10-16:10 home"), outages=((at("12:00"), at("12:40")),))
    assert said(found) == (UNVERIFIED, Cause.OUTAGE)


def test_a_roster_published_after_the_start_is_unverified_at_worst() -> None:
    late = replace(duty(), published_at=at("08:01"))
    assert said(verdict(window=late)) == (UNVERIFIED, Cause.ROSTER_LATE)
    assert said(verdict(*track("07:10-16:10 home"), window=late)) == (UNVERIFIED, Cause.ROSTER_LATE)
    found = verdict(*track("07:10-09:00 home", "09:10-16:10 work"), window=late)
    assert (*said(found), found.late_min) == (PRESENT, None, None)


def test_a_window_without_zones_can_show_nothing() -> None:
    assert said(verdict(*track("07:10-16:10 home"), window=duty(zones=()))) == (UNVERIFIED, Cause.PARTIAL)


def test_a_window_that_still_runs_is_no_no_show() -> None:
    found = verdict(*track("07:10-11:00 home"), now=at("11:00"))
    assert said(found) == (UNVERIFIED, Cause.PARTIAL)


# ---- what accuses and what does not ----------------------------------------------------------------------------------


def test_one_gap_in_a_day_outside_is_enough_to_be_no_no_show() -> None:
    found = verdict(*track("07:10-11:00 home", "11:11-16:10 home"))
    assert said(found) == (UNVERIFIED, Cause.PARTIAL)


def test_one_fix_inside_is_enough_to_be_no_no_show() -> None:
    found = verdict(*track("07:10-11:00 kiosk", "11:01 work", "11:02-16:10 kiosk"))
    assert said(found) == (UNVERIFIED, Cause.PARTIAL)


def test_even_a_fix_inside_that_was_set_aside_speaks_for_the_person() -> None:
    home = track("07:10-16:10 bandung")
    assert said(verdict(*home)) == (NO_SHOW, None)
    found = verdict(*home, *track("11:00.5 work"))
    assert found.evidence["spikes"] == 1
    assert said(found) == (UNVERIFIED, Cause.PARTIAL)


def test_a_phone_left_at_home_does_not_accuse_who_carries_the_other_one() -> None:
    both = [*track("07:10-16:10 home"), *track("07:10.5-16:10 work", every_min=5)]
    assert verdict(*both).status is not NO_SHOW


def test_near_the_zone_is_uncertain_and_no_no_show() -> None:
    assert said(verdict(*track("07:10-16:10 gate"))) == (UNVERIFIED, Cause.PARTIAL)
    assert said(verdict(*track("07:10-16:10 corner"))) == (NO_SHOW, None)


def test_without_accuracy_100_m_are_assumed() -> None:
    assert verdict(*track("07:10-16:10 corner", accuracy_m=None)).status is PRESENT
    assert verdict(*track("07:10-16:10 kiosk", accuracy_m=None)).status is NO_SHOW


def test_a_vague_fix_decides_neither_way() -> None:
    assert said(verdict(*track("07:10-16:10 work", accuracy_m=150))) == (UNVERIFIED, Cause.PARTIAL)
    assert said(verdict(*track("07:10-16:10 home", accuracy_m=150))) == (UNVERIFIED, Cause.PARTIAL)


def test_one_vague_fix_among_good_ones_does_not_unmake_a_no_show() -> None:
    vague = track("11:00.5 kiosk", accuracy_m=2000)
    assert verdict(*track("07:10-16:10 kiosk"), *vague).status is NO_SHOW


def test_indoor_drift_beyond_a_small_zone_is_presence() -> None:
    small = duty(zones=[Circle(WORK.lat, WORK.lon, 30)])
    found = verdict(*drifting("07:30", "16:10", reach_m=80, accuracy_m=20, seed=4), window=small)
    assert (found.status, found.late_min, found.on_site_s) == (PRESENT, 0, 28800)


def test_passing_through_the_zone_is_not_a_visit() -> None:
    found = verdict(*track("07:10-11:00 kiosk", "11:01-11:03 work", "11:04-16:10 kiosk"))
    assert (found.status, found.on_site_s) == (UNVERIFIED, 120)


def test_fixes_in_the_future_or_outside_the_windows_bounds_say_nothing() -> None:
    assert said(verdict(*track("08:00-16:10 work"), now=at("07:59"))) == (UNVERIFIED, Cause.SILENT)
    assert said(verdict(*track("05:00-06:59 work", "17:01-18:00 work"))) == (UNVERIFIED, Cause.SILENT)


def test_a_device_that_reports_once_an_hour_accuses_nobody() -> None:
    """Nobody looked between two of its fixes: to the zone and back takes less than an hour."""
    home = track("07:10 home", "10:00 home", "13:00 home", "15:55 home", "16:30 home")
    assert said(verdict(*home, expected_interval_s=3600)) == (UNVERIFIED, Cause.PARTIAL)
    late = track("07:50 home", "10:30 home", "10:40-16:10 work")
    found = verdict(*late, expected_interval_s=3600)
    assert (*said(found), found.late_min) == (PRESENT, None, None)


def test_two_fixes_outside_show_ten_minutes_between_them_and_no_more() -> None:
    assert verdict(*track("07:00-16:30 home", every_min=10), expected_interval_s=600).status is NO_SHOW
    assert verdict(*track("07:00-16:30 home", every_min=10.5), expected_interval_s=600).status is UNVERIFIED


def test_a_clock_that_nothing_proves_accuses_nobody() -> None:
    """A phone 9 h slow stamps the evening at home as the day at work."""
    assert said(verdict(*track("07:10-16:10 home"), clock_proven=False)) == (UNVERIFIED, Cause.CLOCK_UNPROVEN)
    found = verdict(*track("07:10-08:59 home", "09:00-15:00 work", "15:01-16:30 home"), clock_proven=False)
    assert (*said(found), found.late_min, found.left_early_min) == (PRESENT, None, None, None)


def test_a_clock_that_nothing_proves_may_speak_for_the_person() -> None:
    found = verdict(*track("07:40-16:10 work"), clock_proven=False)
    assert (*said(found), found.late_min, found.left_early_min) == (PRESENT, None, 0, 0)
    assert said(verdict(*track("07:30-08:20 home"), clock_proven=False)) == (UNVERIFIED, Cause.PARTIAL)


def test_a_device_whose_clock_was_ahead_was_heard_and_shows_nothing() -> None:
    assert said(verdict(clock_ahead=400)) == (UNVERIFIED, Cause.PARTIAL)


# ---- minutes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrival", "late_min"), [("08:14", 0), ("08:16", 0), ("08:17", 16), ("08:31", 30), ("10:01", 120)]
)
def test_late_minutes_count_from_the_start_once_grace_is_over(arrival: str, late_min: int) -> None:
    until = at(arrival) - timedelta(minutes=1)
    seen = [fix for fix in track("07:10-12:00 home") if fix.fix_time <= until]
    found = verdict(*seen, *track(f"{arrival}-16:10 work"))
    assert (found.status, found.late_min) == (PRESENT, late_min)


def test_leaving_early_is_counted_when_seen() -> None:
    found = verdict(*track("07:40-15:00 work", "15:01-16:30 home"))
    assert (found.status, found.late_min, found.left_early_min) == (PRESENT, 0, 59)


def test_leaving_within_grace_is_not_early() -> None:
    assert verdict(*track("07:40-15:50 work", "15:51-16:30 home")).left_early_min == 0


def test_silence_between_home_and_work_is_read_as_the_shortest_way() -> None:
    found = verdict(*track("07:10-08:30 home", "10:00-16:10 work"))
    assert (found.status, found.late_min) == (PRESENT, 30)


def test_doubt_on_the_way_in_is_not_held_against_the_person() -> None:
    found = verdict(*track("07:10-08:14 home", "08:15-08:16 gate", "08:17-16:10 work"))
    assert (found.status, found.late_min) == (PRESENT, None)


def test_a_silence_at_the_start_shorter_than_grace_is_on_time() -> None:
    assert verdict(*track("08:12-16:10 work")).late_min == 0


def test_a_lunch_outside_is_neither_late_nor_early() -> None:
    found = verdict(*track("07:40-12:00 work", "12:05-12:55 kiosk", "13:00-16:10 work"))
    assert (found.status, found.late_min, found.left_early_min) == (PRESENT, 0, 0)
    assert found.off_site_s == 50 * 60


# ---- windows ---------------------------------------------------------------------------------------------------------


def test_arriving_at_0645_jakarta_time_is_one_day_in_both_calendars() -> None:
    early = duty("06:45", "14:45")
    assert early.start.astimezone(UTC).date() != early.start.date()
    found = verdict(*track("06:00-06:44 home", "06:45-14:50 work"), window=early)
    assert (found.status, found.late_min, found.expected_s) == (PRESENT, 0, 28800)


def test_a_night_shift_is_not_helped_by_the_morning_before_it() -> None:
    night = duty("22:00", "+1 06:00")
    assert said(verdict(*track("06:59-07:30 work"), window=night)) == (UNVERIFIED, Cause.SILENT)
    found = verdict(*track("06:59-07:30 work", "21:05-21:40 home", "21:50-+1 06:10 work"), window=night)
    assert (found.status, found.late_min, found.on_site_s) == (PRESENT, 0, 28800)


@pytest.mark.parametrize("first_day", ["2028-02-28", "2028-02-29", "2026-12-31"])
def test_a_24_hour_guard_is_24_hours_over_any_end_of_month(first_day: str) -> None:
    shift = DAY.fromisoformat(f"{first_day}T07:00:00+07:00") - at("07:00")
    guard = duty("07:00", "+1 07:00")
    moved_guard = replace(
        guard, **{name: getattr(guard, name) + shift for name in ("start", "end", "accepts_from", "accepts_until")}
    )
    fixes = [fix._replace(fix_time=fix.fix_time + shift) for fix in track("06:30-+1 07:30 work")]
    found = verdict(*fixes, window=moved_guard)
    assert (found.status, found.on_site_s, found.expected_s) == (PRESENT, 86400, 86400)


def test_of_two_windows_15_minutes_apart_each_is_judged_by_its_own_fixes() -> None:
    first = replace(duty("08:00", "12:00"), accepts_until=at("12:15"))
    second = replace(duty("12:15", "16:00"), accepts_from=at("12:15"))
    fixes = track("07:30-12:05 work", "12:10-16:30 home")
    assert verdict(*fixes, window=first).status is PRESENT
    assert verdict(*fixes, window=second).status is NO_SHOW


def test_any_of_several_zones_will_do() -> None:
    two = duty(zones=[Circle(*moved(9000, 0), 100), WORK])
    assert verdict(*track("07:40-16:10 work"), window=two).status is PRESENT


# ---- evidence and digest ---------------------------------------------------------------------------------------------


def test_the_evidence_explains_the_verdict() -> None:
    found = verdict(*track("07:10-08:59 home", "09:00-16:10 work"))
    assert [span["place"] for span in found.evidence["spans"]] == ["outside", "touched", "inside"]
    assert found.evidence["first_inside"] == "2026-11-20T02:00:00+00:00"
    assert found.evidence["window"]["zones"] == [{"lat": -6.2, "lon": 106.8, "radius_m": 150.0}]


def test_the_digest_depends_on_every_input_and_on_nothing_else() -> None:
    window, evidence = duty(), Evidence(track("08:00-16:00 work"))
    same = digest(window, evidence, RULES)
    assert digest(window, replace(evidence, fixes=evidence.fixes[::-1]), RULES) == same
    others = {
        digest(replace(window, zones=()), evidence, RULES),
        digest(replace(window, published_at=at("08:01")), evidence, RULES),
        digest(window, replace(evidence, fixes=evidence.fixes[1:]), RULES),
        digest(window, replace(evidence, outages=((at("08:00"), at("09:00")),)), RULES),
        digest(window, replace(evidence, expected_interval_s=61), RULES),
        digest(window, replace(evidence, clock_proven=False), RULES),
        digest(window, replace(evidence, absence_found=True), RULES),
        digest(window, evidence, replace(RULES, version="other")),
    }
    assert len(others) == 8 and same not in others


def test_the_digest_of_circles_is_the_same_for_ever() -> None:
    window = duty(zones=[Circle(-6.2, 106.8, 150), Circle(-6.3, 106.8, 90), Circle(-6.2, 106.8, 20)])
    before = "748c95bcaf135dde46ee2de97d1049a141001c0fb9c8071a2cb99e52622b9374"
    assert digest(window, Evidence(track("08:00-16:00 work")), replace(RULES, version="3")) == before


def test_a_polygon_stands_in_digest_and_evidence_by_its_fingerprint() -> None:
    square = around(150)
    window, evidence = duty(zones=[square, WORK]), Evidence(track("08:00-16:00 work"))
    same = digest(window, evidence, RULES)
    assert digest(replace(window, zones=(WORK, square)), evidence, RULES) == same
    assert digest(replace(window, zones=(WORK, around(151))), evidence, RULES) != same
    found = verdict(*track("07:30-16:10 work"), window=window)
    told = {"lat": WORK.lat, "lon": WORK.lon, "shape": square.fingerprint}
    assert found.status is PRESENT and found.evidence["window"]["zones"][0] == told


def test_a_hole_of_a_polygon_is_outside() -> None:
    holed = duty(zones=[around(2000, square(100, 0, 900))])  # the kiosk lies in it
    found = verdict(*track("07:30-12:00 work", "12:01-16:30 kiosk"), window=holed)
    assert (found.status, found.late_min, found.left_early_min) == (PRESENT, 0, 239)


# ---- properties ------------------------------------------------------------------------------------------------------


@st.composite
def days(draw: st.DrawFn) -> list[Fix]:
    """A day in legs at clear places, some of them silent."""
    fixes: list[Fix] = []
    minute = draw(st.integers(-60, 60))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.sampled_from(["work", "work", "home", "home", "kiosk", "silent"]))
        leg_min = draw(st.integers(1, 200))
        every_min = draw(st.sampled_from([0.5, 1.0, 5.0, 9.0]))
        if place != "silent":
            start, end = (f"{8 + m // 60}:{m % 60:02d}" for m in (minute, minute + leg_min))
            fixes += track(f"{start}-{end} {place}", every_min=every_min)
        minute += leg_min + draw(st.integers(1, 20))
    return fixes


RANK = {NO_SHOW: 0, UNVERIFIED: 1, PRESENT: 2}


@given(days())
def test_the_parts_of_a_window_sum_to_the_whole(fixes: list[Fix]) -> None:
    found = verdict(*fixes)
    assert found.on_site_s + found.off_site_s + found.moving_s + found.unknown_s == found.expected_s
    assert 0 <= min(found.on_site_s, found.off_site_s, found.moving_s, found.unknown_s)
    assert found.on_site_s + found.off_site_s + found.moving_s <= found.observed_s + 1 <= found.expected_s + 1


@given(days(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_verdict(fixes: list[Fix], chance: random.Random) -> None:
    shuffled = fixes[:]
    chance.shuffle(shuffled)
    assert verdict(*shuffled) == verdict(*fixes)


def silenced(fixes: Sequence[Fix], first_min: int, minutes: int) -> list[Fix]:
    start = at("08:00") + timedelta(minutes=first_min)
    return [fix for fix in fixes if not start <= fix.fix_time <= start + timedelta(minutes=minutes)]


@given(days(), st.integers(-60, 540), st.integers(10, 600))
def test_less_observation_never_accuses_more(fixes: list[Fix], first_min: int, minutes: int) -> None:
    """A silence may make a verdict weaker, never an accusation that was not there before."""
    full, less = verdict(*fixes), verdict(*silenced(fixes, first_min, minutes))
    assert less.status is not NO_SHOW or full.status is NO_SHOW
    if full.status is PRESENT and less.status is PRESENT:
        assert (less.late_min or 0) <= (full.late_min or 0)
        assert (less.left_early_min or 0) <= (full.left_early_min or 0)


@given(days(), st.integers(-50, 530), st.integers(0, 60))
def test_more_evidence_of_presence_never_worsens_a_verdict(fixes: list[Fix], first_min: int, minutes: int) -> None:
    start = at("08:00") + timedelta(minutes=first_min, seconds=7)
    seen = [Fix(start + timedelta(minutes=n), *moved(20, 10), accuracy_m=12) for n in range(minutes + 1)]
    full, more = verdict(*fixes), verdict(*fixes, *seen)
    assert RANK[more.status] >= RANK[full.status]
    if full.status is PRESENT:
        assert (more.late_min or 0) <= (full.late_min or 0)
        assert (more.left_early_min or 0) <= (full.left_early_min or 0)


@st.composite
def sparse_days(draw: st.DrawFn) -> list[Fix]:
    """A day from before duty to after it, seen once in a while, mostly away from work."""
    steps_min = draw(st.lists(st.integers(1, 100), min_size=6, max_size=60))
    place = st.sampled_from(["home", "home", "home", "home", "kiosk", "work"])
    minutes = [0, *accumulate(steps_min), 570]
    return [fix for n in minutes for fix in track(f"{7 + n // 60}:{n % 60:02d} {draw(place)}") if n <= 570]


AT_ONCE = ("07:00 home", "07:01 work", "07:02 home", "08:36 work", "08:37 home", "08:39 work", "08:40-08:50 home",
           "08:55 home", "10:17 home", "11:50 home", "13:23 home", "16:30 home")  # fmt: skip


def test_two_places_at_once_are_a_doubt_where_a_longer_stretch_outvotes_one() -> None:
    often, seldom = (verdict(*track(*AT_ONCE), expected_interval_s=60 * minutes) for minutes in (31, 32))
    assert said(often) == (PRESENT, None)
    assert said(seldom) == (UNVERIFIED, Cause.PARTIAL)
    assert [one["place"] for one in seldom.evidence["spans"]] == ["touched", "outside", "uncertain", "unknown"]


@given(sparse_days(), st.integers(1, 60), st.integers(1, 60))
def test_a_device_that_reports_less_often_never_accuses_more(fixes: list[Fix], shorter: int, longer: int) -> None:
    """The same fixes, from a device of which they were expected less often.

    Present may become unverified, but only by a doubt that is shown: what is expected less often is joined over longer
    silences, and then more fixes outvote one that contradicts them.
    """
    shorter, longer = sorted((shorter, longer))
    often, seldom = (verdict(*fixes, expected_interval_s=60 * minutes) for minutes in (shorter, longer))
    doubted = seldom.status is UNVERIFIED and "touched" in [one["place"] for one in seldom.evidence["spans"]]
    assert RANK[seldom.status] >= RANK[often.status] or doubted
    if often.status is PRESENT:
        assert (seldom.late_min or 0) <= (often.late_min or 0)
        assert (seldom.left_early_min or 0) <= (often.left_early_min or 0)


@given(days())
def test_a_no_show_was_observed_outside_all_the_time(fixes: list[Fix]) -> None:
    found = verdict(*fixes)
    if found.status is NO_SHOW:
        assert found.on_site_s == 0 and found.expected_s - found.observed_s < RULES.visit_s
        assert not any(WORK.distance_m(fix.lat, fix.lon) <= 0 for fix in fixes if inside(duty(), fix))


def inside(window: DutyWindow, fix: Fix) -> bool:
    return window.start <= fix.fix_time <= window.end


def test_a_verdict_is_a_function_of_its_inputs() -> None:
    window, evidence = duty(), Evidence(track("07:40-16:10 work"))
    assert judge(window, evidence, RULES, at("17:00")) == judge(window, evidence, RULES, at("23:00"))
