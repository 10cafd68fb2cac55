"""Devices as tests need them: admitted at the real broker, with acknowledgements and refusals to read."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
from sqlalchemy import Engine

from tests import builders
from tests.services import AnyBroker, wait_until
from tracker.storage.devices import add_device

SLOWEST_ANSWER_S = 90  # RabbitMQ on a busy machine takes its time
BEGIN = (datetime.now(UTC) - timedelta(hours=6)).replace(microsecond=0)


class Tracker:
    """A device of a vehicle, admitted at the broker."""

    def __init__(self, engine: Engine, broker: AnyBroker, login: str) -> None:
        with engine.begin() as conn:
            vehicle_id = builders.vehicle(conn)
            self.secret = add_device(conn, login, "tracker", vehicle_id=vehicle_id, since=builders.LONG_AGO)
        broker.add_device(login, self.secret)
        self.login, self.port = login, broker.port

    def connect(self, secret: str | None = None, login: str | None = None) -> Client:
        return Client(self.port, login or self.login, self.secret if secret is None else secret)


class Client:
    """A plain MQTT client whose acknowledgements and refusals a test can read."""

    def __init__(
        self,
        port: int,
        login: str | None,
        secret: str,
        ca_file: Path | None = None,
        *,
        client_id: str = "",
        clean: bool = True,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.code: str | None = None
        self.heard: list[str] = []  # topics of what was delivered
        self.payloads: list[bytes] = []  # and what it was
        self.acknowledged: set[int] = set()
        self.subscribed: list[bool] = []
        self.disconnected = False
        self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id, clean_session=clean, reconnect_on_failure=False
        )
        if will:
            self._client.will_set(*will, qos=1)
        if login:
            self._client.username_pw_set(login, secret)
        if ca_file:
            self._client.tls_set(str(ca_file))
        self._client.on_connect = lambda _c, _d, _f, code, _p: setattr(self, "code", str(code))
        self._client.on_publish = lambda _c, _d, mid, _r, _p: self.acknowledged.add(mid)
        self._client.on_subscribe = lambda _c, _d, _m, codes, _p: self.subscribed.append(not codes[0].is_failure)
        self._client.on_message = lambda _c, _d, message: self._hear(message)
        self._client.on_disconnect = lambda *_: setattr(self, "disconnected", True)
        self._client.connect_timeout = SLOWEST_ANSWER_S  # the TLS handshake's, too
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        # while RabbitMQ starts it may also hang up without an answer
        wait_until(lambda: self.code or self.disconnected, "CONNACK", SLOWEST_ANSWER_S)

    def publish(self, topic: str, payload: bytes, retain: bool = False, qos: int = 1) -> int:
        return self._client.publish(topic, payload, qos, retain).mid

    def subscribe(self, topic: str, qos: int = 1) -> bool:
        """Whether the broker says yes; it may also end the connection."""
        self._client.subscribe(topic, qos)
        wait_until(lambda: self.subscribed or self.disconnected, "SUBACK")
        return self.subscribed.pop() if self.subscribed else False

    def wait_acknowledged(self, count: int) -> None:
        wait_until(lambda: len(self.acknowledged) >= count, f"{count} acknowledgements")

    def drop(self) -> None:
        """End the connection without a goodbye."""
        if sock := self._client.socket():
            sock.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def _hear(self, message: mqtt.MQTTMessage) -> None:
        self.payloads.append(message.payload)
        self.heard.append(message.topic)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def location(second: int, lat: float = -6.2, **extra: object) -> bytes:
    tst = int((BEGIN + timedelta(seconds=second)).timestamp())
    return json.dumps({"_type": "location", "tst": tst, "lat": lat, "lon": 106.8, "acc": 8, **extra}).encode()
