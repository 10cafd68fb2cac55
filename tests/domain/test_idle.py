"""Idle is what the role does not call work, and only where it was seen."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.domain.days import PLACES, RULES, at, duty, track
from tests.domain.test_duty import days
from tracker.domain.duty import Evidence, Profile
from tracker.domain.fix import Fix
from tracker.domain.geo import distance_m
from tracker.domain.idle import Idle, Measure, measure_idle

ROVING = [Profile.FIELD, Profile.PATROL, Profile.DRIVER]
STATIONED = [Profile.OFFICE, Profile.POST]


def idle(*fixes: Fix, profile: Profile = Profile.FIELD) -> Idle:
    return measure_idle(duty(profile=profile), Evidence(tuple(fixes)), RULES, at("17:00"))


@pytest.mark.parametrize("profile", ROVING)
def test_a_long_stay_outside_the_zones_is_idle_with_its_place(profile: Profile) -> None:
    found = idle(*track("07:40-10:00 work", "10:05-10:45 kiosk", "10:50-16:10 work"), profile=profile)
    assert (found.measure, found.counted_s) == (Measure.IDLE, 40 * 60)
    (place,) = found.places
    assert (place.start, place.end, place.seconds) == (at("10:05"), at("10:45"), 2400)
    assert distance_m(place.lat or 0, place.lon or 0, *PLACES["kiosk"]) < 1


@pytest.mark.parametrize("profile", ROVING)
def test_standing_within_a_permitted_zone_is_work(profile: Profile) -> None:
    assert idle(*track("07:40-16:10 work"), profile=profile).counted_s == 0


def test_less_than_ten_minutes_at_a_place_is_not_idle() -> None:
    assert idle(*track("07:40-10:00 work", "10:05-10:14 kiosk", "10:19-16:10 work")).counted_s == 0
    assert idle(*track("07:40-10:00 work", "10:05-10:15 kiosk", "10:20-16:10 work")).counted_s == 600


@pytest.mark.parametrize("profile", STATIONED)
def test_who_keeps_a_post_is_asked_for_the_time_away_from_it(profile: Profile) -> None:
    found = idle(*track("07:40-10:00 work", "10:05-10:09 kiosk", "10:14-16:10 work"), profile=profile)
    assert (found.measure, found.counted_s) == (Measure.AWAY_FROM_POST, 4 * 60)


@pytest.mark.parametrize("profile", list(Profile))
def test_silence_is_never_idle(profile: Profile) -> None:
    assert idle(profile=profile).counted_s == 0
    found = idle(*track("07:40-10:00 kiosk", "12:00-16:10 kiosk"), profile=profile)
    assert (found.counted_s, found.observed_s) == ((120 + 240) * 60, (120 + 240) * 60)


@pytest.mark.parametrize("profile", list(Profile))
def test_a_clock_that_nothing_proves_makes_nobody_idle(profile: Profile) -> None:
    evidence = Evidence(track("07:40-16:10 kiosk"), clock_proven=False)
    assert measure_idle(duty(profile=profile), evidence, RULES, at("17:00")).counted_s == 0


@pytest.mark.parametrize("profile", list(Profile))
def test_near_the_boundary_nothing_is_counted(profile: Profile) -> None:
    assert idle(*track("07:40-16:10 gate"), profile=profile).counted_s == 0


def test_driving_around_is_not_idle() -> None:
    there = [Fix(at(f"08:{n}"), -6.3 + n / 500, 106.9, accuracy_m=10) for n in range(470)]
    assert idle(*there).counted_s == 0


@given(days())
def test_counted_time_is_observed_time(fixes: list[Fix]) -> None:
    for profile in Profile:
        found = idle(*fixes, profile=profile)
        assert 0 <= found.counted_s == sum(place.seconds for place in found.places) <= found.observed_s
