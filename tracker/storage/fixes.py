"""The one transaction of the road: points, newest positions, rejected messages and marks for late arrivals.

At least once, then idempotent: `(device_id, fix_time)` is unique, a repeated fix changes nothing but its count, and a
newest position only moves forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, cast

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tracker.domain.fix import CLOCK_AHEAD, Fix

LATE_AFTER = timedelta(minutes=10)  # later than this, the window of a fix may have been judged without it
PAYLOAD_LIMIT = 65536  # bytes of a rejected payload that are kept
SMALLINT_MAX = 32767


@dataclass(frozen=True, slots=True)
class Received:
    """A known device was heard: with a fix, or with None where it only pinged."""

    device_id: int
    received_at: datetime
    fix: Fix | None


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that holds no fix, as it came; `device_id` is None where the login is unknown."""

    received_at: datetime
    topic: str
    device_id: int | None
    reasons: tuple[str, ...]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a batch; every message is counted exactly once."""

    stored: int = 0
    duplicate: int = 0
    off_duty: int = 0
    unassigned: int = 0
    clock_ahead: int = 0
    pings: int = 0
    rejected: int = 0
    retained: int = 0

    def __add__(self, other: Saved) -> Saved:
        return Saved(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged (
    fix_time timestamptz, received_at timestamptz, sent_at timestamptz, device_id int4, lat_e7 int4, lon_e7 int4,
    accuracy_m int2, altitude_m int2, speed_cmps int2, course_deg int2, battery_pct int2, ignition bool
) ON COMMIT DELETE ROWS;
DELETE FROM staged -- of an earlier batch in the same transaction
"""
COLUMNS = (
    "fix_time, received_at, sent_at, device_id, lat_e7, lon_e7, accuracy_m, altitude_m, speed_cmps, course_deg, "
    "battery_pct, ignition"
)
COPY_STAGED = f"COPY staged ({COLUMNS}) FROM STDIN (FORMAT BINARY)"
COPY_TYPES = ["timestamptz"] * 3 + ["int4"] * 3 + ["int2"] * 5 + ["bool"]

# A vehicle is followed always, a person on duty only, by a clock that can be right. What is not followed is counted and
# goes no further. A fix is late by the time of its commit: that is when a judge could first see it.
SAVE_STAGED = f"""
WITH held AS MATERIALIZED (
    SELECT s.*,
        CASE WHEN s.fix_time IS NULL THEN 'ping'
             WHEN a.id IS NULL THEN 'unassigned'
             WHEN a.person_id IS NOT NULL AND s.fix_time > s.received_at + %(clock_ahead)s THEN 'clock_ahead'
             WHEN a.vehicle_id IS NOT NULL OR EXISTS (
                SELECT FROM duty_window w
                WHERE w.person_id = a.person_id AND s.fix_time BETWEEN w.accepts_from AND w.accepts_until
             ) THEN 'followed'
             ELSE 'off_duty' END AS fate
    FROM staged s LEFT JOIN assignment a ON a.device_id = s.device_id AND a.period @> s.fix_time
), stored AS (
    INSERT INTO fix ({COLUMNS})
    SELECT {COLUMNS} FROM held WHERE fate = 'followed' ORDER BY device_id, fix_time
    ON CONFLICT DO NOTHING
    RETURNING device_id, fix_time, received_at
), newest AS (
    SELECT DISTINCT ON (device_id) * FROM held WHERE fate = 'followed' ORDER BY device_id, fix_time DESC
), counted AS (
    SELECT h.device_id, max(h.received_at) AS heard_at,
        count(*) FILTER (WHERE fate = 'followed') AS followed,
        count(*) FILTER (WHERE fate = 'off_duty') AS off_duty,
        count(*) FILTER (WHERE fate = 'unassigned') AS unassigned,
        count(*) FILTER (WHERE fate = 'clock_ahead') AS clock_ahead,
        count(*) FILTER (WHERE fate = 'ping') AS pings
    FROM held h GROUP BY h.device_id
), tallied AS (
    SELECT c.*, coalesce(s.stored, 0) AS stored
    FROM counted c LEFT JOIN (SELECT device_id, count(*) AS stored FROM stored GROUP BY 1) s USING (device_id)
), late AS (
    INSERT INTO late_day (device_id, day)
    SELECT DISTINCT device_id, (fix_time AT TIME ZONE 'UTC')::date
    FROM stored WHERE greatest(received_at, %(now)s) - fix_time > %(late_after)s ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE SET day = excluded.day -- locks the mark: who takes it away sees our fixes
), state AS (
    INSERT INTO device_state AS d (device_id, last_heard_at, fix_time, lat_e7, lon_e7, accuracy_m, speed_cmps,
        course_deg, battery_pct, ignition, stored, duplicate, off_duty, unassigned,
        clock_ahead, pings)
    SELECT t.device_id, t.heard_at, n.fix_time, n.lat_e7, n.lon_e7, n.accuracy_m, n.speed_cmps,
        n.course_deg, n.battery_pct, n.ignition, t.stored, t.followed - t.stored, t.off_duty, t.unassigned,
        t.clock_ahead, t.pings
    FROM tallied t LEFT JOIN newest n USING (device_id) ORDER BY t.device_id
    ON CONFLICT (device_id) DO UPDATE SET
        last_heard_at = greatest(d.last_heard_at, excluded.last_heard_at),
        (fix_time, lat_e7, lon_e7, accuracy_m, speed_cmps, course_deg, battery_pct, ignition) = (
            SELECT p.* FROM (VALUES
                (d.fix_time, d.lat_e7, d.lon_e7, d.accuracy_m, d.speed_cmps, d.course_deg, d.battery_pct, d.ignition),
                (excluded.fix_time, excluded.lat_e7, excluded.lon_e7, excluded.accuracy_m, excluded.speed_cmps,
                 excluded.course_deg, excluded.battery_pct, excluded.ignition)
            ) AS p (fix_time) ORDER BY p.fix_time DESC NULLS LAST LIMIT 1),
        stored = d.stored + excluded.stored, duplicate = d.duplicate + excluded.duplicate,
        off_duty = d.off_duty + excluded.off_duty, unassigned = d.unassigned + excluded.unassigned,
        clock_ahead = d.clock_ahead + excluded.clock_ahead, pings = d.pings + excluded.pings
)
SELECT coalesce(sum(stored), 0)::int, coalesce(sum(followed - stored), 0)::int, coalesce(sum(off_duty), 0)::int,
    coalesce(sum(unassigned), 0)::int, coalesce(sum(clock_ahead), 0)::int, coalesce(sum(pings), 0)::int FROM tallied
"""
# what a person's phone said may tell where they were off duty: of it only the reasons are kept
SAVE_REJECTED = """
INSERT INTO quarantine (received_at, topic, device_id, reasons, payload)
SELECT m.received_at, m.topic, m.device_id, m.reasons, CASE WHEN m.device_id IS NULL OR EXISTS (
    SELECT FROM assignment a WHERE a.device_id = m.device_id AND a.period @> m.received_at AND a.vehicle_id IS NOT NULL
) THEN m.payload END
FROM (VALUES (%s::timestamptz, %s::text, %s::int, %s::text[], %s::bytea))
    AS m (received_at, topic, device_id, reasons, payload)
"""
COUNT_REJECTED = """
INSERT INTO device_state AS d (device_id, last_heard_at, rejected) VALUES (%s, %s, 1)
ON CONFLICT (device_id) DO UPDATE SET rejected = d.rejected + 1,
    last_heard_at = greatest(d.last_heard_at, excluded.last_heard_at)
"""


def save_batch(
    conn: Connection, heard: Sequence[Received], rejected: Sequence[RejectedMessage], now: datetime | None = None
) -> Saved:
    """Save a batch in the caller's transaction; the caller acknowledges only after its commit returned.

    `now` is when it is saved, where that may be long after it was received. Raises SQLAlchemy's DBAPIError.
    """
    try:
        cursor = cast("psycopg.Cursor[Any]", conn.connection.cursor())  # psycopg's own: SQLAlchemy knows no COPY
        saved = _save_heard(cursor, heard, now) if heard else Saved()
        if rejected:
            _save_rejected(cursor, rejected)
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error, dialect=conn.dialect) from error
    return saved + Saved(rejected=len(rejected))


def _save_heard(cursor: psycopg.Cursor[Any], heard: Sequence[Received], now: datetime | None) -> Saved:
    cursor.execute(STAGE)
    with cursor.copy(COPY_STAGED) as copy:
        copy.set_types(COPY_TYPES)
        for row in _rows(heard):
            copy.write_row(row)
    cursor.execute(SAVE_STAGED, {"late_after": LATE_AFTER, "clock_ahead": CLOCK_AHEAD, "now": now})
    return Saved(*(cursor.fetchone() or ()))


def _save_rejected(cursor: psycopg.Cursor[Any], rejected: Sequence[RejectedMessage]) -> None:
    cursor.executemany(SAVE_REJECTED, [_quarantine_row(message) for message in rejected])
    known = sorted((m.device_id, m.received_at) for m in rejected if m.device_id is not None)
    cursor.executemany(COUNT_REJECTED, known)


def _rows(heard: Iterable[Received]) -> Iterable[tuple[object, ...]]:
    for received in heard:
        fix = received.fix
        if fix is None:
            yield (None, received.received_at, None, received.device_id, *[None] * 8)
        else:
            yield (
                fix.fix_time, received.received_at, fix.sent_at, received.device_id,
                round(fix.lat * 1e7), round(fix.lon * 1e7),
                _small(fix.accuracy_m), _small(fix.altitude_m), _small(fix.speed_mps, 100), _small(fix.course_deg),
                fix.battery_pct, fix.ignition,
            )  # fmt: skip


def _small(value: float | None, scale: int = 1) -> int | None:
    """A value as the store keeps it: whole, and at most what two bytes hold."""
    return None if value is None else round(min(value * scale, SMALLINT_MAX))


def _quarantine_row(message: RejectedMessage) -> tuple[object, ...]:
    return (
        message.received_at, message.topic.replace("\x00", "\ufffd"), message.device_id, list(message.reasons),
        message.payload[:PAYLOAD_LIMIT],
    )  # fmt: skip
