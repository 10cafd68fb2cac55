"""People with rosters in the database, published and judged at Jakarta times of the days around yesterday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from reports.publishing import publish_due
from tests import builders
from tests.domain import days
from tests.reports.duties import LOCK, RETENTION_DAYS, WORK_DATE, at, verdicts
from tracker.domain.fix import oldest_kept
from tracker.storage import models as m
from tracker.storage.audit import OPERATOR
from tracker.storage.changes import By
from tracker.storage.publication import Times, mark_people, mark_rostered
from tracker.storage.rights import Grant, Viewer

DAY = timedelta(days=1)
LONG_BEFORE = WORK_DATE - timedelta(days=30)


def shift(
    conn: Connection, start: str = "08:00", minutes: int = 480, profile: str = "FIELD", zones: Sequence[int] = ()
) -> int:
    name = f"Shift {next(builders._numbers)}"
    values = {"name": name, "start_time": time.fromisoformat(start), "duration_min": minutes, "profile": profile}
    return conn.scalars(insert(m.Shift).values(**values, zone_ids=list(zones)).returning(m.Shift.id)).one()


def rotation(conn: Connection, *cycle: int | None, anchor: date = LONG_BEFORE, beats_holidays: bool = False) -> int:
    name = f"Rotation {next(builders._numbers)}"
    values = {"name": name, "anchor": anchor, "days": len(cycle), "beats_holidays": beats_holidays}
    made = conn.scalars(insert(m.Rotation).values(values).returning(m.Rotation.id)).one()
    rows = [{"rotation_id": made, "number": n, "shift_id": one} for n, one in enumerate(cycle) if one]
    conn.execute(insert(m.RotationDay), rows)
    return made


def work_zone(conn: Connection) -> int:
    return builders.zone(conn, days.WORK.lat, days.WORK.lon, int(days.WORK.radius_m))


def rostered(conn: Connection, rotation_id: int, zone_id: int | None = None, first: date = LONG_BEFORE) -> int:
    """Somebody who works by a rotation; returns their number."""
    person_id = builders.person(conn)
    zones = [zone_id or work_zone(conn)]
    entry = {"person_id": person_id, "rotation_id": rotation_id, "period": Range(first, None), "zone_ids": zones}
    conn.execute(insert(m.RosterEntry).values(entry))
    mark_people(conn, [person_id], first, "roster")
    return person_id


def somebody(engine: Engine, start: str = "08:00", minutes: int = 480, **more: Any) -> int:
    """Who works every day, published a fortnight before yesterday."""
    with engine.begin() as conn:
        person_id = rostered(conn, rotation(conn, shift(conn, start, minutes), **more))
    publish(engine, "-14 06:00")
    return person_id


def give_leave(engine: Engine, person_id: int, part: str = "full", kind: str = "sick") -> None:
    with engine.begin() as conn:
        period = Range(WORK_DATE, WORK_DATE + DAY)
        conn.execute(insert(m.LeavePeriod).values(person_id=person_id, period=period, part=part, kind=kind))
        mark_rostered(conn, [person_id], WORK_DATE, "leave")


def times(clock: str) -> Times:
    now = at(clock)
    return Times(now, days.WIB, LOCK, oldest_kept(now, RETENTION_DAYS))


def publish(engine: Engine, clock: str) -> dict[str, int]:
    """What the scheduler does at that time."""
    return dict(publish_due(engine, times(clock)))


def by(session: Session, clock: str) -> By:
    """An operator at a time."""
    return By(session, OPERATOR, None, at(clock), at(clock).astimezone(days.WIB).date())


def windows(engine: Engine, person_id: int, first: date = WORK_DATE, last: date = WORK_DATE) -> list[Row[Any]]:
    """A person's windows, in order of time."""
    query = select(m.DutyWindow.__table__).where(m.DutyWindow.person_id == person_id)
    query = query.where(m.DutyWindow.work_date.between(first, last))
    with engine.connect() as conn:
        return list(conn.execute(query.order_by(m.DutyWindow.starts_at)))


def phone_of(engine: Engine, person_id: int) -> int:
    """A phone of theirs."""
    with engine.begin() as conn:
        return builders.device(conn, person_id=person_id)


def boss(engine: Engine, person_id: int) -> Viewer:
    """Who decides about a person."""
    with engine.begin() as conn:
        account = conn.scalars(insert(m.Account).values(username=f"boss-{person_id}").returning(m.Account.id)).one()
        unit = conn.scalars(select(m.Membership.unit_id).where(m.Membership.person_id == person_id)).one()
    return Viewer(account, "boss", None, (Grant("supervisor", unit),), WORK_DATE)


def told(engine: Engine, window_id: int) -> list[tuple[int, str, str]]:
    """The revisions of a window: number, cause and status."""
    return [(v.revision, v.reason, v.status) for v in verdicts(engine, window_id)]
