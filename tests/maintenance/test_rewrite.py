"""A closed day is rewritten in the order of devices: nothing is lost or doubled, and nobody waits for long."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.databases import RETENTION_DAYS, Database
from tests.maintenance.days import (
    DAY,
    NOW,
    count,
    drive,
    maintenance,
    nobody_works_on_days,
    noon,
    on_disk,
    stored,
    tables_of,
    vehicles,
    waiting,
)
from tests.services import DatabaseServer, server_folder, wait_until
from tests.storage.test_migrate import OLDEST
from tracker import failpoints
from tracker.maintenance import patience, rewrite
from tracker.maintenance.retention import drop_expired
from tracker.storage.day_tables import alone, day_name, day_tables
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.models import Retention
from tracker.storage.partitions import keep_partitions


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def devices(engine: Engine) -> list[int]:
    """Ten devices that drove on the day, their fixes one among the other's."""
    devices = vehicles(engine, 10)
    with engine.begin() as conn:
        drive(conn, devices, range(0, 60, 3))
    return devices


def late(engine: Engine, devices: list[int], minute: int) -> None:
    with engine.begin() as conn:
        drive(conn, devices, [minute])


def test_a_closed_day_lies_in_the_order_of_devices_and_is_frozen(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    with owner.begin() as conn:
        before, arrived = stored(conn), on_disk(conn)
        assert arrived != sorted(arrived)
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 1
    with owner.begin() as conn:
        assert on_disk(conn) == sorted(arrived)
        assert stored(conn) == before and count(conn) == len(before)
        pages, visible = conn.execute(
            text("SELECT relpages, relallvisible FROM pg_class WHERE relname = :name"), {"name": day_name(DAY)}
        ).one()
        assert pages == visible > 0


def test_a_day_is_rewritten_once_and_one_that_is_not_closed_not_at_all(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    with engine.begin() as conn:
        drive(conn, devices, [0], NOW.date())
    end = noon() + timedelta(hours=12)
    assert rewrite.rewrite_closed_days(owner, end + timedelta(hours=17), stop) == 0
    assert rewrite.rewrite_closed_days(owner, end + timedelta(hours=19), stop) == 1
    assert rewrite.rewrite_closed_days(owner, end + timedelta(hours=19), stop) == 0


def test_a_day_that_got_many_late_fixes_is_rewritten_again(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 1
    with engine.begin() as conn:
        drive(conn, devices, [-1])
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 0
    with engine.begin() as conn:
        drive(conn, devices, range(100, 200))
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 1
    with owner.begin() as conn:
        fixes = on_disk(conn)
        assert fixes == sorted(fixes) and len(fixes) == 10 * (20 + 1 + 100)


def test_fixes_that_arrive_between_the_steps_are_there_afterwards(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    """A repetition of an early one, too, which is stored once."""
    rewrite.begin(owner, DAY)
    late(engine, devices, 100)
    rewrite.copy(owner, DAY, stop)
    late(engine, devices, 101)
    with alone(owner) as session:
        assert session is not None
        rewrite.settle(owner, session, DAY)
    late(engine, devices, 102)
    late(engine, devices, 100)
    rewrite.swap(owner, DAY)
    late(engine, devices, 103)
    late(engine, devices, 101)
    with engine.connect() as conn:
        assert count(conn) == len(stored(conn)) == 10 * (20 + 4)
        assert {noon() + timedelta(minutes=minute) for minute in (100, 101, 102, 103)} < {at for _, at in stored(conn)}


def test_a_fix_whose_transaction_began_before_the_rewrite_is_waited_for(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    begun = threading.Thread(target=patience.patiently, args=(lambda: rewrite.begin(owner, DAY), "day", stop, 0.01))
    with engine.begin() as conn:
        drive(conn, devices, [100])
        begun.start()
        wait_until(lambda: waiting(engine), "the rewrite waits for the open transaction")
    begun.join()
    rewrite.copy(owner, DAY, stop)
    rewrite.swap(owner, DAY)
    with engine.connect() as conn:
        assert count(conn) == 10 * 21


def test_fixes_that_stream_in_all_the_while_are_all_there(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    """Into the closed day and into the present one; each device saves as fast as it can."""
    ended = threading.Event()
    saved: list[int] = []

    def stream() -> None:
        minute = 100
        while not ended.is_set():
            with engine.begin() as conn:
                drive(conn, devices, [minute])
                drive(conn, devices, [minute - 700], NOW.date())
            saved.append(minute)
            minute += 1 if minute < 690 else -590

    streaming = threading.Thread(target=stream)
    streaming.start()
    wait_until(lambda: len(saved) > 5, "the stream flows")
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 1
    after = len(saved)
    wait_until(lambda: len(saved) > after + 5, "the stream flows on")
    ended.set()
    streaming.join()
    with owner.connect() as conn:
        assert count(conn) == 10 * (20 + 2 * len(set(saved)))


@pytest.mark.parametrize("step", failpoints.REWRITE)
def test_killed_at_any_step_it_goes_on_and_nothing_is_lost_or_doubled(
    step: str, engine: Engine, owner: Engine, database: Database, devices: list[int], tmp_path: Path
) -> None:
    assert maintenance(database, tmp_path, step).returncode == -signal.SIGKILL
    late(engine, devices, 100)
    with engine.connect() as conn:
        before = stored(conn)
        assert len(before) == 10 * 21
    wait_until(lambda: nobody_works_on_days(owner), "the server has noticed the death")
    done = maintenance(database, tmp_path)
    assert done.returncode == 0, done.stderr
    with owner.connect() as conn:
        assert stored(conn) == before and count(conn) == len(before)
        assert tables_of(conn) == [day_name(DAY)]
        on_time = [fix for fix in on_disk(conn) if fix[1] < noon() + timedelta(minutes=100)]
        assert on_time == sorted(on_time)
        assert {table.attached for table in day_tables(conn)} == {True}


def test_a_long_reader_delays_the_swap_and_not_the_road(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    with alone(owner) as session:
        assert session is not None
        rewrite.begin(owner, DAY)
        rewrite.copy(owner, DAY, stop)
        rewrite.settle(owner, session, DAY)
    swapped: list[bool] = []
    swapping = threading.Thread(
        target=lambda: swapped.append(patience.patiently(lambda: rewrite.swap(owner, DAY), "day", stop, 0.01))
    )
    with engine.connect() as reader:
        stored(reader)  # and stays in its transaction
        swapping.start()
        stalls = []
        for minute in range(100, 120):
            wait_until(lambda: waiting(engine), "the swap waits for the reader")
            began = time.monotonic()
            late(engine, devices, minute)
            stalls.append(time.monotonic() - began)
        assert not swapped
    swapping.join()
    assert swapped == [True]
    assert max(stalls) < patience.LOCK_WAIT_MS / 1000 + 1.0  # on a busy machine a batch takes its time, too
    with engine.connect() as conn:
        assert count(conn) == 10 * 40


def test_who_cannot_get_the_lock_leaves_the_day_as_it_is_and_tries_again_later(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.connect() as reader:
        stored(reader)
        rewrite.begin(owner, DAY)
        rewrite.copy(owner, DAY, stop)
        assert not patience.patiently(lambda: rewrite.swap(owner, DAY), "day", stop, 0.0)
        assert "it is tried again later" in caplog.text
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 1


def test_two_at_once_are_one_after_the_other(
    engine: Engine, owner: Engine, devices: list[int], database: Database, stop: threading.Event
) -> None:
    other = make_engine(database.owner_url, pool_size=2)
    with alone(other):
        assert rewrite.rewrite_closed_days(owner, NOW, stop) == 0
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 1
    other.dispose()


def test_one_job_may_follow_the_other_at_once(owner: Engine) -> None:
    for _ in range(50):
        with alone(owner) as session:
            assert session is not None


def test_it_ends_early_when_it_is_told_to(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    stop.set()
    assert rewrite.rewrite_closed_days(owner, NOW, stop) == 0
    with owner.connect() as conn:
        assert tables_of(conn) == [day_name(DAY)]


def test_a_copy_in_hand_is_cancelled_when_it_is_to_end_and_made_again_later(
    engine: Engine, owner: Engine, database: Database, devices: list[int], stop: threading.Event
) -> None:
    rewrite.begin(owner, DAY)
    other = make_engine(database.owner_url, pool_size=1)
    with other.begin() as holder, ThreadPoolExecutor(1) as pool:
        holder.execute(text(f"LOCK TABLE {day_name(DAY)} IN ACCESS EXCLUSIVE MODE"))
        copying = pool.submit(rewrite.copy, owner, DAY, stop)
        wait_until(lambda: waiting(engine), "the copy is at work")
        stop.set()
        with pytest.raises(OperationalError, match="canceling statement"):
            copying.result()
    other.dispose()
    assert rewrite.rewrite_closed_days(owner, NOW, threading.Event()) == 1
    with owner.connect() as conn:
        assert len(on_disk(conn)) == 10 * 20


def test_the_application_may_do_with_a_rewritten_day_what_it_might_before(
    engine: Engine, owner: Engine, devices: list[int], stop: threading.Event
) -> None:
    rights = "SELECT relowner::regrole::text, relacl::text FROM pg_class WHERE relname = :name"
    with owner.connect() as conn:
        before = conn.execute(text(rights), {"name": day_name(DAY)}).one()
    rewrite.rewrite_closed_days(owner, NOW, stop)
    with owner.connect() as conn:
        assert conn.execute(text(rights), {"name": day_name(DAY)}).one() == before
    late(engine, devices, 100)
    for forbidden in ("DELETE FROM fix", "UPDATE fix SET lat_e7 = 0", "UPDATE rewritten_day SET bytes = 0"):
        with engine.begin() as conn, pytest.raises(DBAPIError, match="permission denied"):
            conn.execute(text(forbidden))


def test_the_whole_life_of_a_day_on_the_oldest_server_supported(stop: threading.Event) -> None:
    with server_folder() as folder:
        server = DatabaseServer(folder, OLDEST)
        server.process.start()
        owner, engine = make_engine(server.url("jejak_owner"), pool_size=2), make_engine(server.url("jejak_app"))
        migrate(owner, "jejak_app", RETENTION_DAYS)
        with engine.begin() as conn:
            keep_partitions(conn, NOW, RETENTION_DAYS)
        devices = vehicles(engine, 3)
        with engine.begin() as conn:
            drive(conn, devices, range(10))
        assert rewrite.rewrite_closed_days(owner, NOW, stop) == 1
        late(engine, devices, 100)
        with owner.connect() as conn:
            assert on_disk(conn)[:30] == sorted(on_disk(conn)[:30]) and count(conn) == 33
        with owner.begin() as conn:
            conn.execute(update(Retention).values(days=2))
        assert drop_expired(owner, NOW, 2, stop) == RETENTION_DAYS - 2
        with owner.connect() as conn:
            assert count(conn) == 0
        for used in (engine, owner):
            used.dispose()
        server.process.stop()
