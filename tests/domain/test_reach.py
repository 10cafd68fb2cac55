"""Nobody is judged by what is still on its way."""

from __future__ import annotations

from datetime import timedelta

from tests.domain.days import at
from tracker.domain.reach import LONGEST_HOLD, Heard, received_until

NOW = at("12:00")


def heard(*lags_min: float) -> list[Heard]:
    return [Heard(NOW - timedelta(seconds=20), timedelta(minutes=lag)) for lag in lags_min]


def test_while_messages_take_seconds_everything_has_arrived() -> None:
    assert received_until(heard(0, 0.1, 0.1, 0.2, 0.5), NOW, 5, NOW) == NOW


def test_one_phone_that_was_without_a_network_is_no_backlog() -> None:
    assert received_until(heard(0, 0, 0, 0, 300), NOW, 5, NOW) == NOW


def test_while_a_backlog_streams_in_what_is_newer_is_behind_it() -> None:
    assert received_until(heard(0, 95, 100, 105, 110), NOW, 5, NOW) == NOW - timedelta(minutes=100)


def test_where_nobody_of_many_is_heard_what_they_send_waits_somewhere() -> None:
    assert received_until([], at("11:30"), 40, NOW) == at("11:30")


def test_a_night_in_which_hardly_anybody_is_on_duty_holds_nobody_up() -> None:
    assert received_until([], at("04:00"), 2, NOW) == NOW
    assert received_until([], None, 40, NOW) == NOW


def test_after_half_a_day_it_is_not_waited_for_any_longer() -> None:
    assert received_until([], at("-3 11:30"), 40, NOW) == NOW - LONGEST_HOLD
