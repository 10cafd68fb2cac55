"""A small city of real parts that may be killed: database, broker, bridge and web server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from config import Config
from deploy.local.processes import programs
from tests import builders
from tests.ledger.ledger import Ledger, balance
from tests.ledger.phones import HttpPhone, MqttPhone, Phone, Record, since_yesterday
from tests.services import (
    CHECKOUT,
    AnyBroker,
    DatabaseServer,
    Mosquitto,
    NatsCluster,
    Process,
    RabbitMQ,
    free_port,
    wait_until,
)
from tracker.storage.devices import add_device, known_devices
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.models import DeviceState
from tracker.storage.partitions import keep_partitions

RETENTION_DAYS = 60
MQTT_PHONES, HTTP_PHONES = 6, 2
BRIDGE = ("-m", "mqtt_bridge")


class System:
    """The parts by name, their phones, and what is stored."""

    def __init__(
        self,
        folder: Path,
        broker: AnyBroker,
        database: DatabaseServer,
        bridge: Sequence[str] = BRIDGE,
        point: str = "",
        bridges_way: str = "",
    ) -> None:
        """`bridge` is what Python runs as the bridge, `point` where it is to die; see `tracker.failpoints`.

        `bridges_way` is where it finds the broker, unless that is the broker itself.
        """
        self.broker, self.database = broker, database
        env = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "DATA_DIR": str(folder), "DEMO": "0",
            "DATABASE_URL": database.url("jejak_app"), "DATABASE_OWNER_URL": database.url("jejak_owner"),
            "HTTP_PORT": str(free_port()), "MQTT_URL": bridges_way or broker.url,
            "RETENTION_DAYS": str(RETENTION_DAYS),
        }  # fmt: skip
        config = Config.from_env(env)
        self.http_port = config.http_port
        [web] = [program.command for program in programs(config) if program.name == "web"]
        self.bridge = Process(
            [sys.executable, *bridge], folder / "bridge.log", self._bridge_is_there,
            env=env | ({"FAILPOINT": point} if point else {}), cwd=CHECKOUT,
        )  # fmt: skip
        self.web = Process(web, folder / "web.log", lambda: True, env=env, cwd=CHECKOUT)
        servers = [node.process for node in broker.nodes] if isinstance(broker, NatsCluster) else [broker.process]
        names = ["broker"] if len(servers) == 1 else [f"broker {node + 1}" for node in range(len(servers))]
        self.brokers = dict(zip(names, servers, strict=True))
        self.parts = {"database": database.process, **self.brokers, "bridge": self.bridge, "web": self.web}
        self.engine = make_engine(database.url("jejak_app"), pool_size=2)
        self.phones: list[Phone] = []

    def start(self) -> None:
        """Start everything; when it returns, the broker keeps what devices publish for the bridge."""
        self.database.process.start()
        self.broker.process.start()
        self.migrate()
        self.bridge.start()
        self.web.start()

    def migrate(self) -> None:
        owner = make_engine(self.database.url("jejak_owner"), pool_size=1)
        migrate(owner, "jejak_app", RETENTION_DAYS)
        with owner.begin() as conn:
            keep_partitions(conn, datetime.now(UTC), RETENTION_DAYS)
        owner.dispose()

    def stop(self) -> None:
        for phone in self.phones:
            phone.end()
        self.engine.dispose()
        for part in reversed(self.parts.values()):
            part.stop()

    def add_phones(self, seed: str, mqtt: int = MQTT_PHONES, http: int = HTTP_PHONES) -> None:
        """Register phones, let them in, and let them publish until the system stops."""
        records = [self.register(f"phone-{len(self.phones) + n}") for n in range(mqtt + http)]
        for record in records:
            self.broker.add_device(record.login, record.secret)
        fresh: list[Phone] = [MqttPhone(record, self.broker.port, seed) for record in records[:mqtt]]
        fresh += [HttpPhone(record, self.http_port, seed) for record in records[mqtt:]]
        for phone in fresh:
            phone.start()
        self.phones += fresh

    def kill(self, *names: str) -> None:
        """SIGKILL to these parts and all their children at once."""
        for one in [process for name in names for process in self.processes(name)]:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                pass
        for name in names:
            self.parts[name].kill()

    def processes(self, name: str) -> list[psutil.Process]:
        """A part's children, and itself."""
        process = self.parts[name]
        if process.popen is None or self.dead(name):
            return []
        parent = psutil.Process(process.popen.pid)
        return [*parent.children(recursive=True), parent]

    def dead(self, name: str) -> bool:
        """Whether a part has ended by itself, or was never started."""
        process = self.parts[name]
        return process.popen is None or process.popen.poll() is not None

    def revive(self, *names: str) -> None:
        """Start these parts again, all at once, as the process runner does. The bridge is not waited for."""
        fallen = {name: process for name, process in self.parts.items() if name in names}
        for name, process in fallen.items():
            if self.dead(name):  # a member of a cluster may have been started by its fellow
                process.start(wait=False)
        for name, process in fallen.items():
            if name != "bridge":
                process.stand()

    def wait_stored(self, paths: Sequence[str]) -> None:
        """Wait until every phone of these paths has a fix stored that it attempted after this call."""
        due = {phone.record: phone.record.attempted for phone in self.phones if phone.path in paths}
        missing = [record.login for record in due]

        def all_newer() -> bool:
            try:
                with self.engine.connect() as conn:
                    newest = dict(conn.execute(select(DeviceState.device_id, DeviceState.fix_time)).all())
            except DBAPIError:
                return False
            awaited = (record.login for record, n in due.items() if not record.is_past(newest.get(record.device_id), n))
            missing[:] = awaited
            return not missing

        try:
            wait_until(all_newer, f"fixes over {' and '.join(paths)} are stored again")
        except AssertionError as error:
            logs = (f"{name}: {part.tail()}" for name, part in self.parts.items())
            error.add_note("\n".join([f"still missing: {missing}", *logs]))
            raise

    def settle(self) -> Ledger:
        """End the phones and wait until the broker has nothing left for the bridge; what came of it all."""
        for phone in self.phones:
            phone.end()
        records = [phone.record for phone in self.phones]
        newest = {(record.device_id, max(record.acknowledged)) for record in records if record.acknowledged}
        exact = not isinstance(self.broker, (Mosquitto, RabbitMQ))  # they say it late or never, but send in order

        def settled() -> bool:
            return not self.broker.backlog() and (exact or not newest & balance(self.engine, records).lost)

        wait_until(settled, "the broker has nothing left for the bridge")
        return balance(self.engine, records)

    def register(self, login: str) -> Record:
        """A device in the database; the broker does not know it by that."""
        with self.engine.begin() as conn:
            conn.execute(text("SET LOCAL synchronous_commit = on"))  # also where the fixes are to be lost
            secret = add_device(conn, login, "tracker", vehicle_id=builders.vehicle(conn), since=builders.LONG_AGO)
            device_id = known_devices(conn, [login])[login].id
        return Record(device_id, login, secret, since_yesterday())

    def _bridge_is_there(self) -> bool:
        return "the durable session exists" in self.bridge.log.read_text()


@contextmanager
def running(system: System) -> Iterator[System]:
    """The system, started, and stopped however the test ends."""
    try:
        system.start()
        yield system
    finally:
        system.stop()
