"""What no kill brings about: full disks, cut networks, long absences, wrong clocks, devices that knock too early."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.devices import Client
from tests.ledger.phones import MqttPhone
from tests.ledger.proxy import Proxy
from tests.ledger.system import System, running
from tests.ledger.test_ledger import SEED, folder, wait_acknowledged
from tests.services import CHECKOUT, Broker, DatabaseServer, Process, wait_until
from tracker.broker_access import nats as nats_access
from tracker.storage.models import Quarantine, StoredFix
from tracker.wire.topics import position_topic

__all__ = ["folder"]
AWAY_S = float(os.environ.get("LEDGER_AWAY_S") or 12)  # longer than the broker waits for an acknowledgement
ROOM = 300 * 1024 * 1024  # bytes of the small disk


@pytest.fixture
def city(folder: Path) -> Iterator[System]:
    with running(System(folder, Broker(folder), DatabaseServer(folder))) as city:
        yield city


def test_a_database_that_is_away_longer_than_the_broker_waits_costs_nothing(city: System) -> None:
    city.add_phones(SEED)
    city.wait_stored(["mqtt", "http"])
    city.kill("database")
    back_at = time.monotonic() + AWAY_S
    wait_until(lambda: time.monotonic() >= back_at, "the database is away for long", 2 * AWAY_S)
    city.revive("database")
    city.wait_stored(["mqtt", "http"])
    assert city.settle().valid


def test_a_database_that_hangs_with_open_connections_costs_nothing(city: System) -> None:
    city.add_phones(SEED)
    city.wait_stored(["mqtt", "http"])
    with frozen(city, "database"):
        wait_sent_again(city)
    city.wait_stored(["mqtt", "http"])
    assert city.settle().valid


def test_a_bridge_that_stands_still_longer_than_the_broker_waits_costs_nothing(city: System) -> None:
    city.add_phones(SEED, http=0)
    city.wait_stored(["mqtt"])
    with frozen(city, "bridge"):
        wait_sent_again(city)
    city.wait_stored(["mqtt"])
    ledger = city.settle()
    assert ledger.valid, ledger


def test_a_broker_restarted_with_a_backlog_keeps_it(city: System) -> None:
    city.add_phones(SEED, http=0)
    city.kill("bridge")
    wait_acknowledged(city, 1000)
    city.kill("broker")
    city.revive("broker")
    wait_acknowledged(city, 1000)
    city.kill("broker")
    city.revive("broker", "bridge")
    city.wait_stored(["mqtt"])
    ledger = city.settle()
    assert ledger.valid and ledger.stored >= 2000, ledger


def test_a_network_that_is_cut_without_a_reset_is_noticed_and_costs_nothing(folder: Path) -> None:
    broker = Broker(folder)
    proxy = Proxy(broker.port)
    proxy.start()
    way = broker.url.replace(str(broker.port), str(proxy.port))
    with running(System(folder, broker, DatabaseServer(folder), bridges_way=way)) as city:
        city.add_phones(SEED, http=0)
        city.wait_stored(["mqtt"])
        proxy.cut()
        city.wait_stored(["mqtt"])
        ledger = city.settle()
    proxy.close()
    assert ledger.valid, ledger
    assert "lost" in city.bridge.tail() or "acknowledgements" in city.bridge.tail()


def test_hostile_clocks_are_named_and_never_stored(city: System) -> None:
    city.add_phones(SEED, mqtt=1, http=0)
    phone = city.phones[0]
    client = Client(city.broker.port, phone.record.login, phone.record.secret)
    now = datetime.now(UTC)
    wrong = {
        0: "expired", 1: "expired", 2**31 - 1: "future", 2**31: "future", 2**32: "future", 253_402_300_800: "no_time",
        int((now + timedelta(hours=25)).timestamp()): "future", int((now - timedelta(days=61)).timestamp()): "expired",
        -1: "no_time",
    }  # fmt: skip
    for tst in wrong:
        said = {"_type": "location", "tst": tst, "lat": -6.2, "lon": 106.8}
        client.publish(position_topic(phone.record.login), json.dumps(said).encode())
    client.wait_acknowledged(len(wrong))
    client.close()
    assert city.settle().valid, "and nothing that was not attempted is stored"
    with city.engine.connect() as conn:
        reasons = conn.scalars(select(Quarantine.reasons)).all()
    assert sorted(reason for [reason] in reasons) == sorted(wrong.values())


def test_devices_that_knock_before_anything_runs_lose_nothing(folder: Path) -> None:
    """The real admission: the broker knows nobody until the bridge's session exists."""
    broker = Broker(folder)
    city = System(folder, broker, DatabaseServer(folder))
    city.parts["database"].start()
    city.migrate()
    records = [city.register(f"early-{n}") for n in range(4)]
    city.phones += [MqttPhone(record, broker.port, SEED) for record in records]
    for phone in city.phones:
        phone.start()
    assert city.bridge.env
    access = Process(
        [sys.executable, "-m", "tracker.broker_access"], folder / "access.log", lambda: True,
        env=city.bridge.env | {"MQTT_URL": ""}, cwd=CHECKOUT,  # the embedded broker of this folder
    )  # fmt: skip
    try:
        access.start()
        broker.process.start()
        wait_until(lambda: "no device is admitted before" in access.tail(), "it waits for the bridge")
        wait_until(lambda: "authentication error" in broker.process.log.read_text(), "the devices knock")
        assert not any(record.acknowledged for record in records)
        city.bridge.start()
        city.wait_stored(["mqtt"])
        ledger = city.settle()
    finally:
        city.stop()
        access.stop()
    assert ledger.valid and ledger.stored, ledger


def test_a_full_disk_under_the_database_costs_nothing(folder: Path) -> None:
    with small_disk(folder / "small") as disk:
        database = DatabaseServer(disk)
        with running(System(folder, Broker(folder), database)) as city:
            city.add_phones(SEED)
            city.wait_stored(["mqtt", "http"])
            ballast = disk / "ballast"
            fill(ballast)
            wait_until(lambda: "o space left" in city.bridge.tail() + database.process.tail(), "the disk is full")
            before = stored(city)
            wait_acknowledged(city, 500)
            ballast.unlink()
            if city.dead("database"):
                city.revive("database")
            city.wait_stored(["mqtt", "http"])
            ledger = city.settle()
    assert ledger.valid and ledger.stored > before, ledger


@contextmanager
def frozen(city: System, part: str) -> Iterator[None]:
    """The part and its children stand still, and everybody's connections to them stay."""
    processes = city.processes(part)
    for one in processes:
        one.suspend()
    try:
        yield
    finally:
        for one in processes:
            one.resume()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system with little room, where this user may mount one."""
    folder.mkdir()
    if os.getuid() != 0:
        pytest.skip("only root can mount the small disk that this test fills")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0755", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here ({mounted.stderr.decode().strip()})")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 * 1024))
        except OSError:
            return


def stored(city: System) -> int:
    with city.engine.connect() as conn:
        return conn.scalars(select(func.count()).select_from(StoredFix)).one()


def wait_sent_again(city: System) -> None:
    """Until the broker has waited too long for the bridge."""
    assert isinstance(city.broker, Broker)
    folder = city.broker.nats.folder
    wait_until(lambda: nats_access.redelivered(folder) > 0, "the broker sends again")
