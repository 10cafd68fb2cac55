"""`python -m bench.month`: a month of honest people with imperfect phones, and a few who were not there.

A thousand people work for thirty days by real rosters; their phones' positions go through the real road, the real
scheduler's jobs publish and judge while the days pass. Nobody honest may be called absent, and whoever was absent, late
or idle in plain sight must be found. bench/README.md says what the lines mean.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from bench import database
from bench.month_count import Counted, counted
from bench.month_run import RETENTION_DAYS, STEP, simulate
from tests.services import DatabaseServer, server_folder
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.partitions import keep_partitions

LEAST_DAYS, MOST_DAYS = 7, 45
SHOWN = 40  # faults


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate and print; ends with an error where somebody honest was called absent, or a planted absence missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.month", description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=2014)
    parser.add_argument("--planted", type=float, default=0.03, help="share of duties that are not done (0.03)")
    parser.add_argument("--notes", action="store_true", help="say which minutes were held against whom, and why")
    asked = parser.parse_args(arguments)
    if not LEAST_DAYS <= asked.days <= MOST_DAYS:
        parser.error(f"--days: from {LEAST_DAYS} to {MOST_DAYS}, or it reaches further back than fixes are kept")
    with server_folder() as folder:
        found = _measure(folder, asked.people, asked.days, asked.seed, asked.planted)
    for line in found.lines():
        print(line, flush=True)
    for words in [*found.faults[:SHOWN], *(found.notes if asked.notes else ())]:
        print(words, file=sys.stderr)
    if found.faults:
        sys.exit(f"bench: {len(found.faults)} faults, see above")


def measure(
    engine: Engine, people: int, days: int, seed: int, planted: float, step: timedelta = STEP
) -> Counted:
    """The same in a fresh database; the scheduler's jobs run every `step` of simulated time."""
    run = simulate(engine, people, days, seed, planted, step)
    with engine.connect() as conn:
        return counted(conn, run)


def _measure(folder: Path, people: int, days: int, seed: int, planted: float) -> Counted:
    server = DatabaseServer(folder)
    server.process.start()
    server.create(database.TEMPLATE)
    owner = make_engine(server.url("jejak_owner", database.TEMPLATE), pool_size=1)
    app = make_engine(server.url("jejak_app", database.TEMPLATE), pool_size=2)
    try:
        migrate(owner, "jejak_app", RETENTION_DAYS)
        with owner.begin() as conn:
            keep_partitions(conn, datetime.now(UTC), RETENTION_DAYS)
            conn.execute(text("ANALYZE"))
        return measure(app, people, days, seed, planted)
    finally:
        for engine in (app, owner):
            engine.dispose()
        server.process.stop()


if __name__ == "__main__":
    main()
