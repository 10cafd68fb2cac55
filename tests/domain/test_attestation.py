"""Clock times of a superior's word, as times of a duty."""

from __future__ import annotations

from datetime import time

import pytest

from tests.domain.days import WIB, at
from tracker.domain.attestation import times_within


@pytest.mark.parametrize(
    ("window", "typed", "meant"),
    [
        (("08:00", "16:00"), ("08:00", "12:00"), ("08:00", "12:00")),
        (("22:00", "+1 06:00"), ("23:00", "05:30"), ("23:00", "+1 05:30")),
        (("22:00", "+1 06:00"), ("01:00", "02:00"), ("+1 01:00", "+1 02:00")),
        (("07:00", "+1 07:00"), ("07:00", "06:59"), ("07:00", "+1 06:59")),
        (("08:00", "16:00"), ("07:00", "09:00"), ("+1 07:00", "+1 09:00")),
        (("08:00", "16:00"), ("12:00", "11:00"), ("12:00", "+1 11:00")),
        (("08:00", "16:00"), ("12:00", "12:00"), ("12:00", "12:00")),
    ],
)
def test_clock_times_are_those_after_the_beginning(
    window: tuple[str, str], typed: tuple[str, str], meant: tuple[str, str]
) -> None:
    first, last = (time.fromisoformat(clock) for clock in typed)
    times = at(window[0]), at(window[1])
    assert times_within(first, last, times, WIB) == tuple(at(clock) for clock in meant)
