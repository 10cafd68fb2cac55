"""Frozen data as JSON knows it: for evidence that people read and digests that must not change."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def plain(value: DataclassInstance) -> dict[str, Any]:
    """A dataclass as JSON-ready data, times as ISO 8601 in UTC."""
    return dict(json.loads(canonical(asdict(value))))


def canonical(value: object) -> str:
    """The one JSON text of plain data and times."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_text)


def _text(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"not plain data: {value!r}")
    return value.astimezone(UTC).isoformat()
