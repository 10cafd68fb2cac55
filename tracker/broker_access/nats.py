"""NATS: one `authorization` block, included by its configuration, reread on SIGHUP without a restart.

A device writes under its own topic in its own shard and reads its own `cmd`; everybody else's is refused. NATS calls
`owntracks/07/login` the subject `owntracks.07.login`, and each QoS 1 subscriber reads from `$MQTT.sub.>`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bcrypt

from tracker.broker_access import files
from tracker.wire.topics import ROOT, SUBSCRIPTIONS, TO_DEVICES, shard

if TYPE_CHECKING:  # the broker's own start needs no database
    from tracker.storage.devices import BrokerLogin

BRIDGE_LOGIN = "_bridge"  # no device can have it: theirs begin with a letter or digit
USERS_FILE = "users.conf"
PID_FILE = "nats.pid"
MONITOR_TIMEOUT_S = 10  # a server that rereads 100,000 users has other things to do
RELOAD_TIMEOUT_S = 600
LOOK_AGAIN_S = 0.01
# what NATS makes of the bridge's subscriptions, such as owntracks/+/+
SESSION_SUBJECTS = {f"$MQTT.msgs.{topic.replace('/', '.').replace('+', '*')}" for topic in SUBSCRIPTIONS}


def users_file(devices: Iterable[BrokerLogin], bridge_secret: str) -> str:
    """The text of the included file: the bridge, who reads everything and writes nothing, and the devices."""
    lines = [_bridge(bridge_secret), *map(_device, devices)]
    return "authorization {\n  users: [\n    " + "\n    ".join(lines) + "\n  ]\n}\n"


def _device(device: BrokerLogin) -> str:
    # neither login nor hash can hold a quote; as short as can be, because a hundred thousand of them are read at once
    own = f"{ROOT}.{shard(device.login)}.{device.login}"
    rights = f'{{publish:["{own}","{own}.>"],subscribe:["{own}.{TO_DEVICES}","$MQTT.sub.>"]}}'
    return f'{{user:"{device.login}",password:"{device.secret_bcrypt}",permissions:{rights}}}'


def _bridge(secret: str) -> str:
    # a salt derived from the secret, so that the same bridge makes the same file and needs no reload
    hashed = bcrypt.hashpw(secret.encode(), _salt(secret)).decode()
    rights = f'{{publish:{{deny:[">"]}},subscribe:["{ROOT}.>","$MQTT.sub.>"]}}'
    return f'{{user:"{BRIDGE_LOGIN}",password:"{hashed}",permissions:{rights}}}'


def _salt(secret: str) -> bytes:
    alphabet = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    digest = hmac.digest(secret.encode(), b"salt", hashlib.sha256)
    return b"$2a$04$" + bytes(alphabet[byte % 64] for byte in digest[:21]) + b"."


def write(folder: Path, content: str) -> bool:
    """Replace the users file if it changed; True if it did."""
    return files.write(folder / USERS_FILE, content)


def reload(folder: Path) -> float:
    """Have the running server reread its users, when connections of removed ones end; returns how many seconds it took.

    It checks the secret of every connection again, about a millisecond each. Raises ProcessLookupError where it is not
    running, and TimeoutError where it does not come to an end.
    """
    before, began = _loaded_at(folder), time.monotonic()
    files.tell(folder / PID_FILE, "nats-server")
    while _loaded_at(folder) == before:
        if time.monotonic() - began > RELOAD_TIMEOUT_S:
            raise TimeoutError("NATS does not reread its users; its log says why")
        time.sleep(LOOK_AGAIN_S)
    return time.monotonic() - began


def _loaded_at(folder: Path) -> str:
    return str(_asked(folder, "varz")["config_load_time"])


def bridge_session_exists(folder: Path) -> bool:
    """Whether all the bridge's durable subscriptions are there, so that what devices publish is kept for it."""
    return SESSION_SUBJECTS <= {consumer["config"]["filter_subject"] for consumer in _bridges_consumers(folder)}


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
    return str(found[0]["authorized_user"]) if found and found[0].get("authorized_user") else None


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


def _monitor(folder: Path) -> str:
    return str(json.loads(_ports_file(folder).read_text())["monitoring"][0])


def _ports_file(folder: Path) -> Path:
    return folder / f"nats-server_{_pid(folder)}.ports"


def _pid(folder: Path) -> int:
    return int((folder / PID_FILE).read_text())
