"""The days the store has room for. The owner's function does the work: this role may not create or drop tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from tracker.domain.fix import oldest_kept

DAYS_AHEAD = 7  # a fix may be a day early, and maintenance may be away for days


def keep_partitions(conn: Connection, now: datetime, retention_days: int) -> int:
    """Make the missing days ahead, and delete what expired beside the fixes, in quarantine and the health of devices.

    Returns how many days were made. Expired days of fixes are dropped by `tracker.maintenance.retention`.
    """
    first = oldest_kept(now, retention_days).date()
    last = now.astimezone(UTC).date() + timedelta(days=DAYS_AHEAD)
    return int(conn.scalars(text("SELECT keep_days(:first, :last)"), {"first": first, "last": last}).one())
