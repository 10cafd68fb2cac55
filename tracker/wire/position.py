"""A position as every format ends: a possible fix, or the reasons why not."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from tracker.domain.fix import Fix, impossible
from tracker.domain.observation import Rejected
from tracker.wire.values import number


class Bounds(NamedTuple):
    """What a fix may be: `now` is when it arrived, `oldest` the beginning of what is kept."""

    now: datetime
    oldest: datetime


def position(at: datetime | None, lat: object, lon: object, bounds: Bounds, **rest: Any) -> Fix | Rejected:
    """A fix of these, strict in time and place; `rest` are its optional fields, checked by the caller."""
    latitude, longitude = number(lat), number(lon)
    if at is None or latitude is None or longitude is None:
        missing = (("no_time", at), ("no_lat", latitude), ("no_lon", longitude))
        return Rejected(tuple(name for name, value in missing if value is None))
    reasons = impossible(latitude, longitude, at, bounds.now, bounds.oldest)
    return Rejected(reasons) if reasons else Fix(at, latitude, longitude, **rest)
