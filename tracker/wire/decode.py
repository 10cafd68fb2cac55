"""A payload of any format -> what it says. The format is read off its shape, so that no setting can be wrong."""

from __future__ import annotations

from typing import Any

import msgspec

from tracker.domain.observation import Observation, Rejected
from tracker.wire import encrypted, geojson, machine, owntracks, owntracks_plain, teltonika, traccar
from tracker.wire.position import Bounds

MOST_MESSAGES = 1000  # in one array
UNKNOWN = (Rejected(("unknown_format",)),)
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode(payload: bytes, bounds: Bounds, key: bytes | None = None) -> tuple[Observation, ...]:
    """One payload -> everything it says, at least one observation; bad input never raises.

    `bounds` say which times are possible, `key` opens what the device encrypts (32 bytes).
    """
    plain = owntracks_plain.read(payload, bounds)
    return decode_carefully(payload, bounds, key) if plain is None else (plain,)


def decode_carefully(payload: bytes, bounds: Bounds, key: bytes | None = None) -> tuple[Observation, ...]:
    """The same for whatever may come, plain or not."""
    try:
        said: Any = msgspec.json.decode(payload)
    except NO_JSON:
        return _no_json(payload, bounds)
    if isinstance(said, dict):
        return _object(said, bounds, key)
    if not isinstance(said, list) or not said:
        return UNKNOWN
    if len(said) > MOST_MESSAGES:
        return (Rejected(("too_many",)),)
    return tuple(one for part in said for one in (_object(part, bounds, key) if isinstance(part, dict) else UNKNOWN))


def _object(said: dict[str, Any], bounds: Bounds, key: bytes | None) -> tuple[Observation, ...]:
    kind = said.get("_type")
    if kind is not None:
        return _encrypted(said, bounds, key) if kind == "encrypted" else (owntracks.read(said, bounds),)
    if said.get("type") in geojson.TYPES:
        return geojson.read(said, bounds)
    if isinstance(location := said.get("location"), (dict, list)):
        return traccar.read_locations(location, bounds)
    if (report := teltonika.reported(said)) is not None:
        return (teltonika.read(report, bounds),)
    if (machines := machine.equipment(said)) is not None:
        return machine.read(machines, machine.snapshot_time(said), bounds)
    return UNKNOWN


def _encrypted(said: dict[str, Any], bounds: Bounds, key: bytes | None) -> tuple[Observation, ...]:
    if key is None:
        return (Rejected(("no_key",)),)
    opened = encrypted.opened(said.get("data"), key)
    if opened is None:
        return (Rejected(("undecryptable",)),)
    try:
        inner = msgspec.json.decode(opened)
    except NO_JSON:
        return (Rejected(("undecryptable",)),)
    if not isinstance(inner, dict) or inner.get("_type") == "encrypted":
        return UNKNOWN
    return _object(inner, bounds, key)


def _no_json(payload: bytes, bounds: Bounds) -> tuple[Observation, ...]:
    start = payload[:200].lstrip()[:1]
    if start == b"<" or payload.startswith(b"\xef\xbb\xbf<"):
        return machine.read_xml(payload, bounds)
    if start not in (b"{", b"[", b"") and b"=" in payload:
        try:
            return (traccar.read_form(payload.decode(), bounds),)
        except UnicodeDecodeError:
            pass
    return (Rejected(("not_json",)),)
