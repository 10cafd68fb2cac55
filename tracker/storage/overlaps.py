"""Whether a change makes two duties of somebody overlap: refused before it is kept, with who, when and which shifts.

Only what the change makes is refused: overlaps that were there before stand on the page of gaps and may be mended one
after the other. Days are looked at from the one before a change begins to hold to `LOOKED_AHEAD` after it, or after
today. People whose rosters say the same are looked at once, and no more than `MOST_ROSTERS` different ones: whom that
leaves out the publisher finds, and the page of gaps names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, or_, select
from sqlalchemy.dialects.postgresql import Range

from tracker.domain.roster import Overlap, Rotation, overlap_within, overlaps
from tracker.storage.among import among
from tracker.storage.changes import By
from tracker.storage.models import ExtraDuty, Person, Publication, RosterDay, RosterEntry, RotationDay
from tracker.storage.models import Rotation as RotationRow
from tracker.storage.register import Impossible, Why
from tracker.storage.rostering import Calendar, assignments_of, calendar, extra_of, instead_of

LOOKED_AHEAD = timedelta(days=62)
MOST_ROSTERS = 2000  # different ones, of which each takes less than a millisecond
NAMED = 3  # people in a refusal
DAY = timedelta(days=1)
Whose = Collection[int] | Select[Any]  # people by their numbers


class DutiesOverlap(Impossible):
    """Two duties of people would overlap: the names of the first of them, how many they are, and the first overlap."""

    def __init__(self, people: Sequence[str], count: int, overlap: Overlap) -> None:
        super().__init__(f"{', '.join(people)}: {overlap}", Why.DUTIES_OVERLAP)
        self.people, self.count, self.overlap = people, count, overlap


class CycleOverlaps(Impossible):
    """Two shifts that follow each other in a rotation would overlap; `numbers` are those of their days in the cycle."""

    def __init__(self, name: str, rotation: Rotation, overlap: Overlap) -> None:
        super().__init__(f"the rotation {name!r} overlaps itself: {overlap}", Why.CYCLE_OVERLAPS)
        self.name, self.overlap = name, overlap
        self.numbers = tuple(
            (one.work_date - rotation.anchor).days % len(rotation.cycle) + 1 for one in (overlap.one, overlap.other)
        )


class Entry(NamedTuple):
    """A rotation for some days."""

    rotation_id: int
    offset: int
    first: date
    until: date  # which is the first day without it
    zone_ids: tuple[int, ...] = ()  # where duties are is of no matter here

    @property
    def period(self) -> Range[date]:
        return Range(self.first, self.until)


class Single(NamedTuple):
    """Another shift on one day, or none."""

    day: date
    shift_id: int | None
    zone_ids: tuple[int, ...] = ()


class Overtime(NamedTuple):
    """A duty beside the rotation's."""

    day: date
    shift_id: int
    start_time: time
    duration_min: int
    zone_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What says when somebody works; two people who are planned alike work alike."""

    entries: tuple[Entry, ...] = ()
    singles: tuple[Single, ...] = ()
    overtime: tuple[Overtime, ...] = ()

    def within(self, first: date, last: date) -> Planned:
        """What of it says something of these days: who began earlier works alike now."""
        end = last + DAY
        return Planned(
            tuple(one._replace(first=max(first, one.first), until=min(end, one.until))
                  for one in self.entries if one.first < end and first < one.until),
            tuple(one for one in self.singles if first <= one.day <= last),
            tuple(one for one in self.overtime if first <= one.day <= last),
        )

    def overlaps(self, known: Calendar, first: date, last: date) -> tuple[Overlap, ...]:
        held = [one for entry in self.entries for one in assignments_of(entry, known)]
        instead = {one.day: instead_of(one, known) for one in self.singles}
        extras = [extra_of(one, known) for one in self.overtime]
        return overlaps(held, known.rules, first, last, UTC, instead, extras)  # the same ones in every zone


NOTHING = Planned()
Rosters = Mapping[int, Planned]  # by person


@contextmanager
def never_twice(by: By, people: Collection[int], on: date) -> Iterator[None]:
    """Refuse what the block changes of people's rosters from a day on, where two duties of theirs would overlap."""
    conn = by.session.connection()
    known, before = calendar(conn), rosters_of(conn, people)
    yield
    by.session.flush()
    after = rosters_of(conn, people)
    _refuse(by, made(dict.fromkeys(people, on), by.today, (known, before), (known, after)))


@contextmanager
def nobody_twice(by: By, whose: Select[Any], *on: date) -> Iterator[None]:
    """Refuse what the block changes of shifts, rotations or rules, where two duties of these people would overlap.

    `on` are the days from which it changes something, as it was and as it becomes.
    """
    conn = by.session.connection()
    known, rosters = calendar(conn), rosters_of(conn, whose)
    yield
    by.session.flush()
    after = calendar(conn)
    for day in sorted(set(on)):
        _refuse(by, made(dict.fromkeys(rosters, day), by.today, (known, rosters), (after, rosters)))


@contextmanager
def no_rotation_overlaps(by: By) -> Iterator[None]:
    """Refuse what the block makes of shifts and rotations where one in use would overlap itself."""
    before = _overlap_themselves(by)
    yield
    by.session.flush()
    for rotation_id, refusal in _overlap_themselves(by).items():
        if rotation_id not in before:
            raise refusal


def works_shift(shift_id: int) -> Select[Any]:
    """Who works a shift: by a rotation, on single days or as overtime."""
    by_rotation = select(RosterEntry.person_id).join(RotationDay, RotationDay.rotation_id == RosterEntry.rotation_id)
    ways = (
        by_rotation.where(RotationDay.shift_id == shift_id),
        select(RosterDay.person_id).where(RosterDay.shift_id == shift_id),
        select(ExtraDuty.person_id).where(ExtraDuty.shift_id == shift_id),
    )
    return select(Person.id).where(or_(*(Person.id.in_(way) for way in ways)))


def works_by(rotation_id: int) -> Select[Any]:
    """Who works by a rotation."""
    return select(RosterEntry.person_id).where(RosterEntry.rotation_id == rotation_id)


def rostered() -> Select[Any]:
    """Everybody who has a roster."""
    return select(Publication.person_id)


def made(
    since: Mapping[int, date], today: date, before: tuple[Calendar, Rosters], after: tuple[Calendar, Rosters]
) -> dict[int, Overlap]:
    """Of whom, since a day each, which first overlap is there after a change that was not there before."""
    seen: dict[tuple[Any, ...], Overlap | None] = {}
    found = {}
    for person_id in sorted(since):
        days = _days(since[person_id], today)
        becomes = after[1].get(person_id, NOTHING).within(*days)
        was = becomes if after[1] is before[1] else before[1].get(person_id, NOTHING).within(*days)
        pair = (*days, was, becomes)
        if pair not in seen and len(seen) < MOST_ROSTERS:
            seen[pair] = _first(was, becomes, (before[0], after[0]), *days)
        overlap = seen.get(pair)
        if overlap is not None:
            found[person_id] = overlap
    return found


def rosters_of(conn: Connection, whose: Whose) -> dict[int, Planned]:
    """How these people are planned."""
    entries: dict[int, list[Entry]] = defaultdict(list)
    singles: dict[int, list[Single]] = defaultdict(list)
    overtime: dict[int, list[Overtime]] = defaultdict(list)
    e, d, x = RosterEntry, RosterDay, ExtraDuty
    until = func.coalesce(func.upper(e.period), date.max)
    for row in conn.execute(_of(whose, e, e.rotation_id, e.offset, func.lower(e.period), until).order_by(e.period)):
        entries[row.person_id].append(Entry(*row[1:]))
    for row in conn.execute(_of(whose, d, d.day, d.shift_id).order_by(d.day)):
        singles[row.person_id].append(Single(*row[1:]))
    for row in conn.execute(_of(whose, x, x.day, x.shift_id, x.start_time, x.duration_min).order_by(x.day, x.id)):
        overtime[row.person_id].append(Overtime(*row[1:]))
    people = entries.keys() | singles.keys() | overtime.keys()
    return {one: Planned(tuple(entries[one]), tuple(singles[one]), tuple(overtime[one])) for one in people}


def _of(whose: Whose, table: Any, *columns: Any) -> Select[Any]:
    theirs = table.person_id.in_(whose) if isinstance(whose, Select) else among(table.person_id, whose)
    return select(table.person_id, *columns).where(theirs)


def _overlap_themselves(by: By) -> dict[int, CycleOverlaps]:
    cycles = calendar(by.session.connection()).cycles
    used = by.session.execute(select(RotationRow.id, RotationRow.name).where(RotationRow.retired_at.is_(None)))
    each = ((row, overlap_within(cycles[row.id])) for row in used)
    return {row.id: CycleOverlaps(row.name, cycles[row.id], overlap) for row, overlap in each if overlap}


def _days(since: date, today: date) -> tuple[date, date]:
    """The days that are looked at: what began long ago is not followed from then on."""
    return max(since, today - LOOKED_AHEAD) - DAY, max(since, today) + LOOKED_AHEAD


def _first(
    was: Planned, becomes: Planned, known: tuple[Calendar, Calendar], first: date, last: date
) -> Overlap | None:
    found = becomes.overlaps(known[1], first, last)
    if not found:
        return None
    there = {one.which for one in was.overlaps(known[0], first, last)}
    return next((one for one in found if one.which not in there), None)


def _refuse(by: By, found: Mapping[int, Overlap]) -> None:
    if not found:
        return
    overlap = min(found.values(), key=lambda one: one.other.start)
    theirs = [person_id for person_id, one in found.items() if one.which == overlap.which]
    named = select(Person.name).where(Person.id.in_(theirs)).order_by(Person.name, Person.id).limit(NAMED)
    raise DutiesOverlap(by.session.scalars(named).all(), len(found), overlap)
