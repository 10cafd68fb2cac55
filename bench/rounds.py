"""One pass of the whole load through a subscriber: the one that stores nothing, or the bridge."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Engine

from bench import database
from bench.brokers import BenchBroker
from bench.load import Load
from bench.processes import cpu_seconds, peak_memory_mb
from bench.program import Program, drain, forget, publish
from bench.rates import Progress, sustained
from tests.services import DatabaseServer, Process, wait_until
from tracker.storage.engine import make_engine

CHECKOUT = Path(__file__).parents[1]
MOST_BACKLOG = 20_000  # messages that may wait for the subscriber; see "two speeds" in README.md
PACE_S = 0.05
STALLED_S = 60.0


@dataclass(frozen=True)
class Bench:
    """What all rounds share."""

    folder: Path
    server: DatabaseServer
    broker: BenchBroker
    load: Load
    messages: Path
    payload_bytes: float

    @property
    def counts(self) -> Path:
        """Where the bridge counts."""
        return self.folder / "counts"

    @property
    def backlog(self) -> int:
        """How many messages may wait for the subscriber."""
        return min(MOST_BACKLOG, self.load.fixes // 8)

    @property
    def warm(self) -> int:
        """How many messages go by before the rate is taken: the backlog worked off once, every device heard once."""
        return max(2 * self.backlog, self.load.devices)


@dataclass(frozen=True)
class Pass:
    """How the load went through: when its last message was accepted, and what it cost, in microseconds a message."""

    load_end: float
    least_backlog: int
    cpu_us: dict[str, float]


@dataclass(frozen=True)
class Round:
    """A subscriber's sustained rate, in messages per second, and how the load went through."""

    rate: float
    passed: Pass


@dataclass(frozen=True)
class BridgeRound(Round):
    """What the bridge leaves beside its rate; `batches` are the fixes of each commit."""

    ledger: database.Ledger
    peak_memory_mb: float
    batches: tuple[int, ...]


def null_round(bench: Bench) -> Round:
    """The load through the subscriber that stores nothing."""
    forget(bench.folder, bench.broker)
    with drain(bench.folder, bench.broker, bench.load.fixes) as null:
        wait_until(lambda: null.count() >= 0, "the null subscriber has subscribed")
        passed = carry(bench, null.count, {"broker": bench.broker.process})
        rate = sustained(null.finish(), bench.warm, passed.load_end)
    return Round(rate, passed)


def bridge_round(bench: Bench) -> BridgeRound:
    """The load through the real bridge, into fresh tables."""
    forget(bench.folder, bench.broker)
    with fresh_database(bench) as (name, engine), running_bridge(bench, name) as bridge:
        costs = {"bridge": bridge, "broker": bench.broker.process, "database": bench.server.process}
        passed = carry(bench, lambda: counted(bench), costs)
        memory = peak_memory_mb(pid(bridge))
        with engine.connect() as conn:
            commits, ledger = database.commits(conn), database.check(conn, bench.load)
    batches = tuple(after.count - before.count for before, after in pairwise([Progress(0, 0), *commits]))
    return BridgeRound(sustained(commits, bench.warm, passed.load_end), passed, ledger, memory, batches)


def counted(bench: Bench) -> int:
    """How many messages the bridge has saved, as it counts them itself: asking the database would take its time."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(bench.counts))  # type: ignore[no-untyped-call]
    return int(registry.get_sample_value("jejak_messages_total", {"door": "mqtt"}) or 0)


def carry(bench: Bench, counted: Callable[[], int], processes: dict[str, Process]) -> Pass:
    """Publish the whole load, never further ahead of `counted` than the backlog may be; return when all is counted."""
    before = {name: cpu_seconds(pid(process)) for name, process in processes.items()}
    with publish(bench.folder, bench.broker, bench.messages) as load:
        least = _pace(bench, load, counted)
        end = load.finish()[-1].at
    cpu_s = {name: cpu_seconds(pid(process)) - before[name] for name, process in processes.items()}
    return Pass(end, least, {name: spent / bench.load.fixes * 1e6 for name, spent in cpu_s.items()})


def _pace(bench: Bench, load: Program, counted: Callable[[], int]) -> int:
    """Let the load go on as messages are counted; returns the least backlog seen between warming up and its end."""
    least, done, moved_at = bench.backlog, -1, time.monotonic()
    while done < bench.load.fixes:
        previous, done = done, counted()
        load.allow(done + bench.backlog)
        published = load.count()
        if done >= bench.warm and published < bench.load.fixes:
            least = min(least, published - done)
        if done > previous:
            moved_at = time.monotonic()
        elif time.monotonic() - moved_at > STALLED_S:
            sys.exit(f"bench: stalled at {done} of {bench.load.fixes} messages, {published} published")
        time.sleep(PACE_S)
    return max(least, 0)


@contextmanager
def fresh_database(bench: Bench) -> Iterator[tuple[str, Engine]]:
    """A copy of the registered city without a fix, gone afterwards: its name, and an engine of the application."""
    name = "round"
    bench.server.create(name, database.TEMPLATE)
    engine = make_engine(bench.server.url("jejak_app", name), pool_size=1)
    try:
        yield name, engine
    finally:
        engine.dispose()
        bench.server.drop(name)


@contextmanager
def running_bridge(bench: Bench, database_name: str) -> Iterator[Process]:
    """`python -m mqtt_bridge` as a process of its own, its durable session made."""
    log = bench.folder / "bridge.log"
    log.unlink(missing_ok=True)
    env = {
        "DATABASE_URL": bench.server.url("jejak_app", database_name),
        "DATABASE_OWNER_URL": bench.server.url("jejak_owner", database_name),
        "MQTT_URL": bench.broker.url,
        "DATA_DIR": str(bench.folder),
        "PROMETHEUS_MULTIPROC_DIR": str(bench.counts),
    }
    shutil.rmtree(bench.counts, ignore_errors=True)
    bench.counts.mkdir()
    ready = "the durable session exists"
    command = [sys.executable, "-m", "mqtt_bridge"]
    process = Process(command, log, lambda: ready in log.read_text(), env={**os.environ, **env}, cwd=CHECKOUT)
    try:
        process.start()
        yield process
    finally:
        process.stop()


def pid(process: Process) -> int:
    """The number of a running process."""
    assert process.popen is not None
    return process.popen.pid
