"""The track of a person or a vehicle: the fixes of whatever device they held at the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, func, select, type_coerce

from tracker.domain.fix import CLOCK_AHEAD, Fix
from tracker.storage.fixes import LATE_AFTER
from tracker.storage.models import Assignment, StoredFix
from tracker.storage.models.said import NOT_SAID, NOT_SAID_S


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
    ahead_s, late_s = -CLOCK_AHEAD.total_seconds(), LATE_AFTER.total_seconds()
    kept = [row for row in rows if row[1] >= ahead_s]
    timely = {device_id for device_id, after_s, *_ in kept if after_s <= late_s}
    proven = {row[0] for row in kept} <= timely
    return Track([_fix(row) for row in kept], len(rows) - len(kept), proven)


def _held(holder: ColumnElement[bool], start: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    """`device_id` and `received_after_s`, then what `_fix` takes."""
    return (
        select(
            StoredFix.device_id, StoredFix.received_after_s, StoredFix.fix_time, StoredFix.lat_e7, StoredFix.lon_e7,
            _said(StoredFix.accuracy_m), _said(StoredFix.altitude_m), _said(StoredFix.speed_cmps),
            _said(StoredFix.course_deg), _said(StoredFix.battery_pct), _said(StoredFix.ignition),
            func.nullif(type_coerce(StoredFix.sent_after_s, Integer), NOT_SAID_S),
        )
        .join(Assignment, Assignment.device_id == StoredFix.device_id)
        .where(holder, Assignment.period.contains(StoredFix.fix_time), StoredFix.fix_time.between(start, end))
        .order_by(StoredFix.fix_time, StoredFix.device_id)
    )  # fmt: skip


def _said(column: Any) -> ColumnElement[int | None]:
    """The measure or NULL, by the server: a track has thousands of rows, and Python would look at each value."""
    return func.nullif(type_coerce(column, Integer), NOT_SAID)


def _fix(row: Row[*tuple[Any, ...]]) -> Fix:
    _, _, fix_time, lat_e7, lon_e7, accuracy_m, altitude_m, speed_cmps, course_deg, battery_pct, ignition, sent_s = row
    return Fix(
        fix_time,
        lat_e7 / 1e7,
        lon_e7 / 1e7,
        accuracy_m,
        altitude_m,
        None if speed_cmps is None else speed_cmps / 100,
        course_deg,
        battery_pct,
        None if ignition is None else bool(ignition),
        None if sent_s is None else fix_time + timedelta(seconds=sent_s),
    )
