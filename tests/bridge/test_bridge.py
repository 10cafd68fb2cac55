"""The bridge on a real broker and a real database: what was acknowledged is stored, whatever dies."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from sqlalchemy import Engine, delete, func, select

from tests import builders
from tests.conftest import Database
from tests.services import CHECKOUT, Broker, Process, wait_until
from tracker.broker_access import nats as nats_access
from tracker.storage.devices import add_device
from tracker.storage.models import DeviceState, Quarantine, StoredFix
from tracker.wire.topics import position_topic

BEGIN = (datetime.now(UTC) - timedelta(hours=6)).replace(microsecond=0)


class Tracker:
    """A device of a vehicle, admitted at the broker."""

    def __init__(self, engine: Engine, broker: Broker, login: str) -> None:
        with engine.begin() as conn:
            vehicle_id = builders.vehicle(conn)
            self.secret = add_device(conn, login, "tracker", vehicle_id=vehicle_id, since=builders.LONG_AGO)
        broker.add_device(login, self.secret)
        self.login, self.port = login, broker.port

    def connect(self, secret: str | None = None, login: str | None = None) -> Client:
        return Client(self.port, login or self.login, self.secret if secret is None else secret)


class Client:
    """A plain MQTT client whose acknowledgements and refusals a test can read."""

    def __init__(self, port: int, login: str | None, secret: str) -> None:
        self.code: str | None = None
        self.acknowledged: set[int] = set()
        self.subscribed: list[bool] = []
        self.disconnected = False
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        if login:
            self._client.username_pw_set(login, secret)
        self._client.on_connect = lambda _c, _d, _f, code, _p: setattr(self, "code", str(code))
        self._client.on_publish = lambda _c, _d, mid, _r, _p: self.acknowledged.add(mid)
        self._client.on_subscribe = lambda _c, _d, _m, codes, _p: self.subscribed.append(not codes[0].is_failure)
        self._client.on_disconnect = lambda *_: setattr(self, "disconnected", True)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        wait_until(lambda: self.code, "CONNACK")

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> int:
        return self._client.publish(topic, payload, qos=1, retain=retain).mid

    def subscribe(self, topic: str) -> bool:
        self._client.subscribe(topic, 1)
        wait_until(lambda: self.subscribed, "SUBACK")
        return self.subscribed.pop()

    def wait_acknowledged(self, count: int) -> None:
        wait_until(lambda: len(self.acknowledged) >= count, f"{count} acknowledgements")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def location(second: int, lat: float = -6.2, **extra: object) -> bytes:
    tst = int((BEGIN + timedelta(seconds=second)).timestamp())
    return json.dumps({"_type": "location", "tst": tst, "lat": lat, "lon": 106.8, "acc": 8, **extra}).encode()


def stored(engine: Engine) -> int:
    with engine.connect() as conn:
        return conn.scalars(select(func.count()).select_from(StoredFix)).one()


def stored_times(engine: Engine) -> set[datetime]:
    with engine.connect() as conn:
        return set(conn.scalars(select(StoredFix.fix_time)))


@pytest.fixture
def bridge(database: Database, broker: Broker, tmp_path: Path) -> Iterator[Process]:
    process = bridge_process(database, broker, tmp_path)
    process.start()
    yield process
    process.stop()


def bridge_process(database: Database, broker: Broker, folder: Path) -> Process:
    env = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url, "MQTT_URL": broker.url}
    return Process(
        [sys.executable, "-m", "mqtt_bridge"], folder / "bridge.log",
        lambda: nats_access.bridge_session_exists(broker.nats.folder),
        env={**os.environ, **env, "DATA_DIR": str(folder)}, cwd=CHECKOUT,
    )  # fmt: skip


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
