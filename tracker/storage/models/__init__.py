"""The tables, as SQLAlchemy models over a plain `Base`: the same classes serve Flask and a plain engine.

Times are UTC (`timestamptz`), coordinates are whole 1e-7 degrees, names are those of docs/domain.md. The application's
role may only read and insert into the tables of `APPEND_ONLY`, and only read those of `READ_ONLY`; see
`migrate.grant_rights`.
"""

from __future__ import annotations

from tracker.storage.models.accounts import Account, ApiToken, Audit, SecondFactor, SignInFailure, WebSession
from tracker.storage.models.base import Base
from tracker.storage.models.daily_log import Activity, ActivityType, DailyLog, LogDecision
from tracker.storage.models.duty import (
    DutyWindow,
    DutyWindowZone,
    IdleRevision,
    ReportRun,
    Revision,
    Shift,
    VerdictRevision,
)
from tracker.storage.models.fixes import (
    DeviceState,
    DeviceStatus,
    LateDay,
    MachineReading,
    Quarantine,
    Rejection,
    Retention,
    RewrittenDay,
    StoredFix,
)
from tracker.storage.models.register import Assignment, Device, Person, Unit, Vehicle, Zone

__all__ = [
    "APPEND_ONLY",
    "Account",
    "Activity",
    "ActivityType",
    "ApiToken",
    "Assignment",
    "Audit",
    "Base",
    "DailyLog",
    "Device",
    "DeviceState",
    "DeviceStatus",
    "DutyWindow",
    "DutyWindowZone",
    "IdleRevision",
    "LateDay",
    "LogDecision",
    "MachineReading",
    "Person",
    "Quarantine",
    "READ_ONLY",
    "Rejection",
    "ReportRun",
    "Retention",
    "Revision",
    "RewrittenDay",
    "SecondFactor",
    "Shift",
    "SignInFailure",
    "StoredFix",
    "UPDATABLE",
    "Unit",
    "Vehicle",
    "VerdictRevision",
    "WebSession",
    "Zone",
]

APPEND_ONLY = (
    "audit", "device_status", "fix", "idle_revision", "log_decision", "machine_counters", "quarantine", "verdict",
)  # fmt: skip
READ_ONLY = ("retention", "rewritten_day")
UPDATABLE = {"quarantine": ("replayed_at",)}  # columns of append-only tables that may change all the same
