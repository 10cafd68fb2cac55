"""The track of a person or a vehicle: the fixes of whatever device they held at the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from tracker.domain.fix import CLOCK_AHEAD, Fix
from tracker.storage.fixes import LATE_AFTER
from tracker.storage.models import Assignment, StoredFix


@dataclass(frozen=True, slots=True)
class Track:
    """Fixes in order of time, and how many were left out because their device's clock was ahead.

    `clock_proven` says that of each device at least one fix arrived within `LATE_AFTER` of its own time.
    """

    fixes: list[Fix]
    clock_ahead: int
    clock_proven: bool


def vehicle_track(conn: Connection, vehicle_id: int, start: datetime, end: datetime) -> list[Fix]:
    """The fixes of [start, end] of the devices the vehicle held at their time, in order of time."""
    return track_of(conn, Assignment.vehicle_id == vehicle_id, start, end).fixes


def track_of(conn: Connection, holder: ColumnElement[bool], start: datetime, end: datetime) -> Track:
    """The fixes of [start, end] for the assignments that satisfy `holder`."""
    rows = conn.execute(_held(holder, start, end)).all()
    kept = [row for row in rows if row.received_after_s >= -CLOCK_AHEAD.total_seconds()]
    timely = {row.device_id for row in kept if row.received_after_s <= LATE_AFTER.total_seconds()}
    proven = {row.device_id for row in kept} <= timely
    return Track([_fix(row) for row in kept], len(rows) - len(kept), proven)


def _held(holder: ColumnElement[bool], start: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(
            StoredFix.device_id, StoredFix.fix_time, StoredFix.received_after_s, StoredFix.sent_after_s,
            StoredFix.lat_e7, StoredFix.lon_e7, StoredFix.accuracy_m, StoredFix.altitude_m,
            StoredFix.speed_cmps, StoredFix.course_deg, StoredFix.battery_pct, StoredFix.ignition,
        )
        .join(Assignment, Assignment.device_id == StoredFix.device_id)
        .where(holder, Assignment.period.contains(StoredFix.fix_time), StoredFix.fix_time.between(start, end))
        .order_by(StoredFix.fix_time, StoredFix.device_id)
    )  # fmt: skip


def _fix(row: Row[Any]) -> Fix:
    return Fix(
        fix_time=row.fix_time,
        lat=row.lat_e7 / 1e7,
        lon=row.lon_e7 / 1e7,
        accuracy_m=row.accuracy_m,
        altitude_m=row.altitude_m,
        speed_mps=None if row.speed_cmps is None else row.speed_cmps / 100,
        course_deg=row.course_deg,
        battery_pct=row.battery_pct,
        ignition=row.ignition,
        sent_at=None if row.sent_after_s is None else row.fix_time + timedelta(seconds=row.sent_after_s),
    )
