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
    and_,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from tracker.domain import geo
from tracker.domain.claims import Earlier
from tracker.domain.duty import DutyWindow as Window
from tracker.domain.duty import Evidence, Profile, Rules
from tracker.domain.fixes import Fixes
from tracker.storage.among import among, not_among
from tracker.storage.claims import (
    Said,
    earlier_windows,
    is_shortly_before,
    moments_of,
    said_of,
    wholly_attested,
)
from tracker.storage.due import DECISION
from tracker.storage.fixes import LATE_AFTER
from tracker.storage.models import (
    Assignment,
    CheckIn,
    Device,
    DutyWindow,
    DutyWindowZone,
    IdleRevision,
    LateDay,
    RuleSet,
    VerdictRevision,
    WindowDue,
)
from tracker.storage.outages import LEAST_OUTAGE, Area, Period, joined, outages
from tracker.storage.tracks import Track, tracks_of_windows
from tracker.storage.zones import shapes

SETTLE = LATE_AFTER + timedelta(minutes=5)  # a fix that comes later than this marks its day: it is judged again
RULES = Rules()
JUDGING_LOCK = 0x6A756467  # "judg"

Mark = tuple[int, date]  # a device and its late day (UTC)
QuietTimes = dict[tuple[datetime, datetime, Area | None], tuple[Period, ...]]  # of a time, in the city or an area


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


def dates_due(conn: Connection, now: datetime, oldest: datetime) -> dict[date, int]:
    """The work dates with windows to be judged, for the first time or again, and how many, in order.

    `oldest` is the beginning of what fixes are kept: before it only excuses can be judged any more.
    """
    ways = _touched(now, oldest), _touched_before(now, oldest), _marked(now, oldest)
    due = _unjudged(now, oldest).union(*ways).subquery()
    dates = select(DutyWindow.work_date, func.count()).where(DutyWindow.id.in_(select(due.c.id)))
    counted = conn.execute(dates.group_by(DutyWindow.work_date).order_by(DutyWindow.work_date))
    return {work_date: windows for work_date, windows in counted}


def unjudged(conn: Connection, now: datetime, oldest: datetime, limit: int, besides: Collection[int]) -> list[int]:
    """The ids of settled windows without a verdict or an idle figure, but for those `besides`.

    They are locked until the caller's transaction ends. Judging never waits for who changes a window: that one is
    left for the next run.
    """
    others = _unjudged(now, oldest).where(not_among(DutyWindow.id, besides))
    first = others.order_by(DutyWindow.ends_at, DutyWindow.id).limit(limit)
    return list(conn.scalars(first.with_for_update(key_share=True, skip_locked=True)))


def first_judged(conn: Connection, window_ids: Collection[int]) -> None:
    """Of these windows those that have a verdict and an idle figure by now wait no more for their first."""
    both = (exists().where(table.window_id == DutyWindow.id) for table in (VerdictRevision, IdleRevision))
    waiting = select(DutyWindow.id).where(among(DutyWindow.id, window_ids), DutyWindow.awaits_verdict, *both)
    ids = conn.scalars(waiting.with_for_update(key_share=True, skip_locked=True)).all()
    if ids:
        conn.execute(update(DutyWindow).where(among(DutyWindow.id, ids)).values(awaits_verdict=False))


def changed(conn: Connection, now: datetime, oldest: datetime, limit: int, besides: Collection[int]) -> list[int]:
    """The ids of settled windows that are marked to be judged again, but for those `besides`."""
    others = _marked(now, oldest).where(not_among(DutyWindow.id, besides))
    return list(conn.scalars(others.order_by(DutyWindow.id).limit(limit)))


def lock_marks(conn: Connection, limit: int, besides: Collection[Mark]) -> list[Mark]:
    """Up to `limit` marks of late days, but for those `besides`, locked until the caller's transaction ends.

    A mark that arrives meanwhile waits for that end: it is a new one where the caller took the old one away.
    """
    others = select(LateDay.device_id, LateDay.day).where(~_one_of(besides))
    return [(row.device_id, row.day) for row in conn.execute(others.limit(limit).with_for_update(skip_locked=True))]


def touched(conn: Connection, marks: Collection[Mark], now: datetime, oldest: datetime) -> list[int]:
    """The ids of the settled windows that the marks touch, themselves or by what they say of duties shortly before."""
    own, before = (way(now, oldest).where(_one_of(marks)) for way in (_touched, _touched_before))
    return list(conn.scalars(own.union(before)))


def take_marks(conn: Connection, marks: Collection[Mark]) -> None:
    """Once the windows they touch are judged: they go with the caller's commit and the revisions, or not at all."""
    conn.execute(delete(LateDay).where(_one_of(marks)))


def dates_of(conn: Connection, window_ids: Collection[int]) -> dict[int, date]:
    """The work dates of windows by their ids."""
    rows = conn.execute(select(DutyWindow.id, DutyWindow.work_date).where(among(DutyWindow.id, window_ids)))
    return {row.id: row.work_date for row in rows}


def windows_of(conn: Connection, work_date: date, now: datetime, oldest: datetime) -> tuple[list[int], int]:
    """The settled windows of a work date, and how many of its windows cannot be judged (not ended, or not kept)."""
    settled = list(conn.scalars(_settled(now, oldest).where(DutyWindow.work_date == work_date).order_by(DutyWindow.id)))
    every = conn.scalars(select(func.count()).where(DutyWindow.work_date == work_date)).one()
    return settled, every - len(settled)


def inputs_of(conn: Connection, window_ids: Sequence[int], quiet_times: QuietTimes | None = None) -> list[Inputs]:
    """Everything the verdicts on these windows depend on, read afresh but for outages that `quiet_times` has."""
    known: QuietTimes = {} if quiet_times is None else quiet_times
    rows = conn.execute(_windows(window_ids)).all()
    zones = _zones(conn, window_ids)
    quiet = {span: _quiet(conn, known, *span) for span in {(row.starts_at, row.ends_at) for row in rows}}
    said, rules = said_of(conn, window_ids), _rules_on(conn, {row.work_date for row in rows})
    earlier = _earlier(conn, window_ids)
    tracks = {row.id: track for row, track in zip(rows, _tracks(conn, rows), strict=True)}
    near = _quiet_areas(conn, known, [(row, zones[row.id]) for row in rows if _was_silent(tracks[row.id].fixes, row)])
    return [
        _inputs(row, tracks[row.id], zones[row.id], joined((*quiet[row.starts_at, row.ends_at], *near[row.id])),
                said[row.id], rules[row.work_date], earlier[row.id])
        for row in rows
    ]  # fmt: skip


def _was_silent(fixes: Fixes, row: Row[Any]) -> bool:
    """Whether somebody was not heard for so long that it may have been an outage."""
    return fixes.longest_silence_s(row.starts_at, row.ends_at) >= LEAST_OUTAGE.total_seconds()


def _quiet(
    conn: Connection, known: QuietTimes, start: datetime, end: datetime, area: Area | None = None
) -> tuple[Period, ...]:
    """The outages of a time, asked for once: the windows of a shift share them."""
    if (start, end, area) not in known:
        known[start, end, area] = outages(conn, start, end, area)
    return known[start, end, area]


def _quiet_areas(
    conn: Connection, known: QuietTimes, silent: Sequence[tuple[Row[Any], Sequence[geo.Zone]]]
) -> dict[int, tuple[Period, ...]]:
    """For windows with a long silence: when nobody was heard around the first of their zones."""
    found: dict[int, tuple[Period, ...]] = defaultdict(tuple)
    for row, zones in silent:
        if zones:
            found[row.id] = _quiet(conn, known, row.starts_at, row.ends_at, Area.around(*zones[0].centre))
    return found


def _rules_on(conn: Connection, dates: Collection[date]) -> dict[date, Rules]:
    """The rules of each work date: of rule sets that hold on it the newest."""
    ordered = select(RuleSet.__table__).order_by(func.lower(RuleSet.period), RuleSet.id)
    sets = conn.execute(ordered).all()
    found = dict.fromkeys(dates, RULES)
    for day in dates:
        for row in sets:
            if day in row.period:
                version = f"{RULES.version}/{row.id}" if row.minutes_after_grace else RULES.version
                found[day] = replace(RULES, version=version, minutes_after_grace=row.minutes_after_grace)
    return found


def _tracks(conn: Connection, rows: Sequence[Row[Any]]) -> list[Track]:
    if not rows:
        return []
    first, last = min(row.accepts_from for row in rows), max(row.accepts_until for row in rows)
    return tracks_of_windows(conn, [row.id for row in rows], first, last)


def _earlier(conn: Connection, window_ids: Sequence[int]) -> dict[int, list[Earlier]]:
    """What is known of the duties shortly before each of these windows, where something was said in them."""
    of = earlier_windows(conn, window_ids)
    rows = list({row.id: row for some in of.values() for row in some}.values())
    ids = [row.id for row in rows]
    zones, moments = (_zones(conn, ids), moments_of(conn, ids)) if ids else ({}, {})
    known = {
        row.id: Earlier(tuple(zones[row.id]), track.fixes, tuple(moments[row.id]))
        for row, track in zip(rows, _tracks(conn, rows), strict=True)
    }
    found = {window_id: [known[row.id] for row in some] for window_id, some in of.items()}
    return defaultdict(list, found)


def _one_of(marks: Collection[Mark]) -> ColumnElement[bool]:
    return tuple_(LateDay.device_id, LateDay.day).in_(marks)


def _settled(now: datetime, oldest: datetime) -> Select[int]:
    """Windows that have ended for good, and whose fixes are all kept."""
    return _ended(now).where(DutyWindow.accepts_from >= oldest)


def _possible(now: datetime, oldest: datetime) -> Select[int]:
    """The same, and excused windows of whatever age: their verdict rests on no fix."""
    return _ended(now).where(or_(DutyWindow.accepts_from >= oldest, DutyWindow.excuse.is_not(None)))


def _ended(now: datetime) -> Select[int]:
    """Windows whose grace has passed, and whose last fix that may count has arrived or will be marked late."""
    grace = func.make_interval(0, 0, 0, 0, 0, DutyWindow.grace_min)
    return select(DutyWindow.id).where(
        DutyWindow.accepts_until <= now - SETTLE, DutyWindow.ends_at + grace <= now
    )


def _unjudged(now: datetime, oldest: datetime) -> Select[int]:
    # what ended later takes fixes until later: said once more for the index of those that wait, in order of their ends
    return _possible(now, oldest).where(DutyWindow.awaits_verdict, DutyWindow.ends_at <= now - SETTLE)


def _marked(now: datetime, oldest: datetime) -> Select[int]:
    """Of those whose positions are deleted only what was decided: somebody vouches for the whole of it."""
    vouched = and_(WindowDue.reason == DECISION, wholly_attested())
    possible = or_(DutyWindow.accepts_from >= oldest, DutyWindow.excuse.is_not(None), vouched)
    return _ended(now).join(WindowDue, WindowDue.window_id == DutyWindow.id).where(possible)


def _touched(now: datetime, oldest: datetime) -> Select[int]:
    """Settled windows that take fixes of a marked day (UTC) of a device their person held at some time."""
    return _on_marked_days(_settled(now, oldest), DutyWindow).distinct()


def _touched_before(now: datetime, oldest: datetime) -> Select[int]:
    """Settled windows shortly after one that does, and in which its person checked in."""
    before = aliased(DutyWindow)
    later = _settled(now, oldest).join(before, is_shortly_before(before, DutyWindow))
    within = CheckIn.at.between(before.accepts_from, DutyWindow.starts_at)
    said = exists().where(CheckIn.person_id == before.person_id, within)
    return _on_marked_days(later, before).where(said).distinct()


def _on_marked_days(query: Select[int], window: Any) -> Select[int]:
    day = func.timezone("UTC", cast(LateDay.day, TIMESTAMP))
    return (
        query.join(Assignment, Assignment.person_id == window.person_id)
        .join(LateDay, LateDay.device_id == Assignment.device_id)
        .where(window.accepts_until >= day, window.accepts_from < day + timedelta(days=1))
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
    columns = (*DutyWindow.__table__.c, interval_s.label("interval_s"))
    return select(*columns).where(among(DutyWindow.id, window_ids)).order_by(DutyWindow.id)


def _zones(conn: Connection, window_ids: Sequence[int]) -> dict[int, list[geo.Zone]]:
    """Windows that share a zone share its shape: a polygon is large."""
    query = select(DutyWindowZone.window_id, DutyWindowZone.zone_id).order_by(DutyWindowZone.zone_id)
    rows = conn.execute(query.where(among(DutyWindowZone.window_id, window_ids))).all()
    shape = shapes(conn, {row.zone_id for row in rows})
    zones: dict[int, list[geo.Zone]] = defaultdict(list)
    for row in rows:
        zones[row.window_id].append(shape[row.zone_id])
    return zones


def _inputs(
    row: Row[Any], track: Track, zones: Sequence[geo.Zone], quiet: tuple[tuple[datetime, datetime], ...], said: Said,
    rules: Rules, earlier: Sequence[Earlier],
) -> Inputs:  # fmt: skip
    window = Window(
        row.starts_at, row.ends_at, row.accepts_from, row.accepts_until, row.published_at,
        Profile(row.profile), tuple(zones), _breaks(row), row.excuse,
    )  # fmt: skip
    interval = {} if row.interval_s is None else {"expected_interval_s": row.interval_s}
    evidence = Evidence(
        track.fixes, outages=quiet, clock_ahead=track.clock_ahead, clock_proven=track.clock_proven, **interval,
        location_off=said.location_off, moments=tuple(said.moments), periods=tuple(said.periods),
        earlier=tuple(earlier),
        absence_found=said.absence_found,
    )  # fmt: skip
    return Inputs(row.id, row.work_date, window, evidence, replace(rules, grace_min=row.grace_min))


def _breaks(row: Row[Any]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in row.breaks)
