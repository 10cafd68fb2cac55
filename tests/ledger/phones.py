"""Devices that publish one fix after the other, whatever happens to the system, and remember what was acknowledged.

They are threads of the test, which is never killed. After a lost connection a phone sends half of what was not
acknowledged again and gives the other half up: what became of that nobody can know.
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import secrets
import select
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from tracker.wire.topics import position_topic

PACE_S = 0.01
MOST_IN_FLIGHT = 50
ANSWER_S = 5.0
AGAIN_S = 0.1
ACCEPTED = b"\x20\x02\x00\x00"
PUBACK = 0x40


@dataclass(eq=False)
class Record:
    """What one device attempted, fix 0 up to `attempted` less one, and which of them were acknowledged to it.

    Fix `n` has the time `begin` plus n seconds.
    """

    device_id: int
    login: str
    secret: str
    begin: datetime
    attempted: int = 0
    acknowledged: set[int] = field(default_factory=set)

    def number(self, fix_time: datetime) -> int | None:
        """Which fix has this time, None where none was attempted with it."""
        n, rest = divmod(fix_time - self.begin, timedelta(seconds=1))
        return n if not rest and 0 <= n < self.attempted else None

    def is_past(self, fix_time: datetime | None, n: int) -> bool:
        """Whether this is the time of fix `n` or of a later one."""
        return fix_time is not None and fix_time >= self.begin + timedelta(seconds=n)

    def payload(self, n: int) -> bytes:
        at = int(self.begin.timestamp()) + n
        return json.dumps({"_type": "location", "tst": at, "lat": -6.2, "lon": 106.8, "acc": 5}).encode()


class Phone(Thread):
    """One device; `path` names the door it uses."""

    path: str

    def __init__(self, record: Record, port: int, seed: str) -> None:
        super().__init__(name=record.login, daemon=True)
        self.record = record
        self._port = port
        self._random = random.Random(f"{seed} {record.login}")
        self._ended = Event()
        self._again: deque[int] = deque()

    def run(self) -> None:
        while not self._ended.is_set():
            in_flight: dict[int, int] = {}
            try:
                self._publish(in_flight)
            except (OSError, http.client.HTTPException):
                pass
            self._again.extend(n for n in in_flight.values() if self._random.random() < 0.5)
            self._ended.wait(AGAIN_S)

    def end(self) -> None:
        self._ended.set()
        self.join(2 * ANSWER_S)
        assert not self.is_alive(), f"{self.name} does not end"

    def _publish(self, in_flight: dict[int, int]) -> None:
        """Publish until the connection is lost, which raises; `in_flight` is what it leaves without an answer."""
        raise NotImplementedError

    def _next(self) -> int:
        if self._again:
            return self._again.popleft()
        self.record.attempted += 1
        return self.record.attempted - 1


class MqttPhone(Phone):
    path = "mqtt"

    def _publish(self, in_flight: dict[int, int]) -> None:
        with socket.create_connection(("127.0.0.1", self._port), ANSWER_S) as sock:
            sock.sendall(_connect(self.record.login, self.record.secret))
            if sock.recv(4, socket.MSG_WAITALL) != ACCEPTED:
                raise ConnectionError("the broker refuses the phone")
            received = b""
            while not self._ended.is_set():
                n = self._next()
                in_flight[n % 0xFFFF + 1] = n
                sock.sendall(_publication(position_topic(self.record.login), n % 0xFFFF + 1, self.record.payload(n)))
                received = self._listen(sock, received, in_flight)

    def _listen(self, sock: socket.socket, received: bytes, in_flight: dict[int, int]) -> bytes:
        """Take what is acknowledged until the next fix is due and not too many are in flight."""
        sent_at = time.monotonic()
        while True:
            waited = time.monotonic() - sent_at
            if waited >= (PACE_S if len(in_flight) < MOST_IN_FLIGHT else ANSWER_S):
                break
            if select.select([sock], [], [], PACE_S)[0]:
                received = self._acknowledge(received + _read(sock), in_flight)
        if len(in_flight) >= MOST_IN_FLIGHT:
            raise TimeoutError("the broker acknowledges nothing")
        return received

    def _acknowledge(self, received: bytes, in_flight: dict[int, int]) -> bytes:
        """Take whole acknowledgements off what was received; returns the rest."""
        whole = len(received) // 4 * 4
        for kind, _, mid in struct.iter_unpack(">BBH", received[:whole]):
            assert kind == PUBACK
            self.record.acknowledged.add(in_flight.pop(mid))
        return received[whole:]


class HttpPhone(Phone):
    path = "http"

    def _publish(self, in_flight: dict[int, int]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        login = base64.b64encode(f"{self.record.login}:{self.record.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        try:
            while not self._ended.wait(PACE_S):
                n = in_flight[0] = self._next()
                connection.request("POST", "/pub", self.record.payload(n), headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise ConnectionError(f"the door says {answer.status}")
                self.record.acknowledged.add(in_flight.pop(0))
        finally:
            connection.close()


def since_yesterday() -> datetime:
    """When the fixes of a phone begin: none of them lies ahead, however long it publishes."""
    return (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)


def _connect(login: str, secret: str) -> bytes:
    """CONNECT with a clean session and no keepalive (MQTT 3.1.1, section 3.1)."""
    texts = [f"phone-{secrets.token_hex(8)}", login, secret]
    body = b"\x00\x04MQTT\x04\xc2\x00\x00" + b"".join(struct.pack(">H", len(text)) + text.encode() for text in texts)
    return b"\x10" + _length(len(body)) + body


def _publication(topic: str, mid: int, payload: bytes) -> bytes:
    body = struct.pack(">H", len(topic)) + topic.encode() + struct.pack(">H", mid) + payload
    return b"\x32" + _length(len(body)) + body


def _length(size: int) -> bytes:
    return bytes([size]) if size < 128 else bytes([size % 128 | 128, size // 128])


def _read(sock: socket.socket) -> bytes:
    if received := sock.recv(65536):
        return received
    raise ConnectionError("the broker closed the connection")
