"""`python -m bench.access [KIND [DEVICES [CONNECTED]]]`: how soon a broker of many devices lets one more in, or out.

Real database, real broker, real `tracker.broker_access`. Meanwhile others stay connected, and one of them publishes
without a pause, to see what a change costs those who are in.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

import psutil
from sqlalchemy import Engine, text

from mqtt_bridge.client import Connection
from tests import builders
from tests.services import BROKERS, AnyBroker, DatabaseServer, Process, access_processes, server_folder
from tracker.storage.broker_hashes import hashes
from tracker.storage.devices import add_device, revoke_device
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.partitions import keep_partitions
from tracker.wire.topics import position_topic

CHANGES = 5
AT_ONCE = 1_000  # who wait to be let in
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
        self._sock.sendall(_connect(login, secret))
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


def _connect(login: str, secret: str) -> bytes:
    """A CONNECT packet."""
    texts = b"".join(struct.pack(">H", len(one)) + one.encode() for one in (login, login, secret))
    body = b"\x00\x04MQTT\x04\xc2\x00\x00" + texts
    return bytes([0x10, len(body) % 128 | 128, len(body) // 128]) + body


class Crowd:
    """Devices that all come at once and stay. Who is refused, or waits too long, comes again."""

    def __init__(self, port: int, logins: Sequence[str]) -> None:
        self._port, self._logins = port, logins
        self._in: dict[str, socket.socket] = {}
        self._doors = select.epoll()
        self._waiting: dict[int, tuple[str, socket.socket]] = {}

    def connect(self) -> float:
        """How many got in each second, until all are."""
        began, due = time.monotonic(), deque(self._logins)
        while due or self._waiting:
            while due and len(self._waiting) < AT_ONCE:
                self._knock(due.popleft())
            for number, _ in self._doors.poll(1):
                login, door = self._waiting.pop(number)
                self._doors.unregister(number)
                if _is_let_in(door):
                    self._in[login] = door
                else:
                    door.close()
                    due.append(login)
        return len(self._logins) / (time.monotonic() - began)

    def _knock(self, login: str) -> None:
        door = socket.socket()
        # one address has 28,000 ports for those who call one port of another
        door.bind((f"127.0.0.{2 + len(self._in) // 20_000}", 0))
        try:
            door.connect(("127.0.0.1", self._port))
            door.sendall(_connect(login, SECRET))
        except ConnectionError:
            pass  # it is readable then, and says nothing
        self._waiting[door.fileno()] = login, door
        self._doors.register(door.fileno(), select.EPOLLIN)

    def lost(self) -> int:
        """How many connections have ended."""
        return sum(map(_ended, self._in.values()))

    def close(self) -> None:
        for door in self._in.values():
            door.close()
        self._in.clear()


def _is_let_in(door: socket.socket) -> bool:
    try:
        return door.recv(4) == b"\x20\x02\x00\x00"
    except ConnectionError:
        return False


def _ended(door: socket.socket) -> bool:
    try:
        return not door.recv(1, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


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
    processes = access_processes(database.url("jejak_app"), database.url("jejak_owner"), broker, folder)
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
    with admission(database, broker, folder) as services:
        began = time.monotonic()
        last = max(f"bench-{n}" for n in range(1, devices + 1))  # they are let in by login
        _connected(broker.port, last, SECRET).close()
        print(f"access.first {time.monotonic() - began:.2f} s until all of {devices:,} are let in", flush=True)
        staying = Crowd(broker.port, [f"bench-{n}" for n in range(3, connected + 1)])
        with _cost(broker, services, connected):
            print(f"access.connects {staying.connect():.0f} /s, {connected:,} devices", flush=True)
        _changes(engine, broker)
        if lost := staying.lost():
            print(f"access.lost {lost} of those who are in: must be 0", flush=True)
        broker.process.kill()
        staying.close()
        broker.process.start(wait=False)
        broker.process.stand()
        with _cost(broker, services, connected):
            print(f"access.reconnects {staying.connect():.0f} /s after the broker was killed", flush=True)
        staying.close()
    for one in (owner, engine):
        one.dispose()


@contextmanager
def _cost(broker: AnyBroker, services: Sequence[Process], connects: int) -> Iterator[None]:
    """What a connect takes of the processors: where all of them are busy, that is the limit."""

    def spent() -> tuple[float, float, float]:
        return _cpu_s([broker.process]), _cpu_s(services), time.process_time()

    before = spent()
    yield
    ms = [(after - ahead) * 1000 / connects for ahead, after in zip(before, spent(), strict=True)]
    print(f"access.cost {ms[0]:.2f} ms of the broker's CPU, {ms[1]:.2f} of the service's, {ms[2]:.2f} of the bench's")


def _cpu_s(processes: Sequence[Process]) -> float:
    times = [psutil.Process(one.popen.pid).cpu_times() for one in processes if one.popen]
    return sum(one.user + one.system for one in times)


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
