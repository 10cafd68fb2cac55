"""The OwnTracks position as the app writes it, read in one go: the road of almost every message.

What a position is says `owntracks`, which also reads what is not plain: numbers as text, values out of range, fields of
another type. What is read here is read there to the same fix; tests hold the two together.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import DecodeError, Meta, Struct
from msgspec.json import Decoder

from tracker.domain.fix import Fix, impossible
from tracker.wire.owntracks import CHARGING, CONNECTIVITY, PING
from tracker.wire.position import Bounds
from tracker.wire.values import FASTEST_MPS, KMH_PER_MPS, LAST_SECOND

Second = Annotated[int, Meta(ge=0, le=LAST_SECOND)]


class _Location(Struct, tag_field="_type", tag="location", gc=False):
    tst: Second
    lat: float
    lon: float
    created_at: Second | None = None
    acc: Annotated[float, Meta(ge=0, le=1e7)] | None = None
    alt: Annotated[float, Meta(ge=-1000, le=20000)] | None = None
    vel: Annotated[float, Meta(ge=0, le=FASTEST_MPS * KMH_PER_MPS)] | None = None
    cog: Annotated[float, Meta(ge=0, le=360)] | None = None
    batt: Annotated[int, Meta(ge=0, le=100)] | None = None
    bs: int | None = None
    conn: str | None = None
    t: str | None = None


_decode = Decoder(_Location).decode


def read(payload: bytes, bounds: Bounds) -> Fix | None:
    """The fix in a plain position, or None where it is for `owntracks.read` to say what it is."""
    if not payload.isascii():  # what is skipped is not looked at: it must be text, too
        return None
    try:
        said = _decode(payload)
    except (DecodeError, RecursionError):
        return None
    at, lat, lon, sent_at, speed = datetime.fromtimestamp(said.tst, UTC), said.lat, said.lon, said.created_at, said.vel
    if said.t == PING or impossible(lat, lon, at, bounds.now, bounds.oldest):
        return None
    return Fix(
        at,
        lat,
        lon,
        said.acc,
        said.alt,
        None if speed is None else speed / KMH_PER_MPS,
        said.cog,
        said.batt,
        None,
        None if sent_at is None else datetime.fromtimestamp(sent_at, UTC),
        CHARGING.get(said.bs),
        CONNECTIVITY.get(said.conn),
    )
