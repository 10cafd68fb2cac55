"""Devices come and go at the broker as they do in the database, and none comes before the bridge's session exists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from tests import builders
from tests.conftest import Database, bridge_process
from tests.devices import Client, location
from tests.services import AnyBroker, NatsCluster, Process, RabbitMQ, access_processes, wait_until
from tracker.broker_access import kinds, rabbitmq
from tracker.storage.devices import add_device, broker_logins, renew_secret, revoke_device
from tracker.storage.models import StoredFix
from tracker.wire.topics import position_topic


@pytest.fixture
def admission(database: Database, any_broker: AnyBroker, tmp_path: Path) -> Iterator[list[Process]]:
    """The processes that keep this broker's users in step with this database."""
    processes = access_processes(database.app_url, database.owner_url, any_broker, tmp_path)
    for process in processes:
        process.start(wait=False)
    yield processes
    for process in processes:
        process.stop()


@pytest.fixture
def carried(database: Database, any_broker: AnyBroker, tmp_path: Path) -> Iterator[Process]:
    """A bridge from this broker to this database."""
    bridge = bridge_process(database, any_broker, tmp_path)
    bridge.start()
    yield bridge
    bridge.stop()


def new_device(engine: Engine, login: str) -> str:
    with engine.begin() as conn:
        vehicle_id = builders.vehicle(conn)
        return add_device(conn, login, "tracker", vehicle_id=vehicle_id, since=builders.LONG_AGO)


def ports(broker: AnyBroker) -> list[int]:
    """Where devices come: all servers of a cluster."""
    return [node.port for node in broker.nodes] if isinstance(broker, NatsCluster) else [broker.port]


def admitted(port: int, login: str, secret: str) -> bool:
    client = Client(port, login, secret)
    client.close()
    return client.code == "Success"


def admitted_everywhere(broker: AnyBroker, login: str, secret: str) -> bool:
    return all(admitted(port, login, secret) for port in ports(broker))


def stored(engine: Engine) -> int:
    with engine.connect() as conn:
        return conn.scalars(select(func.count()).select_from(StoredFix)).one()


def test_no_device_is_admitted_before_the_bridges_session_exists(
    engine: Engine, any_broker: AnyBroker, database: Database, admission: list[Process], tmp_path: Path
) -> None:
    """The first test on each broker: later ones find the session."""
    secret = new_device(engine, "truck-1")
    for process in admission:
        wait_until(lambda p=process: "no device is admitted before" in p.tail(), "it waits for the bridge")
    assert not admitted_everywhere(any_broker, "truck-1", secret)
    bridge = bridge_process(database, any_broker, tmp_path)
    bridge.start()
    wait_until(lambda: admitted_everywhere(any_broker, "truck-1", secret), "the device is let in")
    client = Client(any_broker.port, "truck-1", secret)
    while client.code != "Success":  # of a cluster's services one may still have refused it; a device comes again
        client.close()
        client = Client(any_broker.port, "truck-1", secret)
    client.publish(position_topic("truck-1"), location(1))
    wait_until(lambda: stored(engine) == 1, "its first fix is stored")
    client.close()
    bridge.stop()


@pytest.mark.usefixtures("carried", "admission")
def test_a_new_device_is_admitted_without_a_restart(engine: Engine, any_broker: AnyBroker) -> None:
    first = new_device(engine, "truck-1")
    wait_until(lambda: admitted_everywhere(any_broker, "truck-1", first), "the first is let in")
    second = new_device(engine, "truck-2")
    wait_until(lambda: admitted_everywhere(any_broker, "truck-2", second), "the second is let in")


@pytest.mark.usefixtures("carried", "admission")
def test_a_revoked_devices_living_connection_ends_and_others_stay(engine: Engine, any_broker: AnyBroker) -> None:
    secrets = {login: new_device(engine, login) for login in ("truck-1", "truck-2")}
    for login, secret in secrets.items():
        wait_until(lambda one=login, s=secret: admitted_everywhere(any_broker, one, s), "the devices are let in")
    revoked = [Client(port, "truck-1", secrets["truck-1"]) for port in ports(any_broker)]
    other = Client(any_broker.port, "truck-2", secrets["truck-2"])
    with engine.begin() as conn:
        assert revoke_device(conn, "truck-1")
    for living in revoked:
        wait_until(lambda one=living: one.disconnected, "its connection ends")
        living.close()
    wait_until(
        lambda: not any(admitted(port, "truck-1", secrets["truck-1"]) for port in ports(any_broker)),
        "each service knows it, not only the one that ended the connections",
    )
    other.publish(position_topic("truck-2"), location(1))
    wait_until(lambda: stored(engine) == 1, "the other device's connection goes on")
    assert not other.disconnected
    other.close()


@pytest.mark.usefixtures("carried", "admission")
def test_with_a_new_secret_the_connection_made_by_the_old_one_ends(engine: Engine, any_broker: AnyBroker) -> None:
    old = new_device(engine, "truck-1")
    wait_until(lambda: admitted_everywhere(any_broker, "truck-1", old), "the device is let in")
    living = Client(any_broker.port, "truck-1", old)
    with engine.begin() as conn:
        new = renew_secret(conn, "truck-1")
    wait_until(lambda: living.disconnected, "the old connection ends")
    wait_until(lambda: admitted_everywhere(any_broker, "truck-1", new), "the new secret is let in")
    wait_until(lambda: not admitted(any_broker.port, "truck-1", old), "each service knows the new one alone")
    living.close()


@pytest.mark.parametrize("any_broker", ["rabbitmq"], indirect=True)
def test_devices_with_the_rights_of_before_get_those_of_now(engine: Engine, any_broker: RabbitMQ) -> None:
    """After an upgrade: they may have been let in with rights that we no longer give."""
    secret = new_device(engine, "truck-1")
    any_broker.add_device("truck-1", secret)
    kept = rabbitmq.admitted(any_broker.management)["truck-1"]
    [now] = [one for one in any_broker.management.ask("permissions") if one["user"] == "truck-1"]
    before = now | {"configure": "^mqtt-subscription-(?!jejak-bridge-).*$"}
    any_broker.management.ask("definitions", {"permissions": [before]})
    assert kept and rabbitmq.admitted(any_broker.management)["truck-1"] != kept, "it is not as it should be"
    kind = kinds.RabbitMQ(any_broker.management, "_bridge", any_broker.bridge_secret)
    with engine.connect() as conn:
        assert kind.admit(broker_logins(conn))
    assert now in any_broker.management.ask("permissions") and admitted(any_broker.port, "truck-1", secret)
