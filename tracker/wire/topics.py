"""Whose message it is: `owntracks/<shard>/<login>` for positions, `.../<login>/<kind>` for everything else.

The identity comes from the topic, which the broker guards, never from the payload.
"""

from __future__ import annotations

import hashlib
import re

ROOT = "owntracks"
SHARDS = 64
# every device's positions, and what it says beside them; few wildcards, because brokers count each of them
SUBSCRIPTIONS = (f"{ROOT}/+/+", f"{ROOT}/+/+/+")
TO_DEVICES = "cmd"  # the kind of message that goes the other way
LOGIN = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")  # of a device
BRIDGE_CLIENTS = "jejak-bridge-"  # how client ids of bridges begin


def shard(login: str) -> str:
    """The two digits under which a login publishes: its SHA-256 modulo 64."""
    return f"{int.from_bytes(hashlib.sha256(login.encode()).digest()[:8]) % SHARDS:02d}"


def position_topic(login: str) -> str:
    """Where a device publishes its positions."""
    return f"{ROOT}/{shard(login)}/{login}"


def login_of(topic: str) -> str | None:
    """The login of the device that publishes on a topic, or None where none can."""
    parts = topic.split("/")
    if len(parts) not in (3, 4) or parts[0] != ROOT or parts[3:] == [TO_DEVICES] or not LOGIN.fullmatch(parts[2]):
        return None
    return parts[2]
