"""RabbitMQ: users and their rights, over its management interface, which takes them while it runs.

What MQTT calls `owntracks/07/login` is the routing key `owntracks.07.login` of the exchange `amq.topic`, and a
subscription is a queue named after the client id. So a device may write to the exchange, under its own key only, and
have a queue bound by its own `cmd` only. Which client ids a device has is not known here: it may have any but a
bridge's, and none with a colon but those that begin with its own login and the colon, which are nobody else's.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from tracker.wire.topics import BRIDGE_CLIENTS, ROOT, SUBSCRIPTIONS, TO_DEVICES, shard

if TYPE_CHECKING:
    from tracker.storage.devices import BrokerLogin

VHOST = "/"
EXCHANGE = "amq.topic"
SUBSCRIPTION = "mqtt-subscription-"  # followed by the client id and qos0 or qos1
BRIDGE_QUEUE = f"{SUBSCRIPTION}{BRIDGE_CLIENTS}"
TIMEOUT_S = 60  # so long a hundred thousand devices may take
AT_ONCE = 5_000  # devices in one request
SESSION_KEYS = {topic.replace("/", ".").replace("+", "*") for topic in SUBSCRIPTIONS}

Rights = dict[str, str]


class Management:
    """The management interface of one RabbitMQ, as `http://login:secret@host:port` names it. Raises OSError."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.hostname}:{parts.port}/api/"
        self._login = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()

    def ask(self, question: str, said: object = None, method: str | None = None) -> Any:
        """The answer to a question, or to what is `said`; None where there is none."""
        request = urllib.request.Request(
            self._base + question,
            None if said is None else json.dumps(said).encode(),
            {"Authorization": f"Basic {self._login}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def admitted(management: Management) -> dict[str, str]:
    """The hashes of the devices it lets in with all their rights, by login; none of those with the rights of before."""
    complete = {one["user"] for one in management.ask("topic-permissions")}
    current = {
        one["user"] for one in management.ask("permissions") if _device_queues(one["user"]).items() <= one.items()
    }
    return {
        user["name"]: user["password_hash"] if user["name"] in current else ""
        for user in management.ask("users?columns=name,password_hash,tags")
        if user["name"] in complete and not user["name"].startswith("_") and not user["tags"]
    }


def admit(management: Management, devices: Iterable[BrokerLogin]) -> None:
    """Let these devices in. Their rights come last: with one request of several interrupted, it is asked for again."""
    known = [(device.login, device.secret_sha256) for device in devices if device.secret_sha256]
    for begin in range(0, len(known), AT_ONCE):
        some = known[begin : begin + AT_ONCE]
        management.ask("definitions", {
            "users": [_user(login, hashed) for login, hashed in some],
            "permissions": [_device_queues(login) for login, _ in some],
            "topic_permissions": [_device_topics(login) for login, _ in some],
        })  # fmt: skip


def expel(management: Management, logins: Iterable[str]) -> None:
    """Let these in no more; RabbitMQ ends the living connections of a user that is deleted."""
    if gone := list(logins):
        management.ask("users/bulk-delete", {"users": gone})


def admit_bridge(management: Management, login: str, hashed: str) -> None:
    """Let the bridge in: it reads everything and writes nothing."""
    queues = f"^{re.escape(BRIDGE_QUEUE)}"
    management.ask("definitions", {
        "users": [_user(login, hashed)],
        "permissions": [_queues(login, queues, queues, f"{queues}|^{re.escape(EXCHANGE)}$")],
        "topic_permissions": [_topics(login, "", rf"^{ROOT}\.")],
    })  # fmt: skip


def _user(login: str, hashed: str) -> dict[str, object]:
    return {
        "name": login, "password_hash": hashed, "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": [],
    }  # fmt: skip


def _device_queues(login: str) -> Rights:
    queues = rf"^{SUBSCRIPTION}(?!{BRIDGE_CLIENTS})([^:]*|{login}:.*)$"
    with_exchange = f"{queues}|^{re.escape(EXCHANGE)}$"
    return _queues(login, queues, with_exchange, with_exchange)


def _device_topics(login: str) -> Rights:
    own = rf"^{ROOT}\.{shard(login)}\.{login}"
    return _topics(login, rf"{own}(\..+)?$", rf"{own}\.{TO_DEVICES}$")


def _queues(login: str, configure: str, write: str, read: str) -> Rights:
    return {"user": login, "vhost": VHOST, "configure": configure, "write": write, "read": read}


def _topics(login: str, write: str, read: str) -> Rights:
    return {"user": login, "vhost": VHOST, "exchange": EXCHANGE, "write": write, "read": read}


def bridge_session_exists(management: Management) -> bool:
    """Whether all the bridge's durable subscriptions are there, so that what devices publish is kept for it."""
    return any(SESSION_KEYS <= _keys(management, queue["name"]) for queue in _bridges_queues(management))


def backlog(management: Management) -> int:
    """How many messages it keeps for the bridge; it counts every few seconds."""
    return sum(int(queue.get("messages", 0)) for queue in _bridges_queues(management))


def _bridges_queues(management: Management) -> list[dict[str, Any]]:
    wanted = f"page=1&page_size=100&use_regex=true&name={quote(f'^{BRIDGE_QUEUE}')}"
    found: list[dict[str, Any]] = management.ask(f"queues/{quote(VHOST, safe='')}?{wanted}")["items"]
    return found


def _keys(management: Management, queue: str) -> set[str]:
    bindings = management.ask(f"queues/{quote(VHOST, safe='')}/{quote(queue, safe='')}/bindings")
    return {binding["routing_key"] for binding in bindings if binding["source"] == EXCHANGE}
