"""`python -m bench.ingest`: how fast is the road, with how many devices, and how soon is a fix on the map?

Rates are ratios of two that take the same load from the same broker in turn; bench/README.md says what the lines mean.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench import database
from bench.brokers import BROKERS
from bench.latency import latency_round
from bench.load import Load
from bench.processes import memory_mb, peak_memory_mb
from bench.program import CONNECTIONS, WINDOW, compiled, forget
from bench.rounds import (
    Bench,
    BridgeRound,
    Round,
    bridge_round,
    carry,
    counted,
    fresh_database,
    null_round,
    pid,
    running_bridge,
)
from deploy.local.postgres import SETTINGS
from tests.services import DatabaseServer, server_folder
from tracker.live.__main__ import PERIOD_S

RATIO, RATIO_MOSQUITTO, SCALE, LATENCY, MEMORY = PARTS = ("ratio", "ratio.mosquitto", "scale", "latency", "memory")
USUAL = (RATIO, RATIO_MOSQUITTO, SCALE, LATENCY)  # memory takes a quarter of an hour and is asked for by name
FEW, MANY = 100, 100_000  # devices of `scale`
LATENCY_S = 20  # how long the load of `latency` goes on
VEHICLES = 3000  # of `latency`: those citizens see; the others are phones of people on duty
MEMORY_S = 600  # how long `memory` lets the bridge work at full rate
MEMORY_FIXES = 2_400_000  # of each of its loads, about a minute's
HEAD_START_S = 20  # until its messages are written and everything runs


def main(arguments: list[str] | None = None) -> None:
    """Measure and print; ends with a sentence where something was lost or invented."""
    options = _options(arguments)
    compiled()
    valid = True
    print(_machine())
    for part in options.only or USUAL:
        lines, settings, sound = MEASURES[part](options)
        print("\n".join(["", *lines, "", *settings]), flush=True)
        valid = valid and sound
    if not valid:
        sys.exit("bench: the stored set is not the sent set, see above")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ingest", description=__doc__)
    parser.add_argument("--fixes", type=int, default=240_000, help="messages of each round (240,000)")
    parser.add_argument("--devices", type=int, default=10_000, help="who sends them in turn (10,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each pair takes turns (3)")
    parser.add_argument("--rate", type=int, default=10_000, help="fixes a second of `latency` run alone (10,000)")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; may be repeated (all but memory)")
    options = parser.parse_args(arguments)
    if not 1 <= options.devices <= options.fixes or options.fixes < 1000 or options.rounds < 1:
        parser.error("at least 1,000 fixes, one round, and no more devices than fixes")
    return options


Measured = tuple[list[str], list[str], bool]


def _ratio(broker: str, options: argparse.Namespace) -> Measured:
    """The bridge and the null subscriber in turn."""
    rounds = []
    load = Load.ending_now(options.devices, options.fixes)
    with server_folder() as folder, _services(folder, broker, load) as bench:
        for number in range(1, options.rounds + 1):
            _say(f"{broker}, round {number} of {options.rounds}")
            rounds.append((null_round(bench), bridge_round(bench)))
        if broker == "nats":
            options.rate = int(median(bridge.rate for _, bridge in rounds)) // 2
        settings = _settings(bench)
    sound = all(bridge.ledger.valid for _, bridge in rounds)
    rows = [
        (number, name, one)
        for number, pair in enumerate(rounds, 1)
        for name, one in zip(("null", "bridge"), pair, strict=True)
    ]
    return [*_lines(rounds, broker), "", *_table("subscriber", rows)], settings, sound


def _scale(options: argparse.Namespace) -> Measured:
    """The bridge with few devices and with many, in turn."""
    fixes = max(options.fixes, 3 * MANY)
    found: dict[int, list[BridgeRound]] = {FEW: [], MANY: []}
    for number in range(1, options.rounds + 1):
        for devices, rounds in found.items():
            _say(f"{devices} devices, round {number} of {options.rounds}")
            load = Load.ending_now(devices, fixes)
            with server_folder() as folder, _services(folder, "nats", load) as bench:
                rounds.append(bridge_round(bench))
    rates = {devices: median(one.rate for one in rounds) for devices, rounds in found.items()}
    lines = [f"ingest.scale {rates[MANY] / rates[FEW]:.3f} of_the_rate_with_{FEW}_devices"]
    lines += [f"ingest.scale.{devices} {rate:.0f} fixes/s" for devices, rate in rates.items()]
    rows = [(i, str(devices), one) for devices, rounds in found.items() for i, one in enumerate(rounds, 1)]
    sound = all(one.ledger.valid for _, _, one in rows)
    return [*lines, "", *_table("devices", rows)], [f"load: {fixes} messages of {FEW} and of {MANY} devices"], sound


def _latency(options: argparse.Namespace) -> Measured:
    """From publishing to the snapshot, at half the rate that the bridge reached."""
    rate = options.rate
    load = Load(rate, rate * LATENCY_S, int(time.time()) + HEAD_START_S + rate * LATENCY_S // 50_000)
    with server_folder() as folder, _services(folder, "nats", load, VEHICLES) as bench:
        _say(f"latency at {rate} fixes a second")
        found = latency_round(bench)
    lines = [
        f"ingest.latency {found.p99:.2f} s_p99",
        f"ingest.latency.p50 {found.p50:.2f} s",
        f"ingest.latency.limit {PERIOD_S + 1:.2f} s",
    ]
    settings = [
        f"load: {rate} devices, one fix a second each, {VEHICLES} of them on vehicles, the others with people on duty",
        f"  {found.fixes} fixes seen in snapshots",
    ]
    return lines, settings, True


def _memory(options: argparse.Namespace) -> Measured:
    """One bridge under load after load, until it has worked so long at full rate."""
    seconds = MEMORY_FIXES // options.devices  # of one load; the next goes on where it ended, soon ahead of the clock
    load = Load(options.devices, MEMORY_FIXES, int(time.time()))
    worked, total = 0.0, 0
    resident_mb: list[float] = []
    with server_folder() as folder, _services(folder, "nats", load) as bench:
        forget(bench.folder, bench.broker)
        with fresh_database(bench) as (name, engine), running_bridge(bench, name) as bridge:
            while worked < MEMORY_S:
                _say(f"{worked:.0f} of {MEMORY_S} s at full rate")
                began = time.monotonic()
                carry(bench, partial(_counted_since, bench, total), {})
                worked, total = worked + time.monotonic() - began, total + MEMORY_FIXES
                resident_mb.append(memory_mb(pid(bridge)))
                replace(load, begin=load.begin + seconds * len(resident_mb)).write(bench.messages)
            peak = peak_memory_mb(pid(bridge))
            with engine.connect() as conn:
                ledger = database.check(conn, replace(load, fixes=total))
        settings = _settings(bench)
    lines = [
        f"ingest.memory {peak:.0f} MB_peak",
        f"ingest.memory.growth {resident_mb[-1] - resident_mb[0]:.1f} MB_from_the_first_minute_to_the_last",
        f"ingest.memory.seconds {worked:.0f} s_at_full_rate",
        f"ingest.memory.rate {total / worked:.0f} fixes/s",
        f"ingest.memory.lost {ledger.lost} fixes",
        f"ingest.memory.unexpected {ledger.unexpected} fixes",
        "resident after each load: " + ", ".join(f"{mb:.0f}" for mb in resident_mb) + " MB",
    ]
    return lines, settings, ledger.valid


def _counted_since(bench: Bench, earlier: int) -> int:
    return counted(bench) - earlier


MEASURES: dict[str, Callable[[argparse.Namespace], Measured]] = {
    RATIO: partial(_ratio, "nats"),
    RATIO_MOSQUITTO: partial(_ratio, "mosquitto"),
    SCALE: _scale,
    LATENCY: _latency,
    MEMORY: _memory,
}


def _say(text: str) -> None:
    print(f"{text} ...", file=sys.stderr)


@contextmanager
def _services(folder: Path, broker_name: str, load: Load, vehicles: int | None = None) -> Iterator[Bench]:
    """A private database with the register of the load, all on vehicles or so many of them, and a private broker."""
    server, broker = DatabaseServer(folder), BROKERS[broker_name](folder)
    server.process.command.append(database.COMMIT_TIMES)
    messages = folder / "messages"
    payload_bytes = load.write(messages)
    try:
        server.process.start()
        broker.process.start()
        database.make_register(server, load.devices, vehicles)
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


def _table(what: str, rows: Iterable[tuple[int, str, Round]]) -> Iterator[str]:
    yield f"{'round':>5} {what:<10} {'per s':>8} {'least backlog':>14}   CPU us per message"
    for number, name, one in rows:
        yield f"{number:>5} {name:<10} {_row(one)}"


def _row(one: Round) -> str:
    costs = ", ".join(f"{name} {cost:.1f}" for name, cost in one.passed.cpu_us.items())
    return f"{one.rate:>8.0f} {one.passed.least_backlog:>14}   {costs}"


def _machine() -> str:
    return (
        f"machine: {os.cpu_count()} cores, {platform.machine()}, load average before the run {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}"
    )


def _settings(bench: Bench) -> list[str]:
    """What the figures depend on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("paho-mqtt", "msgspec", "psycopg", "SQLAlchemy"))
    server, commit = database.server_version(bench.server), SETTINGS["synchronous_commit"]
    return [
        f"broker: {bench.broker.settings}",
        f"database: PostgreSQL {server}, synchronous_commit {commit}, track_commit_timestamp on",
        f"bridge: {packages}",
        f"load: {bench.load.fixes} OwnTracks messages of {bench.payload_bytes:.0f} bytes, QoS 1, "
        f"of {bench.load.devices} devices, all on vehicles",
        f"  over {CONNECTIONS} connections, up to {WINDOW} unacknowledged on each, by one login that may publish "
        "as every device",
        f"  at most {bench.backlog} waiting for the subscriber",
        f"window: from message {bench.warm} until the load ends",
    ]


if __name__ == "__main__":
    main()
