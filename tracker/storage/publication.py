"""Duty windows published ahead, and again whenever the roster, leave, a holiday or a rule says something else.

Whoever changes what people are expected to do marks them here, in the same transaction; the scheduler publishes. A
window after its lock is not changed in silence: a case is opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from tracker.domain.publishing import Changes, Published, Terms, beside, first_day_touched, reconciled, terms_of
from tracker.domain.roster import Overlap
from tracker.storage.cases import drop_terms, open_case
from tracker.storage.claims import follow_windows
from tracker.storage.due import mark_windows
from tracker.storage.figures import mark_days
from tracker.storage.models import DutyWindow, DutyWindowZone, Publication, RosterEntry, Rotation, RotationDay, Zone
from tracker.storage.published import add_windows, change_window, proposal, published
from tracker.storage.rostering import Calendar, Expected, calendar, duties_of, expected_of

AHEAD = timedelta(days=14)  # so long before, people and phones know
DAY = timedelta(days=1)
Db = Connection | Session


@dataclass(frozen=True, slots=True)
class Times:
    """When it is, in which zone the city lies, and how long after its end a window is locked."""

    now: datetime
    zone: ZoneInfo
    lock: timedelta
    oldest: datetime  # no older window can be judged again

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def locked(self, end: datetime) -> bool:
        return end + self.lock <= self.now


def mark_people(db: Db, people: Collection[int], on: date, reason: str) -> None:
    """What these people are to do changes from a day on: it is published anew. Who has no roster yet begins to."""
    if not people:
        return
    rows = [{"person_id": person_id, "due_from": on, "due_reason": reason} for person_id in sorted(people)]
    wanted = postgresql.insert(Publication).values(rows)
    db.execute(wanted.on_conflict_do_update(index_elements=[Publication.person_id], set_=_due(wanted.excluded)))


def mark_rostered(db: Db, people: Collection[int], on: date, reason: str) -> None:
    """The same of those among these people who have a roster: leave says nothing of others."""
    _mark(db, Publication.person_id.in_(list(people)), on, reason)


def mark_everybody(db: Db, on: date, reason: str) -> None:
    """The same of all who have a roster: a holiday, or the hours of Ramadan."""
    _mark(db, Publication.person_id.is_not(None), on, reason)


def mark_shift(db: Db, shift_id: int, on: date, reason: str) -> None:
    """The same of all who may work a shift: by rotation, or on single days."""
    by_rotation = (
        select(RosterEntry.person_id)
        .join(RotationDay, RotationDay.rotation_id == RosterEntry.rotation_id)
        .where(RotationDay.shift_id == shift_id)
    )
    published = select(DutyWindow.person_id).where(DutyWindow.shift_id == shift_id, DutyWindow.work_date >= on)
    _mark(db, or_(Publication.person_id.in_(by_rotation), Publication.person_id.in_(published)), on, reason)


def mark_zone(db: Db, zone_id: int, on: date, reason: str) -> None:
    """The same of all who are to work in a zone: by rotation, or as it is published already."""
    by_rotation = select(RosterEntry.person_id).where(RosterEntry.zone_ids.contains([zone_id]))
    published = (
        select(DutyWindow.person_id)
        .join(DutyWindowZone, DutyWindowZone.window_id == DutyWindow.id)
        .where(DutyWindowZone.zone_id == zone_id, DutyWindow.work_date >= on)
    )
    _mark(db, or_(Publication.person_id.in_(by_rotation), Publication.person_id.in_(published)), on, reason)


def mark_rotation(db: Db, rotation: Rotation, on: date, reason: str) -> None:
    """The same of all who work by a rotation."""
    theirs = select(RosterEntry.person_id).where(RosterEntry.rotation_id == rotation.id)
    _mark(db, Publication.person_id.in_(theirs), on, reason)


def publish(conn: Connection, times: Times, limit: int) -> Counter[str] | None:
    """Publish for up to `limit` people who are due, in the caller's transaction; None where nobody is.

    Returns how many windows were added, changed and deleted, and how many cases were opened.
    """
    due = conn.execute(_due_people(times.today + AHEAD, limit)).all()
    if not due:
        return None
    known = calendar(conn)
    expected = expected_of(conn, [row.person_id for row in due], known)
    counts: Counter[str] = Counter(people=len(due))
    for row in due:
        counts += _publish_one(conn, row, expected[row.person_id], known, times)
    return counts


def _mark(db: Db, who: Any, on: date, reason: str) -> None:
    db.execute(update(Publication).where(who).values(
        due_from=func.least(Publication.due_from, on), due_reason=reason))  # fmt: skip


def _due(wanted: Any) -> dict[str, Any]:
    return {"due_from": func.least(Publication.due_from, wanted.due_from), "due_reason": wanted.due_reason}


def _due_people(horizon: date, limit: int) -> Select[Any]:
    """Whose roster changed first, then whose windows do not reach far enough ahead."""
    reach = or_(Publication.until.is_(None), Publication.until < horizon)
    query = select(Publication.__table__).where(or_(Publication.due_from.is_not(None), reach))
    first = query.order_by(Publication.due_from.nulls_last(), Publication.person_id)
    return first.limit(limit).with_for_update(skip_locked=True)


def _publish_one(conn: Connection, row: Row[Any], one: Expected, known: Calendar, times: Times) -> Counter[str]:
    last = max(times.today + AHEAD, row.until or date.min)
    since = row.problem and date.fromisoformat(row.problem["since"])  # nothing was published from then on
    begins = min((day for day in (row.due_from, since, row.until and row.until + DAY) if day), default=times.today)
    first = max(first_day_touched(begins), times.oldest.astimezone(times.zone).date() + DAY)
    wanted, ends, problem = _possible(one, known, first, last, times.zone)
    windows, wanted = _from(begins, published(conn, row.person_id, first, ends), wanted)
    wanted = _in_the_same_places(conn, windows, wanted, times.now)
    changes = reconciled(windows, wanted, times.now)
    counts = _kept(conn, row.person_id, windows, changes, times, row.due_reason or "roster")
    done = update(Publication).where(Publication.person_id == row.person_id)
    conn.execute(done.values(until=last, due_from=None, due_reason=None, problem=problem))
    return counts + Counter(problems=1) if problem else counts


def _possible(
    one: Expected, known: Calendar, first: date, last: date, zone: ZoneInfo
) -> tuple[list[Terms], date, dict[str, str] | None]:
    """The windows from `first` on, up to which day, and why not up to `last`: two duties are at once.

    Their margins end where those of the days around them begin.
    """
    try:
        around, problem = duties_of(one, known, first - DAY, last + DAY, zone), None
    except Overlap as overlap:
        problem = {"since": str(overlap.one.work_date), "first": overlap.one.pattern, "on": str(overlap.one.work_date),
                   "second": overlap.other.pattern, "and": str(overlap.other.work_date)}  # fmt: skip
        last = min(last, overlap.one.work_date - DAY)
        around = duties_of(one, known, first - DAY, last, zone)
    terms = [_with_shift(terms, known) for terms in terms_of(around) if first <= terms.work_date <= last]
    return terms, last, problem


def _in_the_same_places(
    conn: Connection, windows: Sequence[Published], wanted: Sequence[Terms], now: datetime
) -> list[Terms]:
    """What has begun keeps the shapes of its zones: one of the same name that replaced another is for later duties."""
    begun = {one.terms.start: one.terms.zones for one in windows if one.terms.start <= now}
    other = [one for one in wanted if one.start in begun and one.zones != begun[one.start]]
    if not other:
        return list(wanted)
    ids = {zone_id for one in other for zone_id in one.zones | begun[one.start]}
    names = {zone_id: name for zone_id, name in conn.execute(select(Zone.id, Zone.name).where(Zone.id.in_(ids)))}
    called = {one.start: (sorted(names[zone] for zone in one.zones), sorted(names[zone] for zone in begun[one.start]))
              for one in other}  # fmt: skip
    same = {start for start, (after, before) in called.items() if after == before}
    return [replace(one, zones=begun[one.start]) if one.start in same else one for one in wanted]


def _from(
    begins: date, windows: Sequence[Published], wanted: Sequence[Terms]
) -> tuple[list[Published], list[Terms]]:
    """What begins on the first day that is due or later; of the windows of the day before only the margins may move."""
    before = {one.terms.start: one.terms for one in windows if one.terms.work_date < begins}
    same = {one.start for one in wanted} & before.keys()
    held = [one for one in windows if one.terms.work_date >= begins or one.terms.start in same]
    return held, [
        _with_margins(before[one.start], one) if one.start in same else one
        for one in wanted
        if one.work_date >= begins or one.start in same
    ]


def _with_margins(terms: Terms, around: Terms) -> Terms:
    if terms.excuse or around.excuse or terms.end != around.end:
        return terms
    return replace(terms, accepts_from=around.accepts_from, accepts_until=around.accepts_until)


def _with_shift(terms: Terms, known: Calendar) -> Terms:
    shift = known.terms_on(terms.shift, terms.work_date)
    return replace(terms, profile=shift.profile, grace_min=shift.grace_min)


def _kept(
    conn: Connection, person_id: int, windows: Sequence[Published], changes: Changes, times: Times, reason: str
) -> Counter[str]:
    """Write the changes down; what is locked becomes a case, and what was judged is judged again."""
    before = {window.id: window for window in windows}
    locked = {number: terms for number, terms, _ in changes.changed
              if times.locked(before[number].terms.end) and not _only_margins(before[number].terms, terms)}  # fmt: skip
    drop_terms(conn, [number for number, one in before.items() if times.locked(one.terms.end) and number not in locked])
    waiting = beside({number: before[number].terms for number in locked}, [terms for terms, _ in changes.added])
    cases = [open_case(conn, number, reason, proposal(terms, waiting.get(number, ())), times.now)
             for number, terms in locked.items()]  # fmt: skip
    changed = [one for one in changes.changed if not times.locked(before[one[0]].terms.end)]
    if changes.deleted:
        conn.execute(delete(DutyWindow).where(DutyWindow.id.in_(changes.deleted)))
    for number, terms, published_at in changed:
        change_window(conn, number, terms, published_at)
    judged = [number for number, _, _ in changed if before[number].judged]
    mark_windows(conn, judged, reason, times.now)
    follow_windows(conn, judged, times.now)
    mark_days(conn, _days_left([(before[number].terms, terms) for number, terms, _ in changed], times.now), times.now)
    held = [terms for some in waiting.values() for terms in some]
    added = [(terms, since) for terms, since in changes.added if not times.locked(terms.end) and terms not in held]
    add_windows(conn, person_id, added)
    return Counter(added=len(added), changed=len(changed), deleted=len(changes.deleted), cases=sum(cases))


def _days_left(changed: Sequence[tuple[Terms, Terms]], now: datetime) -> set[date]:
    """The days that lose a duty which has begun; the day that gets it is counted again with its verdict."""
    return {one.work_date for one, other in changed if one.work_date != other.work_date and one.start <= now}


def _only_margins(one: Terms, other: Terms) -> bool:
    """Whether nothing that is judged differs."""
    return replace(one, accepts_from=other.accepts_from, accepts_until=other.accepts_until) == other
