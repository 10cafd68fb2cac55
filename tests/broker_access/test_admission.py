"""Devices come and go at the broker as they do in the database, and none comes before the bridge's session exists."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from tests import builders
from tests.conftest import Database, bridge_process
from tests.devices import Client, location
from tests.services import CHECKOUT, Broker, Process, wait_until
from tracker.storage.devices import add_device, revoke_device
from tracker.storage.models import StoredFix
from tracker.wire.topics import position_topic


@pytest.fixture
def admission(database: Database, broker: Broker, tmp_path: Path) -> Iterator[Process]:
    """The process that keeps this broker's users in step with this database."""
    data_dir = str(broker.nats.folder.parent)
    env = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url, "DATA_DIR": data_dir}
    command = [sys.executable, "-m", "tracker.broker_access"]
    env = {**os.environ, **env}
    process = Process(command, tmp_path / "access.log", lambda: True, env=env, cwd=CHECKOUT)
    process.start()
    yield process
    process.stop()


def new_device(engine: Engine, login: str) -> str:
    with engine.begin() as conn:
        vehicle_id = builders.vehicle(conn)
        return add_device(conn, login, "tracker", vehicle_id=vehicle_id, since=builders.LONG_AGO)


def admitted(broker: Broker, login: str, secret: str) -> bool:
    client = Client(broker.port, login, secret)
    client.close()
    return client.code == "Success"


def test_no_device_is_admitted_before_the_bridges_session_exists(
    engine: Engine, broker: Broker, database: Database, admission: Process, tmp_path: Path
) -> None:
    secret = new_device(engine, "truck-1")
    wait_until(lambda: "no device is admitted before" in admission.tail(), "it waits for the bridge")
    assert not admitted(broker, "truck-1", secret)
    bridge = bridge_process(database, broker, tmp_path)
    bridge.start()
    wait_until(lambda: admitted(broker, "truck-1", secret), "the device is let in")
    client = Client(broker.port, "truck-1", secret)
    client.publish(position_topic("truck-1"), location(1))
    wait_until(lambda: stored(engine) == 1, "its first fix is stored")
    client.close()
    bridge.stop()


def test_a_new_device_is_admitted_without_a_restart(
    engine: Engine, broker: Broker, bridge: Process, admission: Process
) -> None:
    first = new_device(engine, "truck-1")
    wait_until(lambda: admitted(broker, "truck-1", first), "the first is let in")
    second = new_device(engine, "truck-2")
    wait_until(lambda: admitted(broker, "truck-2", second), "the second is let in")


def test_a_revoked_devices_living_connection_ends(
    engine: Engine, broker: Broker, bridge: Process, admission: Process
) -> None:
    secret = new_device(engine, "truck-1")
    wait_until(lambda: admitted(broker, "truck-1", secret), "the device is let in")
    living = Client(broker.port, "truck-1", secret)
    with engine.begin() as conn:
        assert revoke_device(conn, "truck-1")
    wait_until(lambda: living.disconnected, "its connection ends")
    assert not admitted(broker, "truck-1", secret)
    living.close()


def stored(engine: Engine) -> int:
    with engine.connect() as conn:
        return conn.scalars(select(func.count()).select_from(StoredFix)).one()
