"""Expired days go, whatever else is going on, and hold nobody up."""

from __future__ import annotations

import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from tests.databases import RETENTION_DAYS, Database
from tests.maintenance.days import (
    DAY,
    NOW,
    count,
    drive,
    maintenance,
    nobody_works_on_days,
    noon,
    stored,
    tables_of,
    vehicles,
    waiting,
)
from tests.services import wait_until
from tracker.maintenance import rewrite
from tracker.maintenance.retention import drop_expired
from tracker.storage.day_tables import day_name, day_tables
from tracker.storage.models import Retention, RewrittenDay

EXPIRED = 2  # days kept, by which `DAY` is the newest of those that go
EXPIRED_DAYS = RETENTION_DAYS - EXPIRED


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def devices(engine: Engine, owner: Engine) -> list[int]:
    """They drove on the day that expires, and on the next one."""
    devices = vehicles(engine, 3)
    with owner.begin() as conn:
        conn.execute(update(Retention).values(days=EXPIRED))
    with engine.begin() as conn:
        drive(conn, devices, range(5))
        drive(conn, devices, range(5), DAY + timedelta(days=1))
    return devices


def test_expired_days_go_with_what_lies_beside_them_and_the_others_stay(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 2
    older = DAY - timedelta(days=1)
    with engine.begin() as conn:
        drive(conn, devices, range(5), older)
    rewrite.begin(owner, older)
    assert drop_expired(owner, NOW, EXPIRED, stop) == EXPIRED_DAYS + 1
    with owner.connect() as conn:
        assert {at.date() for _, at in stored(conn)} == {DAY + timedelta(days=1)}
        assert tables_of(conn) == tables_of(conn, older) == []
        assert conn.scalars(select(RewrittenDay.day)).all() == [DAY + timedelta(days=1)]
    assert drop_expired(owner, NOW, EXPIRED, stop) == 0


def test_a_reader_of_an_expired_day_is_waited_for_and_holds_nobody_up(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    drop_expired(owner, NOW, EXPIRED + 1, stop)
    dropping = threading.Thread(target=drop_expired, args=(owner, NOW, EXPIRED, stop))
    with engine.connect() as reader:
        stored(reader)  # and stays in its transaction
        dropping.start()
        wait_until(lambda: waiting(engine), "the retention waits for the reader")
        began = time.monotonic()
        with engine.begin() as conn:
            drive(conn, devices, range(5), NOW.date())
        with engine.connect() as conn:
            assert {at.date() for _, at in stored(conn)} == {DAY + timedelta(days=1), NOW.date()}
        assert time.monotonic() - began < 2.0  # on a busy machine; the retention waits for far longer
        assert dropping.is_alive()
    dropping.join()
    with owner.connect() as conn:
        assert tables_of(conn) == [] and count(conn) == 30


def test_a_batch_that_is_being_saved_is_waited_for(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    dropping = threading.Thread(target=drop_expired, args=(owner, NOW, EXPIRED, stop))
    with engine.begin() as conn:
        drive(conn, devices, range(5), NOW.date())
        dropping.start()
        wait_until(lambda: waiting(engine), "the retention waits for the batch")
    dropping.join()
    with owner.connect() as conn:
        assert tables_of(conn) == [] and count(conn) == 30


def test_what_a_reader_did_not_let_go_of_is_finished_at_the_next_run(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    assert drop_expired(owner, NOW, EXPIRED + 1, stop) == EXPIRED_DAYS - 1
    with engine.connect() as reader:
        stored(reader)
        assert drop_expired(owner, NOW, EXPIRED, stop, readers_wait_ms=50) == 0
        assert "it is tried again later" in caplog.text
        with owner.connect() as conn:
            assert [table.day for table in day_tables(conn) if table.half_detached] == [DAY]
        with engine.begin() as conn:
            drive(conn, devices, range(5), NOW.date())
            assert {at.date() for _, at in stored(conn)} == {DAY + timedelta(days=1), NOW.date()}
    assert drop_expired(owner, NOW, EXPIRED, stop) == 1
    with owner.connect() as conn:
        assert tables_of(conn) == [] and count(conn) == 30


def test_killed_between_detaching_and_dropping_it_goes_on(
    engine: Engine, owner: Engine, devices: list[int], database: Database, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with owner.begin() as conn:
        conn.execute(update(Retention).values(days=EXPIRED))
    monkeypatch.setenv("RETENTION_DAYS", str(EXPIRED))
    assert maintenance(database, tmp_path, f"retention_detached:{EXPIRED_DAYS}").returncode == -signal.SIGKILL
    with owner.connect() as conn:
        assert [table.attached for table in day_tables(conn)][0] is False
        assert tables_of(conn) == [day_name(DAY)]
    wait_until(lambda: nobody_works_on_days(owner), "the server has noticed the death")
    done = maintenance(database, tmp_path)
    assert done.returncode == 0, done.stderr
    with owner.connect() as conn:
        assert tables_of(conn) == [] and count(conn) == 15


def test_days_that_are_kept_are_never_half_gone(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    assert drop_expired(owner, noon(), RETENTION_DAYS, stop) == 0
    with owner.connect() as conn:
        assert count(conn) == 30 and all(table.attached for table in day_tables(conn))


def test_no_process_drops_what_the_migration_was_told_to_keep(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    with owner.begin() as conn:
        conn.execute(update(Retention).values(days=RETENTION_DAYS))
    assert drop_expired(owner, NOW, EXPIRED, stop) == 0, "whatever RETENTION_DAYS it was started with"
    with engine.connect() as conn:
        assert len(stored(conn)) == 30
