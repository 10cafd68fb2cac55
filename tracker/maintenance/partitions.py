"""The scheduler's part in keeping the store bounded: room for the days ahead, expired days dropped."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import Engine

from tracker.storage.partitions import keep_partitions

log = logging.getLogger(__name__)


def keep(engine: Engine, now: datetime, retention_days: int) -> int:
    """Make the missing days ahead and drop the expired ones; returns how many tables came or went."""
    with engine.begin() as conn:
        changed = keep_partitions(conn, now, retention_days)
    if changed:
        log.info("partitions: %d days made or dropped", changed)
    return changed
