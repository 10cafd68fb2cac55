"""Frozen data as JSON knows it: for evidence that people read and digests that must not change."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def plain(value: DataclassInstance, besides: Collection[str] = ()) -> dict[str, Any]:
    """A dataclass as JSON-ready data, times as ISO 8601 in UTC, but for some of its fields."""
    return {name: _plain(getattr(value, name)) for name in _names(type(value)) if name not in besides}


def canonical(value: object) -> str:
    """The one JSON text of plain data and times."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_text)


def _plain(value: Any) -> Any:
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, datetime):
        return _text(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return plain(value)
    raise TypeError(f"not plain data: {value!r}")


@cache
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _text(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"not plain data: {value!r}")
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()
