"""The tables, as SQLAlchemy models over a plain `Base`: the same classes serve Flask and a plain engine.

Times are UTC (`timestamptz`), coordinates are whole 1e-7 degrees, names are those of docs/domain.md. The application's
role may only read and insert into the tables of `APPEND_ONLY`, and only read those of `READ_ONLY`; see
`migrate.grant_rights`.
"""

from __future__ import annotations

from tracker.storage.models.accounts import (
    Account,
    ApiCreation,
    ApiToken,
    Audit,
    AuditLink,
    Deputy,
    RoleGrant,
    SecondFactor,
    SignInFailure,
    WebSession,
)
from tracker.storage.models.base import Base
from tracker.storage.models.calendar import HOLIDAY_KINDS, LEAVE_KINDS, PARTS, Holiday, LeavePeriod
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
from tracker.storage.models.imports import ImportRun
from tracker.storage.models.privacy import CorrectionRequest, NoticeAcknowledgement
from tracker.storage.models.register import (
    CAPABILITIES,
    Assignment,
    Device,
    DriverSession,
    Membership,
    Person,
    Unit,
    UnitPlace,
    Vehicle,
    Zone,
)

__all__ = [
    "APPEND_ONLY",
    "Account",
    "Activity",
    "ActivityType",
    "ApiCreation",
    "ApiToken",
    "Assignment",
    "Audit",
    "AuditLink",
    "Base",
    "CAPABILITIES",
    "CorrectionRequest",
    "DailyLog",
    "Deputy",
    "Device",
    "DeviceState",
    "DeviceStatus",
    "DriverSession",
    "DutyWindow",
    "DutyWindowZone",
    "HOLIDAY_KINDS",
    "Holiday",
    "INSERTABLE",
    "ImportRun",
    "IdleRevision",
    "LEAVE_KINDS",
    "LateDay",
    "LeavePeriod",
    "LogDecision",
    "MachineReading",
    "Membership",
    "NoticeAcknowledgement",
    "PARTS",
    "Person",
    "Quarantine",
    "READ_ONLY",
    "Rejection",
    "ReportRun",
    "Retention",
    "Revision",
    "RewrittenDay",
    "RoleGrant",
    "SecondFactor",
    "Shift",
    "SignInFailure",
    "StoredFix",
    "UPDATABLE",
    "Unit",
    "UnitPlace",
    "Vehicle",
    "VerdictRevision",
    "WebSession",
    "Zone",
]

APPEND_ONLY = (
    "audit", "correction_request", "device_status", "fix", "idle_revision", "log_decision", "machine_counters",
    "notice_acknowledgement", "quarantine", "verdict", "zone",
)  # fmt: skip
READ_ONLY = ("audit_chain", "retention", "rewritten_day")
# columns of append-only tables that may change all the same
UPDATABLE = {
    "correction_request": ("answer", "answered_at", "answered_by", "outcome"),
    "quarantine": ("replayed_at",),
    "zone": ("name", "retired_at"),
}
# where not all columns of a new row are the application's to say
INSERTABLE = {"audit": ("account_id", "people", "action", "why", "address", "detail")}
