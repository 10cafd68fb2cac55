"""The bridge's end of the MQTT connection, on paho's external-loop calls: one thread, our own `select`.

The only file here that knows paho, which connects, subscribes and keeps alive; published messages go past it. A `mid`
belongs to the connection it came on: a connection is used until its first trouble and then thrown away, and what was
not acknowledged comes again on the next one.

A broker may also send again on a living connection, with the same `mid`, what it waited too long for. Acknowledging the
first copy frees the `mid` for another message, which acknowledging the second copy would then confirm unsaved: so such
a repetition is trouble, too. (NATS may also mark as repeated what it could not send the first time. Then the connection
ends for nothing, which costs a second and loses nothing.)
"""

from __future__ import annotations

import hashlib
import hmac
import select
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from mqtt_bridge.packets import Malformed, PacketSocket, acknowledgements
from tracker import failpoints
from tracker.ingest import Message
from tracker.wire.topics import BRIDGE_CLIENTS, SUBSCRIPTIONS

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
KEEPALIVE_S = 10  # a network that was cut without a word is noticed after twice that
ANSWER_S = 10.0  # how long the broker may take to answer CONNECT and SUBSCRIBE
IDLE_S = 5.0
READ_EVERY_S = 0.02
BATCH_MESSAGES = 4000
BATCH_BYTES = 2 * 1024 * 1024  # of payload: some 10,000 fixes where a message holds hundreds, saved within a second
QOS = 1


class BrokerAway(ConnectionError):
    """The connection could not be made or was lost; the text says what to check."""


class BrokerRefuses(BrokerAway):
    """The broker answered no: wrong secret, no right to read the positions; or it is not who it should be."""


@dataclass(slots=True)
class Batch:
    """Messages as they were delivered, and their packet ids, which are of the connection they came on."""

    messages: list[Message] = field(default_factory=list)
    mids: list[bytes] = field(default_factory=list)
    payload_bytes: int = 0
    began: float = 0.0  # when the first of them came, on the monotonic clock

    @property
    def full(self) -> bool:
        """Whether there is enough for one transaction: one network read more may have come."""
        return len(self.messages) >= BATCH_MESSAGES or self.payload_bytes >= BATCH_BYTES


class _Client(mqtt.Client):
    """paho's client, with published messages cut out before it reads."""

    def _create_socket(self) -> mqtt.SocketLike:
        sock = super()._create_socket()
        assert isinstance(sock, socket.socket)  # the other kind is a websocket, which we never ask for
        self.packets = PacketSocket(sock)
        return self.packets


class Connection:
    """One connection with a durable session, subscribed to every device's positions."""

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        """Connect. `ca_file` names who signed the broker's certificate, where that is nobody whom the system trusts."""
        parts = urlsplit(url)
        self._url = parts
        self._batch = Batch()
        self._seen: set[bytes] = set()  # packet ids that came on this connection
        self._connected: ReasonCode | None = None
        self._granted: list[ReasonCode] | None = None
        self._client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id(unquote(parts.password or "")),
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.username_pw_set(unquote(parts.username or ""), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            self._client.tls_set(str(ca_file) if ca_file else None)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def receive(self, wait_s: float) -> Batch:
        """What arrives until the batch is full or `wait_s` have passed since the first of it.

        An empty batch means that nothing came for `IDLE_S`.
        """
        began = time.monotonic()
        while not self._batch.full:
            end = self._batch.began + wait_s if self._batch.messages else began + IDLE_S
            if (left := end - time.monotonic()) <= 0:
                break
            self._turn(left)
        batch, self._batch = self._batch, Batch()
        return batch

    def receive_during(self, work: Future[Any]) -> None:
        """Let the next batch arrive while `work` goes on; returns when it is done.

        The network is asked now and then only: a few large reads cost less than many small ones.
        """
        while not wait([work], READ_EVERY_S).done:
            if not self._batch.full:
                self._turn(0)

    def acknowledge(self, batch: Batch) -> None:
        """Acknowledge each message of the batch once, in arrival order, and hand the packets to the network."""
        self._flush()
        packets = acknowledgements(batch.mids)
        half = len(packets) // 8 * 4 if failpoints.armed("mid_ack") else 0
        self._send(packets[:half])
        failpoints.reach("mid_ack")
        self._send(packets[half:])

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave; the session stays, and what is unacknowledged stays unacknowledged.

        Without a goodbye: behind an acknowledgement that was cut off it would be read as that one's end.
        """
        if self._client.socket() is not None:
            self._client.packets.close()

    def _open(self) -> None:
        where = f"the broker at {self._url.hostname}:{self._port}"
        try:
            self._client.connect(self._url.hostname or "", self._port, KEEPALIVE_S)
        except ssl.SSLCertVerificationError as error:
            raise BrokerRefuses(
                f"{where} has a certificate that is not to be trusted ({error.verify_message}); check the host in "
                "MQTT_URL, and MQTT_CA_FILE"
            ) from error
        except OSError as error:
            raise BrokerAway(f"{where} cannot be reached ({error}); check MQTT_URL, or start the broker") from error
        self._turn_until(lambda: self._connected is not None, f"{where} does not answer CONNECT")
        if self._connected is None or self._connected.is_failure:
            raise BrokerRefuses(f"{where} refuses the bridge ({self._connected}); check login and secret in MQTT_URL")
        self._client.subscribe([(topic, QOS) for topic in SUBSCRIPTIONS])
        self._turn_until(lambda: self._granted is not None, f"{where} does not answer SUBSCRIBE")
        if any(code.is_failure for code in self._granted or []):
            raise BrokerRefuses(f"{where} does not let the bridge read {', '.join(SUBSCRIPTIONS)}; check its rights")

    @property
    def _port(self) -> int:
        return self._url.port or DEFAULT_PORTS[self._url.scheme]

    def _turn_until(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + ANSWER_S
        while not condition():
            if (left := deadline - time.monotonic()) <= 0:
                raise BrokerAway(complaint)
            self._turn(left)

    def _turn(self, wait_s: float) -> None:
        """One turn of the loop: wait until the socket has something for us or takes something from us, and do it."""
        sock = self._socket()
        writers = [sock] if self._client.want_write() else []
        readable, writable, _ = select.select([sock], writers, [], 0 if sock.pending() else wait_s)
        if readable or sock.pending():
            self._read(sock)
        if writable:
            self._check(self._client.loop_write())
        self._check(self._client.loop_misc())

    def _read(self, sock: PacketSocket) -> None:
        try:
            published = sock.fill()
        except (OSError, Malformed) as error:
            raise BrokerAway(f"the connection to the broker was lost ({error})") from error
        mids = [one.mid for one in published]
        if any(one.repeated and one.mid in self._seen for one in published):
            raise BrokerAway("the broker waited too long for an acknowledgement and sent messages again")
        self._seen.update(mids)
        now = datetime.now(UTC)
        if not self._batch.messages:
            self._batch.began = time.monotonic()
        self._batch.messages += [
            Message(str(one.topic, "utf-8", "replace"), one.payload, now, one.retained) for one in published
        ]
        self._batch.mids += mids
        self._batch.payload_bytes += sum(len(one.payload) for one in published)
        while sock.has_others and self._client.socket() is not None:
            self._check(self._client.loop_read())

    def _send(self, unsent: bytes) -> None:
        while unsent:
            self._wait_writable()
            try:
                unsent = unsent[self._socket().send(unsent) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                continue
            except OSError as error:
                raise BrokerAway(f"the connection to the broker was lost ({error})") from error

    def _flush(self) -> None:
        while self._client.want_write():
            self._wait_writable()
            self._check(self._client.loop_write())

    def _wait_writable(self) -> None:
        _, writable, _ = select.select([], [self._socket()], [], KEEPALIVE_S)
        if not writable:
            raise BrokerAway("the broker does not take acknowledgements")

    def _socket(self) -> PacketSocket:
        if self._client.socket() is None:
            raise BrokerAway("the broker closed the connection")
        return self._client.packets

    def _check(self, code: MQTTErrorCode) -> None:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS and self._connected is not None and not self._connected.is_failure:
            raise BrokerAway(f"the connection to the broker was lost ({mqtt.error_string(code)})")

    def _on_connect(self, _c: mqtt.Client, _d: object, _f: object, code: ReasonCode, _p: Properties | None) -> None:
        self._connected = code

    def _on_subscribe(
        self, _c: mqtt.Client, _d: object, _mid: int, codes: list[ReasonCode], _p: Properties | None
    ) -> None:
        self._granted = codes


def client_id(secret: str) -> str:
    """The bridge's client id: the same at every start, because the session hangs on it, and known to nobody else.

    Whoever connects with this id takes the session over, so it is derived from the secret.
    """
    return f"{BRIDGE_CLIENTS}{hmac.digest(secret.encode(), b'client id', hashlib.sha256).hex()[:16]}"
