"""All that is stored about one person: a query for each kind of data, in order of time, for `person_id` at `now`.

Columns carry their units in their names; `lat` and `lon` are degrees. Password, tokens, secrets, keys and their hashes
are in none of them. What a device sent belongs to whoever held it at that time, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Double, Row, Select, cast, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session

from tracker.storage.models import (
    Account,
    Activity,
    ActivityType,
    ApiToken,
    Assignment,
    Audit,
    CorrectionRequest,
    DailyLog,
    Deputy,
    Device,
    DeviceState,
    DeviceStatus,
    DriverSession,
    DutyWindow,
    DutyWindowZone,
    IdleRevision,
    ImportRun,
    LogDecision,
    MachineReading,
    Membership,
    NoticeAcknowledgement,
    Person,
    Quarantine,
    Rejection,
    RoleGrant,
    SecondFactor,
    Shift,
    SignInFailure,
    StoredFix,
    Unit,
    Vehicle,
    VerdictRevision,
    WebSession,
    Zone,
)

ROWS_AT_A_TIME = 1000  # of a download, so that 60 days of positions never lie in memory
Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Whose:
    """The person whose data are asked for, and when."""

    person_id: int
    now: datetime


Query = Callable[[Whose], Rows]


def counts_of(session: Session, whose: Whose, queries: Mapping[str, Query]) -> dict[str, int]:
    """How many rows each query has."""
    counts = [
        select(func.count()).select_from(query(whose).order_by(None).subquery()).scalar_subquery().label(name)
        for name, query in queries.items()
    ]
    return dict(session.execute(select(*counts)).one()._mapping)


def kept_between(session: Session, whose: Whose) -> tuple[datetime | None, datetime | None]:
    """The times of the person's first and last stored position."""
    times = positions(whose).order_by(None).subquery().c.fix_time
    first, last = session.execute(select(func.min(times), func.max(times))).one()
    return first, last


def not_kept(session: Session, whose: Whose) -> int:
    """How many positions of the devices carried now came off duty and were not stored."""
    return session.scalar(select(func.coalesce(func.sum(not_stored(whose).subquery().c.off_duty), 0))) or 0


def of_one_moment(session: Session) -> None:
    """What is read until the transaction ends is of one moment. The first thing in a transaction."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def rows_of(session: Session, whose: Whose, query: Query) -> tuple[Sequence[str], Iterator[Row[Any]]]:
    """The columns and all rows of a query, a batch at a time from the server; the first is read before this returns."""
    result = session.execute(query(whose).execution_options(yield_per=ROWS_AT_A_TIME))
    batches = result.partitions()
    first = next(batches, ())
    return list(result.keys()), chain(first, chain.from_iterable(batches))


def register_entry(whose: Whose) -> Rows:
    """One row for each unit in turn."""
    columns = (Person.nip, Person.name, Membership.position, Unit.name.label("unit"))
    query = select(*columns, *days(Membership.period)).join(Membership, Membership.person_id == Person.id)
    return query.join(Unit).where(Person.id == whose.person_id).order_by(func.lower(Membership.period))


def account(whose: Whose) -> Rows:
    columns = (Account.username, Account.failed_sign_ins, Account.blocked_until)
    return select(*columns).where(Account.person_id == whose.person_id)


def roles(whose: Whose) -> Rows:
    """A role without a unit is over the whole city."""
    query = select(RoleGrant.role, Unit.name.label("unit"), *days(RoleGrant.period)).outerjoin(Unit)
    return query.where(of_account(RoleGrant.account_id, whose)).order_by(RoleGrant.id)


def deputies(whose: Whose) -> Rows:
    """Both where the person has a deputy and where they are one."""
    names = (name_of(Deputy.principal_id).label("absent"), name_of(Deputy.deputy_id).label("deputy"))
    theirs = or_(of_account(Deputy.principal_id, whose), of_account(Deputy.deputy_id, whose))
    return select(*names, *days(Deputy.period)).where(theirs).order_by(func.lower(Deputy.period))


def sessions(whose: Whose) -> Rows:
    columns = ("created_at", "expires_at", "last_seen_at", "address", "user_agent")
    query = select(*(getattr(WebSession, name) for name in columns))
    return query.where(of_account(WebSession.account_id, whose)).order_by(WebSession.created_at)


def second_factors(whose: Whose) -> Rows:
    confirmed = SecondFactor.confirmed_at.is_not(None)
    return select(SecondFactor.confirmed_at).where(of_account(SecondFactor.account_id, whose), confirmed)


def tokens(whose: Whose) -> Rows:
    columns = ("name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    query = select(*(getattr(ApiToken, name) for name in columns))
    return query.where(of_account(ApiToken.account_id, whose)).order_by(ApiToken.created_at)


def sign_in_failures(whose: Whose) -> Rows:
    columns = (SignInFailure.address, SignInFailure.failed, SignInFailure.last_at, SignInFailure.blocked_until)
    query = select(*columns).where(of_account(SignInFailure.account_id, whose))
    return query.order_by(SignInFailure.last_at)


def phones(whose: Whose) -> Rows:
    period = (func.lower(Assignment.period).label("carried_from"), func.upper(Assignment.period).label("carried_until"))
    query = select(Device.login, Device.kind, *period).join(Assignment, Assignment.device_id == Device.id)
    return query.where(Assignment.person_id == whose.person_id).order_by(func.lower(Assignment.period))


def drives(whose: Whose) -> Rows:
    begun, ended = func.lower(DriverSession.period), func.upper(DriverSession.period)
    query = select(Vehicle.call_sign, begun.label("driven_from"), ended.label("driven_until"))
    query = query.join(DriverSession, DriverSession.vehicle_id == Vehicle.id)
    return query.where(DriverSession.person_id == whose.person_id).order_by(begun)


FIX_COLUMNS = (
    StoredFix.accuracy_m, StoredFix.altitude_m, StoredFix.speed_cmps, StoredFix.course_deg, StoredFix.battery_pct,
    StoredFix.ignition, StoredFix.received_after_s, StoredFix.sent_after_s,
)  # fmt: skip


def positions(whose: Whose) -> Rows:
    place = (degrees(StoredFix.lat_e7).label("lat"), degrees(StoredFix.lon_e7).label("lon"))
    query = select(StoredFix.fix_time, Device.login, *place, *FIX_COLUMNS)
    held = _held(query, StoredFix.device_id, StoredFix.fix_time, whose)
    return held.order_by(StoredFix.fix_time, StoredFix.device_id)


def drive_positions(whose: Whose) -> Rows:
    """Positions of the vehicles the person drove, while they drove them."""
    place = (degrees(StoredFix.lat_e7).label("lat"), degrees(StoredFix.lon_e7).label("lon"))
    query = select(StoredFix.fix_time, Vehicle.call_sign, *place, StoredFix.speed_cmps, StoredFix.ignition)
    query = query.join(Assignment, Assignment.device_id == StoredFix.device_id)
    query = query.join(Vehicle, Vehicle.id == Assignment.vehicle_id)
    query = query.join(DriverSession, DriverSession.vehicle_id == Vehicle.id)
    query = query.where(DriverSession.person_id == whose.person_id, DriverSession.period.contains(StoredFix.fix_time))
    held = query.where(Assignment.period.contains(StoredFix.fix_time))
    return held.order_by(StoredFix.fix_time, StoredFix.device_id)


COUNTERS = ("stored", "duplicate", "off_duty", "unassigned", "clock_ahead", "no_fix", "rejected", "denied")
HEALTH = (
    "last_heard_at", "fix_time", "battery_pct", "charging", "connectivity", "lag_s", "lost_at", "denied_at",
    "denied_topic",
)  # fmt: skip


def not_stored(whose: Whose) -> Rows:
    return _carried_now(COUNTERS, whose)


def health(whose: Whose) -> Rows:
    return _carried_now(HEALTH, whose)


def statuses(whose: Whose) -> Rows:
    said = (DeviceStatus.permission, DeviceStatus.power_save, DeviceStatus.app_version, DeviceStatus.platform)
    query = select(DeviceStatus.received_at, Device.login, *said)
    held = _held(query, DeviceStatus.device_id, DeviceStatus.received_at, whose)
    return held.order_by(DeviceStatus.received_at)


def machine_hours(whose: Whose) -> Rows:
    table = MachineReading
    said = (table.operating_s, table.idle_s, table.distance_m, table.fuel_used_ml, table.fuel_remaining_pct)
    query = select(table.read_at, Device.login, table.received_at, *said, table.engine_running)
    return _held(query, table.device_id, table.read_at, whose).order_by(table.read_at)


def unread_messages(whose: Whose) -> Rows:
    query = select(Quarantine.received_at, Device.login, Quarantine.topic, Quarantine.reasons, Quarantine.replayed_at)
    held = _held(query, Quarantine.device_id, Quarantine.received_at, whose)
    return held.order_by(Quarantine.received_at)


def unread_counts(whose: Whose) -> Rows:
    """By UTC day: that of a handing over is in both persons' data."""
    day = func.tstzrange(*(cast(at, DateTime(timezone=True)) for at in (Rejection.day, Rejection.day + 1)))
    query = select(Rejection.day, Device.login, Rejection.reason, Rejection.count)
    query = query.join(Device, Device.id == Rejection.device_id).join(Assignment, Assignment.device_id == Device.id)
    carried = query.where(Assignment.person_id == whose.person_id, Assignment.period.overlaps(day))
    return carried.distinct().order_by(Rejection.day, Device.login, Rejection.reason)


def duties(whose: Whose) -> Rows:
    zones = (
        select(func.string_agg(Zone.name, literal("; ")))
        .join(DutyWindowZone, DutyWindowZone.zone_id == Zone.id)
        .where(DutyWindowZone.window_id == DutyWindow.id)
        .scalar_subquery()
    )
    times = ("starts_at", "ends_at", "accepts_from", "accepts_until", "published_at")
    said = (DutyWindow.profile, DutyWindow.excuse)
    columns = (Shift.name.label("shift"), *said, *(getattr(DutyWindow, name) for name in times))
    query = select(DutyWindow.work_date, *columns, zones.label("places")).join(Shift, Shift.id == DutyWindow.shift_id)
    return query.where(DutyWindow.person_id == whose.person_id).order_by(DutyWindow.starts_at)


REVISION = ("revision", "reason", "computed_at", "rule_version", "expected_s", "observed_s")
VERDICT = ("status", "cause", "late_min", "left_early_min", "on_site_s", "off_site_s", "moving_s", "unknown_s",
           "excused_s")  # fmt: skip


def verdicts(whose: Whose) -> Rows:
    return _revisions(VerdictRevision, VERDICT, whose)


def idle_revisions(whose: Whose) -> Rows:
    return _revisions(IdleRevision, ("measure", "counted_s"), whose)


def daily_logs(whose: Whose) -> Rows:
    query = select(DailyLog.work_date, DailyLog.state, DailyLog.submitted_at)
    return query.where(DailyLog.person_id == whose.person_id).order_by(DailyLog.work_date)


def activities(whose: Whose) -> Rows:
    kind = (ActivityType.name_id.label("activity"), ActivityType.volume_unit)
    columns = (Activity.starts_at, Activity.ends_at, *kind, Activity.volume, Activity.note, Activity.created_at)
    query = select(DailyLog.work_date, *columns).join(Activity, Activity.log_id == DailyLog.id)
    query = query.join(ActivityType, ActivityType.id == Activity.type_id)
    return query.where(DailyLog.person_id == whose.person_id).order_by(Activity.starts_at)


def decisions(whose: Whose) -> Rows:
    columns = (LogDecision.at, LogDecision.decision, LogDecision.reason)
    query = select(DailyLog.work_date, *columns, name_of(LogDecision.account_id).label("decided_by"))
    query = query.join(LogDecision, LogDecision.log_id == DailyLog.id)
    return query.where(DailyLog.person_id == whose.person_id).order_by(LogDecision.at)


def looks(whose: Whose) -> Rows:
    columns = (Audit.action, Audit.why, Audit.address, Audit.detail)
    query = select(Audit.at, name_of(Audit.account_id).label("who"), *columns)
    return query.where(Audit.people.contains([whose.person_id])).order_by(Audit.at, Audit.id)


def own_acts(whose: Whose) -> Rows:
    """When the person's account did what; whose data it touched is not theirs to take away."""
    query = select(Audit.at, Audit.action).where(of_account(Audit.account_id, whose))
    return query.order_by(Audit.at, Audit.id)


def imports(whose: Whose) -> Rows:
    """What the person's account brought in; what stood in the files is the others'."""
    columns = (ImportRun.kind, ImportRun.file_name, ImportRun.state, ImportRun.address, ImportRun.changed_at)
    query = select(ImportRun.created_at, *columns).where(of_account(ImportRun.account_id, whose))
    return query.order_by(ImportRun.id)


def corrections(whose: Whose) -> Rows:
    table = CorrectionRequest
    answered_by = name_of(table.answered_by).label("answered_by")
    query = select(table.at, table.about, table.text, table.outcome, table.answer, table.answered_at, answered_by)
    return query.where(table.person_id == whose.person_id).order_by(table.at, table.id)


def notices(whose: Whose) -> Rows:
    query = select(NoticeAcknowledgement.version, NoticeAcknowledgement.at)
    return query.where(NoticeAcknowledgement.person_id == whose.person_id).order_by(NoticeAcknowledgement.at)


def _held(query: Rows, device_id: Any, at: Any, whose: Whose) -> Rows:
    """Rows of devices, those from a time at which the person held the device."""
    query = query.join(Assignment, Assignment.device_id == device_id).join(Device, Device.id == Assignment.device_id)
    return query.where(Assignment.person_id == whose.person_id, Assignment.period.contains(at))


def _carried_now(columns: Sequence[str], whose: Whose) -> Rows:
    """State has no history: it is that of whoever carries the device now."""
    query = select(Device.login, *(getattr(DeviceState, name) for name in columns))
    return _held(query, DeviceState.device_id, whose.now, whose).order_by(Device.login)


def _revisions(table: type[VerdictRevision] | type[IdleRevision], own: Sequence[str], whose: Whose) -> Rows:
    columns = [getattr(table, name) for name in (*REVISION, *own)]
    query = select(DutyWindow.work_date, DutyWindow.starts_at, *columns, table.evidence)
    query = query.join(table, table.window_id == DutyWindow.id).where(DutyWindow.person_id == whose.person_id)
    return query.order_by(DutyWindow.starts_at, table.revision)


def of_account(account_id: Any, whose: Whose) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = account_id.in_(select(Account.id).where(Account.person_id == whose.person_id))
    return condition


def name_of(account_id: Any) -> ColumnElement[str | None]:
    """The name of an account's person, or else its user name; NULL for the service."""
    named = select(func.coalesce(Person.name, Account.username)).select_from(Account)
    return named.outerjoin(Person, Person.id == Account.person_id).where(Account.id == account_id).scalar_subquery()


def days(period: Any) -> tuple[ColumnElement[date], ColumnElement[date]]:
    """The first day of a period and the day it ends on, NULL where there is none."""
    return func.lower(period).label("from_day"), func.upper(period).label("until_day")


def degrees(e7: Any) -> ColumnElement[float]:
    return type_coerce(cast(e7, Double) / 1e7, Double)
