"""Duty windows that are to be judged, and everything their verdicts depend on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    ColumnElement,
    Connection,
    Row,
    Select,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from tracker.domain import geo
from tracker.domain.duty import DutyWindow as Window
from tracker.domain.duty import Evidence, Profile, Rules
from tracker.storage.fixes import LATE_AFTER
from tracker.storage.models import (
    Assignment,
    Device,
    DutyWindow,
    DutyWindowZone,
    IdleRevision,
    LateDay,
    Shift,
    VerdictRevision,
)
from tracker.storage.outages import outages
from tracker.storage.tracks import track_of
from tracker.storage.zones import shapes

SETTLE = LATE_AFTER + timedelta(minutes=5)  # a fix that comes later than this marks its day: it is judged again
RULES = Rules()
JUDGING_LOCK = 0x6A756467  # "judg"

Mark = tuple[int, date]  # a device and its late day (UTC)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the verdict on one window depends on."""

    window_id: int
    work_date: date
    window: Window
    evidence: Evidence
    rules: Rules


def lock_judging(conn: Connection) -> None:
    """Wait until no other transaction judges; held until the caller's ends, so that revisions never race."""
    conn.execute(select(func.pg_advisory_xact_lock(JUDGING_LOCK)))


def dates_due(conn: Connection, now: datetime, oldest: datetime) -> list[date]:
    """The work dates with a window to be judged, for the first time or again.

    `oldest` is the beginning of what fixes are kept: nothing before it can be judged any more.
    """
    due = _unjudged(now, oldest).union(_touched(now, oldest)).subquery()
    dates = select(DutyWindow.work_date).where(DutyWindow.id.in_(select(due.c.id))).distinct()
    return list(conn.scalars(dates.order_by(DutyWindow.work_date)))


def unjudged(conn: Connection, now: datetime, oldest: datetime, limit: int, besides: Collection[int]) -> list[int]:
    """The ids of settled windows without a verdict or an idle figure, but for those `besides`."""
    others = _unjudged(now, oldest).where(DutyWindow.id.not_in(besides))
    return list(conn.scalars(others.order_by(DutyWindow.ends_at, DutyWindow.id).limit(limit)))


def lock_marks(conn: Connection, limit: int, besides: Collection[Mark]) -> list[Mark]:
    """Up to `limit` marks of late days, but for those `besides`, locked until the caller's transaction ends.

    A mark that arrives meanwhile waits for that end: it is a new one where the caller took the old one away.
    """
    others = select(LateDay.device_id, LateDay.day).where(~_one_of(besides))
    return [(row.device_id, row.day) for row in conn.execute(others.limit(limit).with_for_update(skip_locked=True))]


def touched(conn: Connection, marks: Collection[Mark], now: datetime, oldest: datetime) -> list[int]:
    """The ids of the settled windows that the marks touch."""
    return list(conn.scalars(_touched(now, oldest).where(_one_of(marks))))


def take_marks(conn: Connection, marks: Collection[Mark]) -> None:
    """Once the windows they touch are judged: they go with the caller's commit and the revisions, or not at all."""
    conn.execute(delete(LateDay).where(_one_of(marks)))


def dates_of(conn: Connection, window_ids: Collection[int]) -> dict[int, date]:
    """The work dates of windows by their ids."""
    rows = conn.execute(select(DutyWindow.id, DutyWindow.work_date).where(DutyWindow.id.in_(window_ids)))
    return {row.id: row.work_date for row in rows}


def windows_of(conn: Connection, work_date: date, now: datetime, oldest: datetime) -> tuple[list[int], int]:
    """The settled windows of a work date, and how many of its windows cannot be judged (not ended, or not kept)."""
    settled = list(conn.scalars(_settled(now, oldest).where(DutyWindow.work_date == work_date).order_by(DutyWindow.id)))
    every = conn.scalars(select(func.count()).where(DutyWindow.work_date == work_date)).one()
    return settled, every - len(settled)


def inputs_of(conn: Connection, window_ids: Sequence[int]) -> list[Inputs]:
    """Everything the verdicts on these windows depend on, read afresh."""
    rows = conn.execute(_windows(window_ids)).all()
    zones = _zones(conn, window_ids)
    quiet = {span: outages(conn, *span) for span in {(row.starts_at, row.ends_at) for row in rows}}
    return [_inputs(conn, row, zones[row.id], quiet[row.starts_at, row.ends_at]) for row in rows]


def _one_of(marks: Collection[Mark]) -> ColumnElement[bool]:
    return tuple_(LateDay.device_id, LateDay.day).in_(marks)


def _settled(now: datetime, oldest: datetime) -> Select[int]:
    """Windows whose grace has passed, and whose last fix that may count has arrived or will be marked late."""
    grace = func.make_interval(0, 0, 0, 0, 0, Shift.grace_min)
    return (
        select(DutyWindow.id)
        .join(Shift, Shift.id == DutyWindow.shift_id)
        .where(
            DutyWindow.accepts_until <= now - SETTLE,
            DutyWindow.ends_at + grace <= now,
            DutyWindow.accepts_from >= oldest,
        )
    )


def _unjudged(now: datetime, oldest: datetime) -> Select[int]:
    missing = (~exists().where(table.window_id == DutyWindow.id) for table in (VerdictRevision, IdleRevision))
    return _settled(now, oldest).where(or_(*missing))


def _touched(now: datetime, oldest: datetime) -> Select[int]:
    """Settled windows that take fixes of a marked day (UTC) of a device their person held at some time."""
    day = func.timezone("UTC", cast(LateDay.day, TIMESTAMP))
    return (
        _settled(now, oldest)
        .join(Assignment, Assignment.person_id == DutyWindow.person_id)
        .join(LateDay, LateDay.device_id == Assignment.device_id)
        .where(DutyWindow.accepts_until >= day, DutyWindow.accepts_from < day + timedelta(days=1))
        .distinct()
    )


def _windows(window_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    accepted = func.tstzrange(DutyWindow.accepts_from, DutyWindow.accepts_until, "[]")
    interval_s = (
        # where several devices overlap the most talkative one says what silence is: that favours the person
        select(func.min(Device.expected_interval_s))
        .join(Assignment, Assignment.device_id == Device.id)
        .where(Assignment.person_id == DutyWindow.person_id, Assignment.period.overlaps(accepted))
        .scalar_subquery()
    )
    return (
        select(*DutyWindow.__table__.c, Shift.profile, Shift.grace_min, interval_s.label("interval_s"))
        .join(Shift, Shift.id == DutyWindow.shift_id)
        .where(DutyWindow.id.in_(window_ids))
        .order_by(DutyWindow.id)
    )


def _zones(conn: Connection, window_ids: Sequence[int]) -> dict[int, list[geo.Zone]]:
    """Windows that share a zone share its shape: a polygon is large."""
    query = select(DutyWindowZone.window_id, DutyWindowZone.zone_id).order_by(DutyWindowZone.zone_id)
    rows = conn.execute(query.where(DutyWindowZone.window_id.in_(window_ids))).all()
    shape = shapes(conn, {row.zone_id for row in rows})
    zones: dict[int, list[geo.Zone]] = defaultdict(list)
    for row in rows:
        zones[row.window_id].append(shape[row.zone_id])
    return zones


def _inputs(
    conn: Connection, row: Row[Any], zones: Sequence[geo.Zone], quiet: tuple[tuple[datetime, datetime], ...]
) -> Inputs:
    track = track_of(conn, Assignment.person_id == row.person_id, row.accepts_from, row.accepts_until)
    window = Window(
        row.starts_at, row.ends_at, row.accepts_from, row.accepts_until, row.published_at,
        Profile(row.profile), tuple(zones),
    )  # fmt: skip
    interval = {} if row.interval_s is None else {"expected_interval_s": row.interval_s}
    evidence = Evidence(
        tuple(track.fixes), outages=quiet, clock_ahead=track.clock_ahead, clock_proven=track.clock_proven, **interval
    )
    return Inputs(row.id, row.work_date, window, evidence, replace(RULES, grace_min=row.grace_min))
