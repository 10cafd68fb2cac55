"""What the pages show of one person's day: duty, verdicts, the phone, the units to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from tracker.storage.models import Assignment, DeviceState, DutyWindow, IdleRevision, Unit, VerdictRevision
from tracker.storage.rights import Right, Viewer, units_covered


def windows_on(session: Session, person_id: int, work_date: date) -> Sequence[DutyWindow]:
    """The duty windows of the date with their shift and zones, in order."""
    query = select(DutyWindow).where(DutyWindow.person_id == person_id, DutyWindow.work_date == work_date)
    loaded = query.options(joinedload(DutyWindow.shift), selectinload(DutyWindow.zones))
    return session.scalars(loaded.order_by(DutyWindow.starts_at)).all()


def recent_windows(session: Session, person_id: int, before: date, limit: int) -> Sequence[DutyWindow]:
    """The newest duty windows up to and including `before`."""
    query = select(DutyWindow).where(DutyWindow.person_id == person_id, DutyWindow.work_date <= before)
    newest = query.order_by(DutyWindow.starts_at.desc()).limit(limit)
    return session.scalars(newest.options(joinedload(DutyWindow.shift))).all()


def verdicts_of(session: Session, window_ids: Sequence[int]) -> dict[int, list[VerdictRevision]]:
    """All revisions of each window's verdict, newest first."""
    query = select(VerdictRevision).where(VerdictRevision.window_id.in_(window_ids))
    found: dict[int, list[VerdictRevision]] = {}
    for verdict in session.scalars(query.order_by(VerdictRevision.revision.desc())):
        found.setdefault(verdict.window_id, []).append(verdict)
    return found


def idle_of(session: Session, window_ids: Sequence[int]) -> dict[int, IdleRevision]:
    """The newest idle revision of each window."""
    query = select(IdleRevision).where(IdleRevision.window_id.in_(window_ids)).order_by(IdleRevision.revision)
    return {revision.window_id: revision for revision in session.scalars(query)}


def phone_of(session: Session, person_id: int, now: datetime) -> DeviceState | None:
    """The state of the phone the person carries now, the one heard last; None if none was ever heard."""
    query = select(DeviceState).join(Assignment, Assignment.device_id == DeviceState.device_id)
    carried = query.where(Assignment.person_id == person_id, Assignment.period.contains(now))
    return session.scalar(carried.order_by(DeviceState.last_heard_at.desc()).limit(1))


def units_for(session: Session, viewer: Viewer, first: date, last: date) -> Sequence[Unit]:
    """The units the viewer can narrow a list of people on these days to."""
    covered = units_covered(viewer, Right.READ, first, last)
    return session.scalars(select(Unit).where(Unit.id.in_(covered)).order_by(Unit.name)).all()


def current_work_date(session: Session, person_id: int, now: datetime) -> date | None:
    """The work date of the duty that is on now, with its margins; None when the person is off duty."""
    query = select(DutyWindow.work_date).where(
        DutyWindow.person_id == person_id, DutyWindow.accepts_from <= now, DutyWindow.accepts_until > now,
        DutyWindow.excuse.is_(None),
    )
    return session.scalar(query.order_by(DutyWindow.starts_at).limit(1))
