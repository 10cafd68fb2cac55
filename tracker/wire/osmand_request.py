"""A request of the OsmAnd protocol: who it says it is from, and what it says without its secret.

Apps that know no passwords have one field for the device, and we gave it `<login>.<secret>`. What a request says goes
on to the decoder, and what the decoder cannot read is kept: so the secret is taken out here, wherever it was repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

IDENTIFIERS = ("id", "deviceid", "device_id")
MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Spoken:
    """One request. `said` is its JSON or the fields of its query and form, None where it is neither."""

    raw: bytes
    said: Any
    names: frozenset[str]  # what stands in its identifier fields


def read(query: bytes, body: bytes = b"") -> Spoken:
    """Query and body -> what they say. A form continues the query; any other body speaks alone."""
    fields = _fields(query)
    names = frozenset(value for name, value in fields or () if name in IDENTIFIERS)
    start = body[:200].lstrip()[:1]
    if start in (b"{", b"["):
        said = _json(body)
        return Spoken(body, said, names | {value for part in _parts(said) for value in _names(part)})
    if start and (start == b"<" or b"=" not in body):
        return Spoken(body, None, names)
    more = _fields(body)
    names |= {value for name, value in more or () if name in IDENTIFIERS}
    said = None if fields is None or more is None else fields + more
    return Spoken(b"&".join(part for part in (query, body) if part), said, names)


def credentials(spoken: Spoken) -> tuple[str, str] | None:
    """Login and secret of a request that names one device in one way."""
    if len(spoken.names) != 1:
        return None
    (name,) = spoken.names
    login, _, secret = name.partition(".")
    return (login.strip(), secret.strip()) if login.strip() and secret.strip() else None


def payload(spoken: Spoken, login: str, secret: str) -> bytes:
    """What was said, for the decoder: the identifier is the login, and the secret is nowhere."""
    return _rewritten(spoken, login).replace(secret.encode(), b"")


def _rewritten(spoken: Spoken, login: str) -> bytes:
    said = spoken.said
    if not spoken.names or said is None:
        return spoken.raw
    if isinstance(said, list) and said and isinstance(said[0], tuple):
        return urlencode([(name, login if name in IDENTIFIERS else value) for name, value in said]).encode()
    for part in _parts(said):
        part.update({name: login for name in IDENTIFIERS if name in part})
    try:
        return json.dumps(said).encode()
    except RecursionError:
        return spoken.raw


def _fields(text: bytes) -> list[tuple[str, str]] | None:
    try:
        return parse_qsl(text.decode(errors="replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _parts(said: Any) -> Iterator[dict[str, Any]]:
    """The objects of an array, or the one object."""
    yield from (part for part in (said if isinstance(said, list) else [said]) if isinstance(part, dict))


def _names(part: dict[str, Any]) -> Iterator[str]:
    yield from (str(part[name]) for name in IDENTIFIERS if isinstance(part.get(name), (str, int, float)))
