"""What could not be stored: kept as it came, with its reasons, and counted by reason for each device and day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy import Connection

KEPT_A_DAY = 200  # messages of one device (or of all strangers together) that are kept a UTC day; the rest is counted
PAYLOAD_LIMIT = 65536  # bytes of a rejected payload that are kept
NOBODY = 0  # stands for the unknown device where a count needs one


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that holds no fix, as it came; `device_id` is None where the login is unknown."""

    received_at: datetime
    topic: str
    device_id: int | None
    reasons: tuple[str, ...]
    payload: bytes


# What a person's phone said may tell where they were off duty: of it only the reasons are kept, also when a vehicle has
# it now, because phones send what is days old.
KEEP = """
INSERT INTO quarantine (received_at, topic, device_id, reasons, payload)
SELECT m.received_at, m.topic, m.device_id, m.reasons, CASE WHEN m.device_id IS NULL OR EXISTS (
    SELECT FROM assignment a WHERE a.device_id = m.device_id AND a.period @> m.received_at AND a.vehicle_id IS NOT NULL
) AND NOT EXISTS (
    SELECT FROM assignment a WHERE a.device_id = m.device_id AND a.person_id IS NOT NULL
) THEN m.payload END
FROM (VALUES (%s::timestamptz, %s::text, %s::int, %s::text[], %s::bytea))
    AS m (received_at, topic, device_id, reasons, payload)
WHERE (
    SELECT count(*) FROM quarantine q
    WHERE q.device_id {is_sender} AND q.received_at >= date_trunc('day', m.received_at, 'UTC')
) < {most}
"""
KEEP_OF_DEVICE = KEEP.format(is_sender="= m.device_id", most=KEPT_A_DAY)
KEEP_OF_STRANGER = KEEP.format(is_sender="IS NULL", most=KEPT_A_DAY)
COUNT_OF_DEVICE = """
INSERT INTO device_state AS d (device_id, last_heard_at, rejected) VALUES (%s, %s, %s)
ON CONFLICT (device_id) DO UPDATE SET rejected = d.rejected + excluded.rejected,
    last_heard_at = greatest(d.last_heard_at, excluded.last_heard_at)
"""
COUNT_BY_REASON = """
INSERT INTO rejection AS r (device_id, day, reason, count) VALUES (%s, %s, %s, %s)
ON CONFLICT (device_id, day, reason) DO UPDATE SET count = r.count + excluded.count
"""


def reason_counts(rejected: Sequence[RejectedMessage]) -> Mapping[str, int]:
    """How many messages were rejected for each reason."""
    return Counter(reason for message in rejected for reason in message.reasons)


def save_rejected(cursor: psycopg.Cursor[Any], rejected: Sequence[RejectedMessage]) -> None:
    """Keep the messages, as many as a day has room for, and count them all."""
    cursor.executemany(KEEP_OF_STRANGER, [_row(message) for message in rejected if message.device_id is None])
    cursor.executemany(KEEP_OF_DEVICE, [_row(message) for message in rejected if message.device_id is not None])
    known = Counter(message.device_id for message in rejected if message.device_id is not None)
    heard = {message.device_id: message.received_at for message in rejected}
    cursor.executemany(COUNT_OF_DEVICE, [(device, heard[device], count) for device, count in sorted(known.items())])
    days = Counter(
        (message.device_id or NOBODY, message.received_at.astimezone(UTC).date(), reason)
        for message in rejected
        for reason in message.reasons
    )
    cursor.executemany(COUNT_BY_REASON, [(*key, count) for key, count in sorted(days.items())])


def count_refusal(conn: Connection, device_id: int | None, reason: str, now: datetime) -> None:
    """Count that a device (None: a login nobody has) was not let in, beside what it was rejected for."""
    day = now.astimezone(UTC).date()
    conn.exec_driver_sql(COUNT_BY_REASON, (device_id or NOBODY, day, reason, 1))


def _row(message: RejectedMessage) -> tuple[object, ...]:
    return (
        message.received_at, message.topic.replace("\x00", "\ufffd"), message.device_id, list(message.reasons),
        message.payload[:PAYLOAD_LIMIT] or None,
    )  # fmt: skip
