"""What devices write for a number, a time or a yes, and what it means: None where it means nothing.

Numbers come as numbers or as text, times as seconds, milliseconds or ISO 8601.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

LAST_SECOND = 253_370_764_799  # of the year 9998: one more year exists, but not in every time zone
MILLISECONDS_FROM = 100_000_000_000  # as seconds it would be the year 5138: a larger number counts milliseconds
KMH_PER_MPS = 3.6
KNOTS_PER_MPS = 1.943_844_492_440_6
FASTEST_MPS = 600.0
LARGEST = 10**18  # of whole numbers: JSON has larger ones, which nothing here means and no float holds
YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def number(value: object) -> float | None:
    """A number, also where it comes as text; may be infinite or NaN, which no range contains."""
    if type(value) is float:
        return value
    if type(value) is int:
        return value if -LARGEST <= value <= LARGEST else None
    if isinstance(value, str) and len(value) < 40 and "_" not in value:  # which Python takes and nobody else
        try:
            return float(value)
        except ValueError:
            return None
    return None


def within(value: object, least: float, most: float) -> float | None:
    """A number from `least` to `most`."""
    found = value if type(value) is float or type(value) is int else number(value)
    return found if found is not None and least <= found <= most else None


def seconds(value: object) -> datetime | None:
    """The moment so many seconds after 1970."""
    found = within(value, 0, LAST_SECOND)
    return None if found is None else datetime.fromtimestamp(found, UTC)


def moment(value: object) -> datetime | None:
    """A moment in seconds or milliseconds since 1970, or as ISO 8601 with its offset (without one it is UTC)."""
    found = number(value)
    if found is not None:
        return seconds(found / 1000 if found > MILLISECONDS_FROM else found)
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        said = datetime.fromisoformat(value.strip())
        at = (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
        return at if 0 <= at.timestamp() <= LAST_SECOND else None
    except (ValueError, OverflowError):
        return None


def flag(value: object) -> bool | None:
    """Yes or no, however it is written."""
    if isinstance(value, bool):
        return value
    said = str(value).strip().lower() if isinstance(value, (str, int, float)) else ""
    return True if said in YES else False if said in NO else None


def percent(value: object, of: float = 100) -> int | None:
    """A share of `of`, in whole percent."""
    found = within(value, 0, of)
    return None if found is None else round(found * 100 / of)


def speed_mps(value: object, per_mps: float) -> float | None:
    """A speed in the unit of which `per_mps` make one metre per second."""
    found = within(value, 0, FASTEST_MPS * per_mps)
    return None if found is None else found / per_mps


def accuracy_m(value: object) -> float | None:
    return within(value, 0, 1e7)


def altitude_m(value: object) -> float | None:
    return within(value, -1000, 20000)


def course_deg(value: object) -> float | None:
    return within(value, 0, 360)


def text(value: object) -> str | None:
    """A short text, without what a database cannot keep."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return None
    return str(value).replace("\x00", "")[:60] or None


def part(said: object, *names: str) -> Any:
    """What lies at a path of names in nested objects, None where the path ends early."""
    for name in names:
        if not isinstance(said, dict):
            return None
        said = said.get(name)
    return said


def lower_keys(said: object) -> Any:
    """The same with all names in lower case: devices change their case between versions. One level deep."""
    return {str(name).lower(): value for name, value in said.items()} if isinstance(said, dict) else said
