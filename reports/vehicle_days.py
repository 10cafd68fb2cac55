"""The days of vehicles: how long each moved, stood with its engine on, worked and was parked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from tracker.storage.vehicle_days import compute, due

VEHICLES_AT_A_TIME = 50
LOOKS_BACK = timedelta(days=7)  # days that were missed while nobody computed


def compute_days(
    engine: Engine, zone: ZoneInfo, now: datetime, lock: timedelta, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Compute the days of vehicles that are due, the newest first; returns how many."""
    today, done = now.astimezone(zone).date(), 0
    for back in range(1, LOOKS_BACK.days + 1):
        day = today - timedelta(days=back)
        while not stopping():
            with engine.begin() as conn:
                vehicles = due(conn, day, zone, now, lock, VEHICLES_AT_A_TIME)
                for vehicle_id in vehicles:
                    compute(conn, vehicle_id, day, zone, now)
            done += len(vehicles)
            if not vehicles:
                break
    return done
