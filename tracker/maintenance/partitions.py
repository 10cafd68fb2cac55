"""Room for the days ahead; the bridge makes it, too, so that storing does not depend on the scheduler."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import Engine

from tracker.storage.partitions import keep_partitions

log = logging.getLogger(__name__)


def keep(engine: Engine, now: datetime, retention_days: int) -> int:
    """Make the missing days ahead; returns how many were made."""
    with engine.begin() as conn:
        made = keep_partitions(conn, now, retention_days)
    if made:
        log.info("partitions: %d days made", made)
    return made
