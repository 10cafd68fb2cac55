"""When the city's own path was down: nobody was heard, so nobody's silence says anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

BIN = timedelta(minutes=10)
LEAST_OUTAGE = timedelta(minutes=30)
LEAST_WITNESSES = 5  # fewer devices being silent together is no sign of anything
MOST_WITNESSES = 200  # so many primary-key ranges answer for a city of any size

Period = tuple[datetime, datetime]

# Witnesses are devices that should be heard throughout: of vehicles, and of people who are on duty all the while.
WITNESSES = """
SELECT s.device_id
FROM device_state s JOIN assignment a ON a.device_id = s.device_id AND a.period @> CAST(:start AS timestamptz)
WHERE s.last_heard_at >= CAST(:start AS timestamptz) - interval '7 days' AND (a.vehicle_id IS NOT NULL OR EXISTS (
    SELECT FROM duty_window w
    WHERE w.person_id = a.person_id AND w.accepts_from <= :start AND w.accepts_until >= :end))
ORDER BY s.last_heard_at DESC LIMIT :most
"""
COUNT_WITNESSES = text(f"SELECT count(*) FROM ({WITNESSES}) AS witness")
BINS_HEARD = text(f"""
SELECT DISTINCT date_bin(:bin, f.fix_time, :start) AS bin
FROM ({WITNESSES}) AS witness
JOIN fix f ON f.device_id = witness.device_id AND f.fix_time >= :start AND f.fix_time < :end
ORDER BY bin
""")


def outages(conn: Connection, start: datetime, end: datetime) -> tuple[Period, ...]:
    """The parts of [start, end) of at least `LEAST_OUTAGE` from which no witness has a fix, in order."""
    span = {"start": start, "end": end, "most": MOST_WITNESSES}
    if conn.scalars(COUNT_WITNESSES, span).one() < LEAST_WITNESSES:
        return ()
    return tuple(_quiet(conn.scalars(BINS_HEARD, {**span, "bin": BIN}), start, end))


def _quiet(bins: Iterable[datetime], start: datetime, end: datetime) -> Iterable[Period]:
    quiet_from = start
    for heard in [*bins, end]:
        if heard - quiet_from >= LEAST_OUTAGE:
            yield quiet_from, heard
        quiet_from = heard + BIN
