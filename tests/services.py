"""Real servers for the tests, each on its own port and in its own folder, ended with the test that started it."""

from __future__ import annotations

import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import bcrypt
import psycopg
from sqlalchemy.engine import URL

from config import kept_secret
from deploy.local.nats import Nats
from deploy.local.postgres import Postgres
from deploy.local.service_user import as_service_user, ensure_service_user, give
from tracker.broker_access import nats as nats_access
from tracker.storage.devices import BrokerLogin

CHECKOUT = Path(__file__).parents[1]
DEADLINE_S = 30.0


def free_port() -> int:
    """A port that nobody listens on at this moment, and that the kernel gives to no outgoing connection.

    One of the kernel's own range could become the source port of any connection before its server takes it, and even
    the one that asks whether that server answers already would find itself there.
    """
    first, last = 10_000, _first_ephemeral_port() - 1
    while True:
        port = random.randint(first, last)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _first_ephemeral_port() -> int:
    setting = Path("/proc/sys/net/ipv4/ip_local_port_range")
    return int(setting.read_text().split()[0]) if setting.exists() else 32_768


def wait_until(condition: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Poll until `condition` holds; fail with `what` was awaited when it does not in time."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"not within {deadline_s:.0f} s: {what}"
        time.sleep(0.02)


def answers(port: int) -> bool:
    """Whether somebody listens on a local port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def server_folder() -> Iterator[Path]:
    """A short folder that the servers' user owns; it is gone afterwards."""
    ensure_service_user()
    folder = Path(tempfile.mkdtemp(prefix="jejak-test-"))
    give(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Process:
    """A server's process that a test may kill and start again."""

    command: list[str]
    log: Path
    ready: Callable[[], bool]
    env: dict[str, str] | None = None
    cwd: Path | None = None
    deadline_s: float = DEADLINE_S
    popen: subprocess.Popen[bytes] | None = field(default=None)

    def start(self, wait: bool = True) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.env, cwd=self.cwd
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        try:
            wait_until(self._ready_or_dead, f"{self.command} is ready", self.deadline_s)
        except BaseException as error:
            self.stop()
            error.add_note(f"what it said:\n{self.tail()}")
            raise

    def _ready_or_dead(self) -> bool:
        assert not self._dead(), f"{self.command} ended: {self.tail()}"
        return self.ready()

    def revive(self) -> None:
        """Start it as often as it takes, as the process runner does: a killed server's remains may be in the way."""
        while True:
            self.start(wait=False)
            wait_until(lambda: self._dead() or self.ready(), f"{self.command} is ready or gone")
            if not self._dead():
                return

    def _dead(self) -> bool:
        return self.popen is None or self.popen.poll() is not None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self.popen is not None
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> None:
        if self.popen is not None and not self._dead():
            self.popen.terminate()
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


class DatabaseServer:
    """A private PostgreSQL. `create` makes a database, `url` names one for a role."""

    def __init__(self, folder: Path, programs: Path | None = None) -> None:
        self.passwords = {role: secrets.token_hex(8) for role in ("jejak_owner", "jejak_app")}
        embedded = Postgres.embedded(folder / "db", folder / "run")
        self.postgres = Postgres(embedded.data, embedded.socket_dir, programs) if programs else embedded
        # more than an owner gets in a city: tests make and drop databases, with connections still open
        self.postgres.prepare(
            self.passwords, "ALTER ROLE jejak_owner CREATEDB", "GRANT pg_signal_backend TO jejak_owner"
        )
        self.process = Process(self.postgres.command(), folder / "db.log", self._answers)

    def url(self, role: str, database: str = "jejak") -> str:
        query = {"host": str(self.postgres.socket_dir)}
        return URL.create(
            "postgresql+psycopg", role, self.passwords[role], database=database, query=query
        ).render_as_string(hide_password=False)

    def create(self, name: str, template: str = "template1") -> None:
        with self._owner() as conn:
            conn.execute(f"CREATE DATABASE {name} OWNER jejak_owner TEMPLATE {template}")

    def drop(self, name: str) -> None:
        with self._owner() as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _owner(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.postgres.socket_dir), user="jejak_owner", password=self.passwords["jejak_owner"],
            dbname="jejak", autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self._owner().close()
        except psycopg.OperationalError:
            return False
        return True


class Broker:
    """A private NATS as `make run` starts it, but for its port."""

    def __init__(self, folder: Path) -> None:
        self.bridge_secret = kept_secret(folder, "mqtt_bridge")
        self.port = free_port()
        self.nats = Nats.embedded(folder / "nats", "127.0.0.1", self.port)
        self.nats.prepare(self.bridge_secret)
        self.process = Process(self.nats.command(), folder / "nats.log", self._answers)
        self._devices: dict[str, BrokerLogin] = {}

    @property
    def url(self) -> str:
        """Where the bridge connects."""
        return f"mqtt://{nats_access.BRIDGE_LOGIN}:{self.bridge_secret}@127.0.0.1:{self.port}"

    def admit(self, *logins: BrokerLogin) -> None:
        """Let these devices in, beside those let in before, as `tracker.broker_access` does; returns when it holds."""
        self._devices |= {device.login: device for device in logins}
        content = nats_access.users_file(self._devices.values(), self.bridge_secret)
        before = self._reloads()
        if nats_access.write(self.nats.folder, content):
            nats_access.reload(self.nats.folder)
            wait_until(lambda: self._reloads() > before, "the broker has read its users again")

    def backlog(self) -> int:
        """How many messages it keeps for the bridge."""
        return nats_access.backlog(self.nats.folder)

    def _answers(self) -> bool:
        return answers(self.port) and nats_access.says_where(self.nats.folder)

    def _reloads(self) -> int:
        return self.process.log.read_text().count("Reloaded server configuration")

    def add_device(self, login: str, secret: str) -> None:
        hashed = bcrypt.hashpw(secret.encode(), bcrypt.gensalt(4, prefix=b"2a")).decode()
        self.admit(BrokerLogin(login, hashed))


class Mosquitto:
    """A private Mosquitto as a city may already run it: one login per device, rights by pattern."""

    def __init__(self, folder: Path) -> None:
        self.bridge_secret = secrets.token_hex(16)
        self.port = free_port()
        self._passwords = folder / "passwords"
        self._passwords.touch(mode=0o600)
        (folder / "acl").write_text(
            "user _bridge\ntopic read owntracks/#\n\npattern write owntracks/+/%u\npattern write owntracks/+/%u/+\n"
        )
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {self._passwords}\n"
            f"acl_file {folder / 'acl'}\nmax_qos 1\nmax_inflight_messages 0\nmax_queued_messages 0\n"
            "log_dest stderr\nlog_type all\n"
        )
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        # as root it would become another user, who cannot read the test's folder
        command = [program, "-c", str(folder / "mosquitto.conf")]
        self.process = Process(as_service_user(command), folder / "mosquitto.log", lambda: answers(self.port))
        self.add_device("_bridge", self.bridge_secret)
        for path in (folder / "acl", folder / "mosquitto.conf"):
            give(path)

    @property
    def url(self) -> str:
        return f"mqtt://_bridge:{self.bridge_secret}@127.0.0.1:{self.port}"

    def backlog(self) -> None:
        """It does not say."""

    def add_device(self, login: str, secret: str) -> None:
        """Let a device in; returns when it holds."""
        subprocess.run(["mosquitto_passwd", "-b", str(self._passwords), login, secret], check=True)
        give(self._passwords)
        if self.process.popen:
            before = self._reloads()
            self.process.popen.send_signal(signal.SIGHUP)
            wait_until(lambda: self._reloads() > before, "Mosquitto has read its passwords again")

    def _reloads(self) -> int:
        return self.process.log.read_text().count("Reloading config")
