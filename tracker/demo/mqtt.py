"""Publishing as a device does: MQTT 3.1.1, QoS 1, clean session, a login and secret of its own.

A `Link` is one device's connection; a `Switchboard` moves many of them in one thread, with paho's external-loop calls
on one selector. What the broker has not acknowledged is sent again after a reconnect.
"""

from __future__ import annotations

import logging
import random
import selectors
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tracker.wire.topics import position_topic

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

log = logging.getLogger(__name__)

KEEPALIVE_S = 60
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 15.0  # a broker that takes the connection but never answers is treated as away
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
CONNECTS_PER_TURN = 10  # connecting blocks for a moment; the others should not wait for all of them
UPKEEP_S = 1.0
READ_WRITE = EVENT_READ | EVENT_WRITE


@dataclass(frozen=True, slots=True)
class Broker:
    """Where devices connect."""

    host: str
    port: int
    tls: bool = False

    @classmethod
    def of_url(cls, url: str) -> Broker:
        """The host and port of `mqtt://...` or `mqtts://...`; the login in it belongs to somebody else."""
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        return cls(parts.hostname or "127.0.0.1", parts.port or (8883 if tls else 1883), tls)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Link:
    """One device's connection, watched by `selector`. Each message has a place: a number that grows with the messages.

    `acknowledged` is the place up to which the broker has confirmed everything; it is `start` at first.
    `trouble` says why the device is not connected, None where it is or was not tried yet.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        broker: Broker,
        login: str,
        secret: str,
        client_id: str,
        start: int,
        window: int,
    ) -> None:
        self.login = login
        self.acknowledged = self._newest = start
        self.open = self.refused = False
        self.trouble: str | None = None
        self._broker, self._window, self._topic = broker, window, position_topic(login)
        self._unconfirmed: dict[int, int] = {}  # message id of MQTT -> place, in the order of sending
        self._pause_s, self._act_at = FIRST_PAUSE_S, 0.0
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id, True, protocol=MQTTv311, reconnect_on_failure=False
        )
        self._client.username_pw_set(login, secret)
        self._prepare(self._client, selector)

    def _prepare(self, client: Client, selector: selectors.BaseSelector) -> None:
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(self._window)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish = self._on_publish
        client.on_socket_open = partial(self._watch, selector.register, EVENT_READ)
        client.on_socket_register_write = partial(self._watch, selector.modify, READ_WRITE)
        client.on_socket_unregister_write = partial(self._watch, selector.modify, EVENT_READ)
        client.on_socket_close = lambda _client, _userdata, sock: _forget(selector, sock)
        if self._broker.tls:
            client.tls_set()

    def _watch(
        self, change: Callable[..., object], events: int, client: Client, userdata: Any, sock: SocketLike
    ) -> None:
        with suppress(KeyError):  # paho may speak of a socket once more after it said that it closed it
            change(sock, events, self)

    @property
    def room(self) -> int:
        """How many more messages may be under way."""
        return self._window - len(self._unconfirmed) if self.open else 0

    @property
    def settled(self) -> bool:
        """Everything that was sent is acknowledged."""
        return not self._unconfirmed

    def send(self, place: int, payload: bytes) -> None:
        """Publish the next message; the caller has looked at `room`."""
        message = self._client.publish(self._topic, payload, qos=1)
        self._unconfirmed[message.mid] = place
        self._newest = max(self._newest, place)

    def connect_if_due(self, now: float) -> bool:
        """Try to connect, unless connected or pausing; True where it was tried."""
        if self._client.socket() is not None or now < self._act_at:
            return False
        self.refused, self._act_at = False, now + ANSWER_TIMEOUT_S
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        except OSError as error:
            self._fail(f"the broker at {self._broker} cannot be reached ({error.strerror or error})")
        return True

    def serve(self, events: int) -> None:
        """Read and write what the network has and takes now."""
        if events & EVENT_READ:
            self._client.loop_read()
            while isinstance(sock := self._client.socket(), ssl.SSLSocket) and sock.pending():
                self._client.loop_read()
        if events & EVENT_WRITE:
            self._client.loop_write()

    def upkeep(self, now: float) -> None:
        """Ping a quiet connection, and give up one that is never answered."""
        if not self.open and self._client.socket() is not None and now > self._act_at:
            self.close()
        self._client.loop_misc()

    def close(self) -> None:
        """Say goodbye; paho closes the socket once the goodbye is written."""
        self._client.disconnect()
        self._client.loop_write()

    def _fail(self, trouble: str) -> None:
        self.trouble, self.open = trouble, False
        self._act_at = time.monotonic() + self._pause_s * random.uniform(0.7, 1.3)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _on_connect(
        self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self.open, self.refused = not reason.is_failure, reason.is_failure
        if self.open:
            self.trouble, self._pause_s = None, FIRST_PAUSE_S

    def _on_disconnect(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if self.refused:
            what = "does not admit this device"
        else:
            what = "closed the connection" if reason.is_failure else "does not answer"  # then we hung up
        self._fail(f"the broker at {self._broker} {what}")

    def _on_publish(
        self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._unconfirmed.pop(mid, None)
        confirmed = min(self._unconfirmed.values()) - 1 if self._unconfirmed else self._newest
        self.acknowledged = max(self.acknowledged, confirmed)


def _forget(selector: selectors.BaseSelector, sock: SocketLike) -> None:
    with suppress(KeyError):
        selector.unregister(sock)


class Switchboard:
    """Moves the connections of many devices in one thread; says in a sentence when they are in trouble."""

    def __init__(self, broker: Broker) -> None:
        self.links: list[Link] = []
        self._broker = broker
        self._selector = selectors.DefaultSelector()
        self._upkeep_at = 0.0
        self._said = ""

    def add(self, login: str, secret: str, *, client_id: str = "", start: int = 0, window: int = 20) -> Link:
        """A device to connect; `window` is how many of its messages may be under way at once.

        A broker closes a connection when another comes with the same client id; it is the login unless given.
        """
        link = Link(self._selector, self._broker, login, secret, client_id or login, start, window)
        self.links.append(link)
        return link

    def turn(self, timeout_s: float) -> None:
        """Connect whoever is due, wait at most `timeout_s` for the network, and serve it."""
        now, tried = time.monotonic(), 0
        for link in self.links:
            tried += link.connect_if_due(now)
            if tried == CONNECTS_PER_TURN:
                timeout_s = 0.0
                break
        for key, events in self._selector.select(timeout_s):
            key.data.serve(events)
        if now >= self._upkeep_at:
            self._upkeep_at = now + UPKEEP_S
            for link in self.links:
                link.upkeep(now)
            self._say()

    def close(self) -> None:
        """Close every connection."""
        for link in self.links:
            link.close()
        self._selector.close()

    def _say(self) -> None:
        troubled = next((link for link in self.links if link.trouble), None)
        if troubled is not None and troubled.trouble is not None:
            if troubled.trouble != self._said:
                log.warning("%s: %s; trying again until it works", troubled.login, troubled.trouble)
                self._said = troubled.trouble
        elif all(link.open for link in self.links) and self._said != "connected":
            log.info("%d devices are connected", len(self.links))
            self._said = "connected"
