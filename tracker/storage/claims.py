"""What speaks for people beside their fixes, and what their phones said of themselves, for many windows at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from tracker.domain.claims import ROW, Moment, Period, in_a_row
from tracker.domain.presence import Source
from tracker.storage.among import among
from tracker.storage.due import mark_windows
from tracker.storage.models import (
    AbsenceFinding,
    Assignment,
    Attestation,
    CheckIn,
    DeviceStatus,
    DriverSession,
    DutyWindow,
    StoredFix,
    VerdictRevision,
)

LONGEST = timedelta(hours=48)  # that a window takes fixes for: 24 hours of duty and both margins are less
WITHOUT_POSITION = ("never", "limited")  # an app that may not always know where it is


@dataclass(slots=True)
class Said:
    """Of one window: the moments and periods that speak for its person, and what else is known.

    `location_off`: a phone had no right to know where it was. `absence_found`: a human found the person absent.
    """

    moments: list[Moment] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    location_off: bool = False
    absence_found: bool = False


def said_of(conn: Connection, window_ids: Sequence[int]) -> dict[int, Said]:
    """What is said of each of these windows."""
    said: dict[int, Said] = defaultdict(Said)
    for window_id, moments in moments_of(conn, window_ids).items():
        said[window_id].moments = moments
    for row in conn.execute(_attestations(window_ids)):
        said[row.window_id].periods.append(Period(Source.ATTESTATION, row.starts_at, row.ends_at))
    for row in conn.execute(_drives(window_ids)):
        drive = _drive(conn, row)
        if drive is not None:
            said[row.window_id].periods.append(drive)
    for window_id in conn.scalars(_location_off(window_ids)):
        said[window_id].location_off = True
    found = among(AbsenceFinding.window_id, window_ids), AbsenceFinding.withdrawn_at.is_(None)
    for window_id in conn.scalars(select(AbsenceFinding.window_id).where(*found)):
        said[window_id].absence_found = True
    return said


def moments_of(conn: Connection, window_ids: Sequence[int]) -> dict[int, list[Moment]]:
    """The moments that speak for the person of each of these windows."""
    moments: dict[int, list[Moment]] = defaultdict(list)
    for row in conn.execute(_check_ins(window_ids)):
        moments[row.window_id].append(_moment(row))
    return moments


def earlier_windows(conn: Connection, window_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Of each of these windows those of its person shortly before, from the first on with a check-in, in order.

    Only windows in which somebody was expected: in others nobody is followed, and nobody checks in.
    """
    before = aliased(DutyWindow)
    said = _said_in(before).label("said")
    query = select(
        DutyWindow.id.label("window_id"), DutyWindow.starts_at.label("begins"), before.id, before.starts_at,
        before.ends_at, before.accepts_from, before.accepts_until, said,
    ).join(before, and_(is_shortly_before(before, DutyWindow), before.excuse.is_(None)))  # fmt: skip
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in conn.execute(query.where(among(DutyWindow.id, window_ids), DutyWindow.excuse.is_(None))):
        found[row.window_id].append(row)
    return {window_id: kept for window_id, rows in found.items() if (kept := _since_the_first_word(rows))}


def _since_the_first_word(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    near = [rows[index] for index in in_a_row(rows[0].begins, [(row.starts_at, row.ends_at) for row in rows])]
    return list(dropwhile(lambda row: not row.said, near))


def is_shortly_before(before: Any, window: Any) -> ColumnElement[bool]:
    """Whether a window is of the same person and may be in a row with a later one."""
    return and_(
        before.person_id == window.person_id,
        window.starts_at >= before.ends_at, window.starts_at < before.ends_at + ROW,
        # what the index of people's windows can be asked: no window lasts longer
        before.accepts_from > window.starts_at - ROW - LONGEST, before.accepts_from < window.starts_at,
    )  # fmt: skip


def _said_in(window: Any) -> Any:
    within = CheckIn.at.between(window.accepts_from, window.accepts_until)
    return exists().where(CheckIn.person_id == window.person_id, within)


def follow_windows(conn: Connection, window_ids: Collection[int], now: datetime) -> None:
    """What these windows say changed: later ones for which a check-in before may count are judged again."""
    if not window_ids:
        return
    before = aliased(DutyWindow)
    spoke = exists().where(
        CheckIn.person_id == before.person_id, CheckIn.at.between(before.starts_at - ROW, DutyWindow.starts_at)
    )
    later = select(DutyWindow.id).join(before, is_shortly_before(before, DutyWindow))
    judged = exists().where(VerdictRevision.window_id == DutyWindow.id)
    ids = conn.scalars(later.where(among(before.id, window_ids), spoke, judged).distinct()).all()
    mark_windows(conn, [number for number in ids if number not in window_ids], "roster", now)


def wholly_attested() -> ColumnElement[bool]:
    """Whether somebody vouches for the whole of a `DutyWindow`: its verdict then needs nobody's positions."""
    whole = Attestation.starts_at <= DutyWindow.starts_at, Attestation.ends_at >= DutyWindow.ends_at
    valid = Attestation.window_id == DutyWindow.id, Attestation.withdrawn_at.is_(None)
    return exists().where(*valid, *whole)


def _check_ins(window_ids: Sequence[int]) -> Any:
    within = CheckIn.at.between(DutyWindow.accepts_from, DutyWindow.accepts_until)
    query = select(DutyWindow.id.label("window_id"), *CheckIn.__table__.c).join(
        CheckIn, and_(CheckIn.person_id == DutyWindow.person_id, within)
    )
    return query.where(among(DutyWindow.id, window_ids)).order_by(CheckIn.at, CheckIn.id)


def _moment(row: Row[Any]) -> Moment:
    if row.lat_e7 is None:
        return Moment(Source.CHECK_IN, row.at, leaves=row.leaves)
    return Moment(Source.CHECK_IN, row.at, row.lat_e7 / 1e7, row.lon_e7 / 1e7, row.accuracy_m, row.leaves)


def _attestations(window_ids: Sequence[int]) -> Any:
    valid = among(Attestation.window_id, window_ids), Attestation.withdrawn_at.is_(None)
    return select(Attestation.__table__).where(*valid).order_by(Attestation.id)


def _drives(window_ids: Sequence[int]) -> Any:
    during = func.tstzrange(DutyWindow.starts_at, DutyWindow.ends_at)
    query = select(
        DutyWindow.id.label("window_id"), DutyWindow.ends_at, DriverSession.vehicle_id,
        func.lower(DriverSession.period).label("since"), func.upper(DriverSession.period).label("until"),
    ).join(
        DriverSession, and_(DriverSession.person_id == DutyWindow.person_id, DriverSession.period.overlaps(during))
    )  # fmt: skip
    return query.where(among(DutyWindow.id, window_ids)).order_by(DriverSession.id)


def _drive(conn: Connection, row: Row[Any]) -> Period | None:
    """A drive; one that was never ended closes when its vehicle was heard last, and without that it shows nothing."""
    until = row.until or _last_heard(conn, row.vehicle_id, row.since, row.ends_at)
    return Period(Source.VEHICLE, row.since, until) if until and row.since < until else None


def _last_heard(conn: Connection, vehicle_id: int, since: datetime, until: datetime) -> datetime | None:
    held = Assignment.vehicle_id == vehicle_id, Assignment.period.contains(StoredFix.fix_time)
    query = select(func.max(StoredFix.fix_time)).join(Assignment, Assignment.device_id == StoredFix.device_id)
    return conn.scalar(query.where(*held, StoredFix.fix_time.between(since, until)))


def _location_off(window_ids: Sequence[int]) -> Any:
    """Windows in which a phone of the person said that it may not, or not always, know where it is."""
    theirs = (
        select(DeviceStatus.permission, DeviceStatus.received_at)
        .join(Assignment, Assignment.device_id == DeviceStatus.device_id)
        .where(
            Assignment.person_id == DutyWindow.person_id, Assignment.period.contains(DeviceStatus.received_at),
            DeviceStatus.received_at <= DutyWindow.ends_at,
        )
        .correlate(DutyWindow)
    )  # fmt: skip
    without = DeviceStatus.permission.in_(WITHOUT_POSITION)
    during = theirs.where(DeviceStatus.received_at >= DutyWindow.starts_at, without).exists()
    before = theirs.where(DeviceStatus.received_at < DutyWindow.starts_at, DeviceStatus.permission.is_not(None))
    last = before.order_by(DeviceStatus.received_at.desc()).limit(1).subquery()
    at_first = select(last.c.permission).scalar_subquery().in_(WITHOUT_POSITION)
    return select(DutyWindow.id).where(among(DutyWindow.id, window_ids), or_(during, at_first))
