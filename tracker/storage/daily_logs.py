"""Daily logs: read them, write activities, submit, decide. The rules are `tracker.domain.daily_log`'s.

Every change takes the person's row first, so that two requests of one person follow each other. All functions work in
the caller's transaction and raise `Refused` where a rule says no.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from tracker.domain import daily_log as rules
from tracker.domain.daily_log import LogState, Period, Refusal, Refused
from tracker.storage.models import Account, Activity, ActivityType, DailyLog, DutyWindow, LogDecision, Person
from tracker.storage.rights import Viewer


@dataclass(frozen=True, slots=True)
class Day:
    """One person's work date, with what the rules need to know about it."""

    person_id: int
    work_date: date
    zone: tzinfo
    windows: tuple[Period, ...]
    now: datetime

    @property
    def span(self) -> Period:
        return rules.day_span(self.work_date, self.zone, self.windows)

    @property
    def closes_at(self) -> datetime:
        return rules.deadline(self.work_date, self.zone, self.windows)


@dataclass(frozen=True, slots=True)
class Entry:
    """An activity as somebody wrote it; clock times are local."""

    type_id: int
    start: time
    end: time
    volume: int
    note: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The log that a supervisor had before them: its state, and which submission of it (None: never submitted)."""

    state: LogState
    submitted_at: datetime | None


def day_of(session: Session, person_id: int, work_date: date, zone: tzinfo, now: datetime) -> Day:
    """The person's work date with its duty windows."""
    windows = session.execute(
        select(DutyWindow.starts_at, DutyWindow.ends_at)
        .where(DutyWindow.person_id == person_id, DutyWindow.work_date == work_date)
        .order_by(DutyWindow.starts_at)
    )
    return Day(person_id, work_date, zone, tuple(Period(start, end) for start, end in windows), now)


def read_log(session: Session, person_id: int, work_date: date) -> DailyLog | None:
    """The day's log with its activities and decisions, or None where nothing was written."""
    return session.scalar(
        select(DailyLog)
        .where(DailyLog.person_id == person_id, DailyLog.work_date == work_date)
        .options(
            selectinload(DailyLog.activities).joinedload(Activity.type),
            selectinload(DailyLog.decisions).joinedload(LogDecision.account).joinedload(Account.person),
        )
    )


def catalogue(session: Session, person_id: int) -> Sequence[ActivityType]:
    """Every activity type, those this person used most first."""
    uses = (
        select(Activity.type_id, func.count().label("uses"))
        .join(DailyLog)
        .where(DailyLog.person_id == person_id)
        .group_by(Activity.type_id)
        .subquery()
    )
    query = select(ActivityType).outerjoin(uses, uses.c.type_id == ActivityType.id)
    return session.scalars(query.order_by(func.coalesce(uses.c.uses, 0).desc(), ActivityType.id)).all()


def recent_logs(session: Session, person_id: int, before: date, limit: int) -> Sequence[DailyLog]:
    """The newest logs up to `before`, without their activities."""
    query = select(DailyLog).where(DailyLog.person_id == person_id, DailyLog.work_date <= before)
    return session.scalars(query.order_by(DailyLog.work_date.desc()).limit(limit)).all()


def add_activity(session: Session, day: Day, key: uuid.UUID, entry: Entry) -> None:
    """Write one activity; a request repeated with its `key` changes nothing, with other values it is refused."""
    log = _locked_log(session, day)
    known = session.scalar(select(Activity).where(Activity.key == key))
    if known is None:
        session.add(Activity(log_id=log.id, key=key, **_fields(session, day, entry)))
    elif known.log_id != log.id:
        raise Refused(Refusal.UNKNOWN_ACTIVITY)
    elif any(getattr(known, name) != value for name, value in _fields(session, day, entry, known.id).items()):
        raise Refused(Refusal.FORM_USED)


def change_activity(session: Session, day: Day, key: uuid.UUID, entry: Entry) -> None:
    """Write an activity of this day anew."""
    log = _locked_log(session, day)
    activity = session.scalar(select(Activity).where(Activity.key == key, Activity.log_id == log.id))
    if activity is None:
        raise Refused(Refusal.UNKNOWN_ACTIVITY)
    for name, value in _fields(session, day, entry, activity.id).items():
        setattr(activity, name, value)


def delete_activity(session: Session, day: Day, key: uuid.UUID) -> None:
    """Remove an activity of this day."""
    log = _locked_log(session, day)
    removed = delete(Activity).where(Activity.key == key, Activity.log_id == log.id).returning(Activity.id)
    if session.scalar(removed) is None:
        raise Refused(Refusal.UNKNOWN_ACTIVITY)


def submit(session: Session, day: Day) -> None:
    """Hand the day to the supervisor."""
    log = _locked_log(session, day)
    if not session.scalar(select(func.count()).where(Activity.log_id == log.id)):
        raise Refused(Refusal.NOTHING_TO_SUBMIT)
    log.state, log.submitted_at = LogState.SUBMITTED, day.now


def decide(session: Session, viewer: Viewer, day: Day, decision: LogState, seen: Seen, reason: str) -> None:
    """Decide on the log that was `seen`, and on no later one; the first of two decisions stands."""
    own = viewer.person_id == day.person_id
    rules.require_decidable(decision, seen.state, day.closes_at, day.now, own=own, reason=reason)
    _ensure_log(session, day)
    log_id = session.scalar(
        update(DailyLog)
        .where(DailyLog.person_id == day.person_id, DailyLog.work_date == day.work_date)
        .where(DailyLog.state == seen.state, DailyLog.submitted_at.is_not_distinct_from(seen.submitted_at))
        .values(state=decision)
        .returning(DailyLog.id)
    )
    if log_id is None:
        raise Refused(Refusal.DECIDED_MEANWHILE)
    session.add(LogDecision(log_id=log_id, at=day.now, account_id=viewer.account_id, decision=decision, reason=reason))


def _ensure_log(session: Session, day: Day) -> None:
    session.execute(insert(DailyLog).values(person_id=day.person_id, work_date=day.work_date).on_conflict_do_nothing())


def _locked_log(session: Session, day: Day) -> DailyLog:
    """The day's log, made if need be, held until the transaction ends; refused where it may not be written."""
    if day.now < day.span.start:
        raise Refused(Refusal.DAY_NOT_BEGUN)
    session.execute(select(Person.id).where(Person.id == day.person_id).with_for_update(key_share=True))
    _ensure_log(session, day)
    log = session.scalars(
        select(DailyLog)
        .where(DailyLog.person_id == day.person_id, DailyLog.work_date == day.work_date)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    rules.require_editable(LogState(log.state), day.closes_at, day.now)
    return log


def _fields(session: Session, day: Day, entry: Entry, except_id: int = 0) -> dict[str, object]:
    """The columns of an activity, once the rules agree."""
    if session.get(ActivityType, entry.type_id) is None:
        raise Refused(Refusal.UNKNOWN_ACTIVITY)
    span = rules.placed(day.work_date, entry.start, entry.end, day.zone, day.windows, day.now)
    rules.require_fitting(span, day.span, _others(session, day.person_id, span, except_id), day.now)
    return {
        "type_id": entry.type_id,
        "starts_at": span.start,
        "ends_at": span.end,
        "volume": entry.volume,
        "note": entry.note,
    }


def _others(session: Session, person_id: int, span: Period, except_id: int) -> list[Period]:
    """When the person did something else around `span`, whichever day it was written on."""
    query = select(Activity.starts_at, Activity.ends_at).join(DailyLog)
    found = session.execute(
        query.where(DailyLog.person_id == person_id, Activity.id != except_id).where(
            Activity.starts_at < span.end, Activity.ends_at > span.start
        )
    )
    return [Period(start, end) for start, end in found]
