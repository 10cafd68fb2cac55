"""How long after it was published a fix is visible in the public snapshot, at a given rate."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from sqlalchemy import text

from bench.program import forget, publish
from bench.rounds import CHECKOUT, Bench, fresh_database, running_bridge
from config import Config
from tests.services import Process, wait_until
from tracker.domain.privacy import public_id

LOOK_S = 0.01  # how often we look for a new snapshot
PACE_S = 0.02
SECRET = "only for measuring, and long enough to be one"


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from publishing to the first snapshot that shows the fix or a later one of its vehicle."""

    p50: float
    p99: float
    fixes: int


def latency_round(bench: Bench) -> Latency:
    """The load at its own pace, each fix published when its time says, through the bridge and the live process."""
    forget(bench.folder, bench.broker)
    with fresh_database(bench) as (name, engine), running_bridge(bench, name), _running_live(bench, name) as snapshot:
        with engine.connect() as conn:
            vehicles = {login: number for login, number in conn.execute(text("SELECT call_sign, id FROM vehicle"))}
        today = datetime.now(UTC).astimezone(Config.from_env(_env(bench, name)).timezone).date()
        names = {public_id(SECRET, number, today): int(login.split("-")[1]) for login, number in vehicles.items()}
        return _measured(_watched(bench, snapshot, names))


def _watched(bench: Bench, snapshot: Path, devices: dict[str, int]) -> Iterator[float]:
    """Publish the load and yield the latency of each fix that became visible."""
    load, seen, shown = bench.load, snapshot.stat().st_mtime, dict.fromkeys(devices.values(), bench.load.begin - 1)
    rate = load.devices  # one fix of each device a second
    with publish(bench.folder, bench.broker, bench.messages) as program:
        wait_until(lambda: program.count() >= 0, "the load has connected")
        if time.time() > load.begin:
            sys.exit("bench: the load was not ready when its time had come; run it on an idle machine")
        end = load.begin + load.fixes / rate
        while (now := time.time()) < end:
            program.allow(max(0, int((now - load.begin) * rate)))
            if (written := snapshot.stat().st_mtime) > seen:
                seen = written
                yield from _newly_visible(snapshot, written, devices, shown, rate)
            time.sleep(LOOK_S)


def _newly_visible(
    snapshot: Path, written: float, devices: dict[str, int], shown: dict[int, int], rate: int
) -> Iterator[float]:
    for feature in json.loads(snapshot.read_bytes())["features"]:
        device = devices[feature["id"]]
        newest = int(datetime.fromisoformat(feature["properties"]["fix_time"]).timestamp())
        for second in range(shown[device] + 1, newest + 1):
            yield written - (second + device / rate)
        shown[device] = max(shown[device], newest)


def _measured(latencies: Iterator[float]) -> Latency:
    found = list(latencies)
    if len(found) < 1000:
        sys.exit("bench: fewer than 1,000 fixes became visible; the live process did not keep up")
    cuts = quantiles(found, n=100)
    return Latency(cuts[49], cuts[98], len(found))


def _env(bench: Bench, database_name: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": bench.server.url("jejak_app", database_name),
        "DATABASE_OWNER_URL": bench.server.url("jejak_owner", database_name),
        "MQTT_URL": bench.broker.url,
        "DATA_DIR": str(bench.folder),
        "SECRET_KEY": SECRET,
    }


@contextmanager
def _running_live(bench: Bench, database_name: str) -> Iterator[Path]:
    """`python -m tracker.live` as a process of its own: the file it writes."""
    snapshot = bench.folder / "public" / "vehicles.geojson"
    snapshot.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tracker.live"]
    process = Process(command, bench.folder / "live.log", snapshot.exists, env=_env(bench, database_name), cwd=CHECKOUT)
    try:
        process.start()
        yield snapshot
    finally:
        process.stop()
