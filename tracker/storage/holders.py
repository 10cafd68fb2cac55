"""Who or what carries a device: handing over, taking back, and putting another device in a lost one's place.

A phone that people share changes hands at each change of shift; who has none is in no row. All functions work in the
caller's transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.storage.devices import add_device, revoke_device
from tracker.storage.models import Assignment, Device
from tracker.storage.periods import end_at
from tracker.storage.register import Impossible, Why, no_device


def living_device(session: Session, login: str) -> Device:
    device = session.scalar(select(Device).where(Device.login == login, Device.revoked_at.is_(None)))
    if device is None:
        raise no_device(login)
    return device


def hand_over(
    session: Session, login: str, since: datetime, until: datetime | None = None, *,
    person_id: int | None = None, vehicle_id: int | None = None,
) -> Assignment | None:  # fmt: skip
    """A person or a vehicle carries a device from `since` on, up to `until` if that is known. Returns what ended."""
    device = living_device(session, login)
    ended = end_at(session, Assignment, Assignment.device_id == device.id, since)
    period = Range(since, until)
    session.add(Assignment(device_id=device.id, person_id=person_id, vehicle_id=vehicle_id, period=period))
    session.flush()
    return ended


def take_back(session: Session, login: str, at: datetime) -> Assignment:
    """Nobody carries a device any more: what it says from now on is about nobody. Returns what ended."""
    device = living_device(session, login)
    ended = end_at(session, Assignment, Assignment.device_id == device.id, at)
    if ended is None:
        raise Impossible(f"nobody carried {login!r} at that time", Why.NOT_CARRIED)
    return ended


def swap_device(session: Session, lost: str, fresh: str, at: datetime) -> str:
    """Another device in the place of one that is lost, for the same holder and of the same kind; returns its secret.

    The lost one is revoked: what it still sends is refused.
    """
    device = living_device(session, lost)
    of_device = Assignment.device_id == device.id
    until = session.scalar(select(func.upper(Assignment.period)).where(of_device, Assignment.period.contains(at)))
    held = end_at(session, Assignment, of_device, at)
    if held is None:
        raise Impossible(f"nobody carries {lost!r}: revoke it, and add a device as ever", Why.NOT_CARRIED)
    conn = session.connection()
    revoke_device(conn, lost)
    secret = add_device(conn, fresh, device.kind, model=device.model, expected_interval_s=device.expected_interval_s)
    hand_over(session, fresh, at, until, person_id=held.person_id, vehicle_id=held.vehicle_id)
    return secret
