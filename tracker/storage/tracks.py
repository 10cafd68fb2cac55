"""The track of a person or a vehicle: the fixes of whatever device they held at the time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, func, select, type_coerce

from tracker.domain.fix import CLOCK_AHEAD, Fix
from tracker.domain.fixes import EPOCH, MICROSECOND, Fixes, Flags, Ints
from tracker.domain.fixes import NOT_SAID as NO_BATTERY
from tracker.storage.engine import driver_cursor
from tracker.storage.fixes import COPY_HEAD, COPY_TAIL, LATE_AFTER, POSTGRES_EPOCH
from tracker.storage.models import Assignment, StoredFix
from tracker.storage.models.said import NOT_SAID, NOT_SAID_S

E7 = 1e7
POSTGRES_EPOCH_US = (POSTGRES_EPOCH - EPOCH) // MICROSECOND

# ---- of many duty windows at once: an array of each column for each window and device, in the binary form of COPY ----

COLUMNS = {
    "fix_time": ">i8", "received_after_s": ">i4", "lat_e7": ">i4", "lon_e7": ">i4", "accuracy_m": ">i2",
    "battery_pct": ">i2",
}  # fmt: skip
# rows of fixes would cost this process more than all that is computed of them
COPY_WINDOWS = f"""
COPY (
    SELECT w.id, a.device_id, told.*
    FROM duty_window w
    JOIN assignment a ON a.person_id = w.person_id AND a.period && tstzrange(w.accepts_from, w.accepts_until, '[]')
    CROSS JOIN LATERAL (
        SELECT {", ".join(f"array_agg(f.{name}) AS {name}" for name in COLUMNS)}
        FROM fix f
        WHERE f.device_id = a.device_id AND a.period @> f.fix_time
            AND f.fix_time BETWEEN w.accepts_from AND w.accepts_until
            AND f.fix_time BETWEEN %(first)s AND %(last)s -- of all windows: says which days there are to look at
    ) told
    WHERE w.id = ANY(%(ids)s) AND told.fix_time IS NOT NULL
) TO STDOUT (FORMAT BINARY)
"""
GROUP = Struct(">hiiii")  # the number of columns, then size and value of window and device
ARRAY = Struct(">iiiIii")  # size in bytes, then dimensions, whether there are NULLs, type, length, first index
SIZE = 4  # bytes of a size, which do not count


@dataclass(frozen=True, slots=True)
class Track:
    """Fixes in order of time, and how many were left out because their device's clock was ahead.

    `clock_proven` says that of each device at least one fix arrived within `LATE_AFTER` of its own time.
    """

    fixes: Fixes
    clock_ahead: int
    clock_proven: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Fixes as columns of one length, each with its window, its device and the seconds until it was received."""

    window: Ints
    device: Ints
    after_s: Ints
    fixes: Fixes

    def where(self, wanted: Flags | Ints) -> _Read:
        return _Read(self.window[wanted], self.device[wanted], self.after_s[wanted], self.fixes.where(wanted))


def tracks_of_windows(conn: Connection, window_ids: Collection[int], first: datetime, last: datetime) -> list[Track]:
    """The track of each of some duty windows, none of which accepts fixes from before `first` or after `last`.

    It is made of the fixes that the window accepts, of the devices its person held at their time.
    """
    ids = np.fromiter(window_ids, np.int64)
    with driver_cursor(conn) as cursor:
        with cursor.copy(COPY_WINDOWS, {"ids": ids.tolist(), "first": first, "last": last}) as copy:
            read = _in_order(_columns(list(_groups(b"".join(copy)))))
    ahead = read.after_s < -CLOCK_AHEAD.total_seconds()
    kept, left_out = read.where(~ahead) if ahead.any() else read, read.window[ahead]
    since, until = (np.searchsorted(kept.window, ids, side).tolist() for side in ("left", "right"))
    unproven = _unproven(kept)
    return [
        Track(kept.fixes.where(slice(since[n], until[n])), int(np.count_nonzero(left_out == id_)), id_ not in unproven)
        for n, id_ in enumerate(ids.tolist())
    ]


def _groups(data: bytes) -> Iterator[tuple[int, int, list[NDArray[Any]]]]:
    """The ids of a window and of a device with the columns of its fixes, as the server wrote them."""
    at = len(COPY_HEAD)
    while at + len(COPY_TAIL) < len(data):
        _, _, window_id, _, device_id = GROUP.unpack_from(data, at)
        at += GROUP.size
        columns = []
        for form in COLUMNS.values():
            size, _, _, _, length, _ = ARRAY.unpack_from(data, at)
            elements = np.dtype([("size", ">i4"), ("value", form)])
            columns.append(np.frombuffer(data, elements, length, at + ARRAY.size)["value"])
            at += SIZE + size
        yield window_id, device_id, columns


def _columns(groups: Sequence[tuple[int, int, list[NDArray[Any]]]]) -> _Read:
    lengths = [len(columns[0]) for _, _, columns in groups]
    window, device = (np.repeat(np.array([group[n] for group in groups], np.int64), lengths) for n in (0, 1))
    time_us, after_s, lat_e7, lon_e7, accuracy, battery_pct = (
        np.concatenate([np.empty(0, np.int64), *(columns[n] for _, _, columns in groups)], dtype=np.int64)
        for n in range(len(COLUMNS))
    )
    accuracy_m = np.where(accuracy == NOT_SAID, np.nan, accuracy)
    battery_pct = np.where(battery_pct == NOT_SAID, NO_BATTERY, battery_pct)
    fixes = Fixes(time_us + POSTGRES_EPOCH_US, lat_e7 / E7, lon_e7 / E7, accuracy_m, battery_pct)
    return _Read(window, device, after_s, fixes)


def _in_order(read: _Read) -> _Read:
    """By window, time and device; almost always that is how a window's fixes came."""
    window, time_us = read.window, read.fixes.time_us
    if np.all((window[1:] > window[:-1]) | ((window[1:] == window[:-1]) & (time_us[1:] > time_us[:-1]))):
        return read
    return read.where(np.lexsort((read.device, time_us, window)))


def _unproven(read: _Read) -> set[int]:
    """The windows with a device of which all fixes were late."""
    late = read.after_s > LATE_AFTER.total_seconds()
    if not late.any():
        return set()
    pairs = read.window << 32 | read.device
    return set((np.setdiff1d(pairs[late], pairs[~late]) >> 32).tolist())


# ---- of one holder, with everything that is stored of it ----


def vehicle_track(conn: Connection, vehicle_id: int, start: datetime, end: datetime) -> list[Fix]:
    """The fixes of [start, end] of the devices the vehicle held at their time, in order of time."""
    return track_of(conn, Assignment.vehicle_id == vehicle_id, start, end)


def track_of(conn: Connection, holder: ColumnElement[bool], start: datetime, end: datetime) -> list[Fix]:
    """The fixes of [start, end] for the assignments that satisfy `holder`; not those of a clock that was ahead."""
    return [_fix(row) for row in conn.execute(_held(holder, start, end)).all()]


def _held(holder: ColumnElement[bool], start: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    """What `_fix` takes."""
    return (
        select(
            StoredFix.fix_time, StoredFix.lat_e7, StoredFix.lon_e7,
            _said(StoredFix.accuracy_m), _said(StoredFix.altitude_m), _said(StoredFix.speed_cmps),
            _said(StoredFix.course_deg), _said(StoredFix.battery_pct), _said(StoredFix.ignition),
            func.nullif(type_coerce(StoredFix.sent_after_s, Integer), NOT_SAID_S),
        )
        .join(Assignment, Assignment.device_id == StoredFix.device_id)
        .where(holder, Assignment.period.contains(StoredFix.fix_time), StoredFix.fix_time.between(start, end))
        .where(StoredFix.received_after_s >= -CLOCK_AHEAD.total_seconds())
        .order_by(StoredFix.fix_time, StoredFix.device_id)
    )  # fmt: skip


def _said(column: Any) -> ColumnElement[int | None]:
    """The measure or NULL, by the server: a track has thousands of rows, and Python would look at each value."""
    return func.nullif(type_coerce(column, Integer), NOT_SAID)


def _fix(row: Row[*tuple[Any, ...]]) -> Fix:
    fix_time, lat_e7, lon_e7, accuracy_m, altitude_m, speed_cmps, course_deg, battery_pct, ignition, sent_s = row
    return Fix(
        fix_time,
        lat_e7 / E7,
        lon_e7 / E7,
        accuracy_m,
        altitude_m,
        None if speed_cmps is None else speed_cmps / 100,
        course_deg,
        battery_pct,
        None if ignition is None else bool(ignition),
        None if sent_s is None else fix_time + timedelta(seconds=sent_s),
    )
