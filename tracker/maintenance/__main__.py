"""`python -m tracker.maintenance`: what the scheduler does for the store from time to time, once and now."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from config import begin
from tracker.domain.fix import oldest_kept
from tracker.maintenance import attendance, forgotten, partitions, retention, rewrite
from tracker.storage.engine import make_engine, wait_for_schema


def main() -> None:
    config = begin("maintenance")
    engine, owner = make_engine(config.database_url, pool_size=1), make_engine(config.database_owner_url, pool_size=2)
    wait_for_schema(engine)
    now, stop = datetime.now(UTC), threading.Event()
    made = partitions.keep(engine, now, config.retention_days)
    dropped = retention.drop_expired(owner, now, config.retention_days, stop)
    forgotten.forget_idle_places(owner, oldest_kept(now, config.retention_days), stop)
    deleted = attendance.drop_expired(owner, now, config.timezone, config.attendance_years, stop)
    rewritten = rewrite.rewrite_closed_days(owner, now, stop)
    print(f"maintenance: {made} days made, {dropped} tables dropped, {rewritten} rewritten, {deleted} rows deleted")


if __name__ == "__main__":
    main()
