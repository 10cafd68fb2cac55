"""OwnTracks JSON: the `location` message of the app, lenient in what is optional, strict in time and position.

Source: https://owntracks.org/booklet/tech/json/ . Speeds come in km/h, times in seconds since 1970. Everything not
named here is discarded: Wi-Fi names, photos and points of interest are none of the city's business.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import Any

from tracker.domain.fix import Fix, impossible
from tracker.domain.observation import NoFix, Observation, Rejected

KMH_PER_MPS = 3.6
PING = "p"  # the trigger of a message whose `tst` is the present and whose position may be hours old


def read(said: dict[str, Any], now: datetime, oldest: datetime) -> Observation:
    """One message of the app; `now` is when it arrived, `oldest` the beginning of what is kept."""
    if said.get("_type") != "location":
        return Rejected(("not_a_location",))
    if said.get("t") == PING:
        return NoFix("ping")
    return _location(said, now, oldest)


def _location(said: dict[str, Any], now: datetime, oldest: datetime) -> Fix | Rejected:
    fix_time, lat, lon = _time(said.get("tst")), _number(said.get("lat")), _number(said.get("lon"))
    missing = [name for name, value in (("no_time", fix_time), ("no_lat", lat), ("no_lon", lon)) if value is None]
    if fix_time is None or lat is None or lon is None:
        return Rejected(tuple(missing))
    reasons = impossible(lat, lon, fix_time, now, oldest)
    if reasons:
        return Rejected(reasons)
    speed_kmh, battery = _within(said.get("vel"), 0, 2000), _within(said.get("batt"), 0, 100)
    return Fix(
        fix_time=fix_time,
        lat=lat,
        lon=lon,
        accuracy_m=_within(said.get("acc"), 0, 1e7),
        altitude_m=_within(said.get("alt"), -1000, 20000),
        speed_mps=None if speed_kmh is None else speed_kmh / KMH_PER_MPS,
        course_deg=_within(said.get("cog"), 0, 360),
        battery_pct=None if battery is None else round(battery),
        sent_at=_time(said.get("created_at")),
    )


def _number(value: object) -> float | None:
    """A finite number, also where a device sends it as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _within(value: object, least: float, most: float) -> float | None:
    number = _number(value)
    return number if number is not None and least <= number <= most else None


def _time(value: object) -> datetime | None:
    seconds = _within(value, 0, 253_402_300_799)  # the last second of the year 9999
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
