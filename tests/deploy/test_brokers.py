"""Each broker as `deploy/` configures it, started from those files: who gets in, over TLS, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, select

from tests import builders
from tests.conftest import Database, bridge_process
from tests.devices import BEGIN, Client, location
from tests.services import (
    AnyBroker,
    Broker,
    Mosquitto,
    NatsCluster,
    Process,
    RabbitMQ,
    missing_program,
    server_folder,
    wait_until,
)
from tracker.storage.devices import add_device
from tracker.storage.models import StoredFix
from tracker.wire.topics import position_topic

BROKERS: dict[str, Callable[[Path], AnyBroker]] = {
    "nats": lambda folder: Broker(folder, tls=True),
    "cluster": lambda folder: NatsCluster(folder, tls=True),
    "mosquitto": Mosquitto,
    "rabbitmq": RabbitMQ,
}
# what is none of a device's business: everything, everybody's, the broker's own affairs, another's place and commands
FOREIGN = ("#", "owntracks/#", "owntracks/+/+", "$SYS/#", "{other}", "{other}/cmd", "{other}/#", "+/+/+/cmd")


@pytest.fixture(scope="module", params=BROKERS)
def broker(request: pytest.FixtureRequest) -> Iterator[AnyBroker]:
    if program := missing_program(request.param):
        pytest.skip(f"{program} is not installed: deploy/setup test-services")
    with server_folder() as folder:
        broker = BROKERS[request.param](folder)
        broker.process.start()
        yield broker
        broker.process.stop()


@pytest.fixture
def bridge(database: Database, broker: AnyBroker, tmp_path: Path) -> Iterator[Process]:
    """A bridge that comes over TLS."""
    settings = {"MQTT_URL": broker.tls_url, "MQTT_CA_FILE": str(broker.ca_file)}
    bridge = bridge_process(database, broker, tmp_path, **settings)
    bridge.start()
    yield bridge
    bridge.stop()


def device(engine: Engine, broker: AnyBroker, login: str) -> Client:
    """A device that comes over TLS."""
    with engine.begin() as conn:
        secret = add_device(conn, login, "tracker", vehicle_id=builders.vehicle(conn), since=builders.LONG_AGO)
    broker.add_device(login, secret)
    client = Client(broker.tls_port, login, secret, broker.ca_file)
    assert client.code == "Success"
    return client


def stored_seconds(engine: Engine) -> list[int]:
    with engine.connect() as conn:
        times = conn.scalars(select(StoredFix.fix_time).order_by(StoredFix.fix_time)).all()
    return [int((time - BEGIN).total_seconds()) for time in times]


def test_it_listens_on_no_other_addresses_than_it_was_told(broker: AnyBroker) -> None:
    assert broker.process.popen
    server = psutil.Process(broker.process.popen.pid)
    open_ = [one for process in (server, *server.children(recursive=True)) for one in process.net_connections("inet")]
    listening = {one.laddr.ip for one in open_ if one.status == psutil.CONN_LISTEN}
    assert listening and listening <= {"127.0.0.1", "::1"}


@pytest.mark.usefixtures("bridge")
def test_over_tls_a_devices_fix_is_stored_and_its_commands_come(engine: Engine, broker: AnyBroker) -> None:
    client = device(engine, broker, "truck-1")
    assert client.subscribe(f"{position_topic('truck-1')}/cmd")
    client.publish(f"{position_topic('truck-1')}/cmd", b"{}")
    client.publish(position_topic("truck-1"), location(1))
    wait_until(lambda: stored_seconds(engine) == [1], "its fix is stored")
    wait_until(lambda: client.heard == [f"{position_topic('truck-1')}/cmd"], "what was sent to it comes")
    client.close()


def test_a_bridge_that_does_not_know_the_authority_says_so(
    database: Database, broker: AnyBroker, tmp_path: Path
) -> None:
    bridge = bridge_process(database, broker, tmp_path, MQTT_URL=broker.tls_url)
    bridge.start(wait=False)
    wait_until(lambda: "has a certificate that is not to be trusted" in bridge.said(), "it says what is wrong")
    bridge.stop()


@pytest.mark.parametrize("broker", ["cluster"], indirect=True)  # the others: tests/broker_access/test_matrix.py
def test_nobody_gets_in_without_a_login_and_its_secret(engine: Engine, broker: AnyBroker) -> None:
    device(engine, broker, "truck-1").close()
    for login, secret in ((None, ""), ("truck-1", "wrong"), ("truck-2", "wrong"), ("guest", "guest"), ("_bridge", "")):
        stranger = Client(broker.tls_port, login, secret, broker.ca_file)
        assert stranger.code != "Success", login
        stranger.close()


@pytest.mark.parametrize("broker", ["cluster"], indirect=True)  # the others: tests/broker_access/test_matrix.py
@pytest.mark.usefixtures("bridge")
def test_a_device_writes_nothing_in_anothers_name(engine: Engine, broker: AnyBroker) -> None:
    one, other = device(engine, broker, "truck-1"), device(engine, broker, "truck-2")
    one.publish(position_topic("truck-2"), location(1))  # acknowledged, and goes nowhere; or ends the connection
    wait_until(lambda: one.acknowledged or one.disconnected, "the broker's answer")
    other.publish(position_topic("truck-2"), location(2))
    wait_until(lambda: stored_seconds(engine) == [2], "the device's own fix, and no other")
    one.close()
    other.close()


@pytest.mark.parametrize("broker", ["cluster"], indirect=True)  # the others: tests/broker_access/test_matrix.py
@pytest.mark.usefixtures("bridge")
def test_a_device_hears_nothing_that_is_not_for_it(engine: Engine, broker: AnyBroker) -> None:
    other = device(engine, broker, "truck-2")
    theirs = position_topic("truck-2")
    spies = [device(engine, broker, f"spy-{number}") for number in range(len(FOREIGN))]
    for spy, topic in zip(spies, FOREIGN, strict=True):
        spy.subscribe(topic.format(other=theirs))  # refused, granted and never served, or the end of the connection
    assert other.subscribe(f"{theirs}/cmd")
    other.publish(theirs, location(1))
    other.publish(f"{theirs}/cmd", b"{}")
    wait_until(lambda: other.heard == [f"{theirs}/cmd"], "whose it is hears it")
    wait_until(lambda: stored_seconds(engine) == [1], "the bridge hears it")
    assert [spy.heard for spy in spies] == [[]] * len(spies)
    for client in (other, *spies):
        client.close()
