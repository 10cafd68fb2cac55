"""Attendance that has expired goes: duties with all that hangs on them, daily logs, leave, rosters, what was told.

What refers to a row goes before it, as the tables themselves say: who adds one that refers to a duty need not come
here, who adds one that knows a person and a day must. A duty stays while something about it waits for a decision.
"""

from __future__ import annotations

import logging
import threading
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, ForeignKey, Table, and_, delete, exists, func, select

from tracker.storage import models as m

AT_ONCE = 1_000  # rows of one transaction that others refer to

log = logging.getLogger(__name__)


def first_kept(today: date, years: int) -> date:
    """The first day that is kept: today's, so many years ago."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return date(today.year - years, today.month, day)


def drop_expired(owner: Engine, now: datetime, zone: ZoneInfo, years: int, stop: threading.Event) -> int:
    """Delete what is about days before the first that is kept; returns how many rows, without what referred to them.

    Only the owner of the tables may. It ends early once `stop` is set.
    """
    with owner.connect() as conn:
        kept = conn.scalar(select(func.max(m.Retention.attendance_years))) or 0  # as the migration was told
    first = first_kept(now.astimezone(zone).date(), max(years, kept))
    deleted = 0
    for table, expired in what_expires(first, zone).items():
        some = _delete_in_parts if keys_to(table) else _delete_at_once
        deleted += some(owner, table, expired, stop)
    if deleted:
        log.info("retention: %d rows of attendance before %s deleted", deleted, first)
    return deleted


def what_expires(first: date, zone: ZoneInfo) -> dict[Table, ColumnElement[bool]]:
    """What makes a row of each table expired where `first` is kept; periods that have no end never are."""
    since = datetime.combine(first - timedelta(days=1), time(), zone)  # a duty of `first` may begin the day before
    undecided = (
        exists().where(about.window_id == m.DutyWindow.id, about.decided_at.is_(None))
        for about in (m.Contest, m.DutyCase)
    )
    granted = exists().where(m.LeavePeriod.request_id == m.LeaveRequest.id)  # it may last longer than was asked for
    of = {
        m.DutyWindow: and_(m.DutyWindow.work_date < first, *(~one for one in undecided)),
        m.DailyLog: m.DailyLog.work_date < first,
        m.LeavePeriod: func.upper(m.LeavePeriod.period) <= first,
        m.LeaveRequest: and_(func.upper(m.LeaveRequest.period) <= first, ~granted),
        m.RosterEntry: func.upper(m.RosterEntry.period) <= first,
        m.RosterDay: m.RosterDay.day < first,
        m.ExtraDuty: m.ExtraDuty.day < first,
        m.Notification: m.Notification.work_date < first,
        m.CheckIn: m.CheckIn.at < since,
        m.DriverSession: func.upper(m.DriverSession.period) <= since,
        m.UnitDay: m.UnitDay.work_date < first,  # of a unit with one person it is about them
    }
    return {m.Base.metadata.tables[model.__tablename__]: expired for model, expired in of.items()}


def keys_to(table: Table) -> list[ForeignKey]:
    """The foreign keys of other tables to this one; rows that refer to each other go together."""
    others = (other for other in m.Base.metadata.sorted_tables if other is not table)
    return [key for other in others for key in other.foreign_keys if key.column.table is table]


def _delete_at_once(owner: Engine, table: Table, expired: ColumnElement[bool], stop: threading.Event) -> int:
    if stop.is_set():
        return 0
    with owner.begin() as conn:
        return conn.execute(delete(table).where(expired)).rowcount


def _delete_in_parts(owner: Engine, table: Table, expired: ColumnElement[bool], stop: threading.Event) -> int:
    """Rows with all that refers to them, so that nobody waits for more than a part; what is held is left for later."""
    chosen = select(table.c.id).where(expired).limit(AT_ONCE).with_for_update(skip_locked=True)
    deleted = 0
    while not stop.is_set():
        with owner.begin() as conn:
            ids = conn.scalars(chosen).all()
            deleted += _delete(conn, table, table.c.id.in_(ids))
        if not ids:
            break
    return deleted


def _delete(conn: Connection, table: Table, chosen: ColumnElement[bool]) -> int:
    """Delete rows after all that refers to them; returns how many of this table."""
    if keys := keys_to(table):
        ids = conn.scalars(select(table.c.id).where(chosen)).all()
        for key in keys:
            _delete(conn, key.parent.table, key.parent.in_(ids))
    return conn.execute(delete(table).where(chosen)).rowcount
