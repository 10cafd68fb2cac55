"""What vehicles did on closed local days, by their fixes and counters; the rules are `tracker.domain.vehicle`.

A day is computed an hour after its end, a day later, and when it is locked: late fixes are in it then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.domain.observation import MachineCounters
from tracker.domain.vehicle import Engine, Stretch, counted, seconds, stretches
from tracker.storage.models import Assignment, Device, DeviceState, MachineReading, Vehicle, VehicleDay
from tracker.storage.tracks import vehicle_track

SETTLED = timedelta(hours=1)
AGAIN = timedelta(days=1)
TAKES_POWER = ("compactor", "crane", "ladder", "power_take_off", "pump")  # their engine runs to work
STANDS_SHOWN = 20  # of a day, the longest
BASELINE = timedelta(days=7)  # so long before the day the last reading of a counter is looked for


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a local day begins and ends."""
    start, end = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return start, end


def due(conn: Connection, day: date, zone: ZoneInfo, now: datetime, lock: timedelta, limit: int) -> list[int]:
    """Up to `limit` vehicles whose day is to be computed, for the first time or again."""
    start, end = bounds(day, zone)
    if now < end + SETTLED:
        return []
    passed = max(moment for moment in (end + SETTLED, end + AGAIN, end + lock) if moment <= now)
    held = func.tstzrange(start, end)
    query = (
        select(Vehicle.id)
        .join(Assignment, and_(Assignment.vehicle_id == Vehicle.id, Assignment.period.overlaps(held)))
        .join(DeviceState, DeviceState.device_id == Assignment.device_id)
        .outerjoin(VehicleDay, and_(VehicleDay.vehicle_id == Vehicle.id, VehicleDay.day == day))
        .where(or_(VehicleDay.day.is_(None), VehicleDay.computed_at < passed))
    )
    return list(conn.scalars(query.distinct().order_by(Vehicle.id).limit(limit)))


def compute(conn: Connection, vehicle_id: int, day: date, zone: ZoneInfo, now: datetime) -> None:
    """Compute a vehicle's day and keep it in the place of what was kept before."""
    start, end = bounds(day, zone)
    vehicle = conn.execute(_vehicle(vehicle_id, start, end)).one()
    takes_power = bool(set(vehicle.capabilities) & set(TAKES_POWER))
    parts = stretches(vehicle_track(conn, vehicle_id, start, end), start, end, vehicle.interval_s or 60, takes_power)
    readings = counted(_readings(conn, vehicle_id, start, end), start, end)
    spent = seconds(parts)
    values = {
        "computed_at": now, **{f"{engine}_s": spent[engine] for engine in Engine},
        "counted_operating_s": readings.operating_s, "counted_idle_s": readings.idle_s,
        "impossible_counts": readings.impossible, "stands": _stands(parts),
    }  # fmt: skip
    kept = insert(VehicleDay).values(vehicle_id=vehicle_id, day=day, **values)
    conn.execute(kept.on_conflict_do_update(index_elements=[VehicleDay.vehicle_id, VehicleDay.day], set_=values))


def days_of(session: Session, vehicle_id: int, limit: int) -> Sequence[VehicleDay]:
    """A vehicle's newest days."""
    theirs = select(VehicleDay).where(VehicleDay.vehicle_id == vehicle_id)
    return session.scalars(theirs.order_by(VehicleDay.day.desc()).limit(limit)).all()


def _vehicle(vehicle_id: int, start: datetime, end: datetime) -> Select[Any]:
    held = Assignment.period.overlaps(func.tstzrange(start, end))
    interval_s = (
        select(func.min(Device.expected_interval_s))
        .join(Assignment, Assignment.device_id == Device.id)
        .where(Assignment.vehicle_id == vehicle_id, held)
    )
    columns = Vehicle.capabilities, interval_s.scalar_subquery().label("interval_s")
    return select(*columns).where(Vehicle.id == vehicle_id)


def _readings(conn: Connection, vehicle_id: int, start: datetime, end: datetime) -> list[MachineCounters]:
    """The readings of the devices that the vehicle held at their time, from before the day on."""
    query = (
        select(MachineReading.read_at, MachineReading.operating_s, MachineReading.idle_s)
        .join(Assignment, Assignment.device_id == MachineReading.device_id)
        .where(
            Assignment.vehicle_id == vehicle_id, Assignment.period.contains(MachineReading.read_at),
            MachineReading.read_at.between(start - BASELINE, end),
        )
    )  # fmt: skip
    return [MachineCounters(*row) for row in conn.execute(query)]


def _stands(parts: Sequence[Stretch]) -> list[dict[str, Any]]:
    """Where it stood with the engine on for nothing, the longest first: when and for how long, without where.

    Places would be there when the positions have expired.
    """
    idle = sorted((part for part in parts if part.engine is Engine.IDLE), key=lambda part: -part.seconds)
    return [{"start": part.start.isoformat(), "seconds": int(part.seconds)} for part in idle[:STANDS_SHOWN]]
