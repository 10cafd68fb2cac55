"""Who may contest what and until when, when a decision is due, and what absence found by a human does to a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.days import PLACES, RULES, WIB, at, duty, track, verdict
from tracker.domain import contest as rules
from tracker.domain.claims import Moment, Period
from tracker.domain.contest import Before, Refusal, Said
from tracker.domain.differences import RANK, worse
from tracker.domain.duty import Cause, Evidence, Status, judge
from tracker.domain.fixes import Fixes
from tracker.domain.presence import Source

DAYS = 14
BEGIN = datetime(2026, 11, 2, 17, 0, tzinfo=WIB)  # a Monday
NO_SHOW: dict[str, Any] = {"status": "NO_SHOW", "cause": None, "late_min": None, "left_early_min": None}
PRESENT: dict[str, Any] = {"status": "PRESENT", "cause": None, "late_min": 0, "left_early_min": 0}
UNVERIFIED = {**NO_SHOW, "status": "UNVERIFIED", "cause": "silent"}
LATE = {**PRESENT, "late_min": 40}
VERDICTS = st.sampled_from([NO_SHOW, PRESENT, UNVERIFIED, LATE, {**LATE, "late_min": 50}])


def revisions(*said: dict[str, Any], every: timedelta = timedelta(days=1)) -> list[Said]:
    return [Said(number, BEGIN + (number - 1) * every, one) for number, one in enumerate(said, 1)]


@pytest.mark.parametrize(
    ("said", "possible"),
    [
        (NO_SHOW, True), (UNVERIFIED, True), (LATE, True), ({**PRESENT, "left_early_min": 20}, True),
        (PRESENT, False), ({**PRESENT, "late_min": None}, False), ({**NO_SHOW, "status": "EXCUSED"}, False),
    ],
)  # fmt: skip
def test_what_holds_something_against_somebody_may_be_contested(said: dict[str, Any], possible: bool) -> None:
    assert rules.contestable(said) is possible
    assert (rules.refusal_of(revisions(said), [], DAYS, BEGIN) is None) is possible


def test_without_a_verdict_there_is_nothing_to_contest() -> None:
    assert rules.refusal_of([], [], DAYS, BEGIN) is Refusal.NOTHING


def test_the_days_count_from_what_made_it_as_bad_as_it_is() -> None:
    end = timedelta(days=DAYS)
    assert rules.closes_at(revisions(NO_SHOW), DAYS) == BEGIN + end
    assert rules.closes_at(revisions(NO_SHOW, NO_SHOW, UNVERIFIED), DAYS) == BEGIN + end, "no worse: no new days"
    assert rules.closes_at(revisions(UNVERIFIED, NO_SHOW, NO_SHOW), DAYS) == BEGIN + timedelta(days=1) + end
    assert rules.refusal_of(revisions(NO_SHOW), [], DAYS, BEGIN + end) is None
    assert rules.refusal_of(revisions(NO_SHOW), [], DAYS, BEGIN + end + timedelta(seconds=1)) is Refusal.TOO_LATE


@given(st.lists(VERDICTS, min_size=1, max_size=8), st.integers(1, 5))
def test_computing_the_same_again_moves_no_deadline(said: list[dict[str, Any]], times: int) -> None:
    before = rules.closes_at(revisions(*said), DAYS)
    assert rules.closes_at(revisions(*said, *[said[-1]] * times), DAYS) == before


@given(st.lists(VERDICTS, min_size=1, max_size=8))
def test_whatever_became_worse_can_be_answered(said: list[dict[str, Any]]) -> None:
    found = revisions(*said)
    assert rules.standing_since(found) in found
    if len(found) > 1 and worse(found[-2].said, found[-1].said):
        everything = [Before(one.revision, "kept") for one in found[:-1]]
        assert rules.refusal_of(found, everything, DAYS, found[-1].computed_at) is None


@pytest.mark.parametrize(
    ("before", "refusal"),
    [
        ([Before(1, None)], Refusal.OPEN),
        ([Before(1, "kept")], Refusal.ANSWERED),
        ([Before(1, "changed")], Refusal.ANSWERED),
        ([Before(1, "withdrawn")], None),
        ([Before(1, "withdrawn")] * rules.MOST_WITHDRAWN, Refusal.OFTEN),
    ],
)
def test_one_answer_at_a_time_and_one_to_each_verdict(before: Sequence[Before], refusal: Refusal | None) -> None:
    assert rules.refusal_of(revisions(NO_SHOW), before, DAYS, BEGIN) is refusal


def test_an_appeal_is_once_within_seven_days_of_a_decision() -> None:
    later = BEGIN + timedelta(days=7)
    assert rules.refusal_of_appeal(NO_SHOW, "kept", BEGIN, False, later) is None
    assert rules.refusal_of_appeal(LATE, "changed", BEGIN, False, later) is None
    assert rules.refusal_of_appeal(PRESENT, "changed", BEGIN, False, later) is Refusal.NOTHING
    assert rules.refusal_of_appeal(NO_SHOW, "kept", BEGIN, True, later) is Refusal.NO_APPEAL
    assert rules.refusal_of_appeal(NO_SHOW, "withdrawn", BEGIN, False, later) is Refusal.NO_APPEAL
    assert rules.refusal_of_appeal(NO_SHOW, None, None, False, later) is Refusal.NO_APPEAL
    assert rules.refusal_of_appeal(NO_SHOW, "kept", BEGIN, False, later + timedelta(1)) is Refusal.APPEAL_LATE


def test_a_decision_is_due_at_the_end_of_the_fifth_working_day() -> None:
    assert rules.due_at(BEGIN, (), WIB) == datetime(2026, 11, 9, 23, 59, 59, tzinfo=WIB)
    saturday_night = datetime(2026, 11, 7, 23, 30, tzinfo=WIB)
    assert rules.due_at(saturday_night, (), WIB).date() == date(2026, 11, 13)
    assert rules.due_at(BEGIN, {date(2026, 11, 4), date(2026, 11, 8)}, WIB).date() == date(2026, 11, 10)


@given(st.integers(0, 365 * 24), st.sets(st.dates(date(2026, 11, 1), date(2027, 12, 1))))
def test_there_are_five_working_days_to_decide(hours: int, holidays: set[date]) -> None:
    opened = (BEGIN + timedelta(hours=hours)).astimezone(WIB)
    due = rules.due_at(opened, holidays, WIB)
    days = [opened.date() + timedelta(days=n) for n in range(1, (due.date() - opened.date()).days + 1)]
    assert sum(day.weekday() < 5 and day not in holidays for day in days) == 5 and days[-1].weekday() < 5


# ---- absence that a human found ------------------------------------------------------------------------------------


def told(*fixes: Any, **evidence: Any) -> tuple[Status, Cause | None]:
    found = verdict(*fixes, absence_found=True, **evidence)
    return found.status, found.cause


def test_silence_becomes_a_no_show_by_a_finding_and_by_nothing_else() -> None:
    assert verdict().status is Status.UNVERIFIED
    found = verdict(absence_found=True)
    assert (found.status, found.cause) == (Status.NO_SHOW, None) and found.evidence["absence_found"] is True
    assert told(*track("07:10-08:20 home")) == (Status.NO_SHOW, None), "outside while it was seen"
    assert told(moments=(Moment(Source.CHECK_IN, at("08:00")),)) == (Status.NO_SHOW, None), "a button shows nobody"


def test_whatever_shows_the_person_overrides_a_finding() -> None:
    assert told(*track("07:40-16:10 work"))[0] is Status.PRESENT
    assert told(moments=(Moment(Source.CHECK_IN, at("08:00"), *PLACES["work"], 10.0),))[0] is Status.PRESENT
    assert told(periods=(Period(Source.ATTESTATION, at("08:00"), at("16:00")),))[0] is Status.PRESENT
    assert told(*track("08:00-09:00 work")) == (Status.UNVERIFIED, Cause.PARTIAL), "inside, and then nobody knows"
    assert verdict(*track("07:40-16:10 work"), absence_found=True).evidence["absence_found"] is False


def test_the_citys_own_failures_are_held_against_nobody() -> None:
    assert told(outages=((at("07:00"), at("17:00")),)) == (Status.UNVERIFIED, Cause.OUTAGE)
    late = replace(duty(), published_at=at("12:00"))
    assert told(window=late) == (Status.UNVERIFIED, Cause.ROSTER_LATE)
    assert not rules.absence_possible("UNVERIFIED", "outage", []) and rules.absence_possible("UNVERIFIED", "silent", [])
    assert not rules.absence_possible("UNVERIFIED", "partial", ["touched", "unknown"])
    assert not rules.absence_possible("NO_SHOW", None, []) and not rules.absence_possible("PRESENT", None, ["inside"])


@given(st.lists(st.tuples(st.integers(0, 479), st.sampled_from(list(PLACES))), max_size=12), st.booleans(),
       st.tuples(st.integers(0, 470), st.integers(1, 470)), st.integers(0, 480))  # fmt: skip
def test_more_evidence_of_presence_never_worsens_a_verdict(
    seen: list[tuple[int, str]], found: bool, vouched: tuple[int, int], moment: int
) -> None:
    def minute(number: int) -> datetime:
        return at("08:00") + timedelta(minutes=number)

    fixes = tuple(fix for number, place in sorted(dict(seen).items()) for fix in
                  track(f"{number // 60 + 8:02}:{number % 60:02} {place}"))  # fmt: skip
    now, window = at("17:00"), duty()
    evidence = Evidence(Fixes.of(fixes), absence_found=found)
    before = judge(window, evidence, RULES, now)
    end = min(vouched[0] + vouched[1], 480)
    more = (
        replace(evidence, periods=(Period(Source.ATTESTATION, minute(vouched[0]), minute(end)),)),
        replace(evidence, moments=(Moment(Source.CHECK_IN, minute(moment), *PLACES["work"], 10.0),)),
        replace(evidence, absence_found=False),
    )
    for one in more:
        assert RANK[judge(window, one, RULES, now).status] >= RANK[before.status]
    assert judge(window, evidence, RULES, now) == before
