"""When a mail is tried again, and when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=3)
STUCK_AFTER = timedelta(minutes=15)  # longer than a server may take: who was sending it is gone


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts (from 1): each time twice as long, up to the longest wait."""
    doubled = 1 << min(attempts - 1, 20)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts that failed; None once they have taken as long as it is worth."""
    waited = sum((wait_after(number) for number in range(1, attempts + 1)), timedelta())
    return None if waited > GIVEN_UP_AFTER else now + wait_after(attempts)


def is_stuck(claimed_at: datetime | None, now: datetime) -> bool:
    """Whether a mail that is being sent since then was left behind by a process that died."""
    return claimed_at is not None and now - claimed_at > STUCK_AFTER
