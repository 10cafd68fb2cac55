"""Real servers for the tests, each on its own port and in its own folder, ended with the test that started it."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL

from config import kept_secret
from deploy.local.nats import Nats, logins
from deploy.local.postgres import Postgres
from deploy.local.service_user import as_service_user, ensure_service_user, give, nats_program
from deploy.templates import filled, text
from tests.certificates import authority, certificate
from tracker.broker_access import mosquitto as mosquitto_access
from tracker.broker_access import nats as nats_access
from tracker.broker_access import rabbitmq as rabbitmq_access
from tracker.broker_access.callout import Callout, Logins
from tracker.broker_access.nats_keys import Keys
from tracker.storage.broker_hashes import hashes, sha256
from tracker.storage.devices import BrokerLogin

CHECKOUT = Path(__file__).parents[1]
DEADLINE_S = 120.0  # only for what never comes: beside six processes that compute, RabbitMQ took 44 s to start


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
    began_at: int = 0  # where in its log the newest start begins

    def start(self, wait: bool = True) -> None:
        with self.log.open("ab") as log:
            self.began_at = log.tell()
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
        assert self.runs(), f"{self.command} ended: {self.tail()}"
        return self.ready()

    def stand(self) -> None:
        """Wait until it is ready, and start it again as often as it dies first, as the process runner does.

        A killed server's remains may be in the way of the next one.
        """
        while True:
            wait_until(lambda: not self.runs() or self.ready(), f"{self.command} is ready or gone", self.deadline_s)
            if self.runs():
                return
            self.start(wait=False)

    def runs(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def said(self) -> str:
        """What it said since it was last started."""
        return self.log.read_bytes()[self.began_at :].decode(errors="replace") if self.log.exists() else ""

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self.popen is not None
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> None:
        if self.popen is not None and self.runs():
            self.popen.terminate()
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


class DatabaseServer:
    """A private PostgreSQL. `create` makes a database, `url` names one for a role.

    Where only processes are killed, never the machine, it need not be `durable`: what the kernel has, it keeps.
    """

    def __init__(self, folder: Path, programs: Path | None = None, *, durable: bool = True) -> None:
        self.passwords = {role: secrets.token_hex(8) for role in ("jejak_owner", "jejak_app")}
        embedded = Postgres.embedded(folder / "db", folder / "run")
        self.postgres = Postgres(embedded.data, embedded.socket_dir, programs) if programs else embedded
        # more than an owner gets in a city: tests make and drop databases, with connections still open
        self.postgres.prepare(
            self.passwords, "ALTER ROLE jejak_owner CREATEDB", "GRANT pg_signal_backend TO jejak_owner"
        )
        command = self.postgres.command() if durable else [*self.postgres.command(), "-cfsync=off"]
        self.process = Process(command, folder / "db.log", self._answers)

    def url(self, role: str, database: str = "jejak") -> str:
        query = {"host": str(self.postgres.socket_dir)}
        return URL.create(
            "postgresql+psycopg", role, self.passwords[role], database=database, query=query
        ).render_as_string(hide_password=False)

    def create(self, name: str, template: str = "template1") -> None:
        with self.connect() as conn:
            conn.execute(f"CREATE DATABASE {name} OWNER jejak_owner TEMPLATE {template}")

    def drop(self, name: str) -> None:
        with self.connect() as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def connect(self, database: str = "jejak") -> psycopg.Connection[tuple[object, ...]]:
        """As the owner; each statement is kept at once."""
        return psycopg.connect(
            host=str(self.postgres.socket_dir), user="jejak_owner", password=self.passwords["jejak_owner"],
            dbname=database, autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


class Admission:
    """Says who may connect to one NATS server, in this process, by the code that does it in a city: without a database,
    and whether the bridge's session exists or not. From the first device on, over restarts of the server.
    """

    def __init__(self, folder: Path, access_secret: str) -> None:
        self._folder, self._keys = folder, Keys(access_secret)
        self._logins: dict[str, BrokerLogin] = {}
        self._known = Logins()
        self._callout: Callout | None = None

    def admit(self, devices: Iterable[BrokerLogin]) -> None:
        """Let these in, beside those let in before."""
        self._logins |= {device.login: device for device in devices}
        self._known.replace(self._logins.values())
        self.begin()

    def begin(self) -> None:
        """Answer, if there is anybody to let in."""
        if self._logins and self._callout is None:
            self._callout = Callout(self._folder, self._keys, self._known, lambda: True)
            self._callout.start()

    def answers(self) -> bool:
        """Whether it answers the server that runs now, if there is anybody to let in."""
        return self._callout is None or self._callout.answers == nats_access.address(self._folder)

    def end(self) -> None:
        if self._callout is not None:
            self._callout.end()
            self._callout = None


@dataclass
class NatsServer(Process):
    """A NATS server and who answers it."""

    admission: Admission = field(kw_only=True)

    def start(self, wait: bool = True) -> None:
        self.admission.begin()
        super().start(wait)

    def stop(self) -> None:
        super().stop()
        self.admission.end()


class Broker:
    """A private NATS as `make run` starts it, but for its port; with `tls` as a production machine does."""

    def __init__(self, folder: Path, tls: bool = False) -> None:
        self.bridge_secret = kept_secret(folder, "mqtt_bridge")
        self.port = self.tls_port = free_port()
        self.nats = Nats.embedded(folder / "nats", "127.0.0.1", self.port)
        access_secret = kept_secret(folder, "broker_access")
        self.nats.prepare(self.bridge_secret, access_secret)
        self.admission = Admission(self.nats.folder, access_secret)
        self.ca_file = self.nats.folder / "ca.crt"
        if tls:
            authority(self.nats.folder)
            certificate(self.nats.folder)
            (self.nats.folder / "mqtt-here.conf").write_text(filled("nats/mqtt-server.conf", TLS=self.nats.folder))
            give(self.nats.folder / "server.key")
        self.process = NatsServer(self.nats.command(), folder / "nats.log", self._answers, admission=self.admission)
        self.access = [{"DATA_DIR": str(folder)}]  # what its `tracker.broker_access` is told

    @property
    def url(self) -> str:
        """Where the bridge connects."""
        return f"mqtt://{nats_access.BRIDGE_LOGIN}:{self.bridge_secret}@127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return self.url.replace("mqtt:", "mqtts:")

    def admit(self, *devices: BrokerLogin) -> None:
        """Let these devices in, beside those let in before; returns when it holds."""
        self.admission.admit(devices)
        if self.process.popen:
            wait_until(self.admission.answers, "NATS is answered")

    def backlog(self) -> int:
        """How many messages it keeps for the bridge."""
        return nats_access.backlog(self.nats.folder)

    def _answers(self) -> bool:
        return answers(self.port) and nats_access.says_where(self.nats.folder) and self.admission.answers()

    def add_device(self, login: str, secret: str) -> None:
        self.admit(_hashed(login, secret))


class Mosquitto:
    """A private Mosquitto as `deploy/mosquitto` has it."""

    def __init__(self, folder: Path) -> None:
        self.bridge_secret = kept_secret(folder, "mqtt_bridge")
        self.port, self.tls_port = free_port(), free_port()
        self.folder = folder / "mosquitto"
        self.ca_file = self.folder / "ca.crt"
        self.folder.mkdir()
        authority(self.folder)
        certificate(self.folder)
        places = {"FOLDER": self.folder, "TLS": self.folder, "MQTT_PORT": self.port,
                  "MQTTS_HOST": "127.0.0.1", "MQTTS_PORT": self.tls_port}  # fmt: skip
        (self.folder / "mosquitto.conf").write_text(filled("mosquitto/mosquitto.conf", **places))
        (self.folder / "rights").write_text(text("mosquitto/rights"))
        self._devices: dict[str, BrokerLogin] = {}
        self._write_passwords()
        for path in [self.folder, *self.folder.iterdir()]:
            give(path)
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        # as root it would become another user, who cannot read the test's folder
        command = as_service_user([program, "-c", str(self.folder / "mosquitto.conf")])
        self.process = Process(command, folder / "mosquitto.out", lambda: answers(self.port))
        self.access = [{"BROKER": "mosquitto", "BROKER_DIR": str(self.folder), "MQTT_URL": self.url}]

    @property
    def url(self) -> str:
        return f"mqtt://{nats_access.BRIDGE_LOGIN}:{self.bridge_secret}@127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return self.url.replace("mqtt:", "mqtts:").replace(str(self.port), str(self.tls_port))

    def backlog(self) -> None:
        """It does not say."""

    def add_device(self, login: str, secret: str) -> None:
        """Let a device in; returns when it holds."""
        self._devices[login] = _hashed(login, secret)
        before = self._reloads()
        if self._write_passwords() and self.process.popen:
            mosquitto_access.reload(self.folder)
            wait_until(lambda: self._reloads() > before, "Mosquitto has read its passwords again")

    def _write_passwords(self) -> bool:
        content = mosquitto_access.password_file(self._devices.values(), self.bridge_secret)
        return mosquitto_access.admit(self.folder, content)

    def _reloads(self) -> int:
        log = self.folder / mosquitto_access.LOG_FILE
        return log.read_text().count("Reloading config") if log.exists() else 0


def _hashed(login: str, secret: str) -> BrokerLogin:
    """A device as the database knows it."""
    kept = hashes(secret)
    return BrokerLogin(login, kept.bcrypt, kept.pbkdf2, kept.sha256)


@dataclass
class Member(NatsServer):
    """A server of a cluster: its fellows start and stop with it, and each is killed for itself."""

    fellows: list[Process] = field(default_factory=list)

    def start(self, wait: bool = True) -> None:
        for fellow in self.fellows:
            if not fellow.runs():
                fellow.start(wait=False)
        super().start(wait)

    def stop(self) -> None:
        super().stop()
        for fellow in self.fellows:
            fellow.stop()


class NatsNode:
    """One server of a private cluster."""

    def __init__(self, folder: Path, name: str, tls: bool) -> None:
        self.name, self.folder, self.tls = name, folder / name, tls
        self.port, self.route_port = free_port(), free_port()
        command = as_service_user([str(nats_program()), "-c", str(self.folder / "cluster.conf")])
        self.admission = Admission(self.folder, kept_secret(folder, "broker_access"))
        self.process = NatsServer(command, folder / f"{name}.log", self.answers, admission=self.admission)

    def prepare(self, routes: list[str], logins: str) -> None:
        """Write what `deploy/nats` tells an administrator to write."""
        self.folder.mkdir()
        for name in ("route", "server"):
            certificate(self.folder.parent, name, signed_by=f"{name}-ca")
        places = {"NAME": self.name, "FOLDER": self.folder, "TLS": self.folder.parent, "MQTT_HOST": "127.0.0.1",
                  "MQTT_PORT": self.port, "ROUTE_HOST": "127.0.0.1", "ROUTE_PORT": self.route_port,
                  "ROUTES": ", ".join(routes)}  # fmt: skip
        here = "mqtt-cluster.conf" if self.tls else "replicas.conf"  # the ledger's phones speak no TLS
        files = {"mqtt-here.conf": here, **{name: name for name in ("server.conf", "cluster.conf", "replicas.conf")}}
        for name, source in files.items():
            (self.folder / name).write_text(filled(f"nats/{source}", **places))
        (self.folder / "logins.conf").write_text(logins)
        for path in [self.folder, *self.folder.iterdir(), *self.folder.parent.glob("*.key")]:
            give(path)

    def answers(self) -> bool:
        return answers(self.port) and nats_access.says_where(self.folder)

    def healthy(self) -> bool:
        """Whether it takes part in the cluster's decisions."""
        return self.answers() and nats_access.healthy(self.folder) and self.admission.answers()


class NatsCluster:
    """Three NATS servers as `deploy/nats` has them: all of them keep everything.

    Phones use the first. The bridge knows all three and comes to the second first, and that is the one to kill.
    """

    def __init__(self, folder: Path, tls: bool = False) -> None:
        self.bridge_secret = kept_secret(folder, "mqtt_bridge")
        access_secret = kept_secret(folder, "broker_access")
        self.nodes = [NatsNode(folder, name, tls) for name in ("one", "two", "three")]
        self.port = self.tls_port = self.nodes[0].port
        self.ca_file = folder / "server-ca.crt"
        for name in ("route-ca", "server-ca"):
            authority(folder, name)
        routes = [f'"tls://127.0.0.1:{node.route_port}"' for node in self.nodes]
        for node in self.nodes:
            node.prepare(routes, logins(self.bridge_secret, access_secret))
        first, second, third = (node.process for node in self.nodes)
        self.process = self.nodes[1].process = Member(
            second.command, second.log, self._ready, admission=second.admission, fellows=[first, third]
        )
        of_all = {"BROKER": "nats", "MQTT_URL": self.url, "BROKER_SECRET": access_secret}
        self.access = [  # beside each server runs one
            {"BROKER_DIR": str(node.folder), "BROKER_LOG": str(node.process.log)} | of_all for node in self.nodes
        ]

    @property
    def url(self) -> str:
        """Where the bridge connects."""
        places = [f"127.0.0.1:{self.nodes[index].port}" for index in (1, 2, 0)]
        return f"mqtt://{nats_access.BRIDGE_LOGIN}:{self.bridge_secret}@{','.join(places)}"

    @property
    def tls_url(self) -> str:
        return self.url.replace("mqtt:", "mqtts:")

    def add_device(self, login: str, secret: str) -> None:
        """Let a device in at every server; returns when it holds."""
        for node in self.nodes:
            node.admission.admit([_hashed(login, secret)])
        for node in self.nodes:
            if answers(node.port):
                wait_until(node.admission.answers, "NATS is answered")

    def backlog(self) -> int:
        """How many messages the living servers keep for the bridge."""
        return sum(nats_access.backlog(node.folder) for node in self.nodes if node.answers())

    def _ready(self) -> bool:
        """Whether a majority has caught up, which is what a cluster needs to take and give messages."""
        return sum(node.healthy() for node in self.nodes) >= 2


RABBITMQ_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
# Erlang's name server is the broker's child and dies with it, however it dies: no other Erlang on this machine sees it
RABBITMQ_START = f'setpriv --pdeathsig KILL -- epmd & exec "{RABBITMQ_SERVER}"'


class RabbitMQ:
    """A private RabbitMQ as `deploy/rabbitmq` has it; it takes about 15 s to start."""

    def __init__(self, folder: Path) -> None:
        self.bridge_secret, access_secret = secrets.token_hex(16), secrets.token_hex(16)
        self.port, self.tls_port, management_port = free_port(), free_port(), free_port()
        self.management_url = f"http://jejak-access:{access_secret}@127.0.0.1:{management_port}"
        self.management = rabbitmq_access.Management(self.management_url)
        self._folder = folder / "rabbitmq"
        self.ca_file = self._folder / "ca.crt"
        self._folder.mkdir()
        (self._folder / "home").mkdir(mode=0o700)
        authority(self._folder)
        certificate(self._folder)
        definitions = json.loads(text("rabbitmq/definitions.json"))
        hashed = sha256(access_secret.encode(), secrets.token_bytes(4))
        definitions["users"] = [{
            "name": "jejak-access", "password_hash": hashed, "tags": ["administrator"],
            "hashing_algorithm": "rabbit_password_hashing_sha256",
        }]  # fmt: skip
        places = {"MQTT_PORT": self.port, "MQTTS_HOST": "127.0.0.1", "MQTTS_PORT": self.tls_port,
                  "TLS": self._folder, "FOLDER": self._folder, "MANAGEMENT_PORT": management_port}  # fmt: skip
        (self._folder / "rabbitmq.conf").write_text(filled("rabbitmq/rabbitmq.conf", **places))
        (self._folder / "enabled_plugins").write_text(text("rabbitmq/enabled_plugins"))
        (self._folder / "definitions.json").write_text(json.dumps(definitions))
        for path in [self._folder, *self._folder.iterdir()]:
            give(path)
        command = as_service_user(["sh", "-c", RABBITMQ_START])
        log = folder / "rabbitmq.log"
        self.process = Process(command, log, self._ready, env=self._environment(), cwd=self._folder, deadline_s=180)
        self.access = [{"BROKER": "rabbitmq", "BROKER_API": self.management_url, "MQTT_URL": self.url}]

    @property
    def url(self) -> str:
        return f"mqtt://{nats_access.BRIDGE_LOGIN}:{self.bridge_secret}@127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return self.url.replace("mqtt:", "mqtts:").replace(str(self.port), str(self.tls_port))

    def add_device(self, login: str, secret: str) -> None:
        """Let a device in; when it returns it holds."""
        rabbitmq_access.admit(self.management, [_hashed(login, secret)])

    def backlog(self) -> int:
        """How many messages it keeps for the bridge, as it counts them every few seconds."""
        return rabbitmq_access.backlog(self.management)

    def _ready(self) -> bool:
        """Whether it takes connections and has what belongs to them; then the bridge is let in, if it was not yet."""
        if not answers(self.port):
            return False
        try:
            homes = self.management.ask("vhosts")
            if [state for home in homes for state in home.get("cluster_state", {}).values()] != ["running"]:
                return False
            hashed = sha256(self.bridge_secret.encode(), b"salt")
            rabbitmq_access.admit_bridge(self.management, nats_access.BRIDGE_LOGIN, hashed)
        except OSError:
            return False
        return True

    def _environment(self) -> dict[str, str]:
        """Its own node name, folders, ports and cookie (in HOME): nothing of the machine's RabbitMQ."""
        return {
            "PATH": os.environ["PATH"], "HOME": str(self._folder / "home"), "RABBITMQ_LOGS": "-",
            "RUNNING_UNDER_SYSTEMD": "true",  # it becomes the server then, where else it would stay its parent
            "ERL_EPMD_PORT": str(free_port()), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"{self._folder.parent.name}@localhost", "RABBITMQ_DIST_PORT": str(free_port()),
            # two of Erlang's threads that wait for each other yield; beside processes that compute each time costs them
            # a whole slice of the processor, and RabbitMQ stood still for 20 s
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"), "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq"), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self._folder / "generated"),
        }  # fmt: skip


AnyBroker = Broker | Mosquitto | NatsCluster | RabbitMQ
BROKERS: dict[str, Callable[[Path], AnyBroker]] = {
    "nats": Broker, "cluster": NatsCluster, "mosquitto": Mosquitto, "rabbitmq": RabbitMQ,
}  # fmt: skip
NEEDS = {"mosquitto": "mosquitto", "rabbitmq": str(RABBITMQ_SERVER), "cluster": "openssl"}


def missing_program(kind: str) -> str | None:
    """What this kind of broker needs and this machine has not."""
    found = shutil.which(NEEDS.get(kind, "sh"), path="/usr/sbin:/usr/bin:/bin:/usr/local/bin:/usr/local/sbin")
    return None if found else NEEDS[kind]


def access_processes(app_url: str, owner_url: str, broker: AnyBroker, folder: Path) -> list[Process]:
    """The processes that keep a broker in step with a database, not yet started; ready when devices are let in."""
    urls = {"DATABASE_URL": app_url, "DATABASE_OWNER_URL": owner_url}
    return [_access(folder / f"access-{n}", {**os.environ, **urls, **told}) for n, told in enumerate(broker.access)]


def _access(folder: Path, env: dict[str, str]) -> Process:
    command, log = [sys.executable, "-m", "tracker.broker_access"], folder.with_suffix(".log")
    process = Process(command, log, lambda: "the broker admits" in process.said(), cwd=CHECKOUT,
                      env={"DATA_DIR": str(folder), **env})  # fmt: skip
    return process
