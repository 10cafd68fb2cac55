"""The bridge on a real broker and a real database: what was acknowledged is stored, whatever dies."""

from __future__ import annotations

import gc
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, delete, func, select, text

from mqtt_bridge.client import Batch, BrokerRefuses, Connection
from tests.conftest import Database, bridge_process
from tests.devices import BEGIN, Client, Tracker, location
from tests.services import Broker, Process, wait_until
from tracker.broker_access import nats as nats_access
from tracker.ingest import Message
from tracker.storage.models import DeviceState, Quarantine, StoredFix
from tracker.wire.topics import position_topic


def stored(engine: Engine) -> int:
    with engine.connect() as conn:
        return conn.scalars(select(func.count()).select_from(StoredFix)).one()


def stored_times(engine: Engine) -> set[datetime]:
    with engine.connect() as conn:
        return set(conn.scalars(select(StoredFix.fix_time)))


def test_a_published_fix_is_stored_once_under_its_device(engine: Engine, broker: Broker, bridge: Process) -> None:
    device = Tracker(engine, broker, "truck-1")
    client = device.connect()
    for second in (1, 2, 2, 3):
        client.publish(position_topic("truck-1"), location(second))
    wait_until(lambda: stored(engine) == 3, "three fixes")
    with engine.connect() as conn:
        times = conn.scalars(select(StoredFix.fix_time).order_by(StoredFix.fix_time)).all()
    assert times == [BEGIN + timedelta(seconds=s) for s in (1, 2, 3)]
    client.close()


def test_a_broken_payload_goes_to_quarantine_with_its_reasons_and_stops_nothing(
    engine: Engine, broker: Broker, bridge: Process
) -> None:
    client = Tracker(engine, broker, "truck-1").connect()
    for payload in (b"\xff\x00", b"[]", b'{"_type":"location","lat":-6.2,"lon":106.8}', location(1)):
        client.publish(position_topic("truck-1"), payload)
    wait_until(lambda: stored(engine) == 1, "the good fix")
    with engine.connect() as conn:
        kept = conn.execute(select(Quarantine.payload, Quarantine.reasons).order_by(Quarantine.id)).all()
        assert conn.scalars(select(DeviceState.rejected)).one() == 3
    assert [(row.payload[:2], row.reasons) for row in kept] == [
        (b"\xff\x00", ["not_json"]), (b"[]", ["unknown_format"]), (b'{"', ["no_time"]),
    ]  # fmt: skip
    client.close()


def test_a_retained_message_never_enters_history(
    engine: Engine, owner: Engine, broker: Broker, database: Database, tmp_path: Path
) -> None:
    first = bridge_process(database, broker, tmp_path)
    first.start()
    client = Tracker(engine, broker, "truck-1").connect()
    client.publish(position_topic("truck-1"), location(1), retain=True)
    wait_until(lambda: stored(engine) == 1, "the fix as it was sent, live")
    with owner.begin() as conn:
        conn.execute(delete(StoredFix))
    first.stop()
    second = bridge_process(database, broker, tmp_path)
    second.start()  # subscribes again, and the broker repeats the retained message
    client.publish(position_topic("truck-1"), location(2))
    wait_until(lambda: stored(engine) >= 1, "the live fix")
    with engine.connect() as conn:
        assert conn.scalars(select(StoredFix.fix_time)).all() == [BEGIN + timedelta(seconds=2)]
    second.stop()
    client.close()


def test_the_broker_refuses_strangers_and_foreign_topics(engine: Engine, broker: Broker, bridge: Process) -> None:
    device = Tracker(engine, broker, "truck-1")
    other = Tracker(engine, broker, "truck-2")
    assert "Not authorized" in str(device.connect(secret="wrong").code)
    assert "Not authorized" in str(Client(broker.port, None, "").code)
    client = device.connect()
    for topic in ("#", "owntracks/#", position_topic("truck-2"), "$SYS/#", f"{position_topic('truck-2')}/cmd"):
        assert not client.subscribe(topic), topic
    assert client.subscribe(f"{position_topic('truck-1')}/cmd")
    client.publish(position_topic("truck-2"), location(1))  # acknowledged, and goes nowhere
    client.publish(position_topic("truck-1"), location(2))
    wait_until(lambda: stored(engine) == 1, "the device's own fix")
    with engine.connect() as conn:
        assert conn.scalars(select(StoredFix.fix_time)).all() == [BEGIN + timedelta(seconds=2)]
    client.close()
    assert other.login == "truck-2"


def test_nothing_acknowledged_is_lost_when_the_bridge_is_killed(
    engine: Engine, broker: Broker, database: Database, tmp_path: Path
) -> None:
    process = bridge_process(database, broker, tmp_path)
    process.start()
    client = Tracker(engine, broker, "truck-1").connect()
    for round_ in range(3):
        for second in range(1000):
            client.publish(position_topic("truck-1"), location(round_ * 1000 + second))
        already = stored(engine)
        wait_until(lambda n=already: stored(engine) > n, "some of them")
        process.kill()
        process.start()
    client.wait_acknowledged(3000)
    wait_until(lambda: stored(engine) == 3000, "all 3,000 fixes")
    process.stop()
    client.close()


def test_nothing_acknowledged_is_lost_when_the_broker_is_killed(
    engine: Engine, broker: Broker, bridge: Process
) -> None:
    device = Tracker(engine, broker, "truck-1")
    acknowledged: set[datetime] = set()
    for round_ in range(3):
        client = device.connect()
        seconds = range(round_ * 1000, (round_ + 1) * 1000)
        sent = {client.publish(position_topic("truck-1"), location(second)): second for second in seconds}
        wait_until(lambda c=client: len(c.acknowledged) > 300, "some acknowledgements")
        broker.process.kill()
        client.close()
        acknowledged |= {BEGIN + timedelta(seconds=sent[mid]) for mid in client.acknowledged}
        broker.process.start()
    wait_until(lambda: acknowledged <= stored_times(engine), "every acknowledged fix is stored")


def test_a_device_admitted_before_the_bridge_comes_loses_nothing_while_it_is_away(
    engine: Engine, broker: Broker, database: Database, tmp_path: Path
) -> None:
    process = bridge_process(database, broker, tmp_path)
    process.start()
    process.kill()
    client = Tracker(engine, broker, "truck-1").connect()
    for second in range(500):
        client.publish(position_topic("truck-1"), location(second))
    client.wait_acknowledged(500)
    process.start()
    wait_until(lambda: stored(engine) == 500, "what was sent while nobody listened")
    process.stop()
    client.close()


def test_a_backlog_of_large_messages_comes_through_on_one_connection(
    engine: Engine, broker: Broker, database: Database, tmp_path: Path
) -> None:
    process = bridge_process(database, broker, tmp_path)
    process.start()
    process.kill()
    client = Tracker(engine, broker, "truck-1").connect()
    for second in range(1500):  # more at once than a broker keeps for a connection by itself
        client.publish(position_topic("truck-1"), location(second, note="x" * 60_000))
    client.wait_acknowledged(1500)
    process.start()
    wait_until(lambda: stored(engine) == 1500, "all of it")
    assert "lost" not in process.tail() and "again" not in process.tail()
    process.stop()
    client.close()


def test_a_refused_bridge_keeps_nothing_open(broker: Broker) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    url = broker.url.replace(broker.bridge_secret, "wrong")
    gc.collect()  # what another test left open would be closed while we count
    refused, before = 0, open_files()
    for _ in range(20):
        try:
            Connection(url)
        except BrokerRefuses:
            refused += 1
    assert (refused, open_files()) == (20, before)


def test_a_batch_is_full_by_what_it_weighs_as_by_its_number() -> None:
    assert not Batch(payload_bytes=1).full
    assert Batch(payload_bytes=2**21).full
    assert Batch(messages=[Message("", b"", BEGIN)] * 4000).full


def test_what_the_broker_sends_again_on_a_living_connection_ends_it_and_loses_nothing(
    engine: Engine, owner: Engine, broker: Broker, bridge: Process
) -> None:
    client = Tracker(engine, broker, "truck-1").connect()
    client.publish(position_topic("truck-1"), location(1))
    wait_until(lambda: stored(engine) == 1, "the first fix")
    with owner.begin() as conn:
        conn.execute(text("LOCK TABLE fix IN ACCESS EXCLUSIVE MODE"))  # saving takes longer than the broker waits
        for second in range(2, 40):
            client.publish(position_topic("truck-1"), location(second))
        client.wait_acknowledged(39)
        wait_until(lambda: nats_access.redelivered(broker.nats.folder) > 0, "the broker sends again")
    wait_until(lambda: "sent messages again" in bridge.tail(), "the bridge gives the connection up")
    wait_until(lambda: nats_access.backlog(broker.nats.folder) == 0, "everything is acknowledged on a new one")
    assert stored_times(engine) == {BEGIN + timedelta(seconds=second) for second in range(1, 40)}
    client.close()
