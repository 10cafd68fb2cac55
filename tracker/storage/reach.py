"""Up to when everything that devices sent has been stored; the rule is `tracker.domain.reach`."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, func, or_, select

from tracker.domain.reach import Heard, received_until
from tracker.storage.models import Assignment, DeviceState, DutyWindow

RECENTLY = timedelta(minutes=5)
ENOUGH = 1000  # devices tell of a city of any size


def stored_until(conn: Connection, now: datetime) -> datetime:
    """The time up to which nothing is on its way any more, as far as can be told."""
    newest = select(DeviceState.last_heard_at, DeviceState.lag_s).where(DeviceState.last_heard_at <= now)
    recent = newest.where(DeviceState.last_heard_at > now - RECENTLY, DeviceState.lag_s.is_not(None))
    heard = [Heard(at, timedelta(seconds=lag_s or 0)) for at, lag_s in conn.execute(recent.limit(ENOUGH))]
    last = conn.scalar(select(func.max(DeviceState.last_heard_at)).where(DeviceState.last_heard_at <= now))
    return received_until(heard, last, _expected(conn, now), now)


def _expected(conn: Connection, now: datetime) -> int:
    """How many devices should be heard now: of vehicles, and of people on duty. Only of those heard within a week."""
    on_duty = exists().where(
        DutyWindow.person_id == Assignment.person_id, DutyWindow.starts_at <= now, DutyWindow.ends_at > now,
        DutyWindow.excuse.is_(None),
    )  # fmt: skip
    living = (
        select(DeviceState.device_id)
        .join(Assignment, Assignment.device_id == DeviceState.device_id)
        .where(Assignment.period.contains(now), DeviceState.last_heard_at > now - timedelta(days=7))
        .where(or_(Assignment.vehicle_id.is_not(None), on_duty))
        .limit(ENOUGH)
    )
    return conn.scalar(select(func.count()).select_from(living.subquery())) or 0
