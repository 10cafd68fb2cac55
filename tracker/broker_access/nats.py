"""What a running NATS says of itself: its monitor, for this machine only.

NATS calls `owntracks/07/login` the subject `owntracks.07.login`, and each QoS 1 subscriber reads from `$MQTT.sub.>`.
"""

from __future__ import annotations

import hashlib
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.wire.topics import SUBSCRIPTIONS

if TYPE_CHECKING:  # the broker's own start needs no database
    from tracker.storage.devices import BrokerLogin

BRIDGE_LOGIN = "_bridge"  # no device can have it: theirs begin with a letter or digit
PID_FILE = "nats.pid"
MONITOR_TIMEOUT_S = 10
FINGERPRINT = 12  # characters
# what NATS makes of the bridge's subscriptions, such as owntracks/+/+
SESSION_SUBJECTS = {f"$MQTT.msgs.{topic.replace('/', '.').replace('+', '*')}" for topic in SUBSCRIPTIONS}


def name_of(device: BrokerLogin) -> str:
    """What it calls a device's connections: by its login, and a fingerprint of its secret's hash.

    So a living connection tells whether it was made with the secret that holds now.
    """
    return f"{device.login}#{hashlib.sha256(device.secret_bcrypt.encode()).hexdigest()[:FINGERPRINT]}"


def login_in(name: str) -> str:
    """The login in the name of a connection; nobody's login has this sign."""
    return name.partition("#")[0]


def bridge_session_exists(folder: Path) -> bool:
    """Whether all the bridge's durable subscriptions are there, so that what devices publish is kept for it.

    In a cluster one is there when it has a leader and this server hears from it: for a moment after it was made,
    another server may not know of it yet, and drop what nobody seems to want.
    """
    there = [one for one in _bridges_consumers(folder) if _is_led(one.get("cluster"))]
    return SESSION_SUBJECTS <= {consumer["config"]["filter_subject"] for consumer in there}


def _is_led(group: dict[str, Any] | None) -> bool:
    """Whether a group of servers has a leader that is up to date, and all of them are where we are the leader."""
    if not group or not group.get("replicas"):
        return True  # one server
    others = group["replicas"]
    led_by = [other for other in others if other["name"] == group.get("leader")]
    return bool(group.get("leader")) and all(other["current"] for other in led_by or others)


def healthy(folder: Path) -> bool:
    """Whether the running server says that all is well: in a cluster, that it has caught up with the others."""
    try:
        return bool(_asked(folder, "healthz")["status"] == "ok")
    except OSError:  # 503 is one, too
        return False


def backlog(folder: Path) -> int:
    """How many messages the broker keeps for the bridge: not yet sent to it, or not yet acknowledged by it.

    Of a cluster, what this server leads: all servers together tell the whole.
    """
    name = _asked(folder, "varz")["server_name"]
    led = [one for one in _bridges_consumers(folder) if one.get("cluster", {}).get("leader", name) == name]
    return sum(int(one["num_pending"]) + int(one["num_ack_pending"]) for one in led)


def redelivered(folder: Path) -> int:
    """How many messages the broker had to send to the bridge again, and still has no acknowledgement for."""
    return sum(int(one["num_redelivered"]) for one in _bridges_consumers(folder))


def replicas(folder: Path) -> set[int]:
    """On how many servers messages and sessions are kept, and what the bridge has acknowledged."""
    streams = {int(stream["config"]["num_replicas"]) for stream in _streams(folder)}
    return streams | {1 + len(one.get("cluster", {}).get("replicas", ())) for one in _bridges_consumers(folder)}


def login_of(folder: Path, connection: int) -> str | None:
    """Who a connection belongs to or belonged to, None where the broker has forgotten."""
    found = _asked(folder, f"connz?auth=true&state=any&cid={connection}")["connections"]
    return login_in(found[0]["authorized_user"]) if found and found[0].get("authorized_user") else None


def _bridges_consumers(folder: Path) -> list[dict[str, Any]]:
    return [one for one in _consumers(folder) if one["config"].get("filter_subject") in SESSION_SUBJECTS]


def _consumers(folder: Path) -> list[dict[str, Any]]:
    return [consumer for stream in _streams(folder) for consumer in stream.get("consumer_detail") or []]


def _streams(folder: Path) -> list[dict[str, Any]]:
    report = _asked(folder, "jsz?accounts=true&consumers=true&config=true")
    return [stream for account in report.get("account_details", []) for stream in account.get("stream_detail", [])]


def _asked(folder: Path, question: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{_monitor(folder)}/{question}", timeout=MONITOR_TIMEOUT_S) as answer:
        report: dict[str, Any] = json.load(answer)
    return report


def says_where(folder: Path) -> bool:
    """Whether the running server has written where it answers: it does so a moment after it takes connections."""
    try:
        return bool(_monitor(folder))
    except (OSError, ValueError):  # not there yet, or half written
        return False


def address(folder: Path) -> str:
    """Where it speaks its own protocol. Raises OSError or ValueError while it has not said so."""
    return str(json.loads(_ports_file(folder).read_text())["nats"][0])


def _monitor(folder: Path) -> str:
    return str(json.loads(_ports_file(folder).read_text())["monitoring"][0])


def _ports_file(folder: Path) -> Path:
    return folder / f"nats-server_{_pid(folder)}.ports"


def _pid(folder: Path) -> int:
    return int((folder / PID_FILE).read_text())
