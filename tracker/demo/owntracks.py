"""The messages of the OwnTracks app, as a phone that was provisioned by the city sends them.

Source: https://owntracks.org/booklet/tech/json/ . Times in seconds since 1970, speed in km/h.
"""

from __future__ import annotations

import json
from datetime import datetime

from tracker.domain.fix import Fix

KMH_PER_MPS = 3.6


def tracker_id(login: str) -> str:
    """The two characters the app shows on its map: the last two of the login."""
    return login[-2:]


def location(fix: Fix, tid: str) -> bytes:
    """The `location` message of one fix; what the device does not know is left out."""
    said = {
        "_type": "location",
        "tid": tid,
        "tst": _seconds(fix.fix_time),
        "lat": fix.lat,
        "lon": fix.lon,
        "acc": _whole(fix.accuracy_m),
        "alt": _whole(fix.altitude_m),
        "vel": None if fix.speed_mps is None else round(fix.speed_mps * KMH_PER_MPS),
        "cog": _whole(fix.course_deg),
        "batt": fix.battery_pct,
        "conn": "m",
        "m": 1,
        "created_at": None if fix.sent_at is None else _seconds(fix.sent_at),
    }
    return json.dumps({key: value for key, value in said.items() if value is not None}, separators=(",", ":")).encode()


def _seconds(moment: datetime) -> int | float:
    """Whole seconds where the moment has no fraction, as the apps write it."""
    seconds = moment.timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
