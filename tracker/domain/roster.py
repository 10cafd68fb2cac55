"""Who is expected when: shift patterns in rotation and what excuses from them, as duties in absolute time.

A rotation gives a pattern for each local date, or none. `duties` makes them absolute, `excused` takes holidays and
leave out of them, and `bounds` says which fixes belong to which. Nothing here counts on from the day before: a rotation
of ten years ago and one of tomorrow are the same function of their anchor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

DAY = timedelta(days=1)
Times: TypeAlias = tuple[datetime, datetime]


class Part(StrEnum):
    """Of a duty, which part somebody is on leave."""

    FULL = "full"
    FIRST_HALF = "first_half"
    SECOND_HALF = "second_half"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A shift: when it begins by the clock on the wall, and how long it lasts; up to 24 hours."""

    name: str
    start: time
    minutes: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """Patterns in turn, None being a day off; the first is worked on `anchor`.

    `beats_holidays`: who works in shifts works on holidays, too.
    """

    anchor: date
    cycle: tuple[Pattern | None, ...]
    beats_holidays: bool = False

    def on(self, day: date) -> Pattern | None:
        """The pattern of a day before or after the anchor; None is a day off."""
        return self.cycle[(day - self.anchor).days % len(self.cycle)]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Somebody works by a rotation on the days from `first` to `last`; None: until further notice."""

    rotation: Rotation
    first: date
    last: date | None = None

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """From `first` to `last` other patterns hold in the place of those of these names, as the hours of Ramadan do."""

    first: date
    last: date
    patterns: Mapping[str, Pattern]


@dataclass(frozen=True, slots=True)
class Leave:
    """An excuse from duty on the days from `first` to `last`, or from one half of each."""

    kind: str
    first: date
    last: date
    part: Part = Part.FULL


@dataclass(frozen=True, slots=True)
class Duty:
    """A pattern on one day, or the part of it that has one excuse. `work_date` is the local date of its beginning."""

    work_date: date
    pattern: str
    start: datetime
    end: datetime
    beats_holidays: bool = field(default=False, compare=False)
    excuse: str | None = None

    @property
    def times(self) -> Times:
        return self.start, self.end

    @property
    def middle(self) -> datetime:
        return self.start + (self.end - self.start) / 2


class Overlap(ValueError):
    """Somebody would be expected twice at the same time."""

    def __init__(self, one: Duty, other: Duty) -> None:
        super().__init__(f"{other.pattern} on {other.work_date} begins before {one.pattern} of {one.work_date} ends")
        self.one, self.other = one, other


def duties(
    assignments: Sequence[Assignment], rules: Sequence[RuleSet], first: date, last: date, zone: tzinfo
) -> tuple[Duty, ...]:
    """The duties of one person that begin on the local dates from `first` to `last`, in order of time.

    Raises `Overlap`. Of rule sets that hold on the same day the later in `rules` says what a pattern is.
    """
    found = sorted(_duties(assignments, rules, first, last, zone), key=lambda duty: duty.start)
    for one, other in pairwise(found):
        if other.start < one.end:
            raise Overlap(one, other)
    return tuple(found)


def excused(expected: Iterable[Duty], holidays: Mapping[date, str], leaves: Sequence[Leave]) -> tuple[Duty, ...]:
    """The duties with what excuses from them, those of which a half is excused cut in two; the parts tile the whole.

    A holiday comes before leave: nobody spends leave on it.
    """
    return tuple(part for duty in expected for part in _parts(duty, holidays, leaves))


def bounds(times: Sequence[Times], before: timedelta, after: timedelta) -> tuple[Times, ...]:
    """From when to when fixes belong to each of one person's duties: begin and end of each, in order of time.

    That is the duty with a margin around it. Where two margins meet the earlier duty has the time up to the beginning
    of the later one: who stays longer is seen leaving, who comes early is not expected yet.
    """
    found: list[Times] = []
    for index, (start, end) in enumerate(times):
        since, until = start - before, end + after
        if index + 1 < len(times):
            until = max(end, min(until, times[index + 1][0]))
        if found:
            since = min(start, max(since, found[-1][1]))
        found.append((since, until))
    return tuple(found)


def _duties(
    assignments: Sequence[Assignment], rules: Sequence[RuleSet], first: date, last: date, zone: tzinfo
) -> Iterator[Duty]:
    for number in range((last - first).days + 1):
        day = first + number * DAY
        for assignment in assignments:
            pattern = assignment.rotation.on(day) if assignment.holds(day) else None
            if pattern is not None:
                yield _duty(_in_force(pattern, rules, day), day, zone, assignment.rotation.beats_holidays)


def _in_force(pattern: Pattern, rules: Sequence[RuleSet], day: date) -> Pattern:
    held = (one.patterns for one in reversed(rules) if one.first <= day <= one.last)
    return next((patterns[pattern.name] for patterns in held if pattern.name in patterns), pattern)


def _duty(pattern: Pattern, day: date, zone: tzinfo, beats_holidays: bool) -> Duty:
    """Its length is absolute: a clock that is put forward in the night makes no shift shorter."""
    start = datetime.combine(day, pattern.start, zone).astimezone(UTC)
    return Duty(day, pattern.name, start, start + timedelta(minutes=pattern.minutes), beats_holidays)


def _parts(duty: Duty, holidays: Mapping[date, str], leaves: Sequence[Leave]) -> Iterator[Duty]:
    if duty.work_date in holidays and not duty.beats_holidays:
        yield replace(duty, excuse="holiday")
        return
    kinds = {leave.part: leave.kind for leave in leaves if leave.first <= duty.work_date <= leave.last}
    whole = kinds.get(Part.FULL)
    first, second = whole or kinds.get(Part.FIRST_HALF), whole or kinds.get(Part.SECOND_HALF)
    if first == second:
        yield replace(duty, excuse=first)
        return
    yield replace(duty, end=duty.middle, excuse=first)
    yield replace(duty, start=duty.middle, excuse=second)
