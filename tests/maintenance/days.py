"""Closed days with fixes in them, and what is to be seen of their tables."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from tests import builders
from tests.conftest import Database
from tests.services import CHECKOUT, DEADLINE_S
from tracker.domain.fix import Fix
from tracker.storage.day_tables import alone, day_name
from tracker.storage.fixes import Received, save_batch

NOW = datetime.now(UTC)
DAY = NOW.date() - timedelta(days=3)  # closed, and kept for long
Stored = set[tuple[int, datetime]]

ON_DISK = "SELECT device_id, fix_time FROM {table} ORDER BY ctid"


def noon(day: date = DAY) -> datetime:
    return datetime.combine(day, time(12), UTC)


def vehicles(engine: Engine, count: int) -> list[int]:
    """Devices of so many vehicles."""
    with engine.begin() as conn:
        return [builders.device(conn, vehicle_id=builders.vehicle(conn)) for _ in range(count)]


def drive(conn: Connection, devices: Sequence[int], minutes: Sequence[int], day: date = DAY) -> None:
    """A fix of each device at these minutes after noon, saved one minute after the other, as they arrive in life."""
    for minute in minutes:
        at = noon(day) + timedelta(minutes=minute)
        save_batch(conn, [Received(device, at, Fix(at, -6.2, 106.8)) for device in devices], [])


def stored(conn: Connection) -> Stored:
    return {(device, at) for device, at in conn.execute(text("SELECT device_id, fix_time FROM fix"))}


def count(conn: Connection) -> int:
    return int(conn.scalars(text("SELECT count(*) FROM fix")).one())


def on_disk(conn: Connection, day: date = DAY) -> list[tuple[int, datetime]]:
    """A day's fixes in the order in which they lie on disk; the owner's to see."""
    return [tuple(row) for row in conn.execute(text(ON_DISK.format(table=day_name(day))))]


def tables_of(conn: Connection, day: date = DAY) -> list[str]:
    names = "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, :name) ORDER BY 1"
    return list(conn.scalars(text(names), {"name": day_name(day)}))


def maintenance(database: Database, folder: Path, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    """All of it once, in a process that dies at the failpoint."""
    urls = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url, "DATA_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "tracker.maintenance"], cwd=CHECKOUT, capture_output=True, text=True, timeout=DEADLINE_S,
        check=False, env={**os.environ, **urls, "MQTT_URL": "mqtt://nobody:secret@127.0.0.1:1", "FAILPOINT": failpoint},
    )  # fmt: skip


def nobody_works_on_days(owner: Engine) -> bool:
    with alone(owner) as session:
        return session is not None


def waiting(engine: Engine) -> bool:
    """Whether anybody waits for a lock."""
    with engine.connect() as conn:
        return bool(conn.scalars(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")).one())
