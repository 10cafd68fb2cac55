"""Nothing is dropped: what cannot decide is set aside under its name."""

from __future__ import annotations

from tests.domain.days import at, track
from tracker.domain.cleaning import Cleaned, cleaned
from tracker.domain.fix import Fix
from tracker.domain.segments import ON_FOOT


def clean(*fixes: Fix) -> Cleaned:
    return cleaned(fixes, ON_FOOT.gap_s, ON_FOOT.top_speed_mps)


def test_a_teleport_there_and_back_is_set_aside_and_counted() -> None:
    found = clean(*track("08:00 work", "08:01 bandung", "08:02 work"))
    assert [spot.start for spot in found.spikes] == [at("08:01")]
    assert [spot.start for spot in found.kept] == [at("08:00"), at("08:02")]


def test_an_impossible_way_without_return_is_kept_because_nobody_knows_which_end_is_wrong() -> None:
    found = clean(*track("08:00 work", "08:01 bandung", "08:02 bandung"))
    assert not found.spikes


def test_identical_repeats_collapse_into_one_spot_that_lasts() -> None:
    (spot,) = clean(*track("08:00-08:30 work")).kept
    assert (spot.start, spot.end, spot.fixes) == (at("08:00"), at("08:30"), 31)


def test_a_repeat_after_a_gap_is_a_new_spot() -> None:
    assert len(clean(*track("08:00 work", "08:11 work")).kept) == 2


def test_a_repeated_teleport_is_still_one_spike() -> None:
    found = clean(*track("08:00 work", "08:01 bandung", "08:01.5 bandung", "08:02 work"))
    assert [spot.fixes for spot in found.spikes] == [2]


def test_who_was_seen_there_for_minutes_is_no_spike() -> None:
    found = clean(*track("08:00 work", "08:01-08:09 home", "08:09.1 work", "08:09.5-08:12 home"))
    assert [(spot.start, spot.fixes) for spot in found.spikes] == [(at("08:09.1"), 1)]


def test_a_vague_position_decides_nothing() -> None:
    found = clean(*track("08:00 work"), *track("08:01 work", accuracy_m=101))
    assert len(found.kept) == len(found.vague) == 1


def test_of_two_places_at_one_moment_the_more_accurate_is_kept_and_the_other_set_aside() -> None:
    sharp, blurred = track("08:00 work", accuracy_m=10), track("08:00 home", accuracy_m=50)
    for order in ((*sharp, *blurred), (*blurred, *sharp)):
        found = clean(*order)
        assert [spot.accuracy_m for spot in found.kept] == [10]
        assert [spot.accuracy_m for spot in found.rivals] == [50]


def test_an_unknown_accuracy_counts_as_100_m_and_so_does_zero() -> None:
    assert [clean(*track("08:00 work", accuracy_m=a)).kept[0].accuracy_m for a in (None, 0)] == [100, 100]
