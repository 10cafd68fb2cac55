"""Teltonika's MQTT JSON: `{"state": {"reported": {...}}}`, values as numbers or text, names in either case.

Source: the maker's wiki, "Codec JSON" over MQTT. `ts` is in milliseconds, `sp` in km/h; I/O element 239 is the
ignition. A receiver without a fix says "0.000000,0.000000" or no satellites.
"""

from __future__ import annotations

from typing import Any

from tracker.domain.observation import Observation, Rejected
from tracker.wire import values
from tracker.wire.position import Bounds, position

IGNITION = "239"


def reported(said: dict[str, Any]) -> dict[str, Any] | None:
    """The part that speaks, where this is such a message."""
    found = values.part(values.lower_keys(said), "state")
    found = values.part(values.lower_keys(found), "reported")
    return values.lower_keys(found) if isinstance(found, dict) else None


def read(report: dict[str, Any], bounds: Bounds) -> Observation:
    """One report of the tracker."""
    get = report.get
    latlng = get("latlng")
    lat, _, lon = latlng.partition(",") if isinstance(latlng, str) else (None, "", None)
    satellites = values.number(get("sat"))
    if satellites == 0 or values.number(lat) == values.number(lon) == 0:
        return Rejected(("no_fix",))
    return position(
        values.moment(get("ts")),
        lat,
        lon,
        bounds,
        altitude_m=values.altitude_m(get("alt")),
        speed_mps=values.speed_mps(get("sp"), values.KMH_PER_MPS),
        course_deg=values.course_deg(get("ang")),
        ignition=values.flag(get(IGNITION)),
    )
