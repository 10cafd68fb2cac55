"""Traccar Client and OsmAnd: the query or form of the OsmAnd protocol, and the JSON of Traccar Client 9.

Source: https://www.traccar.org/osmand/ . In the form speeds are knots and times seconds, milliseconds or ISO 8601; in
the JSON speeds are m/s, -1 is unknown and the battery a share of 1.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from tracker.domain.observation import NoFix, Observation, Rejected
from tracker.wire import values
from tracker.wire.position import Bounds, position

MOST_FIELDS = 60
MOST_LOCATIONS = 1000  # in one message
PLACES = ("lat", "lon", "location")


def read_form(text: str, bounds: Bounds) -> Observation:
    """A query string or a form; without a position it is a heartbeat."""
    try:
        said = dict(parse_qsl(text, keep_blank_values=False, max_num_fields=MOST_FIELDS))
    except ValueError:
        return Rejected(("not_a_form",))
    get = said.get
    battery, charging = values.percent(get("batt")), values.flag(get("charge"))
    if not any(get(name) for name in PLACES):
        known = get("id") or get("timestamp") or battery is not None
        return NoFix("heartbeat", battery, charging) if known else Rejected(("unknown_format",))
    if _mocked(said):
        return Rejected(("mock_location",))
    if values.flag(get("valid")) is False:
        return Rejected(("no_fix",))
    lat, _, lon = get("location", "").partition(",")
    timestamp = get("timestamp", "")
    return position(
        values.moment(timestamp.replace(" ", "+") if "T" in timestamp else timestamp),  # a bare + reads as a blank
        get("lat", lat),
        get("lon", lon),
        bounds,
        accuracy_m=values.accuracy_m(get("accuracy")),
        altitude_m=values.altitude_m(get("altitude")),
        speed_mps=values.speed_mps(get("speed"), values.KNOTS_PER_MPS),
        course_deg=values.course_deg(get("bearing", get("heading"))),
        battery_pct=battery,
        charging=charging,
    )


def read_locations(location: dict[str, Any] | list[Any], bounds: Bounds) -> tuple[Observation, ...]:
    """The `location` of Traccar Client 9, or the several that it kept while it was offline."""
    found = location if isinstance(location, list) else [location]
    if len(found) > MOST_LOCATIONS:
        return (Rejected(("too_many",)),)
    return tuple(_location(one, bounds) for one in found) or (Rejected(("unknown_format",)),)


def _location(location: object, bounds: Bounds) -> Observation:
    if not isinstance(location, dict):
        return Rejected(("unknown_format",))
    coords = location.get("coords")
    battery = location.get("battery")
    share = values.percent(values.part(battery, "level"), of=1)
    charging = values.flag(values.part(battery, "is_charging"))
    if not isinstance(coords, dict):
        return NoFix("heartbeat", share, charging)
    if _mocked(location):
        return Rejected(("mock_location",))
    return position(
        values.moment(location.get("timestamp")),
        coords.get("latitude"),
        coords.get("longitude"),
        bounds,
        accuracy_m=values.accuracy_m(coords.get("accuracy")),
        altitude_m=values.altitude_m(coords.get("altitude")),
        speed_mps=values.speed_mps(coords.get("speed"), 1),
        course_deg=values.course_deg(coords.get("heading")),
        battery_pct=share,
        charging=charging,
    )


def _mocked(said: dict[str, Any]) -> bool:
    """Whether an app on the phone made the position up."""
    return any(values.flag(said.get(name)) is True for name in ("mock", "mocked"))
