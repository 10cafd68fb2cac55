"""What was acknowledged is stored, whatever is killed, and whenever."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.chaos import targets, wreak
from tests.ledger.system import BRIDGE, System, running
from tests.services import (
    Broker,
    DatabaseServer,
    Process,
    server_folder,
    wait_until,
)
from tracker import failpoints

SEED = os.environ.get("LEDGER_SEED") or secrets.token_hex(4)


@pytest.fixture
def folder() -> Iterator[Path]:
    with server_folder() as folder:
        yield folder


def system(folder: Path, point: str = "", break_: str = "") -> System:
    bridge = ("-m", "tests.ledger.broken", break_) if break_ else BRIDGE
    return System(folder, Broker(folder), DatabaseServer(folder), bridge, point)


def wait_dead(process: Process) -> None:
    wait_until(lambda: process.popen and process.popen.poll() is not None, "it dies by itself")
    assert process.popen and process.popen.returncode == -signal.SIGKILL


def wait_acknowledged(city: System, more: int) -> None:
    """Until so many more fixes were acknowledged to the phones."""

    def acknowledged() -> int:
        return sum(len(phone.record.acknowledged) for phone in city.phones)

    enough = acknowledged() + more
    wait_until(lambda: acknowledged() >= enough, f"{more} more fixes are acknowledged")


def test_nothing_acknowledged_is_lost_whatever_is_killed(folder: Path) -> None:
    """On NATS; on a cluster of it and on RabbitMQ it takes longer: `make bench-ledger`, which kills a hundred times."""
    with running(system(folder)) as city:
        city.add_phones(SEED)
        wreak(city, SEED, kills=len(targets(city)))
        ledger = city.settle()
    assert ledger.valid, f"LEDGER_SEED={SEED}: {ledger}"
    assert ledger.acknowledged > 100 and ledger.stored >= ledger.acknowledged


@pytest.mark.parametrize("point", failpoints.ROAD)
def test_nothing_is_lost_where_a_kill_hurts_most(point: str, folder: Path) -> None:
    with running(system(folder, f"{point}:3")) as city:
        city.add_phones(SEED, http=0)
        wait_dead(city.bridge)
        assert city.bridge.env
        del city.bridge.env["FAILPOINT"]
        city.bridge.start()
        city.wait_stored(["mqtt"])
        ledger = city.settle()
    assert ledger.valid and ledger.stored, f"LEDGER_SEED={SEED}: {ledger}"


# ---- the ledger itself: with a safety removed it must find what is lost ----


def test_the_ledger_sees_what_acknowledging_before_the_commit_loses(folder: Path) -> None:
    with running(system(folder, "before_commit:3", "acknowledge_before_commit")) as city:
        city.add_phones(SEED, http=0)
        wait_dead(city.bridge)
        assert city.bridge.env
        del city.bridge.env["FAILPOINT"]
        city.bridge.start()
        assert city.settle().lost


@pytest.mark.parametrize("break_", ["clean_session", ""])
def test_the_ledger_sees_what_a_clean_session_loses(break_: str, folder: Path) -> None:
    with running(system(folder, break_=break_)) as city:
        city.add_phones(SEED, http=0)
        wait_acknowledged(city, 100)
        city.bridge.kill()
        wait_acknowledged(city, 100)
        city.bridge.start()
        city.wait_stored(["mqtt"])
        assert bool(city.settle().lost) == bool(break_)


def test_the_ledger_sees_what_a_stale_acknowledgement_loses(folder: Path) -> None:
    with running(system(folder, break_="stale_acknowledgement")) as city:
        city.add_phones(SEED, http=0)
        wait_acknowledged(city, 1000)  # so many that their packet ids come again in the new connection's later messages
        city.kill("broker")
        city.revive("broker")
        wait_dead(city.bridge)
        city.bridge.start()
        assert city.settle().lost


def test_the_ledger_sees_what_a_commit_in_memory_loses(folder: Path) -> None:
    database = DatabaseServer(folder)
    database.process.command += ["-csynchronous_commit=off", "-cwal_writer_delay=10s", "-cwal_writer_flush_after=1GB"]
    with running(System(folder, Broker(folder), database)) as city:
        city.add_phones(SEED)
        city.wait_stored(["mqtt", "http"])  # something is stored
        city.kill("database")
        city.revive("database")
        city.wait_stored(["mqtt", "http"])
        assert city.settle().lost
