"""Expired days go without holding anybody up.

To drop a day of `fix` while it belongs to it locks all days, behind the longest reader. Detached concurrently first, it
waits for those who may still be reading it with nobody waiting behind; dropping it then concerns no one else.
An interrupted removal leaves the day half detached, where nobody reads it any more: it is finished at the next run.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

import psycopg
from sqlalchemy import Connection, Engine, delete, func, select, text
from sqlalchemy.exc import OperationalError

from tracker import failpoints
from tracker.domain.fix import oldest_kept
from tracker.storage.day_tables import DayTable, alone, day_tables
from tracker.storage.models import Retention, RewrittenDay

READERS_WAIT_MS = 10_000  # how long to wait for readers before the rest is left to the next run

log = logging.getLogger(__name__)


def drop_expired(
    owner: Engine, now: datetime, retention_days: int, stop: threading.Event, readers_wait_ms: int = READERS_WAIT_MS
) -> int:
    """Drop the days before the first one that is kept, and what lies beside them; returns how many tables went.

    Once readers do not let go of a day the others wait with it: only one may be half detached.
    """
    dropped = 0
    with alone(owner) as session:
        if session is None:
            log.info("retention: somebody else is at work on the days")
            return 0
        kept = session.scalar(select(func.max(Retention.days))) or 0  # as the migration was told: never less than that
        first = oldest_kept(now, max(retention_days, kept)).date()
        session.execute(text(f"SET lock_timeout = {readers_wait_ms}"))
        expired = [table for table in day_tables(session) if table.day < first]
        for table in sorted(expired, key=lambda table: not table.half_detached):
            if stop.is_set() or not _drop(session, table):
                break
            dropped += 1
        session.execute(delete(RewrittenDay).where(RewrittenDay.day < first))
    if dropped:
        log.info("retention: %d tables of days before %s dropped", dropped, first)
    return dropped


def _drop(session: Connection, table: DayTable) -> bool:
    """Detach the day if it is not, then drop it; False where readers did not let go of it."""
    try:
        if table.attached:
            how = "FINALIZE" if table.half_detached else "CONCURRENTLY"
            session.execute(text(f"ALTER TABLE fix DETACH PARTITION {table.name} {how}"))
        failpoints.reach("retention_detached")
        session.execute(text(f"DROP TABLE {table.name}"))
    except OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        log.warning("retention: %s is still being read; it is tried again later", table.name)
        return False
    return True
