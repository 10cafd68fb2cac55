"""The devices of the city on a real broker: what was acknowledged is not sent again, what was not is."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from tests.conftest import Database
from tests.demo.conftest import Listener
from tests.services import CHECKOUT, DEADLINE_S, Broker, Process, wait_until
from tracker.demo.city import City
from tracker.demo.memory import PROGRESS, Memory
from tracker.demo.mqtt import Broker as Address
from tracker.demo.mqtt import Switchboard
from tracker.demo.sensors import phone_fixes, tracker_fixes
from tracker.demo.staff import STAFF
from tracker.demo.vehicle_days import local
from tracker.demo.world import DAY, MACHINES, World
from tracker.storage.devices import broker_logins

ZONE = ZoneInfo("Asia/Jakarta")
WORLD = World(ZONE)
TODAY = WORLD.date_of(1_772_600_000)  # a Wednesday in March 2026
NOON = local(TODAY, ZONE) + 12 * 3600.0
PHONE = STAFF[3].login  # an office worker
LOGINS = ("dmk-11", "lhp-01", PHONE)


class OnAir:
    """A city of three devices at a moment that the test sets."""

    def __init__(self, broker: Broker, data_dir: Path, known: dict[str, str], now: float) -> None:
        self.now = now
        self.board = Switchboard(Address("127.0.0.1", broker.port))
        self.memory = Memory(data_dir)
        self.city = City(WORLD, self.board, self.memory, known, now)

    def run_until(self, condition: Callable[[], object], what: str) -> None:
        """Let the city turn until something holds; a turn waits for the network by itself."""
        end = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end, f"not within {DEADLINE_S:.0f} s: {what}"
            self.city.turn(self.now)

    def deliver(self) -> None:
        """Everything that is due is sent and acknowledged."""
        last = {login: expected(login, self.now)[-1] for login in LOGINS}
        self.run_until(
            lambda: all(link.settled and link.acknowledged >= last[link.login] for link in self.board.links), "delivery"
        )

    def stop(self) -> None:
        self.city.save()
        self.board.close()


def expected(login: str, end: float, start: float | None = None) -> list[int]:
    """The fix times that a device has to deliver from the beginning of its buffer until a moment."""
    if login == PHONE:
        fixes = phone_fixes(WORLD, STAFF[3], int(start or local(TODAY - 4 * DAY, ZONE)))
    else:
        fixes = tracker_fixes(WORLD, MACHINES[login.upper()], int(start or local(TODAY - DAY, ZONE)))
    return list(takewhile(lambda at: at <= end, (int(fix.fix_time.timestamp()) for fix in fixes)))


def new_secrets() -> dict[str, str]:
    return {login: secrets.token_hex(16) for login in LOGINS}


def admit(broker: Broker, known: dict[str, str]) -> None:
    for login, secret in known.items():
        broker.add_device(login, secret)


def wait_heard(listener: Listener, end: float) -> None:
    wanted = {login: set(expected(login, end)) for login in LOGINS}
    wait_until(lambda: all(wanted[login] <= set(listener.times(login)) for login in LOGINS), "all fixes are heard")


def test_a_restart_continues_where_it_stopped(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    known = new_secrets()
    admit(broker, known)
    first = OnAir(broker, tmp_path, known, NOON)
    first.deliver()
    first.stop()
    later = NOON + timedelta(hours=2).total_seconds()
    second = OnAir(broker, tmp_path, known, later)
    second.deliver()
    second.stop()
    wait_heard(listener, later)
    for login in LOGINS:
        times = Counter(listener.times(login))
        assert set(times) == set(expected(login, later))
        twice = [at for at, count in times.items() if count > 1]
        # a device that is behind shows where it is now before it delivers the rest: one fix a start comes twice
        assert len(twice) <= 2 and max(times.values()) <= 2


def test_a_device_that_is_behind_first_shows_where_it_is_now(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    known = new_secrets()
    admit(broker, known)
    on_air = OnAir(broker, tmp_path, known, NOON)
    on_air.deliver()
    on_air.stop()
    wait_heard(listener, NOON)
    for login in LOGINS:
        assert listener.times(login)[0] == expected(login, NOON)[-1]
        assert listener.times(login)[1:] == expected(login, NOON)


def test_the_live_city_sends_each_fix_at_its_time(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    known = new_secrets()
    admit(broker, known)
    Memory(tmp_path).write(PROGRESS, {login: int(NOON) for login in LOGINS})
    on_air = OnAir(broker, tmp_path, known, NOON)
    on_air.run_until(lambda: all(link.open for link in on_air.board.links), "all are connected")
    for minute in (1, 2, 3):
        on_air.now = NOON + 60 * minute
        on_air.deliver()
        wait_until(
            lambda end=on_air.now: all(listener.times(login) == expected(login, end, NOON) for login in LOGINS), "heard"
        )
    on_air.stop()


def test_what_a_killed_broker_had_not_acknowledged_is_sent_again(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    known = new_secrets()
    admit(broker, known)
    on_air = OnAir(broker, tmp_path, known, NOON)
    on_air.run_until(lambda: len(listener.payloads.get("lhp-01", ())) > 300, "some fixes are heard")
    broker.process.kill()
    on_air.run_until(lambda: not any(link.open for link in on_air.board.links), "the loss is noticed")
    broker.process.start()
    on_air.deliver()
    on_air.stop()
    wait_heard(listener, NOON)
    assert all(set(listener.times(login)) == set(expected(login, NOON)) for login in LOGINS)


def test_devices_that_are_not_admitted_yet_wait_without_a_storm(
    broker: Broker, listener: Listener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    known = new_secrets()
    on_air = OnAir(broker, tmp_path, known, NOON)
    on_air.run_until(lambda: all(link.trouble for link in on_air.board.links) and caplog.records, "all are refused")
    admit(broker, known)
    on_air.deliver()
    on_air.stop()
    wait_heard(listener, NOON)
    said = [record.getMessage() for record in caplog.records]
    assert sum("does not admit" in line for line in said) == 1


def test_a_broker_that_is_away_is_waited_for(
    broker: Broker, listener: Listener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    known = new_secrets()
    admit(broker, known)
    broker.process.kill()
    on_air = OnAir(broker, tmp_path, known, NOON)
    on_air.run_until(lambda: all(link.trouble for link in on_air.board.links), "all have tried")
    assert not any(link.open for link in on_air.board.links)
    broker.process.start()
    on_air.deliver()
    on_air.stop()
    wait_heard(listener, NOON)
    assert sum("cannot be reached" in record.getMessage() for record in caplog.records) == 1


def test_a_revoked_device_stays_off_the_air(broker: Broker, tmp_path: Path) -> None:
    known = {"dmk-11": secrets.token_hex(16)}
    on_air = OnAir(broker, tmp_path, known, NOON)
    assert [link.login for link in on_air.board.links] == ["dmk-11"]
    on_air.stop()


def test_the_process_ends_quietly_and_remembers_what_was_acknowledged(
    database: Database, engine: Engine, broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path), "MQTT_URL": broker.url, "DATABASE_URL": database.app_url,
           "DATABASE_OWNER_URL": database.owner_url}  # fmt: skip
    log = tmp_path / "demo.log"
    city = Process([sys.executable, "-m", "tracker.demo"], log, lambda: "does not admit" in log.read_text(), env,
                   CHECKOUT)  # fmt: skip
    city.start()
    with engine.connect() as conn:
        broker.admit(*broker_logins(conn))
    wait_until(lambda: len(listener.payloads) >= 30, "most vehicles are heard; at night few people are on duty")
    wait_until(lambda: len(listener.times("dmk-11")) >= 100, "the one that is looked at has told some of its day")
    city.stop()
    assert city.popen is not None and city.popen.returncode == 0, city.tail()
    assert "Traceback" not in log.read_text()
    progress = Memory(tmp_path).read(PROGRESS)
    assert listener.payloads.keys() <= progress.keys()
    start = local(WORLD.date_of(time.time()) - DAY, ZONE)
    fixes = tracker_fixes(WORLD, MACHINES["DMK-11"], int(start))
    due = takewhile(lambda at: at <= progress["dmk-11"], (int(fix.fix_time.timestamp()) for fix in fixes))
    remembered = set(due)
    assert remembered
    wait_until(lambda: remembered <= set(listener.times("dmk-11")), "what is remembered was delivered")


def test_a_file_is_replaced_whole_and_kept_from_others(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert memory.read(PROGRESS) == {}
    memory.write(PROGRESS, {"a": 1})
    memory.write(PROGRESS, {"a": 2})
    assert memory.read(PROGRESS) == {"a": 2}
    assert memory.keep_first(PROGRESS, {"a": 3}) == {"a": 2}
    files = list((tmp_path / "demo").iterdir())
    assert [file.name for file in files] == [PROGRESS] and files[0].stat().st_mode & 0o777 == 0o600
