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
from tracker.storage.models.attendance import (
    NOTIFICATIONS,
    REQUEST_STATES,
    Attestation,
    CheckIn,
    DutyCase,
    LeaveRequest,
    Notification,
    VehicleDay,
    WindowDue,
)
from tracker.storage.models.base import Base
from tracker.storage.models.calendar import HOLIDAY_KINDS, LEAVE_KINDS, PARTS, Holiday, LeavePeriod
from tracker.storage.models.contests import OUTCOMES, AbsenceFinding, Contest, ContestPhoto
from tracker.storage.models.daily_log import Activity, ActivityType, DailyLog, LogDecision
from tracker.storage.models.duty import (
    PROFILES,
    REASONS,
    DutyWindow,
    DutyWindowZone,
    IdleRevision,
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
from tracker.storage.models.reports import (
    CADENCES,
    MAIL_STATES,
    Mail,
    MailAddress,
    ReportRun,
    Subscription,
    UnitDay,
    UnitDayDue,
)
from tracker.storage.models.roster import (
    ExtraDuty,
    Post,
    Publication,
    RosterDay,
    RosterEntry,
    Rotation,
    RotationDay,
    RotationPast,
    RuleSet,
    RuleSetShift,
    ShiftPast,
)

__all__ = [
    "AbsenceFinding",
    "Account",
    "Activity",
    "ActivityType",
    "ApiCreation",
    "ApiToken",
    "APPEND_ONLY",
    "Assignment",
    "Attestation",
    "Audit",
    "AuditLink",
    "Base",
    "CADENCES",
    "CAPABILITIES",
    "CheckIn",
    "Contest",
    "ContestPhoto",
    "CorrectionRequest",
    "DailyLog",
    "Deputy",
    "Device",
    "DeviceState",
    "DeviceStatus",
    "DriverSession",
    "DutyCase",
    "DutyWindow",
    "DutyWindowZone",
    "ExtraDuty",
    "Holiday",
    "HOLIDAY_KINDS",
    "IdleRevision",
    "ImportRun",
    "INSERTABLE",
    "LateDay",
    "LeavePeriod",
    "LeaveRequest",
    "LEAVE_KINDS",
    "LogDecision",
    "MachineReading",
    "Mail",
    "MailAddress",
    "MAIL_STATES",
    "Membership",
    "NoticeAcknowledgement",
    "Notification",
    "NOTIFICATIONS",
    "OUTCOMES",
    "PARTS",
    "Person",
    "Post",
    "PROFILES",
    "Publication",
    "Quarantine",
    "READ_ONLY",
    "REASONS",
    "Rejection",
    "ReportRun",
    "REQUEST_STATES",
    "Retention",
    "Revision",
    "RewrittenDay",
    "RoleGrant",
    "RosterDay",
    "RosterEntry",
    "Rotation",
    "RotationDay",
    "RotationPast",
    "RuleSet",
    "RuleSetShift",
    "SecondFactor",
    "Shift",
    "ShiftPast",
    "SignInFailure",
    "StoredFix",
    "Subscription",
    "Unit",
    "UnitDay",
    "UnitDayDue",
    "UnitPlace",
    "UPDATABLE",
    "Vehicle",
    "VehicleDay",
    "VerdictRevision",
    "WebSession",
    "WindowDue",
    "Zone",
]

APPEND_ONLY = (
    "absence_finding", "attestation", "audit", "check_in", "contest", "contest_photo", "correction_request",
    "device_status", "duty_case", "fix", "idle_revision", "log_decision", "machine_counters", "notice_acknowledgement",
    "quarantine", "rotation_past", "shift_past", "verdict", "zone",
)  # fmt: skip
READ_ONLY = ("audit_chain", "retention", "rewritten_day")
# columns of append-only tables that may change all the same
UPDATABLE = {
    "absence_finding": ("withdrawn_at", "withdrawn_by"),
    "attestation": ("withdrawn_at", "withdrawn_by"),
    "check_in": ("lat_e7", "lon_e7", "accuracy_m"),
    "contest": ("due_at", "escalated_at", "outcome", "decided_at", "decided_by", "reason"),
    "duty_case": ("cause", "proposed_digest", "proposed", "accepted", "decided_at", "decided_by", "reason"),
    "correction_request": ("answer", "answered_at", "answered_by", "outcome"),
    "quarantine": ("replayed_at",),
    "zone": ("name", "retired_at"),
}
# where not all columns of a new row are the application's to say
INSERTABLE = {"audit": ("account_id", "people", "action", "why", "address", "detail")}
