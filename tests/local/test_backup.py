"""The drill: a city is lost with everything in it, and is there again from its backup."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Connection, inspect, select, text

from config import Config
from tests import builders
from tests.devices import Client, location
from tests.local.test_city import City
from tests.services import CHECKOUT, DEADLINE_S, server_folder, wait_until
from tracker.storage.devices import add_device
from tracker.storage.models import StoredFix
from tracker.wire.topics import position_topic

FILLED_BY_THE_BACKLOG = {"fix", "device_state", "late_day"}
WRITTEN_BY_JOBS = {"mail", "report_run", "unit_day", "unit_day_due", "vehicle_day"}  # whenever their turn comes


def command(city: City, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *arguments], env=city.env, cwd=CHECKOUT, capture_output=True, text=True,
        timeout=DEADLINE_S, check=False,
    )  # fmt: skip


def times(city: City) -> set[datetime]:
    with city.database() as conn:
        return set(conn.scalars(select(StoredFix.fix_time)))


def everything_else(conn: Connection) -> dict[str, set[str]]:
    """The rows of all tables that the backlog does not fill, as text."""
    names = {name for name in inspect(conn).get_table_names() if not name.startswith("fix")}
    names -= FILLED_BY_THE_BACKLOG | WRITTEN_BY_JOBS
    return {name: set(conn.scalars(text(f"SELECT t::text FROM {name} t"))) for name in names}


@contextmanager
def paused(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def folder() -> Iterator[Path]:
    with server_folder() as folder:
        yield folder


def test_a_lost_city_is_there_again_with_all_that_was_acknowledged_before_its_backup(folder: Path) -> None:
    city = City(folder)
    city.process.start()
    with city.database() as conn:
        vehicle_id = builders.vehicle(conn)
        builders.person(conn)
        secret = add_device(conn, "truck-1", "tracker", vehicle_id=vehicle_id, since=builders.LONG_AGO)

    def admitted() -> bool:
        client = Client(city.mqtt_port, "truck-1", secret)
        client.close()
        return client.code == "Success"

    wait_until(admitted, "the device is let in")
    client = Client(city.mqtt_port, "truck-1", secret)
    for second in range(300):
        client.publish(position_topic("truck-1"), location(second))
    wait_until(lambda: len(times(city)) == 300, "the first fixes are stored")
    with paused(city.pids()["bridge"]):
        for second in range(300, 500):
            client.publish(position_topic("truck-1"), location(second))
        client.wait_acknowledged(500)
        copied = command(city, "backup", str(folder / "backup"))
    client.close()
    assert copied.returncode == 0, copied.stderr
    assert city.ready(), "the city goes on during a backup"
    with city.database() as conn:
        before = everything_else(conn)
    wait_until(lambda: len(times(city)) == 500, "all are stored")
    all_of_them, secret_key = times(city), Config.from_env(city.env).secret_key
    city.process.stop()
    shutil.rmtree(folder / "city")

    restored = command(city, "restore", str(folder / "backup"))
    assert restored.returncode == 0, restored.stderr
    with running(city):
        wait_until(lambda: times(city) == all_of_them, "what only the broker had is stored, too")
        with city.database() as conn:
            assert everything_else(conn) == before
        assert Config.from_env(city.env).secret_key == secret_key
        assert admitted(), "with the secret it had"


@contextmanager
def running(city: City) -> Iterator[None]:
    city.process.start()
    try:
        yield
    finally:
        city.process.stop()


def test_no_backup_is_written_over_and_none_is_restored_over_a_city_or_from_half_of_one(folder: Path) -> None:
    city = City(folder)
    with running(city):
        (folder / "there").mkdir()
        again = command(city, "backup", str(folder / "there"))
        assert again.returncode == 1 and "name a new folder" in again.stderr
        assert command(city, "backup", str(folder / "backup")).returncode == 0
    over = command(city, "restore", str(folder / "backup"))
    assert over.returncode == 1 and "there is a city in" in over.stderr
    shutil.rmtree(folder / "city")
    [dumped] = (folder / "backup" / "database").glob("toc.dat")
    dumped.write_bytes(dumped.read_bytes()[:-1])
    damaged = command(city, "restore", str(folder / "backup"))
    assert damaged.returncode == 1 and "is damaged: database/toc.dat" in damaged.stderr
    (folder / "backup" / "manifest.json").unlink()
    half = command(city, "restore", str(folder / "backup"))
    assert half.returncode == 1 and "no whole backup" in half.stderr


def test_a_backup_of_a_city_that_does_not_run_says_what_is_missing(folder: Path) -> None:
    refused = command(City(folder), "backup", str(folder / "backup"))
    assert refused.returncode == 1 and "pg_dump failed" in refused.stderr
    assert not (folder / "backup").exists() and not list(folder.glob(".backup*"))


def test_a_backup_that_is_killed_leaves_the_broker_at_work(folder: Path) -> None:
    city = City(folder)
    with running(city):
        broker = psutil.Process(int((folder / "city" / "nats" / "nats.pid").read_text()))
        with (folder / "city" / "nats" / "large").open("wb") as large:
            large.truncate(2**31)  # so that there is something to interrupt
        copying = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "backup", str(folder / "backup")], env=city.env, cwd=CHECKOUT
        )
        wait_until(lambda: broker.status() == psutil.STATUS_STOPPED, "the broker stands still")
        copying.kill()
        copying.wait()
        wait_until(lambda: broker.status() != psutil.STATUS_STOPPED, "the broker goes on")
        assert not (folder / "backup").exists()


def test_a_database_of_ones_own_is_not_restored_over(folder: Path) -> None:
    city = City(folder)
    with running(city):
        assert command(city, "backup", str(folder / "backup")).returncode == 0
    city.env |= {"DATABASE_URL": "postgresql://app:x@db/jejak", "DATABASE_OWNER_URL": "postgresql://owner:y@db/jejak",
                 "DATA_DIR": str(folder / "other")}  # fmt: skip
    refused = command(city, "restore", str(folder / "backup"))
    assert refused.returncode == 1 and "with its own pg_restore" in refused.stderr
