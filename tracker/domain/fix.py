"""One position report, and what makes it impossible."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

CLOCK_AHEAD = timedelta(minutes=5)  # a fix received so long before its own time proves that its device's clock is wrong
FUTURE_LIMIT = timedelta(hours=24)  # a clock further ahead than this is wrong, not early


class Fix(NamedTuple):
    """One position report of a device, in SI units, WGS 84 degrees and aware UTC.

    Optional values are None where the device did not say. `sent_at` is when the device handed the message over, which
    may be hours after `fix_time`. `connectivity` is one of `observation.CONNECTIVITY`. (A tuple, because it is made for
    every message: a frozen dataclass of this size takes five times as long.)
    """

    fix_time: datetime
    lat: float
    lon: float
    accuracy_m: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    battery_pct: int | None = None
    ignition: bool | None = None
    sent_at: datetime | None = None
    charging: bool | None = None
    connectivity: str | None = None


def impossible(lat: float, lon: float, fix_time: datetime, now: datetime, oldest: datetime) -> tuple[str, ...]:
    """The names of what is impossible about a position and its time; empty when nothing is.

    `oldest` is the beginning of what the store keeps. Exactly 0,0 is what receivers say when they have no fix.
    """
    if -90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0 and (lat or lon) and oldest <= fix_time <= now + FUTURE_LIMIT:
        return ()  # almost always
    reasons = []
    if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):  # also catches NaN
        reasons.append("impossible_coordinates")
    elif lat == 0.0 and lon == 0.0:
        reasons.append("null_island")
    if fix_time > now + FUTURE_LIMIT:
        reasons.append("future")
    elif fix_time < oldest:
        reasons.append("expired")
    return tuple(reasons)


def oldest_kept(now: datetime, retention_days: int) -> datetime:
    """The beginning of what is kept: midnight UTC, `retention_days` before today."""
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=retention_days), time(), UTC)
