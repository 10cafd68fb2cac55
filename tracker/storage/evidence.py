"""What the evidence of one verdict tells beside the day: devices of the duty, its rules by name, what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, joinedload, selectinload

from tracker.storage.fixes import LATE_AFTER
from tracker.storage.models import (
    Assignment,
    Device,
    DeviceState,
    DeviceStatus,
    DutyWindow,
    RuleSet,
    StoredFix,
)
from tracker.storage.models.said import NOT_SAID


@dataclass(frozen=True, slots=True)
class Carried:
    """A device that somebody carried during a duty, what was heard of it within, and how it is by now.

    `state` is None, too, where another has it by now: when that one was heard is nobody's business here. `late` fixes
    came long after their own time. Of the statuses the last before the duty is the first.
    """

    device: Device
    fixes: int
    late: int
    first: datetime | None
    last: datetime | None
    batteries: Sequence[tuple[datetime, int]]
    statuses: Sequence[DeviceStatus]
    state: DeviceState | None


def duty_of(session: Session, person_id: int, window_id: int) -> DutyWindow | None:
    """A duty of this person with its shift and zones; None where it is another's or not there."""
    query = select(DutyWindow).where(DutyWindow.id == window_id, DutyWindow.person_id == person_id)
    loaded = query.options(joinedload(DutyWindow.shift), joinedload(DutyWindow.person), selectinload(DutyWindow.zones))
    return session.scalar(loaded)


def carried_in(session: Session, window: DutyWindow, now: datetime) -> list[Carried]:
    """The devices that the person held at some time in which the duty takes fixes, by login."""
    overlaps = Assignment.period.overlaps(_accepted(window))
    held = select(Device).join(Assignment, Assignment.device_id == Device.id).distinct()
    devices = session.scalars(held.where(Assignment.person_id == window.person_id, overlaps).order_by(Device.login))
    return [_carried(session, window, device, now) for device in devices.all()]


def rule_set_named(session: Session, rule_version: str) -> str:
    """The name of the dated rules that a version speaks of; empty where it speaks of none, or they are gone."""
    number = rule_version.partition("/")[2]
    found = session.get(RuleSet, int(number)) if number.isdecimal() else None
    return found.name if found else ""


def _accepted(window: DutyWindow) -> Range[datetime]:
    return Range(window.accepts_from, window.accepts_until, bounds="[]")


def _carried(session: Session, window: DutyWindow, device: Device, now: datetime) -> Carried:
    within = StoredFix.fix_time.between(window.accepts_from, window.accepts_until)
    held = (Assignment.device_id == device.id, Assignment.person_id == window.person_id)
    query = (
        select(StoredFix.fix_time, StoredFix.received_after_s, StoredFix.battery_pct)
        .join(Assignment, Assignment.device_id == StoredFix.device_id)
        .where(StoredFix.device_id == device.id, within, *held, Assignment.period.contains(StoredFix.fix_time))
        .order_by(StoredFix.fix_time)
    )
    rows = session.execute(query).all()
    late = sum(row.received_after_s > LATE_AFTER.total_seconds() for row in rows)
    batteries = [(row.fix_time, row.battery_pct) for row in rows if row.battery_pct not in (None, NOT_SAID)]
    first, last = (rows[0].fix_time, rows[-1].fix_time) if rows else (None, None)
    still_held = Assignment.person_id == window.person_id, Assignment.period.contains(now)
    own = select(DeviceState).join(Assignment, Assignment.device_id == DeviceState.device_id).where(*still_held)
    state = session.scalar(own.where(DeviceState.device_id == device.id))
    return Carried(device, len(rows), late, first, last, batteries, _statuses(session, window, device.id), state)


def _statuses(session: Session, window: DutyWindow, device_id: int) -> list[DeviceStatus]:
    said = select(DeviceStatus).where(DeviceStatus.device_id == device_id)
    before = said.where(DeviceStatus.received_at < window.accepts_from).order_by(DeviceStatus.received_at.desc())
    within = said.where(DeviceStatus.received_at.between(window.accepts_from, window.accepts_until))
    first = session.scalar(before.limit(1))
    during = session.scalars(within.order_by(DeviceStatus.received_at)).all()
    return [*([first] if first else []), *during]
