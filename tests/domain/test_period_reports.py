"""Which periods are due and when they are ready; when a mail is tried again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.mailing import FIRST_WAIT, GIVEN_UP_AFTER, LONGEST_WAIT, STUCK_AFTER, is_stuck, next_try, wait_after
from tracker.domain.period_reports import REACH, WAITED_ENOUGH, Standing, is_ready, periods_due
from tracker.domain.periods import DAY, Cadence, period_of

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)


@given(st.sampled_from(Cadence), DAYS, st.integers(0, 200), st.sets(st.integers(0, 300)))
def test_what_is_due_is_every_ended_period_within_reach_that_has_no_report(
    cadence: Cadence, today: date, age: int, made_days: set[int]
) -> None:
    first_duty = today - DAY * age
    made = {period_of(cadence, today - DAY * back).first for back in made_days}
    due = periods_due(cadence, today, first_duty, made)
    assert due == sorted(due, key=lambda period: period.first), "the oldest first"
    every = {period_of(cadence, first_duty + DAY * number) for number in range(age + 1)}
    over = sorted((one for one in every if one.last < today), key=lambda one: one.first)
    assert due == [one for one in over[-REACH[cadence] :] if one.first not in made]


def test_a_city_without_duties_has_no_periods() -> None:
    assert periods_due(Cadence.DAILY, date(2026, 11, 20), None, set()) == []


@given(st.integers(0, 2), st.integers(0, 1), st.integers(-48 * 60, 48 * 60), st.integers(0, 48 * 60))
def test_a_period_is_ready_when_nothing_is_awaited_or_long_enough_was(
    not_judged: int, uncounted: int, minutes: int, behind: int
) -> None:
    end, stored_until = NOW - timedelta(minutes=minutes), NOW - timedelta(minutes=behind)
    ready = is_ready(Standing(5, not_judged, uncounted, end), NOW, stored_until)
    waited = NOW >= end + WAITED_ENOUGH and stored_until >= end
    assert ready == (not uncounted and (not not_judged or waited))


def test_a_period_without_duties_is_ready_once_it_is_counted() -> None:
    assert is_ready(Standing(0, 0, 0, None), NOW, NOW) and not is_ready(Standing(0, 0, 1, None), NOW, NOW)


def test_a_mail_waits_longer_each_time_and_is_given_up_after_three_days() -> None:
    waits = [wait_after(number) for number in range(1, 100)]
    assert waits[0] == FIRST_WAIT and waits[-1] == LONGEST_WAIT and waits == sorted(waits)
    waited, attempts = timedelta(), 0
    while (again := next_try(attempts + 1, NOW)) is not None:
        attempts += 1
        assert again - NOW == wait_after(attempts)
        waited += wait_after(attempts)
    assert GIVEN_UP_AFTER - LONGEST_WAIT <= waited <= GIVEN_UP_AFTER


def test_only_what_nobody_can_be_sending_any_more_is_stuck() -> None:
    assert not is_stuck(None, NOW) and not is_stuck(NOW - STUCK_AFTER, NOW)
    assert is_stuck(NOW - STUCK_AFTER - timedelta(seconds=1), NOW)
