"""Fixtures: a real PostgreSQL for the session with a fresh database per test, a real broker and bridge per test."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from tests.databases import Database, Databases, templated_server
from tests.services import (
    BROKERS,
    CHECKOUT,
    AnyBroker,
    Broker,
    DatabaseServer,
    Process,
    missing_program,
    server_folder,
)  # fmt: skip
from tracker.storage.engine import make_engine

# how fast an example is drawn on a busy machine says nothing about the code; the same examples in each run, so that
# what is red is what was changed: `make explore` looks for new ones
settings.register_profile("jejak", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=2000)
settings.load_profile("jejak")


# these take minutes, most of it waiting for brokers and cities that start, die and come back: the longest come first
WAITS = (
    "ledger/test_hardship.py", "broker_access/test_admission.py", "ledger/test_ledger.py",
    "broker_access/test_callout.py", "local/test_city.py", "bridge/test_brokers.py", "broker_access/test_matrix.py",
    "e2e/test_replay.py", "local/test_backup.py", "demo/test_city.py",
)  # fmt: skip
# these compute, the longest first; what is left is short, and fills up the end
BUSY = ("web/test_matrix.py", "e2e/*", "web/*", "reports/*", "storage/*")
BUSY_BETWEEN = 6


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file that waits, some that compute, one that waits ...: then few compete for the processors, or leave them.

    The order within each file stays.
    """
    tests, files = CHECKOUT / "tests", list(dict.fromkeys(item.path for item in items))
    waits = [tests / name for name in WAITS]
    busy = [path for some in BUSY for path in files if path.match(f"tests/{some}") and path not in waits]
    others = dict.fromkeys([*busy, *(path for path in files if path not in waits)])
    places = {path: float(place) for place, path in enumerate(others)}
    places |= {path: place * BUSY_BETWEEN - 0.5 for place, path in enumerate(waits)}
    items.sort(key=lambda item: places[item.path])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how large the authorisation matrix was, of all its tests in all workers."""
    said = [value for reports in terminalreporter.stats.values() for report in reports if hasattr(report, "when")
            if report.when == "call" for name, value in report.user_properties if name == "matrix"]  # fmt: skip
    for side in sorted({side for side, _, _ in said}):
        cells, leaks = (sum(one[place] for one in said if one[0] == side) for place in (1, 2))
        terminalreporter.write_line(f"authorisation matrix, {side}: {cells} cells, {leaks} leaks")


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseServer]:
    with server_folder() as folder:
        with templated_server(folder, durable=False) as server:
            yield server


@pytest.fixture(scope="session")
def databases(database_server: DatabaseServer) -> Databases:
    return Databases(database_server)


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    database = databases.take()
    yield database
    databases.give_back(database)


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """The database as the application's role sees it."""
    engine = _engine(database.app_url, 5)
    yield engine
    engine.dispose()


@pytest.fixture
def owner(database: Database) -> Iterator[Engine]:
    """The database as the role that migrates sees it."""
    owner = _engine(database.owner_url, 2)
    yield owner
    owner.dispose()


@functools.lru_cache(4)
def _engine(url: str, pool_size: int) -> Engine:
    """Without connections; the statements that it has compiled are kept from test to test, as its database is."""
    return make_engine(url, pool_size=pool_size)


@pytest.fixture
def broker() -> Iterator[Broker]:
    with server_folder() as folder:
        broker = Broker(folder)
        broker.process.start()
        yield broker
        broker.process.stop()


@pytest.fixture(scope="module", params=BROKERS)
def any_broker(request: pytest.FixtureRequest) -> Iterator[AnyBroker]:
    """Each kind of broker in turn, for all tests of a module: some take long to start."""
    if program := missing_program(request.param):
        pytest.skip(f"{program} is not installed: deploy/setup test-services")
    with server_folder() as folder:
        broker = BROKERS[request.param](folder)
        broker.process.start()
        yield broker
        broker.process.stop()


@pytest.fixture
def bridge(database: Database, broker: Broker, tmp_path: Path) -> Iterator[Process]:
    process = bridge_process(database, broker, tmp_path)
    process.start()
    yield process
    process.stop()


def bridge_process(database: Database, broker: AnyBroker, folder: Path, **settings: str) -> Process:
    """A bridge from this broker to this database, with other `settings` if need be, not yet started."""
    urls = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url, "MQTT_URL": broker.url}
    process = Process(
        [sys.executable, "-m", "mqtt_bridge"], folder / "bridge.log",
        lambda: "the durable session exists" in process.said(),
        env={**os.environ, **urls, "DATA_DIR": str(folder), **settings}, cwd=CHECKOUT,
    )  # fmt: skip
    return process
