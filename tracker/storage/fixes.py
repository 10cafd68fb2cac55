"""The one transaction of the road: points, health, rejected messages and marks for late arrivals.

At least once, then idempotent: `(device_id, fix_time)` is unique, a repeated fix changes nothing but its count, and the
time of a device's newest fix only moves forward.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, NamedTuple, cast

import psycopg
from sqlalchemy import Connection

from tracker.domain.fix import CLOCK_AHEAD, Fix
from tracker.domain.observation import CONNECTIVITY, Lost, NoFix, Said
from tracker.storage.device_health import save_health
from tracker.storage.engine import driver_cursor
from tracker.storage.models.said import NOT_SAID, NOT_SAID_S
from tracker.storage.quarantine import RejectedMessage, reason_counts, save_rejected

LATE_AFTER = timedelta(minutes=10)  # later than this, the window of a fix may have been judged without it


class Received(NamedTuple):
    """A known device was heard, and what it said."""

    device_id: int
    received_at: datetime
    said: Said


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a batch: each observation is counted exactly once, a rejected message once.

    `reasons` says for what messages were rejected; a message with two reasons counts under both.
    """

    stored: int = 0
    duplicate: int = 0
    off_duty: int = 0
    unassigned: int = 0
    clock_ahead: int = 0
    no_fix: int = 0
    statuses: int = 0
    counters: int = 0
    rejected: int = 0
    retained: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict, kw_only=True)

    def __add__(self, other: Saved) -> Saved:
        counts = [getattr(self, f.name) + getattr(other, f.name) for f in fields(self) if f.name != "reasons"]
        return Saved(*counts, reasons=Counter(self.reasons) + Counter(other.reasons))


# ---- a batch on its way into the database: binary rows of one size, with a number for "not said" in each column ----

COLUMNS = (
    "fix_time, received_after_s, sent_after_s, device_id, lat_e7, lon_e7, accuracy_m, altitude_m, speed_cmps, "
    "course_deg, battery_pct, ignition"
)
STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged (
    fix_time timestamptz, received_at timestamptz, received_after_s int4, sent_after_s int4, device_id int4,
    lat_e7 int4, lon_e7 int4, accuracy_m int2, altitude_m int2, speed_cmps int2, course_deg int2, battery_pct int2,
    ignition int2, charging int2, connectivity int2
) ON COMMIT DELETE ROWS;
DELETE FROM staged -- of an earlier batch in the same transaction
"""
COPY_STAGED = "COPY staged FROM STDIN (FORMAT BINARY)"
COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TAIL = b"\xff\xff"
TIME, INT, SMALL = (8, "q"), (4, "i"), (2, "h")
LAYOUT = [TIME] * 2 + [INT] * 5 + [SMALL] * 8
ROW = Struct(">h" + "".join(f"i{letter}" for _, letter in LAYOUT))  # the number of columns, then size and value of each
POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
SECOND_US = 1_000_000
NO_TIME = -(2**63)  # PostgreSQL's -infinity
INT_MAX = 2**31 - 1
SMALLINT_MAX = 2**15 - 1
BELIEVED_AHEAD_S = -round(CLOCK_AHEAD.total_seconds())  # a fix that is received earlier than its own time by more
CONNECTIVITY_CODES = {name: code for code, name in enumerate(CONNECTIVITY, 1)}

KEEP_NEWEST_HEALTH = ",\n".join(  # an old message may come again long after it was heard
    f"        {name} = CASE WHEN d.last_heard_at > excluded.last_heard_at THEN d.{name} "
    f"ELSE coalesce(excluded.{name}, d.{name}) END"
    for name in ("battery_pct", "charging", "connectivity", "lag_s")
)
# A vehicle is followed always, a person on duty only, by a clock that can be right. What is not followed is counted and
# goes no further, but for the device's health. A fix is late by the time of its commit: that is when a judge could
# first see it.
SAVE_STAGED = f"""
WITH held AS MATERIALIZED (
    SELECT s.*,
        CASE WHEN s.fix_time = '-infinity' THEN 'no_fix'
             WHEN a.id IS NULL THEN 'unassigned'
             WHEN a.person_id IS NOT NULL AND s.received_after_s < {BELIEVED_AHEAD_S} THEN 'clock_ahead'
             WHEN a.vehicle_id IS NOT NULL OR EXISTS (
                SELECT FROM duty_window w
                WHERE w.person_id = a.person_id AND s.fix_time BETWEEN w.accepts_from AND w.accepts_until
                    AND w.excuse IS NULL
             ) THEN 'followed'
             ELSE 'off_duty' END AS fate
    FROM staged s LEFT JOIN LATERAL ( -- one look at the index for each fix, however many devices there are
        SELECT * FROM assignment WHERE device_id = s.device_id AND period @> s.fix_time LIMIT 1
    ) a ON true
    ORDER BY s.device_id, s.fix_time DESC, s.ctid -- of two that say the same time the one that arrived first is kept
), stored AS (
    INSERT INTO fix ({COLUMNS})
    SELECT {COLUMNS} FROM held WHERE fate = 'followed'
    ON CONFLICT DO NOTHING
    RETURNING device_id, fix_time, received_after_s
), health AS (
    SELECT DISTINCT ON (device_id) device_id, nullif(battery_pct, {NOT_SAID}) AS battery_pct,
        nullif(charging, {NOT_SAID})::int4::bool AS charging,
        (ARRAY[{", ".join(f"'{name}'" for name in CONNECTIVITY)}])[connectivity] AS connectivity,
        CASE WHEN fix_time > '-infinity' THEN greatest(received_after_s, 0) END AS lag_s
    FROM held ORDER BY device_id, held.battery_pct = {NOT_SAID}, received_at DESC, fix_time DESC
), counted AS (
    SELECT h.device_id, max(h.received_at) AS heard_at,
        max(h.fix_time) FILTER (WHERE fate = 'followed' AND received_after_s >= {BELIEVED_AHEAD_S}) AS fix_time,
        count(*) FILTER (WHERE fate = 'followed') AS followed,
        count(*) FILTER (WHERE fate = 'off_duty') AS off_duty,
        count(*) FILTER (WHERE fate = 'unassigned') AS unassigned,
        count(*) FILTER (WHERE fate = 'clock_ahead') AS clock_ahead,
        count(*) FILTER (WHERE fate = 'no_fix') AS no_fix
    FROM held h GROUP BY h.device_id
), tallied AS (
    SELECT c.*, coalesce(s.stored, 0) AS stored
    FROM counted c LEFT JOIN (SELECT device_id, count(*) AS stored FROM stored GROUP BY 1) s USING (device_id)
), late AS (
    INSERT INTO late_day (device_id, day)
    SELECT DISTINCT device_id, (fix_time AT TIME ZONE 'UTC')::date
    FROM stored
    WHERE received_after_s > {LATE_AFTER.total_seconds():.0f} OR %(now)s::timestamptz - fix_time > %(late_after)s
    ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE SET day = excluded.day -- locks the mark: who takes it away sees our fixes
), state AS (
    INSERT INTO device_state AS d (device_id, last_heard_at, fix_time, battery_pct, charging, connectivity, lag_s,
        stored, duplicate, off_duty, unassigned, clock_ahead, no_fix)
    SELECT t.device_id, t.heard_at, t.fix_time, h.battery_pct, h.charging, h.connectivity, h.lag_s,
        t.stored, t.followed - t.stored, t.off_duty, t.unassigned, t.clock_ahead, t.no_fix
    FROM tallied t JOIN health h USING (device_id) ORDER BY t.device_id
    ON CONFLICT (device_id) DO UPDATE SET
        last_heard_at = greatest(d.last_heard_at, excluded.last_heard_at),
        fix_time = greatest(d.fix_time, excluded.fix_time),
{KEEP_NEWEST_HEALTH},
        stored = d.stored + excluded.stored, duplicate = d.duplicate + excluded.duplicate,
        off_duty = d.off_duty + excluded.off_duty, unassigned = d.unassigned + excluded.unassigned,
        clock_ahead = d.clock_ahead + excluded.clock_ahead, no_fix = d.no_fix + excluded.no_fix
)
SELECT coalesce(sum(stored), 0)::int, coalesce(sum(followed - stored), 0)::int, coalesce(sum(off_duty), 0)::int,
    coalesce(sum(unassigned), 0)::int, coalesce(sum(clock_ahead), 0)::int, coalesce(sum(no_fix), 0)::int FROM tallied
"""


def save_batch(
    conn: Connection, heard: Sequence[Received], rejected: Sequence[RejectedMessage], now: datetime | None = None
) -> Saved:
    """Save a batch in the caller's transaction; the caller acknowledges only after its commit returned.

    `now` is when it is saved, where that may be long after it was received. Raises SQLAlchemy's DBAPIError.
    """
    with driver_cursor(conn) as cursor:
        saved = _save_heard(cursor, heard, now) if heard else Saved()
        if rejected:
            save_rejected(cursor, rejected)
    return saved + Saved(rejected=len(rejected), reasons=reason_counts(rejected))


def _save_heard(cursor: psycopg.Cursor[Any], heard: Sequence[Received], now: datetime | None) -> Saved:
    rows = [_row(one) for one in heard if type(one.said) is not Lost]
    cursor.execute(STAGE)
    with cursor.copy(COPY_STAGED) as copy:
        copy.write(b"".join((COPY_HEAD, *rows, COPY_TAIL)))
    cursor.execute(SAVE_STAGED, {"late_after": LATE_AFTER, "now": now})
    stored, duplicate, off_duty, unassigned, clock_ahead, no_fix = cast("tuple[int, ...]", cursor.fetchone())
    statuses, counters, lost = save_health(cursor, heard)
    return Saved(
        stored, duplicate, off_duty, unassigned, clock_ahead, no_fix - statuses - counters + lost, statuses, counters
    )


def _row(one: Received) -> bytes:
    """The staged row of what was said; without a fix, its time is not said either."""
    said = one.said
    received = (one.received_at - POSTGRES_EPOCH) // MICROSECOND
    if type(said) is Fix:
        fix_time = (said.fix_time - POSTGRES_EPOCH) // MICROSECOND
        return ROW.pack(
            15,
            8, fix_time,
            8, received,
            4, (received - fix_time) // SECOND_US,
            4, NOT_SAID_S if said.sent_at is None else _after_s(said.sent_at - said.fix_time),
            4, one.device_id,
            4, round(said.lat * 1e7),
            4, round(said.lon * 1e7),
            2, _small(said.accuracy_m),
            2, NOT_SAID if said.altitude_m is None else round(said.altitude_m),
            2, _small(said.speed_mps, 100),
            2, NOT_SAID if said.course_deg is None else round(said.course_deg),
            2, NOT_SAID if said.battery_pct is None else said.battery_pct,
            2, NOT_SAID if said.ignition is None else said.ignition,
            2, NOT_SAID if said.charging is None else said.charging,
            2, NOT_SAID if said.connectivity is None else CONNECTIVITY_CODES[said.connectivity],
        )  # fmt: skip
    battery, charging, connectivity = (
        (said.battery_pct, said.charging, said.connectivity) if isinstance(said, NoFix) else (None, None, None)
    )
    return ROW.pack(
        15, 8, NO_TIME, 8, received, 4, 0, 4, NOT_SAID_S, 4, one.device_id, 4, 0, 4, 0, *[2, NOT_SAID] * 4,
        2, NOT_SAID if battery is None else battery, 2, NOT_SAID, 2, NOT_SAID if charging is None else charging,
        2, NOT_SAID if connectivity is None else CONNECTIVITY_CODES[connectivity],
    )  # fmt: skip


def _after_s(after: timedelta) -> int:
    """From the fix to the sending; what a wrong clock says beyond the 68 years of four bytes is kept at that limit."""
    seconds = after // SECOND
    return seconds if -INT_MAX < seconds < INT_MAX else INT_MAX if seconds > 0 else -INT_MAX


def _small(value: float | None, scale: int = 1) -> int:
    """A value as the store keeps it: whole, and at most what two bytes hold."""
    if value is None:
        return NOT_SAID
    scaled = value * scale
    return round(scaled) if scaled < SMALLINT_MAX else SMALLINT_MAX
