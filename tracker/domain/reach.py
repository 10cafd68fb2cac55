"""Up to when the city has received what its devices sent: nobody is judged by what is still on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

LEAST_DEVICES = 5  # fewer say nothing about the road
BEHIND = timedelta(minutes=10)  # a message takes seconds; so long on the way, it waited
LONGEST_HOLD = timedelta(hours=12)  # then what is silent is judged as an outage, and again when it arrives


@dataclass(frozen=True, slots=True)
class Heard:
    """When a device was heard last, and how old its newest fix was then."""

    at: datetime
    lag: timedelta


def received_until(recent: Sequence[Heard], last_heard: datetime | None, expected: int, now: datetime) -> datetime:
    """The time up to which everything has arrived.

    `recent` are the devices heard within the last minutes, `last_heard` when any was heard at all, `expected` how many
    should be heard now. While most of what arrives is old a backlog is streaming in, and everything newer is behind it;
    where nobody is heard of many, what they send waits somewhere. After `LONGEST_HOLD` it is not waited for any longer.
    """
    reach = now
    if len(recent) >= LEAST_DEVICES:
        lag = timedelta(seconds=median(one.lag.total_seconds() for one in recent))
        if lag > BEHIND:
            reach = now - lag
    elif expected >= LEAST_DEVICES and last_heard is not None and now - last_heard > BEHIND:
        reach = last_heard
    return max(reach, now - LONGEST_HOLD)
