"""What the roster says: shifts, rotations, rule sets, single days, overtime, leave and holidays, as rules take them.

`Calendar` is what holds for everybody, `Expected` what holds for one person. Read once for many people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import Range

from tracker.domain.roster import (
    Assignment,
    Duty,
    Extra,
    Leave,
    Part,
    Pattern,
    RuleSet,
    duties,
    excused,
)
from tracker.domain.roster import Rotation as Cycle
from tracker.storage.models import (
    ExtraDuty,
    Holiday,
    LeavePeriod,
    Membership,
    RosterDay,
    RosterEntry,
    Rotation,
    RotationDay,
    RotationPast,
    RuleSetShift,
    Shift,
    ShiftPast,
)
from tracker.storage.models import RuleSet as StoredRuleSet

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """Of a shift, what its windows keep beside their times."""

    profile: str
    grace_min: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """What holds for everybody: shifts by number, rotations by number, rule sets in order, holidays by day.

    `past_terms` and `past_cycles` are what held before a day, the first day first: days of before keep it.
    """

    patterns: Mapping[int, Pattern]
    terms: Mapping[int, Terms]
    past_terms: Mapping[int, Sequence[tuple[date, Terms]]]
    cycles: Mapping[int, Cycle]
    past_cycles: Mapping[int, Sequence[tuple[date, Cycle]]]
    rules: Sequence[RuleSet]
    holidays: Mapping[date, str]

    def pattern_on(self, shift: int, day: date) -> Pattern:
        """What a shift was or is on a day."""
        usual = self.patterns[shift]
        past = (one.patterns[usual.name] for one in reversed(self.rules)
                if not one.hours_only and one.first <= day <= one.last and usual.name in one.patterns)  # fmt: skip
        return next(past, usual)

    def terms_on(self, shift: int, day: date) -> Terms:
        """What a shift's windows of a day keep."""
        past = (terms for until, terms in self.past_terms.get(shift, ()) if day < until)
        return next(past, self.terms[shift])


@dataclass(slots=True)
class Expected:
    """What holds for one person."""

    assignments: list[Assignment] = field(default_factory=list)
    instead: dict[date, Extra | None] = field(default_factory=dict)
    extras: list[Extra] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    employed: list[Range[date]] = field(default_factory=list)


def calendar(conn: Connection) -> Calendar:
    """What holds for everybody, read now."""
    shifts = conn.execute(select(Shift.__table__)).all()
    patterns = {row.id: _pattern(row, row.name, row.id) for row in shifts}
    terms = {row.id: Terms(row.profile, row.grace_min) for row in shifts}
    holidays = {row.day: row.name for row in conn.execute(select(Holiday.day, Holiday.name))}
    past = conn.execute(select(ShiftPast.__table__).order_by(ShiftPast.until)).all()
    past_terms: dict[int, list[tuple[date, Terms]]] = defaultdict(list)
    for row in past:
        past_terms[row.shift_id].append((row.until, Terms(row.profile, row.grace_min)))
    rules = [*_past_rules(past, patterns), *_rules(conn, patterns)]
    cycles = _cycles(conn, patterns)
    return Calendar(patterns, terms, past_terms, cycles, _past_cycles(conn, patterns), rules, holidays)


def expected_of(conn: Connection, people: Collection[int], known: Calendar) -> dict[int, Expected]:
    """What holds for each of these people."""
    found = {person_id: Expected() for person_id in people}
    ids = list(people)
    for entry in conn.execute(select(RosterEntry.__table__).where(RosterEntry.person_id.in_(ids))):
        found[entry.person_id].assignments.extend(assignments_of(entry, known))
    for row in conn.execute(select(RosterDay.__table__).where(RosterDay.person_id.in_(ids))):
        found[row.person_id].instead[row.day] = instead_of(row, known)
    for row in conn.execute(select(ExtraDuty.__table__).where(ExtraDuty.person_id.in_(ids)).order_by(ExtraDuty.id)):
        found[row.person_id].extras.append(extra_of(row, known))
    for row in conn.execute(select(LeavePeriod.__table__).where(LeavePeriod.person_id.in_(ids))):
        leave = Leave(row.kind, row.period.lower, row.period.upper - DAY, Part(row.part))
        found[row.person_id].leaves.append(leave)
    members = select(Membership.person_id, Membership.period).where(Membership.person_id.in_(ids))
    for person_id, period in conn.execute(members):
        found[person_id].employed.append(period)
    return found


def duties_of(one: Expected, known: Calendar, first: date, last: date, zone: tzinfo) -> tuple[Duty, ...]:
    """The duties and excused parts of one person on the work dates from `first` to `last`. Raises `Overlap`."""
    found = duties(one.assignments, known.rules, first, last, zone, one.instead, one.extras)
    employed = (duty for duty in found if any(duty.work_date in period for period in one.employed))
    return excused(employed, known.holidays, one.leaves)


def assignments_of(entry: Any, known: Calendar) -> Iterator[Assignment]:
    """An entry of the roster by what its rotation was and is."""
    first, last = entry.period.lower, entry.period.upper - DAY if entry.period.upper else None
    for until, cycle in [*known.past_cycles.get(entry.rotation_id, ()), (None, known.cycles[entry.rotation_id])]:
        if until is not None and until <= first:
            continue
        shifted = replace(cycle, anchor=cycle.anchor - entry.offset * DAY)
        ends = last if until is None else until - DAY if last is None else min(last, until - DAY)
        if ends is None or first <= ends:
            yield Assignment(shifted, first, ends, tuple(entry.zone_ids))
        first = until or first


def instead_of(row: Any, known: Calendar) -> Extra | None:
    """What is worked on a single day; None is off."""
    return Extra(row.day, known.patterns[row.shift_id], tuple(row.zone_ids)) if row.shift_id else None


def extra_of(row: Any, known: Calendar) -> Extra:
    """Overtime, with all but the hours of its shift."""
    usual = known.pattern_on(row.shift_id, row.day)
    own = replace(usual, start=row.start_time, minutes=row.duration_min, breaks=())
    return Extra(row.day, own, tuple(row.zone_ids))


def _pattern(row: Row[Any], name: str, key: int) -> Pattern:
    return Pattern(
        name, row.start_time, row.duration_min, key, tuple(row.zone_ids), _breaks(row.breaks), row.before_min,
        row.after_min,
    )  # fmt: skip


def _past_rules(past: Sequence[Row[Any]], patterns: Mapping[int, Pattern]) -> list[RuleSet]:
    """What shifts were before they were changed, as rules of those days; what held first comes last, and wins."""
    return [
        RuleSet(date.min, row.until - DAY, {name: _pattern(row, name, row.shift_id)})
        for row in reversed(past)
        for name in [patterns[row.shift_id].name]
    ]


def _past_cycles(conn: Connection, patterns: Mapping[int, Pattern]) -> dict[int, list[tuple[date, Cycle]]]:
    found: dict[int, list[tuple[date, Cycle]]] = defaultdict(list)
    for row in conn.execute(select(RotationPast.__table__).order_by(RotationPast.until)):
        cycle = Cycle(row.anchor, tuple(_at(patterns, one or None) for one in row.cycle), row.beats_holidays)
        found[row.rotation_id].append((row.until, cycle))
    return found


def _cycles(conn: Connection, patterns: Mapping[int, Pattern]) -> dict[int, Cycle]:
    days: dict[int, dict[int, int]] = defaultdict(dict)
    for row in conn.execute(select(RotationDay.__table__)):
        days[row.rotation_id][row.number] = row.shift_id
    return {
        row.id: Cycle(row.anchor, tuple(_at(patterns, days[row.id].get(number)) for number in range(row.days)),
                      row.beats_holidays)
        for row in conn.execute(select(Rotation.__table__))
    }  # fmt: skip


def _at(patterns: Mapping[int, Pattern], shift_id: int | None) -> Pattern | None:
    return None if shift_id is None else patterns[shift_id]


def _rules(conn: Connection, patterns: Mapping[int, Pattern]) -> list[RuleSet]:
    """In the order in which they began to hold: of two the newer wins."""
    shifts: dict[int, dict[str, Pattern]] = defaultdict(dict)
    for row in conn.execute(select(RuleSetShift.__table__)):
        usual = patterns[row.shift_id]
        changed = replace(usual, start=row.start_time, minutes=row.duration_min, breaks=_breaks(row.breaks))
        shifts[row.rule_set_id][usual.name] = changed
    ordered = select(StoredRuleSet.__table__).order_by(func.lower(StoredRuleSet.period), StoredRuleSet.id)
    return [
        RuleSet(row.period.lower, row.period.upper - DAY if row.period.upper else date.max, shifts[row.id], True)
        for row in conn.execute(ordered)
    ]


def _breaks(stored: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((after_min, length_min) for after_min, length_min in stored)
