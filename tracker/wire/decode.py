"""A payload of any format -> what it says. The format is read off its shape, so that no setting can be wrong."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tracker.domain.observation import Observation, Rejected
from tracker.wire import owntracks


def decode(payload: bytes, now: datetime, oldest: datetime, key: bytes | None = None) -> tuple[Observation, ...]:
    """One payload -> everything it says, at least one observation; bad input never raises.

    `now` is when it arrived, `oldest` the beginning of what is kept: both bound the time a fix may have. `key` opens
    what the device encrypts (32 bytes).
    """
    try:
        said: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return (Rejected(("not_json",)),)
    if not isinstance(said, dict):
        return (Rejected(("not_an_object",)),)
    return (owntracks.read(said, now, oldest),)
