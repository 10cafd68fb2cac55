"""The same bridge on every broker that a city may have: what was acknowledged is stored once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from tests.conftest import Database, bridge_process
from tests.devices import BEGIN, Tracker, location
from tests.services import AnyBroker, NatsCluster, wait_until
from tracker.broker_access import nats as nats_access
from tracker.storage.models import StoredFix
from tracker.wire.topics import position_topic

PATIENCE_S = 20.0


def stored(engine: Engine) -> list[datetime]:
    with engine.connect() as conn:
        return list(conn.scalars(select(StoredFix.fix_time).order_by(StoredFix.fix_time)))


def at(seconds: range) -> list[datetime]:
    return [BEGIN + timedelta(seconds=second) for second in seconds]


def sent(tracker: Tracker, seconds: Sequence[int], after_half: Callable[[], object] = lambda: None) -> list[int]:
    """Send the fixes of these seconds; those that were not acknowledged, which a phone sends again.

    A cluster that chooses a new leader may end the connection of one who publishes, or leave a message unanswered.
    """
    client = tracker.connect()
    first, second = seconds[: len(seconds) // 2], seconds[len(seconds) // 2 :]
    fixes = {client.publish(position_topic(tracker.login), location(one)): one for one in first}
    after_half()
    fixes |= {client.publish(position_topic(tracker.login), location(one)): one for one in second}
    with suppress(AssertionError):  # then it comes again
        wait_until(lambda: client.disconnected or client.acknowledged >= fixes.keys(), "an answer", PATIENCE_S)
    client.close()
    return [one for number, one in fixes.items() if number not in client.acknowledged]


@pytest.fixture
def living_broker(any_broker: AnyBroker) -> AnyBroker:
    """The broker, started again where an earlier test left it dead."""
    if any_broker.process.popen is None or any_broker.process.popen.poll() is not None:
        any_broker.process.start(wait=False)
        any_broker.process.stand()
    return any_broker


def test_what_is_acknowledged_while_the_bridge_is_dead_is_stored_once_when_it_lives(
    engine: Engine, database: Database, living_broker: AnyBroker, tmp_path: Path
) -> None:
    bridge = bridge_process(database, living_broker, tmp_path)
    bridge.start()
    client = Tracker(engine, living_broker, "truck-1").connect()
    for second in range(500):
        client.publish(position_topic("truck-1"), location(second))
    client.wait_acknowledged(500)
    wait_until(lambda: stored(engine) == at(range(500)), "what came while it lived")
    bridge.kill()
    for second in range(490, 1000):
        client.publish(position_topic("truck-1"), location(second))
    client.wait_acknowledged(1010)
    bridge.start()
    wait_until(lambda: stored(engine) == at(range(1000)), "all of it, once")
    bridge.stop()
    client.close()


@pytest.mark.parametrize("any_broker", ["nats", "cluster", "rabbitmq"], indirect=True)
def test_what_is_acknowledged_survives_the_brokers_death(
    engine: Engine, database: Database, living_broker: AnyBroker, tmp_path: Path
) -> None:
    bridge = bridge_process(database, living_broker, tmp_path)
    bridge.start()
    client = Tracker(engine, living_broker, "truck-1").connect()
    bridge.kill()
    for second in range(1000):
        client.publish(position_topic("truck-1"), location(second))
    client.wait_acknowledged(1000)
    client.close()
    living_broker.process.kill()
    bridge.start(wait=False)
    living_broker.process.start(wait=False)
    living_broker.process.stand()
    wait_until(lambda: stored(engine) == at(range(1000)), "all of it, once")
    bridge.stop()


@pytest.mark.parametrize("any_broker", ["cluster"], indirect=True)
def test_one_server_of_a_cluster_may_die_while_bridge_and_phones_work(
    engine: Engine, database: Database, living_broker: AnyBroker, tmp_path: Path
) -> None:
    bridge = bridge_process(database, living_broker, tmp_path)
    bridge.start()
    tracker = Tracker(engine, living_broker, "truck-1")
    assert isinstance(living_broker, NatsCluster)
    assert all(nats_access.replicas(node.folder) == {3} for node in living_broker.nodes)
    left = sent(tracker, range(1000), living_broker.process.kill)  # the one that the bridge is connected to

    def all_acknowledged() -> bool:
        nonlocal left
        left = sent(tracker, left) if left else []
        return not left

    wait_until(all_acknowledged, "all is acknowledged")
    wait_until(lambda: stored(engine) == at(range(1000)), "the bridge found its session at another server")
    living_broker.process.start(wait=False)
    living_broker.process.stand()
    wait_until(lambda: living_broker.backlog() == 0, "nothing is left")
    bridge.stop()
