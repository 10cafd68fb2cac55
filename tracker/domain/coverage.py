"""How much of a time was observed, as it is said everywhere: on pages, in files and in mails."""

from __future__ import annotations


def coverage(observed_s: float | None, expected_s: float | None) -> int | None:
    """The share of a time that was observed, in percent, rounded down: 99.7 % is not all of it. None of no time."""
    if observed_s is None or not expected_s or expected_s < 0:
        return None
    return min(100, int(100 * observed_s / expected_s))
