"""A device that writes where it may not looks healthy to itself: it must not look healthy to us."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from tests.devices import Tracker, location
from tests.services import Broker, wait_until
from tracker.broker_access import nats
from tracker.broker_access.kinds import watch_nats
from tracker.broker_access.violations import Denied, LogTail, denied
from tracker.storage.models import DeviceState

LINE = '[7] 2026/11/24 02:46:34.078308 [ERR] 127.0.0.1:50675 - mid:{} - "cid" - Publish Violation - Subject "{}"\n'


def test_a_message_to_a_wrong_shard_is_counted_at_its_device_once(
    engine: Engine, broker: Broker, tmp_path: Path
) -> None:
    tail = LogTail(broker.process.log, tmp_path / "read")
    client = Tracker(engine, broker, "truck-1").connect()
    for second in range(3):
        client.publish("owntracks/99/truck-1", location(second))
    client.wait_acknowledged(3)
    wait_until(lambda: broker.process.log.read_text().count("Publish Violation") == 3, "the broker says so")
    for _ in range(2):
        watch_nats(engine, broker.nats.folder, tail)
    client.close()
    with engine.connect() as conn:
        state = conn.execute(select(DeviceState.denied, DeviceState.denied_topic, DeviceState.stored)).one()
    assert tuple(state) == (3, "owntracks/99/truck-1", 0)
    assert nats.backlog(broker.nats.folder) == 0


def test_the_log_is_read_once_across_its_rotation_and_our_restart(tmp_path: Path) -> None:
    log, memory = tmp_path / "broker.log", tmp_path / "read"

    def look() -> list[Denied]:
        tail = LogTail(log, memory)
        found = list(denied(tail.read()))
        tail.remember()
        return found

    assert look() == []
    log.write_text(LINE.format(1, "a.b") + LINE.format(1, "a.c") + LINE.format(2, "d")[:-1])
    assert look() == [Denied(1, 2, "a/c")]  # the last line is not whole yet
    with log.open("a") as file:
        file.write("\n" + LINE.format(3, "e"))
    log.rename(tmp_path / "broker.log.1")
    log.write_text(LINE.format(4, "f"))
    assert [(one.connection, one.count) for one in look()] == [(2, 1), (3, 1), (4, 1)]
    assert look() == []
    memory.write_text("half")
    assert [one.connection for one in look()] == [4]
