"""`python -m bench.store`: what a hundred million stored fixes cost, and what their upkeep costs the road.

Ten days are stored in the order of arrival; the real jobs rewrite nine of them and drop one, while the real ingest
saves at half its maximum. bench/README.md says what the lines mean.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import Engine, text, update

from bench import database
from bench.rounds import CHECKOUT
from tests.services import DatabaseServer, server_folder, wait_until
from tracker.maintenance.retention import drop_expired
from tracker.maintenance.rewrite import due, rewrite
from tracker.storage.day_tables import alone, day_bounds, day_name
from tracker.storage.engine import make_engine
from tracker.storage.models import Assignment, Retention
from tracker.storage.tracks import track_of

DAYS = 10
A_DAY = 1000  # fixes of each device, a minute apart
VEHICLES = 20_000  # that are heard meanwhile
HEAD_START_S = 300  # at full rate a device's fixes come faster than a second apart, and those of half rate follow them
SAMPLES = 300  # tracks that are read
PROBE_EVERY_S = 0.005
NO_STOP = threading.Event()

# straight into a table without a key, which gets it afterwards and becomes the day: in the order of arrival, as in life
FILL = (
    "CREATE TABLE filled (LIKE fix INCLUDING DEFAULTS)",
    """
    INSERT INTO filled SELECT CAST(:begin AS timestamptz) + m * interval '1 min' + d % 60 * interval '1 s',
        1 + d % 3, 1, d, -62000000 + d * 37 % 100000 + m, 1068000000 + d * 91 % 100000 + m,
        5 + d % 20, 12, 300 + m % 800, m % 360, 90 - m / 20, -32768
    FROM generate_series(0, :fixes - 1) m, generate_series(CAST(:first AS int), :last) d
    """,
    "ALTER TABLE filled ADD PRIMARY KEY (device_id, fix_time)",
    "ANALYZE filled",
    "DROP TABLE {table}",
    "ALTER TABLE filled RENAME CONSTRAINT filled_pkey TO {table}_pkey",
    "ALTER TABLE filled RENAME TO {table}",
    "ALTER TABLE fix ATTACH PARTITION {table} FOR VALUES FROM ('{begin}') TO ('{end}')",
)
SIZES = "SELECT sum(pg_table_size(t)), sum(pg_indexes_size(t)) FROM unnest(CAST(:tables AS regclass[])) t"
HOLDERS = "SELECT person_id FROM assignment WHERE device_id BETWEEN :first AND :last"


@dataclass(frozen=True, slots=True)
class Span:
    """When something was going on, by the monotonic clock, which all processes share."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass
class Probe:
    """How long a reader of one fix waited, again and again."""

    waits: list[tuple[float, float]] = field(default_factory=list)

    def longest_ms(self, span: Span) -> float:
        return 1000 * max((wait for at, wait in self.waits if span.begin <= at <= span.end), default=0.0)


@dataclass(frozen=True)
class City:
    """The database, who may do what, and the devices whose past is stored."""

    server: DatabaseServer
    owner: Engine
    app: Engine
    devices: int

    @property
    def first(self) -> int:
        return VEHICLES + 1

    @property
    def last(self) -> int:
        return VEHICLES + self.devices

    @property
    def fixes_a_day(self) -> int:
        return self.devices * A_DAY


def main(arguments: list[str] | None = None) -> None:
    """Measure and print; ends with a sentence where a fix was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m bench.store", description=__doc__)
    parser.add_argument("--fixes", type=int, default=100_000_000, help="stored before it begins (100,000,000)")
    parser.add_argument("--seconds", type=int, default=15, help="of each undisturbed measurement of the ingest (15)")
    options = parser.parse_args(arguments)
    if options.fixes < DAYS * A_DAY:
        parser.error(f"at least {DAYS * A_DAY} fixes")
    with server_folder() as folder, _city(folder, options.fixes // DAYS // A_DAY) as city:
        for line in _measure(city, folder, options.seconds):
            print(line, flush=True)


@contextmanager
def _city(folder: Path, devices: int) -> Iterator[City]:
    server = DatabaseServer(folder)
    server.process.start()
    database.make_register(server, VEHICLES + devices, VEHICLES)
    owner = make_engine(server.url("jejak_owner", database.TEMPLATE), pool_size=2)
    app = make_engine(server.url("jejak_app", database.TEMPLATE), pool_size=3)
    try:
        yield City(server, owner, app, devices)
    finally:
        for engine in (owner, app):
            engine.dispose()
        server.process.stop()


def _measure(city: City, folder: Path, seconds: int) -> Iterator[str]:
    today = datetime.now(UTC).date()
    past = [today - timedelta(days=ago) for ago in range(1, DAYS + 1)]
    yesterday, oldest, closed = past[0], past[-1], past[1:]
    _say(f"storing {city.fixes_a_day * DAYS:,} fixes")
    filling = _timed(lambda: _fill(city, past))
    yield f"store.fixes {city.fixes_a_day * DAYS} fixes_in_{filling.seconds:.0f}_s"
    full, at_full_rate = _full_rate(city, folder, seconds)
    yield f"ingest.max {full:.0f} fixes/s"
    with _writing(city, folder / "half", full / 2, time.time()) as writer, _probing(city) as probe:
        _say("ingest at half its maximum, undisturbed")
        usual = _timed(lambda: time.sleep(seconds))
        _say("rewriting closed days")
        spans = _rewrite(city, day_bounds(today)[0])
        _say("tracks of rewritten days and of one as it arrived, in turn")
        sorted_ms, unsorted_ms = _tracks(city, closed, [yesterday])
        _say("dropping a day")
        with city.owner.begin() as conn:
            conn.execute(update(Retention).values(days=DAYS - 1))
        dropping = _timed(lambda: drop_expired(city.owner, datetime.now(UTC), DAYS - 1, NO_STOP))
        batches = writer()
    yield from _track_lines("track.day", sorted_ms)
    yield from _track_lines("track.day.unsorted", unsorted_ms)
    yield from _disk(city, [day for day in closed if day != oldest])
    yield f"ingest.rate {sum(b.stored for b in batches) / (batches[-1].at - batches[0].at):.0f} fixes/s"
    yield f"rewrite.day {median(s.seconds for s in spans):.2f} s_for_{city.fixes_a_day}_fixes"
    yield f"rewrite.day.max {max(s.seconds for s in spans):.2f} s"
    yield f"retention.drop {dropping.seconds:.2f} s"
    rewriting = Span(spans[0].begin, spans[-1].end)
    for name, span in (("usual", usual), ("rewrite", rewriting), ("retention", dropping)):
        yield from _stalls(name, span, batches, probe)
    yield f"load_average {os.getloadavg()[1]:.1f} over_5_minutes_at_the_end"
    yield from _ledger(city, oldest, at_full_rate + sum(b.stored for b in batches))


def _fill(city: City, days: list[date]) -> None:
    for day in days:
        begin, end = day_bounds(day)
        values = {"begin": begin, "fixes": A_DAY, "first": city.first, "last": city.last}
        with city.owner.begin() as conn:
            conn.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
            for statement in FILL:
                conn.execute(text(statement.format(table=day_name(day), begin=begin, end=end)), values)


def _timed(work: Callable[[], object]) -> Span:
    begin = time.monotonic()
    work()
    return Span(begin, time.monotonic())


# ---- the ingest, in a process of its own ----


@dataclass(frozen=True, slots=True)
class Batch:
    at: float
    seconds: float
    stored: int


@contextmanager
def _writing(city: City, out: Path, rate: float, begin: float) -> Iterator[Callable[[], list[Batch]]]:
    """The writer at this rate (0: as fast as it can), its fixes from `begin` on.

    What is yielded ends it and returns its batches.
    """
    url = city.server.url("jejak_app", database.TEMPLATE)
    command = [sys.executable, "-m", "bench.writer", url, str(VEHICLES), str(rate), str(int(begin))]
    with out.open("w") as lines, subprocess.Popen(command, stdout=lines, cwd=CHECKOUT) as process:

        def finish() -> list[Batch]:
            process.send_signal(signal.SIGINT)
            process.wait()
            return _batches(out)

        try:
            wait_until(lambda: _batches(out), "the writer saves")
            yield finish
        finally:
            process.kill()


def _batches(out: Path) -> list[Batch]:
    rows = (line.split() for line in out.read_text().splitlines(keepends=True) if line.endswith("\n"))
    return [Batch(float(at), float(seconds), int(stored)) for at, seconds, stored in rows]


def _full_rate(city: City, folder: Path, seconds: int) -> tuple[float, int]:
    """Fixes a second as fast as it goes, and how many were stored."""
    _say("ingest as fast as it goes")
    with _writing(city, folder / "full", 0, time.time() - HEAD_START_S) as writer:
        time.sleep(seconds)
        batches = writer()
    stored = sum(batch.stored for batch in batches)
    return stored / (batches[-1].at + batches[-1].seconds - batches[0].at), stored


@contextmanager
def _probing(city: City) -> Iterator[Probe]:
    """Somebody reads a single fix of today all the while."""
    probe, done = Probe(), threading.Event()

    def read() -> None:
        with city.app.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            while not done.wait(PROBE_EVERY_S):
                at = time.monotonic()
                conn.execute(text("SELECT FROM fix WHERE device_id = 1 AND fix_time = now()"))
                probe.waits.append((at, time.monotonic() - at))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield probe
    finally:
        done.set()
        reader.join()


# ---- what is measured meanwhile ----


def _rewrite(city: City, now: datetime) -> list[Span]:
    """All days that are closed at `now`, by the real job: how long each took."""
    with alone(city.owner) as session:
        assert session is not None
        return [_timed(partial(rewrite, city.owner, session, day, NO_STOP)) for day in due(session, now)]


def _tracks(city: City, *kinds: list[date]) -> list[list[float]]:
    """Milliseconds of reading one person's whole day, of random people and days of each kind, from a cold cache.

    In turn, so that whatever else the machine does falls on all kinds alike.
    """
    _forget_pages(city)
    found: list[list[float]] = [[] for _ in kinds]
    with city.app.connect() as conn:
        people = conn.scalars(text(HOLDERS), {"first": city.first, "last": city.last}).all()
        for number in range(SAMPLES * len(kinds)):
            begin, end = day_bounds(random.choice(kinds[number % len(kinds)]))
            person = Assignment.person_id == random.choice(people)
            took = _timed(partial(track_of, conn, person, begin, end))
            found[number % len(kinds)].append(1000 * took.seconds)
            conn.rollback()
    return found


def _forget_pages(city: City) -> None:
    """Make the system forget what it has read of the database's files; its own 256 MB of buffers stay."""
    os.sync()
    for path in (city.server.postgres.data / "base").rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _track_lines(name: str, found_ms: list[float]) -> Iterator[str]:
    cuts = quantiles(found_ms, n=100)
    yield f"{name} {cuts[94]:.1f} ms_p95"
    yield f"{name}.p50 {cuts[49]:.1f} ms"


def _disk(city: City, closed: list[date]) -> Iterator[str]:
    with city.owner.connect() as conn:
        rows = sum(conn.scalars(text(f"SELECT count(*) FROM {day_name(day)}")).one() for day in closed)
        table, index = conn.execute(text(SIZES), {"tables": [day_name(day) for day in closed]}).one()
    yield f"disk.bytes {(table + index) / rows:.1f} bytes/fix"
    yield f"disk.bytes.index {index / rows:.1f} bytes/fix"


def _stalls(name: str, span: Span, batches: list[Batch], probe: Probe) -> Iterator[str]:
    """The longest that a batch took to save, and that a reader waited, in this time."""
    saves = [batch.seconds for batch in batches if batch.at <= span.end and batch.at + batch.seconds >= span.begin]
    yield f"{name}.save {1000 * max(saves, default=0):.0f} ms_longest"
    yield f"{name}.save.p50 {1000 * median(saves or [0]):.0f} ms"
    yield f"{name}.read {probe.longest_ms(span):.0f} ms_longest"


def _ledger(city: City, dropped: date, saved: int) -> Iterator[str]:
    """What is stored against what was, less the day that was dropped."""
    with city.owner.connect() as conn:
        found = conn.scalars(text("SELECT count(*) FROM fix")).one()
        gone = conn.scalars(text("SELECT to_regclass(:name) IS NULL"), {"name": day_name(dropped)}).one()
    expected = city.fixes_a_day * (DAYS - 1) + saved
    yield f"store.difference {found - expected} fixes"
    if found != expected or not gone:
        sys.exit("bench: what is stored is not what was saved, see above")


def _say(words: str) -> None:
    print(f"{words} ...", file=sys.stderr)


if __name__ == "__main__":
    main()
