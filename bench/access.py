"""`python -m bench.access [KIND [DEVICES [CONNECTED]]]`: how soon a broker of many devices lets one more in, or out.

Real database, real broker, real `tracker.broker_access`. Meanwhile others stay connected, and one of them publishes
without a pause, to see what a change costs those who are in.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from mqtt_bridge.client import Connection
from tests import builders
from tests.services import BROKERS, CHECKOUT, AnyBroker, DatabaseServer, Process, server_folder
from tracker.storage.broker_hashes import hashes
from tracker.storage.devices import add_device, revoke_device
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.partitions import keep_partitions
from tracker.wire.topics import position_topic

CHANGES = 5
QUIET_S = 3.0
PATIENCE_S = 600.0
SECRET = "0123456789abcdef" * 2  # the same for all: to make 100,000 hashes takes minutes
DEVICES = """
INSERT INTO device (login, kind, secret_bcrypt, secret_pbkdf2, secret_sha256)
SELECT 'bench-' || n, 'tracker', :bcrypt, :pbkdf2, :sha256 FROM generate_series(1, :devices) n
"""


class Device:
    """One connected device."""

    def __init__(self, port: int, login: str, secret: str) -> None:
        """Connect. Raises ConnectionError where the broker says no."""
        self._sock = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._topic = position_topic(login).encode()
        texts = b"".join(struct.pack(">H", len(one)) + one.encode() for one in (login, login, secret))
        body = b"\x00\x04MQTT\x04\xc2\x00\x00" + texts
        self._sock.sendall(bytes([0x10, len(body) % 128 | 128, len(body) // 128]) + body)
        if self._sock.recv(4, socket.MSG_WAITALL) != b"\x20\x02\x00\x00":
            self._sock.close()
            raise ConnectionRefusedError(login)

    def publish(self) -> float:
        """Seconds from publishing to the acknowledgement."""
        began = time.monotonic()
        body = struct.pack(">H", len(self._topic)) + self._topic + b"\x00\x01{}"
        self._sock.sendall(bytes([0x32, len(body)]) + body)
        if len(self._sock.recv(4, socket.MSG_WAITALL)) < 4:
            raise ConnectionResetError
        return time.monotonic() - began

    def wait_ended(self) -> None:
        """Until the broker ends the connection."""
        try:
            self._sock.recv(1)
        except ConnectionResetError:
            pass

    def close(self) -> None:
        self._sock.close()


class Publisher(Thread):
    """A device that publishes without a pause, and what it waited for at most."""

    def __init__(self, port: int, login: str) -> None:
        super().__init__(daemon=True)
        self._device, self._ended = Device(port, login, SECRET), Event()
        self.longest_s, self.count = 0.0, 0

    def run(self) -> None:
        while not self._ended.is_set():
            self.longest_s = max(self.longest_s, self._device.publish())
            self.count += 1

    def end(self) -> None:
        self._ended.set()
        self.join()
        self._device.close()


@contextmanager
def admission(database: DatabaseServer, broker: AnyBroker, folder: Path) -> Iterator[list[Process]]:
    """The processes that keep the broker in step."""
    urls = {"DATABASE_URL": database.url("jejak_app"), "DATABASE_OWNER_URL": database.url("jejak_owner")}
    processes = [
        Process(
            [sys.executable, "-m", "tracker.broker_access"], folder / f"access-{number}.log", lambda: True,
            env={**os.environ, **urls, "DATA_DIR": str(folder / f"access-{number}"), **told}, cwd=CHECKOUT,
        )
        for number, told in enumerate(broker.access)
    ]  # fmt: skip
    for process in processes:
        process.start()
    yield processes
    for process in processes:
        process.stop()


def measure(database: DatabaseServer, broker: AnyBroker, devices: int, connected: int, folder: Path) -> None:
    """Print one line for each figure."""
    owner = make_engine(database.url("jejak_owner"), pool_size=1)
    engine = make_engine(database.url("jejak_app"), pool_size=1)
    migrate(owner, "jejak_app", 60)
    with owner.begin() as conn:
        keep_partitions(conn, datetime.now(UTC), 60)
        conn.execute(text(DEVICES), {**hashes(SECRET)._asdict(), "devices": devices})
        conn.execute(text("ANALYZE device"))
    parts = urlsplit(broker.url)
    with Connection(parts._replace(netloc=parts.netloc.split(",")[0]).geturl()):
        pass  # the bridge's session is there now
    with admission(database, broker, folder):
        began = time.monotonic()
        last = max(f"bench-{n}" for n in range(1, devices + 1))  # they are let in by login
        _connected(broker.port, last, SECRET).close()
        print(f"access.first {time.monotonic() - began:.2f} s until all of {devices:,} are let in", flush=True)
        staying = [_connected(broker.port, f"bench-{n}", SECRET) for n in range(3, connected + 1)]
        _changes(engine, broker)
        for device in staying:
            device.publish()  # raises where the connection was lost
    for one in (owner, engine):
        one.dispose()


def _changes(engine: Engine, broker: AnyBroker) -> None:
    for number in range(CHANGES):
        quiet, busy = Publisher(broker.port, "bench-1"), Publisher(broker.port, "bench-2")
        quiet.start()
        quiet.join(QUIET_S)
        quiet.end()
        busy.start()
        login = f"one-more-{number}"
        began = time.monotonic()
        with engine.begin() as conn:
            secret = add_device(conn, login, "tracker", vehicle_id=builders.vehicle(conn), since=builders.LONG_AGO)
        device = _connected(broker.port, login, secret)
        let_in = time.monotonic() - began
        began = time.monotonic()
        with engine.begin() as conn:
            revoke_device(conn, login)
        device.wait_ended()
        let_out = time.monotonic() - began
        busy.end()
        device.close()
        rate = busy.count / (let_in + let_out)
        print(
            f"access.in {let_in:.2f} s, access.out {let_out:.2f} s; one that publishes meanwhile waits "
            f"{busy.longest_s:.3f} s at most, has {rate:.0f} acknowledgements/s (before: {quiet.longest_s:.3f} s, "
            f"{quiet.count / QUIET_S:.0f} /s)",
            flush=True,
        )


def _connected(port: int, login: str, secret: str) -> Device:
    """The device, connected as soon as the broker lets it in."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return Device(port, login, secret)
        except ConnectionError:
            if time.monotonic() > end:
                raise
        time.sleep(0.02)


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "nats"
    devices = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    connected = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000  # devices that stay
    with server_folder() as folder:
        database, broker = DatabaseServer(folder), BROKERS[kind](folder)
        database.process.start()
        broker.process.start()
        try:
            measure(database, broker, devices, connected, folder)
        finally:
            broker.process.stop()
            database.process.stop()


if __name__ == "__main__":
    main()
