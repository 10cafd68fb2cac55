"""What speaks for a person beside their fixes: each source counts for what it shows, and none of it accuses."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.days import PLACES, RULES, WORK, at, duty, track, verdict
from tests.domain.test_duty import RANK, days
from tracker.domain.claims import Earlier, Moment, Period, in_a_row
from tracker.domain.duty import Cause, Evidence, Profile, Status, Verdict, digest, judge
from tracker.domain.fix import Fix
from tracker.domain.fixes import Fixes
from tracker.domain.geo import Circle
from tracker.domain.idle import measure_idle
from tracker.domain.presence import Source

PRESENT, NO_SHOW, UNVERIFIED = Status.PRESENT, Status.NO_SHOW, Status.UNVERIFIED


def check_in(clock: str, place: str | None = "work", leaves: bool = False) -> Moment:
    lat, lon = PLACES[place] if place else (None, None)
    return Moment(Source.CHECK_IN, at(clock), lat, lon, 15.0 if place else None, leaves)


def check_out(clock: str, place: str | None = "work") -> Moment:
    return check_in(clock, place, leaves=True)


def vouched(start: str, end: str, source: Source = Source.ATTESTATION) -> Period:
    return Period(source, at(start), at(end))


def test_a_silent_phone_and_a_check_in_at_work_are_presence_by_that_evidence() -> None:
    found = verdict(moments=(check_in("08:02"),))
    assert (found.status, found.late_min, found.left_early_min) == (PRESENT, 0, None)
    assert (found.on_site_s, found.observed_s) == (0, 0)  # no time is invented


def test_a_silent_phone_and_an_activity_at_work_are_presence_by_that_evidence() -> None:
    activity = Moment(Source.ACTIVITY, at("10:30"), *PLACES["work"], 20.0)
    found = verdict(moments=(activity,))
    assert (found.status, found.late_min) == (PRESENT, None)


def test_a_silent_phone_and_a_drive_are_presence_by_that_evidence() -> None:
    found = verdict(periods=(vouched("08:05", "15:00", Source.VEHICLE),))
    assert (found.status, found.on_site_s, found.late_min) == (PRESENT, 415 * 60, 0)
    assert found.evidence["sources"] == {"vehicle": 415 * 60}


def test_a_check_in_and_a_check_out_show_the_time_between_them() -> None:
    found = verdict(moments=(check_in("07:55"), check_out("16:02")))
    assert (found.status, found.late_min, found.left_early_min) == (PRESENT, 0, 0)
    assert found.evidence["sources"] == {"check_in": 28800}


def test_a_missing_check_out_closes_at_the_last_evidence() -> None:
    seen = track("10:00-11:00 work")
    found = verdict(*seen, moments=(check_in("08:00"),))
    assert found.evidence["sources"] == {"check_in": 2 * 3600, "track": 3600}
    assert (found.status, found.left_early_min) == (PRESENT, None)


def test_a_check_out_from_elsewhere_closes_at_the_last_evidence_too() -> None:
    found = verdict(moments=(check_in("08:00"), Moment(Source.ACTIVITY, at("09:30"), *PLACES["desk"], 15.0),
                             check_out("16:00", "home")))  # fmt: skip
    assert found.evidence["sources"] == {"check_in": 90 * 60}


def test_a_check_in_fills_silence_and_no_time_that_was_seen_outside() -> None:
    fixes = track("11:00-12:00 kiosk")
    found = verdict(*fixes, moments=(check_in("08:00"), check_out("16:00")))
    assert (found.on_site_s, found.off_site_s) == (7 * 3600, 3600)


def test_a_check_in_elsewhere_shows_nothing() -> None:
    assert verdict(*track("07:10-16:10 home"), moments=(check_in("08:00", "home"),)).status is NO_SHOW


def test_a_check_in_without_a_place_is_no_presence_and_leaves_it_open() -> None:
    found = verdict(*track("07:10-16:10 home"), moments=(check_in("08:00", None),))
    assert (found.status, found.cause) == (UNVERIFIED, Cause.PARTIAL)
    assert verdict(moments=(check_in("08:00", None),)).status is UNVERIFIED


def test_a_phone_that_lies_at_home_while_its_owner_checks_in_at_work_accuses_nobody() -> None:
    found = verdict(*track("07:10-16:10 home"), moments=(check_in("08:01"),))
    assert (found.status, found.late_min, found.left_early_min, found.off_site_s) == (PRESENT, 0, None, 0)


def test_a_check_in_before_the_beginning_counts_from_the_beginning() -> None:
    found = verdict(moments=(check_in("07:30"), check_out("12:00")))
    assert (found.on_site_s, found.late_min) == (4 * 3600, 0)


def test_a_check_in_of_another_window_says_nothing() -> None:
    assert verdict(moments=(check_in("06:30"), check_in("17:30"))).status is UNVERIFIED


def test_a_superior_may_vouch_for_time_that_was_seen_outside() -> None:
    fixes = track("07:10-16:10 home")
    found = verdict(*fixes, periods=(vouched("08:00", "16:00"),))
    assert (found.status, found.on_site_s, found.late_min, found.left_early_min) == (PRESENT, 28800, 0, 0)
    evidence = Evidence(fixes, periods=(vouched("08:00", "12:00"),))
    assert measure_idle(duty(), evidence, RULES, at("17:00")).counted_s == 4 * 3600


def test_each_source_stays_visible() -> None:
    found = verdict(
        *track("08:00-10:00 work"), moments=(check_in("08:00"), check_out("12:00"), check_in("13:00", None)),
        periods=(vouched("14:00", "15:00"),),
    )  # fmt: skip
    assert found.evidence["sources"] == {"track": 7200, "check_in": 7200, "attestation": 3600}
    assert [moment["place"] for moment in found.evidence["moments"]] == ["inside", "inside", "uncertain"]
    assert [span["source"] for span in found.evidence["spans"]] == ["track", "check_in", None, "attestation", None]


def test_what_is_said_to_happen_later_says_nothing_yet() -> None:
    found = verdict(periods=(vouched("10:00", "12:00"),), now=at("09:00"))
    assert found.status is UNVERIFIED
    assert verdict(moments=(check_in("10:00"),), now=at("09:00")).status is UNVERIFIED


def test_who_is_excused_is_not_judged() -> None:
    found = verdict(*track("07:10-16:10 home"), window=replace(duty(), excuse="sick"))
    assert (found.status, found.cause, found.late_min, found.excused_s) == (Status.EXCUSED, None, None, 28800)
    assert found.evidence["window"]["excuse"] == "sick"
    excused = replace(duty(), excuse="sick")
    assert measure_idle(excused, Evidence(track("07:10-16:10 kiosk")), RULES, at("17:00")).counted_s == 0


def test_late_minutes_may_count_from_the_end_of_grace() -> None:
    fixes = (*track("07:10-08:29 home", "08:30-16:10 work"),)
    rules = replace(RULES, minutes_after_grace=True)
    assert verdict(*fixes).late_min == 29
    assert judge(duty(), Evidence(fixes), rules, at("17:00")).late_min == 14


@pytest.mark.parametrize("profile", list(Profile))
def test_in_a_break_nobody_is_idle_or_away(profile: Profile) -> None:
    window = replace(duty(profile=profile), breaks=((at("12:00"), at("13:00")),))
    fixes = track("07:40-11:50 work", "11:55-13:20 kiosk", "13:25-16:10 work")
    assert measure_idle(window, Evidence(fixes), RULES, at("17:00")).counted_s == 25 * 60


def a_time(draw: st.DrawFn) -> datetime:
    return at("08:00") + timedelta(minutes=draw(st.integers(-90, 570)))


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    place = draw(st.sampled_from(["work", "gate", "home", None]))
    lat, lon = PLACES[place] if place else (None, None)
    source = draw(st.sampled_from([Source.CHECK_IN, Source.ACTIVITY]))
    return Moment(source, a_time(draw), lat, lon, 15.0, source is Source.CHECK_IN and draw(st.booleans()))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = a_time(draw)
    return Period(draw(st.sampled_from([Source.VEHICLE, Source.ATTESTATION])), start,
                  start + timedelta(minutes=draw(st.integers(1, 300))))  # fmt: skip


@given(days(), st.lists(moments(), max_size=4), st.lists(periods(), max_size=2))
def test_the_parts_of_a_window_sum_to_the_whole_by_whatever_source(
    fixes: list[Fix], said: list[Moment], drives: list[Period]
) -> None:
    found = verdict(*fixes, moments=tuple(said), periods=tuple(drives))
    parts = found.on_site_s, found.off_site_s, found.moving_s, found.unknown_s, found.excused_s
    assert sum(parts) == found.expected_s and min(parts) >= 0
    spans = found.evidence["spans"]
    assert all(one["end"] == other["start"] for one, other in zip(spans, spans[1:], strict=False))


@given(days(), st.lists(moments(), max_size=3), moments(), st.lists(periods(), max_size=2))
def test_one_more_word_for_somebody_never_worsens_a_verdict(
    fixes: list[Fix], said: list[Moment], more: Moment, drives: list[Period]
) -> None:
    before = verdict(*fixes, moments=tuple(said), periods=tuple(drives))
    after = verdict(*fixes, moments=(*said, more), periods=tuple(drives))
    if more.leaves:
        return  # who says they left says when they were not there any more
    assert RANK[after.status] >= RANK[before.status]


@given(days(), st.lists(moments(), max_size=3), st.lists(periods(), max_size=1), periods())
def test_one_more_period_never_worsens_a_verdict(
    fixes: list[Fix], said: list[Moment], drives: list[Period], more: Period
) -> None:
    before = verdict(*fixes, moments=tuple(said), periods=tuple(drives))
    after = verdict(*fixes, moments=tuple(said), periods=(*drives, more))
    assert RANK[after.status] >= RANK[before.status] and after.on_site_s >= before.on_site_s - 1
    if before.status is PRESENT:
        assert (after.late_min or 0) <= (before.late_min or 0)
        assert (after.left_early_min or 0) <= (before.left_early_min or 0)


@given(days(), st.lists(moments(), max_size=4), st.randoms(use_true_random=False))
def test_the_order_in_which_things_were_said_changes_no_verdict(
    fixes: list[Fix], said: list[Moment], chance: random.Random
) -> None:
    shuffled = said[:]
    chance.shuffle(shuffled)
    one, other = verdict(*fixes, moments=tuple(said)), verdict(*fixes, moments=tuple(shuffled))
    assert (one.status, one.late_min, one.left_early_min, one.on_site_s) == (
        other.status, other.late_min, other.left_early_min, other.on_site_s)  # fmt: skip


HOME_BY_STEPS = ("07:10-10:00 home", "10:05-10:25 corner", "10:30-16:10 home")  # a neighbour's child took it for a walk


@pytest.mark.parametrize("clock", ["07:40", "08:01"])
def test_a_phone_that_lies_at_home_does_not_make_late_who_checks_in_before_duty_begins(clock: str) -> None:
    found = verdict(*track("07:10-16:10 home"), moments=(check_in(clock),))
    assert (found.status, found.late_min, found.left_early_min, found.off_site_s) == (PRESENT, 0, None, 0)
    found = verdict(*track("07:10-16:10 home"), moments=(check_in(clock), check_out("16:05")))
    assert (found.status, found.late_min, found.left_early_min) == (PRESENT, 0, 0)


def test_a_phone_that_was_left_behind_stays_in_doubt_wherever_it_goes() -> None:
    found = verdict(*track(*HOME_BY_STEPS), moments=(check_in("07:58"),))
    assert (found.status, found.late_min, found.left_early_min, found.off_site_s) == (PRESENT, 0, None, 0)


def test_a_phone_that_is_seen_at_work_later_is_with_its_owner_again() -> None:
    found = verdict(*track("07:10-09:00 home", "10:00-12:00 work", "12:05-16:10 home"), moments=(check_in("07:58"),))
    assert (found.late_min, found.left_early_min) == (0, 4 * 60 - 5)


def test_who_checks_in_with_their_phone_and_goes_is_seen_going() -> None:
    found = verdict(*track("07:30-07:50 work", "07:58-16:10 home"), moments=(check_in("07:45"),))
    assert (found.status, found.late_min, found.left_early_min) == (PRESENT, 480, 480)


def test_a_phone_that_was_left_behind_shows_no_time_away_from_post() -> None:
    evidence = Evidence(track("07:10-16:10 home"), moments=(check_in("07:40"),))
    found = measure_idle(replace(duty(), profile=Profile.OFFICE), evidence, RULES, at("17:00"))
    assert found.counted_s == 0


# ---- from one duty to the next ---------------------------------------------------------------------------------------

OVERTIME = replace(duty("18:00", "20:00"), accepts_from=at("17:30"))
AT_HOME = ("17:00-20:30 home",)


def before(*words: str, moments: tuple[Moment, ...] = (check_in("08:02"),)) -> Earlier:
    return Earlier((WORK,), Fixes.of(track(*words)), moments)


def overtime(*words: str, earlier: tuple[Earlier, ...] = ()) -> Verdict:
    return verdict(*track(*words), window=OVERTIME, earlier=earlier)


def test_a_phone_that_was_left_at_home_accuses_nobody_in_the_duty_after_either() -> None:
    assert overtime(*AT_HOME).status is NO_SHOW
    found = overtime(*AT_HOME, earlier=(before("07:10-16:55 home"),))
    assert (found.status, found.cause, found.off_site_s) == (UNVERIFIED, Cause.PARTIAL, 0)
    assert found.evidence["left_since"] == at("08:02").astimezone(UTC).isoformat()


@pytest.mark.parametrize(
    "words", [("07:10-12:00 home", "12:30-13:00 work", "13:30-16:55 home"), ("07:10-16:55 work",)]
)
def test_a_phone_that_was_seen_at_work_after_the_check_in_is_with_its_owner(words: tuple[str, ...]) -> None:
    found = overtime(*AT_HOME, earlier=(before(*words),))
    assert (found.status, found.evidence["left_since"]) == (NO_SHOW, None)


def test_a_phone_that_is_seen_at_work_just_before_the_next_duty_is_with_its_owner() -> None:
    words = "17:30-17:40 work", "17:45-20:30 home"
    assert overtime(*words, earlier=(before("07:10-16:55 home"),)).status is NO_SHOW


def test_from_where_the_phone_is_seen_at_work_it_says_again_where_its_owner_is() -> None:
    words = "17:30-18:30 home", "18:35-19:00 work", "19:05-20:30 home"
    found = overtime(*words, earlier=(before("07:10-16:55 home"),))
    assert (found.status, found.late_min, found.left_early_min) == (PRESENT, None, 55)


def test_a_phone_that_was_not_heard_in_all_of_a_duty_with_a_check_in_may_have_been_left() -> None:
    assert overtime(*AT_HOME, earlier=(before(),)).status is UNVERIFIED
    assert overtime(*AT_HOME, earlier=(before(moments=(check_in("08:02", None),)),)).status is UNVERIFIED


def test_a_check_in_from_elsewhere_and_a_duty_without_any_leave_no_doubt() -> None:
    for said in ((), (check_in("08:02", "home"),)):
        assert overtime(*AT_HOME, earlier=(before("07:10-16:55 home", moments=said),)).status is NO_SHOW


def test_a_doubt_goes_through_a_duty_in_which_nothing_was_said() -> None:
    morning, noon = before("07:10-11:00 home"), before("12:00-16:55 home", moments=())
    assert overtime(*AT_HOME, earlier=(morning, noon)).status is UNVERIFIED
    assert overtime(*AT_HOME, earlier=(morning, before("12:00-16:55 work", moments=()))).status is NO_SHOW


def test_a_phone_that_was_left_shows_no_time_away_from_post_in_the_next_duty() -> None:
    post = replace(OVERTIME, profile=Profile.POST)
    told = Evidence(track(*AT_HOME), earlier=(before("07:10-16:55 home"),))
    assert measure_idle(post, told, RULES, at("21:00")).counted_s == 0
    assert measure_idle(post, replace(told, earlier=()), RULES, at("21:00")).counted_s == 2 * 3600


def test_duties_are_in_a_row_where_no_pause_is_longer_than_four_hours_nor_all_longer_than_a_day() -> None:
    times = [(at("08:00"), at("12:00")), (at("-1 20:00"), at("04:00")), (at("12:30"), at("14:00"))]
    assert in_a_row(at("18:00"), times) == [1, 0, 2]
    assert in_a_row(at("18:01"), times) == []
    assert in_a_row(at("18:00"), times[:1]) == []
    guards = [(at(f"-{n} 08:00"), at(f"-{n - 1} 08:00")) for n in (3, 2, 1)]
    assert in_a_row(at("08:00"), guards) == [2]


def test_the_digest_holds_all_that_is_known_of_duties_before() -> None:
    known, other = before("07:10-16:55 home"), Circle(-6.3, 106.8, 90)
    changed = (replace(known, fixes=known.fixes[1:]), replace(known, moments=()), replace(known, zones=(other,)))
    digests = {digest(OVERTIME, Evidence(track(*AT_HOME), earlier=earlier), RULES)
               for earlier in ((), (known,), *((one,) for one in changed))}  # fmt: skip
    assert len(digests) == 5


@given(days(), days(), st.lists(moments(), max_size=3), moments())
def test_what_is_said_in_a_duty_before_never_worsens_a_verdict(
    fixes: list[Fix], fixes_before: list[Fix], said: list[Moment], more: Moment
) -> None:
    """The duty before is the same a day earlier."""
    day = timedelta(days=1)
    kept = Fixes.of(fix._replace(fix_time=fix.fix_time - day) for fix in fixes_before)
    shifted = [replace(one, at=one.at - day) for one in (*said, more)]
    less, all_said = (Earlier((WORK,), kept, tuple(some)) for some in (shifted[:-1], shifted))
    found = [verdict(*fixes, earlier=earlier) for earlier in ((), (less,), (all_said,))]
    for worse, better in pairwise(found):
        assert RANK[better.status] >= RANK[worse.status]
        parts = better.on_site_s, better.off_site_s, better.moving_s, better.unknown_s
        assert sum(parts) == better.expected_s and min(parts) >= 0
        if worse.status is PRESENT:
            assert (better.late_min or 0) <= (worse.late_min or 0)
            assert (better.left_early_min or 0) <= (worse.left_early_min or 0)
