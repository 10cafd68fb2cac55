"""The native format: a GeoJSON Feature with a Point, or a FeatureCollection of several.

Source: RFC 7946. Properties: `time` (or `fix_time`), `accuracy_m`, `altitude_m`, `speed_mps`, `course_deg`,
`battery_pct`, `charging`, `connectivity`, `ignition`, `sent_at`; the altitude may also be the third coordinate.
"""

from __future__ import annotations

from typing import Any

from tracker.domain.observation import CONNECTIVITY, Observation, Rejected
from tracker.wire import values
from tracker.wire.position import Bounds, position

TYPES = ("Feature", "FeatureCollection")
MOST_FEATURES = 5000  # in one message


def read(said: dict[str, Any], bounds: Bounds) -> tuple[Observation, ...]:
    """A Feature says one thing, a FeatureCollection several; a bad one among them does not spoil the others."""
    if said["type"] == "Feature":
        return (_feature(said, bounds),)
    features = said.get("features")
    if not isinstance(features, list) or not features:
        return (Rejected(("no_features",)),)
    if len(features) > MOST_FEATURES:
        return (Rejected(("too_many",)),)
    return tuple(_feature(feature, bounds) for feature in features)


def _feature(said: object, bounds: Bounds) -> Observation:
    geometry, properties = values.part(said, "geometry"), values.part(said, "properties")
    coordinates = values.part(geometry, "coordinates")
    if values.part(geometry, "type") != "Point" or not isinstance(coordinates, list) or len(coordinates) < 2:
        return Rejected(("not_a_point",))
    get = properties.get if isinstance(properties, dict) else {}.get
    connectivity = get("connectivity")
    altitude = get("altitude_m", coordinates[2] if len(coordinates) > 2 else None)
    return position(
        values.moment(get("time", get("fix_time"))),
        coordinates[1],
        coordinates[0],
        bounds,
        accuracy_m=values.accuracy_m(get("accuracy_m")),
        altitude_m=values.altitude_m(altitude),
        speed_mps=values.speed_mps(get("speed_mps"), 1),
        course_deg=values.course_deg(get("course_deg")),
        battery_pct=values.percent(get("battery_pct")),
        ignition=values.flag(get("ignition")),
        sent_at=values.moment(get("sent_at")),
        charging=values.flag(get("charging")),
        connectivity=connectivity if connectivity in CONNECTIVITY else None,
    )
