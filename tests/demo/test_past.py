"""The days before the first start: stored once, as received on time, and people on duty only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select

from tracker.demo import seed
from tracker.demo.memory import PROGRESS, Memory
from tracker.demo.past import ON_THE_WAY, store_past
from tracker.demo.world import World
from tracker.storage.models import DeviceState, StoredFix

NOW = datetime.now(UTC).replace(microsecond=0)


def test_the_past_is_stored_once_and_arrived_on_time(engine: Engine, tmp_path: Path) -> None:
    world, memory = World(ZoneInfo("Asia/Jakarta")), Memory(tmp_path)
    seed.prepare(engine, world, tmp_path, NOW)
    store_past(engine, world, memory, NOW)
    progress = memory.read(PROGRESS)
    store_past(engine, world, memory, NOW + timedelta(hours=1))
    assert memory.read(PROGRESS) == progress and set(progress.values()) == {int(NOW.timestamp())}
    with engine.connect() as conn:
        stored, duplicates = conn.execute(select(func.sum(DeviceState.stored), func.sum(DeviceState.duplicate))).one()
        lag_s = conn.scalars(select(StoredFix.received_after_s).distinct()).all()
        newest = conn.scalars(select(func.max(StoredFix.fix_time))).one()
    assert stored > 10_000 and duplicates == 0
    assert lag_s == [ON_THE_WAY.total_seconds()] and newest < NOW
