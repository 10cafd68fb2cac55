"""Whose message it is: `owntracks/<shard>/<login>` for positions, `.../<login>/<kind>` for everything else.

The identity comes from the topic, which the broker guards, never from the payload.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

ROOT = "owntracks"
SHARDS = 64
# every device's positions, and what it says beside them; few wildcards, because brokers count each of them
SUBSCRIPTIONS = (f"{ROOT}/+/+", f"{ROOT}/+/+/+")
TO_DEVICES = "cmd"  # the kind of message that goes the other way


@dataclass(frozen=True, slots=True)
class Sender:
    """Who published: the device's login, and the kind of message ('' is a position)."""

    login: str
    kind: str


def shard(login: str) -> str:
    """The two digits under which a login publishes: its SHA-256 modulo 64."""
    return f"{int.from_bytes(hashlib.sha256(login.encode()).digest()[:8]) % SHARDS:02d}"


def position_topic(login: str) -> str:
    """Where a device publishes its positions."""
    return f"{ROOT}/{shard(login)}/{login}"


def sender(topic: str) -> Sender | None:
    """The sender that a topic names, or None where no device of ours publishes on it."""
    parts = topic.split("/")
    if len(parts) not in (3, 4) or parts[0] != ROOT or not parts[2] or parts[3:] == [TO_DEVICES]:
        return None
    return Sender(parts[2], parts[3] if len(parts) == 4 else "")
