"""`python -m bench.ingest`: fixes per second through the bridge / messages per second through a null subscriber.

Both take the same load from the same broker in the same run, in turn; bench/README.md says what the lines mean.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench import database
from bench.brokers import BROKERS
from bench.load import Load
from bench.program import CONNECTIONS, WINDOW, compiled
from bench.rounds import Bench, BridgeRound, Round, bridge_round, null_round
from deploy.local.postgres import SETTINGS
from tests.services import DatabaseServer, server_folder


def main(arguments: list[str] | None = None) -> None:
    """Measure and print; ends with a sentence where something was lost or invented."""
    options = _options(arguments)
    compiled()
    rounds = []
    with server_folder() as folder, _services(folder, options) as bench:
        settings = _settings(bench, options)
        for number in range(1, options.rounds + 1):
            print(f"round {number} of {options.rounds} ...", file=sys.stderr)
            rounds.append((null_round(bench), bridge_round(bench)))
    print("\n".join([*_lines(rounds, options.broker), "", *_table(rounds), "", *settings]))
    if not all(bridge.ledger.valid for _, bridge in rounds):
        sys.exit("bench: the stored set is not the sent set, see above")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--fixes", type=int, default=120_000, help="messages of each round (120,000)")
    parser.add_argument("--devices", type=int, default=1000, help="who sends them in turn (1,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often null subscriber and bridge take turns (3)")
    parser.add_argument("--broker", choices=sorted(BROKERS), default="nats")
    options = parser.parse_args(arguments)
    if not 1 <= options.devices <= options.fixes or options.fixes < 1000 or options.rounds < 1:
        parser.error("at least 1,000 fixes, one round, and no more devices than fixes")
    return options


@contextmanager
def _services(folder: Path, options: argparse.Namespace) -> Iterator[Bench]:
    """A private database with the register of the load, and a private broker."""
    server, broker = DatabaseServer(folder), BROKERS[options.broker](folder)
    server.process.command.append(database.COMMIT_TIMES)
    load = Load.ending_now(options.devices, options.fixes)
    messages = folder / "messages"
    payload_bytes = load.write(messages)
    try:
        server.process.start()
        broker.process.start()
        database.make_register(server, options.devices)
        yield Bench(folder, server, broker, load, messages, payload_bytes)
    finally:
        broker.process.stop()
        server.process.stop()


def _lines(rounds: list[tuple[Round, BridgeRound]], broker: str) -> Iterator[str]:
    """`name value unit`, medians over the rounds; what must be nothing is summed."""
    nulls, bridges = [null for null, _ in rounds], [bridge for _, bridge in rounds]
    null_rate, bridge_rate = median(n.rate for n in nulls), median(b.rate for b in bridges)
    batches = [size for bridge in bridges for size in bridge.batches]
    suffix = "" if broker == "nats" else f".{broker}"
    for name, value, unit in (
        ("ratio", f"{bridge_rate / null_rate:.3f}", "of_the_null_subscriber"),
        ("bridge", f"{bridge_rate:.0f}", "fixes/s"),
        ("null", f"{null_rate:.0f}", "messages/s"),
        ("stored", sum(b.ledger.stored for b in bridges), "fixes"),
        ("lost", sum(b.ledger.lost for b in bridges), "fixes"),
        ("unexpected", sum(b.ledger.unexpected for b in bridges), "fixes"),
        ("repeated", sum(b.ledger.repeated for b in bridges), "messages"),
        ("bridge.memory", f"{max(b.peak_memory_mb for b in bridges):.0f}", "MB_peak"),
        ("bridge.cpu", f"{median(b.passed.cpu_us['bridge'] for b in bridges):.1f}", "us/fix"),
        ("bridge.batch", f"{median(batches):.0f}", "fixes"),
    ):
        yield f"ingest.{name}{suffix} {value} {unit}"


def _table(rounds: list[tuple[Round, BridgeRound]]) -> Iterator[str]:
    yield f"{'round':>5} {'subscriber':<10} {'per s':>8} {'least backlog':>14}   CPU us per message"
    for number, (null, bridge) in enumerate(rounds, 1):
        yield f"{number:>5} {'null':<10} {_row(null)}"
        yield f"{number:>5} {'bridge':<10} {_row(bridge)}"


def _row(one: Round) -> str:
    costs = ", ".join(f"{name} {cost:.1f}" for name, cost in one.passed.cpu_us.items())
    return f"{one.rate:>8.0f} {one.passed.least_backlog:>14}   {costs}"


def _settings(bench: Bench, options: argparse.Namespace) -> list[str]:
    """What the figures depend on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("paho-mqtt", "psycopg", "SQLAlchemy"))
    server, commit = database.server_version(bench.server), SETTINGS["synchronous_commit"]
    return [
        f"machine: {os.cpu_count()} cores, {platform.machine()}, load average before the run {os.getloadavg()[0]:.1f}",
        f"broker: {bench.broker.settings}",
        f"database: PostgreSQL {server}, synchronous_commit {commit}, track_commit_timestamp on",
        f"bridge: Python {platform.python_version()}, {packages}",
        f"load: {options.fixes} OwnTracks messages of {bench.payload_bytes:.0f} bytes, QoS 1, "
        f"of {options.devices} devices, all on vehicles",
        f"  over {CONNECTIONS} connections, up to {WINDOW} unacknowledged on each, by one login that may publish "
        "as every device",
        f"  at most {bench.backlog} waiting for the subscriber",
        f"window: from message {bench.warm} until the load ends",
    ]


if __name__ == "__main__":
    main()
