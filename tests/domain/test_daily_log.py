"""The daily log's rules: deadlines, times on a day, who may do what in which state."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tracker.domain import daily_log as log
from tracker.domain.daily_log import LogState, Period, Refusal, Refused

JAKARTA = ZoneInfo("Asia/Jakarta")
THURSDAY = date(2026, 11, 19)


def at(hour: int, minute: int = 0, day: date = THURSDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), JAKARTA)


AFTER = at(18, 0, date(2026, 11, 20))


def night(day: date = THURSDAY) -> tuple[Period, ...]:
    return (Period(at(22, 0, day), at(6, 0, day + timedelta(days=1))),)


@pytest.mark.parametrize(
    ("work_date", "closes"),
    [
        (THURSDAY, date(2026, 11, 20)),
        (date(2026, 11, 20), date(2026, 11, 23)),
        (date(2026, 11, 22), date(2026, 11, 23)),
    ],
)
def test_a_draft_closes_at_noon_of_the_next_working_day(work_date: date, closes: date) -> None:
    assert log.deadline(work_date, JAKARTA) == at(12, 0, closes)


@pytest.mark.parametrize(
    ("state", "before", "after"),
    [
        (LogState.DRAFT, True, False),
        (LogState.RETURNED, True, True),
        (LogState.SUBMITTED, False, False),
        (LogState.APPROVED, False, False),
        (LogState.REJECTED, False, False),
        (LogState.LOCKED, False, False),
    ],
)
def test_who_may_still_write(state: LogState, before: bool, after: bool) -> None:
    closes = at(12)
    assert log.editable(state, closes, at(11)) is before and log.editable(state, closes, at(12)) is after


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        (LogState.SUBMITTED, {LogState.APPROVED, LogState.RETURNED, LogState.REJECTED}),
        (LogState.DRAFT, {LogState.RETURNED}),
        (LogState.APPROVED, {LogState.RETURNED}),
        (LogState.REJECTED, {LogState.RETURNED}),
        (LogState.RETURNED, set()),
        (LogState.LOCKED, set()),
    ],
)
def test_what_a_supervisor_may_decide_after_the_deadline(state: LogState, possible: set[LogState]) -> None:
    assert log.possible_decisions(state, at(12), at(13)) == possible


def test_a_draft_in_time_is_left_alone() -> None:
    assert log.possible_decisions(LogState.DRAFT, at(12), at(11)) == frozenset()


def test_nobody_decides_their_own_log() -> None:
    with pytest.raises(Refused) as refused:
        log.require_decidable(LogState.APPROVED, LogState.SUBMITTED, at(12), at(11), own=True, reason="")
    assert refused.value.refusal is Refusal.OWN_LOG


@pytest.mark.parametrize(
    ("start", "end", "begins", "ends"),
    [
        (time(22), time(23), at(22), at(23)),
        (time(23), time(1), at(23), at(1, 0, date(2026, 11, 20))),
        (time(1), time(2), at(1, 0, date(2026, 11, 20)), at(2, 0, date(2026, 11, 20))),
        (time(15), time(16), at(15), at(16)),
    ],
)
def test_clock_times_on_a_night_shift(start: time, end: time, begins: datetime, ends: datetime) -> None:
    assert log.placed(THURSDAY, start, end, JAKARTA, night(), AFTER) == Period(begins, ends)


def test_work_just_after_a_night_shift_is_not_the_evening_before() -> None:
    for start, end in ((time(5, 30), time(6, 30)), (time(6), time(6, 30))):
        span = log.placed(THURSDAY, start, end, JAKARTA, night(), AFTER)
        assert span.end == at(6, 30, date(2026, 11, 20))
        with pytest.raises(Refused) as refused:
            log.require_fitting(span, log.day_span(THURSDAY, JAKARTA, night()), [], AFTER)
        assert refused.value.refusal is Refusal.OUTSIDE_DAY


def test_a_start_that_is_still_to_come_is_the_one_before_duty() -> None:
    assert log.placed(THURSDAY, time(5), time(5, 30), JAKARTA, night(), at(23)) == Period(at(5), at(5, 30))


def test_reversed_times_on_a_night_shift_are_no_long_day() -> None:
    for start, end in ((time(5), time(4)), (time(23), time(22)), (time(1), time(1))):
        with pytest.raises(Refused) as refused:
            log.placed(THURSDAY, start, end, JAKARTA, night(), AFTER)
        assert refused.value.refusal is Refusal.END_BEFORE_START


@pytest.mark.parametrize(
    ("window", "closes"),
    [
        (Period(at(7), at(7, 0, date(2026, 11, 20))), date(2026, 11, 23)),
        (Period(at(16), at(0, 0, date(2026, 11, 20))), date(2026, 11, 20)),
    ],
)
def test_no_deadline_falls_into_the_duty_itself(window: Period, closes: date) -> None:
    assert log.deadline(THURSDAY, JAKARTA, [window]) == at(12, 0, closes)


def test_an_end_before_the_start_is_not_the_next_morning_on_a_day_shift() -> None:
    with pytest.raises(Refused) as refused:
        log.placed(THURSDAY, time(10), time(9), JAKARTA, (Period(at(8), at(16)),), AFTER)
    assert refused.value.refusal is Refusal.END_BEFORE_START


def test_a_24_hour_shift_stretches_its_day() -> None:
    watch = Period(at(7), at(7, 0, date(2026, 11, 20)))
    assert log.day_span(THURSDAY, JAKARTA, [watch]) == Period(at(0), at(7, 0, date(2026, 11, 20)))


@pytest.mark.parametrize(
    ("start", "end", "refusal"),
    [
        (at(9), at(10), None),
        (at(8), at(9), None),
        (at(7), at(8, 1), Refusal.OVERLAP),
        (at(10), at(13), Refusal.IN_THE_FUTURE),
        (at(10), at(10), Refusal.END_BEFORE_START),
        (at(23, 0, date(2026, 11, 18)), at(1), Refusal.OUTSIDE_DAY),
    ],
)
def test_which_activities_fit(start: datetime, end: datetime, refusal: Refusal | None) -> None:
    day = log.day_span(THURSDAY, JAKARTA, [])
    others = [Period(at(8), at(8, 30)), Period(at(11), at(11, 30))]
    others = others if refusal is Refusal.OVERLAP else [others[1]]
    try:
        log.require_fitting(Period(start, end), day, others, now=at(12))
        found = None
    except Refused as refused:
        found = refused.refusal
    assert found is refusal


def test_the_offered_time_runs_from_the_last_entry_to_now_within_duty() -> None:
    day, duty = log.day_span(THURSDAY, JAKARTA, []), (Period(at(8), at(16)),)
    done = [Period(at(8), at(10))]
    assert log.suggested(day, duty, [], at(9, 30)) == Period(at(8), at(9, 30))
    assert log.suggested(day, duty, done, at(12)) == Period(at(10), at(12))
    assert log.suggested(day, duty, done, at(20)) == Period(at(10), at(16))
    assert log.suggested(day, duty, done, at(7)) == Period(at(6, 30), at(7))
