"""What a device says beside its positions: its status, its machine's counters, and that its connection broke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Protocol

import psycopg

from tracker.domain.observation import Lost, MachineCounters, Status

SAVE_STATUS = """
INSERT INTO device_status (device_id, received_at, permission, power_save, app_version, platform)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
SAVE_COUNTERS = """
INSERT INTO machine_counters (device_id, received_at, read_at, operating_s, idle_s, distance_m, fuel_used_ml,
    fuel_remaining_pct, engine_running)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
SAVE_LOST = """
UPDATE device_state SET lost_at = greatest(lost_at, %s), no_fix = no_fix + 1 WHERE device_id = %s
"""


class Heard(Protocol):
    """One observation of a known device."""

    @property
    def device_id(self) -> int: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def said(self) -> object: ...


def save_health(cursor: psycopg.Cursor[Any], heard: Sequence[Heard]) -> tuple[int, int, int]:
    """Store what is no position; returns how many statuses, counters and losses that were."""
    statuses, counters, lost = [], [], []
    for one in heard:
        match one.said:
            case Status() as said:
                statuses.append(
                    (one.device_id, one.received_at, said.permission, said.power_save,
                     said.app_version, said.platform)
                )  # fmt: skip
            case MachineCounters() as said:
                counters.append(
                    (one.device_id, one.received_at, said.read_at, said.operating_s, said.idle_s, said.distance_m,
                     said.fuel_used_ml, said.fuel_remaining_pct, said.engine_running)
                )  # fmt: skip
            case Lost():
                lost.append((one.received_at, one.device_id))
    lost.sort(key=itemgetter(1))  # every door locks the devices' rows in this order
    for statement, rows in ((SAVE_STATUS, statuses), (SAVE_COUNTERS, counters), (SAVE_LOST, lost)):
        if rows:
            cursor.executemany(statement, rows)
    return len(statuses), len(counters), len(lost)
