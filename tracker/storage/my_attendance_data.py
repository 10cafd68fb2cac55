"""What is stored about one person's rosters, leave and presence: the queries of `my_data` about them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, literal, select

from tracker.storage.models import (
    AbsenceFinding,
    Attestation,
    CheckIn,
    Contest,
    ContestPhoto,
    DutyCase,
    DutyWindow,
    ExtraDuty,
    LeavePeriod,
    LeaveRequest,
    Mail,
    MailAddress,
    Notification,
    RosterDay,
    RosterEntry,
    Rotation,
    Shift,
    Subscription,
    Unit,
    Zone,
)
from tracker.storage.my_data import Rows, Whose, days, degrees, name_of, of_account


def check_ins(whose: Whose) -> Rows:
    """The place of one lives as long as positions do."""
    table = CheckIn
    place = (degrees(table.lat_e7).label("lat"), degrees(table.lon_e7).label("lon"), table.accuracy_m)
    return select(table.at, table.leaves, *place).where(table.person_id == whose.person_id).order_by(table.at, table.id)


def attestations(whose: Whose) -> Rows:
    table = Attestation
    who = (name_of(table.account_id).label("attested_by"), name_of(table.withdrawn_by).label("withdrawn_by"))
    columns = (table.starts_at, table.ends_at, table.reason, table.at, table.withdrawn_at)
    query = select(DutyWindow.work_date, *columns, *who).join(table, table.window_id == DutyWindow.id)
    return query.where(DutyWindow.person_id == whose.person_id).order_by(table.id)


def leave(whose: Whose) -> Rows:
    table = LeavePeriod
    query = select(table.kind, table.part, table.place, table.note, *days(table.period))
    return query.where(table.person_id == whose.person_id).order_by(func.lower(table.period))


def leave_requests(whose: Whose) -> Rows:
    table = LeaveRequest
    asked = (table.kind, table.part, table.place, table.note, *days(table.period))
    answer = (table.state, table.decided_at, table.reason, name_of(table.decided_by).label("decided_by"))
    query = select(table.requested_at, *asked, *answer)
    return query.where(table.person_id == whose.person_id).order_by(table.requested_at, table.id)


def cases(whose: Whose) -> Rows:
    table = DutyCase
    decision = (table.accepted, table.decided_at, table.reason, name_of(table.decided_by).label("decided_by"))
    query = select(DutyWindow.work_date, table.opened_at, table.cause, table.proposed, *decision)
    query = query.join(table, table.window_id == DutyWindow.id).where(DutyWindow.person_id == whose.person_id)
    return query.order_by(table.id)


def absences(whose: Whose) -> Rows:
    table = AbsenceFinding
    who = (name_of(table.account_id).label("found_by"), name_of(table.withdrawn_by).label("withdrawn_by"))
    query = select(DutyWindow.work_date, table.reason, table.at, table.withdrawn_at, *who)
    query = query.join(table, table.window_id == DutyWindow.id).where(DutyWindow.person_id == whose.person_id)
    return query.order_by(table.id)


def contests(whose: Whose) -> Rows:
    table = Contest
    said = (table.level, table.revision, table.opened_at, table.statement, table.due_at, table.escalated_at)
    decision = (table.outcome, table.decided_at, table.reason, name_of(table.decided_by).label("decided_by"))
    query = select(table.id.label("contest"), DutyWindow.work_date, *said, *decision)
    query = query.join(DutyWindow, DutyWindow.id == table.window_id).where(DutyWindow.person_id == whose.person_id)
    return query.order_by(table.id)


def contest_photos(whose: Whose) -> Rows:
    """The pictures themselves, in base64."""
    table = ContestPhoto
    content = func.encode(table.content, "base64").label("content_base64")
    query = select(table.contest_id.label("contest"), table.number, table.media_type, content)
    query = query.join(Contest, Contest.id == table.contest_id).join(DutyWindow, DutyWindow.id == Contest.window_id)
    return query.where(DutyWindow.person_id == whose.person_id).order_by(table.contest_id, table.number)


def notifications(whose: Whose) -> Rows:
    table = Notification
    query = select(table.at, table.kind, table.work_date, table.detail, table.read_at)
    return query.where(table.person_id == whose.person_id).order_by(table.id)


def mail_address(whose: Whose) -> Rows:
    query = select(MailAddress.address, MailAddress.language, MailAddress.confirmed_at)
    return query.where(of_account(MailAddress.account_id, whose))


def subscriptions(whose: Whose) -> Rows:
    """Without a unit it is about the person's own duties."""
    table = Subscription
    query = select(table.created_at, table.cadence, Unit.name.label("unit"), table.ended_at).outerjoin(Unit)
    return query.where(of_account(table.account_id, whose)).order_by(table.id)


def mails(whose: Whose) -> Rows:
    columns = (Mail.created_at, Subscription.cadence, Mail.period, Mail.state, Mail.finished_at, Mail.problem)
    query = select(*columns).outerjoin(Subscription, Subscription.id == Mail.subscription_id)
    return query.where(of_account(Mail.account_id, whose)).order_by(Mail.id)


def roster(whose: Whose) -> Rows:
    """By which rotation the person works, where, from when until when."""
    table = RosterEntry
    query = select(Rotation.name.label("rotation"), table.offset, _zones(table.zone_ids), *days(table.period))
    query = query.join(Rotation, Rotation.id == table.rotation_id).where(table.person_id == whose.person_id)
    return query.order_by(func.lower(table.period))


def roster_days(whose: Whose) -> Rows:
    """Single days that differ from the rotation; without a shift they are off."""
    table = RosterDay
    query = select(table.day, Shift.name.label("shift"), _zones(table.zone_ids), table.note)
    query = query.outerjoin(Shift, Shift.id == table.shift_id).where(table.person_id == whose.person_id)
    return query.order_by(table.day)


def overtime(whose: Whose) -> Rows:
    table = ExtraDuty
    times = (table.start_time, table.duration_min)
    query = select(table.day, *times, Shift.name.label("shift"), _zones(table.zone_ids), table.note)
    query = query.join(Shift, Shift.id == table.shift_id).where(table.person_id == whose.person_id)
    return query.order_by(table.day, table.start_time)


def _zones(numbers: Any) -> Any:
    """The names of zones by their numbers."""
    names = select(func.string_agg(Zone.name, literal("; "))).where(Zone.id == func.any(numbers))
    return names.scalar_subquery().label("places")
