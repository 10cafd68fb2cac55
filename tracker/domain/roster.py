"""Who is expected when: shift patterns in rotation and what excuses from them, as duties in absolute time.

A rotation gives a pattern for each local date, or none; a single day may have another one, or another duty beside it.
`duties` makes them absolute, `excused` takes holidays and leave out of them, and `bounds` says which fixes belong to
which. Nothing here counts on from the day before: a rotation of ten years ago and one of tomorrow are the same function
of their anchor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

DAY = timedelta(days=1)
MARGIN_MIN = 30  # a person is followed so long before and after duty, unless the shift says otherwise
Times: TypeAlias = tuple[datetime, datetime]


class Part(StrEnum):
    """Of a duty, which part somebody is on leave."""

    FULL = "full"
    FIRST_HALF = "first_half"
    SECOND_HALF = "second_half"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A shift: when it begins by the clock on the wall, and how long it lasts; up to 24 hours.

    `breaks` are (minutes after the beginning, length in minutes). `key` and `zones` are the register's numbers.
    """

    name: str
    start: time
    minutes: int
    key: int = 0
    zones: tuple[int, ...] = ()
    breaks: tuple[tuple[int, int], ...] = ()
    before_min: int = MARGIN_MIN
    after_min: int = MARGIN_MIN


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
    """Somebody works by a rotation on the days from `first` to `last`; None: until further notice.

    `zones` are where, unless that is where the pattern says.
    """

    rotation: Rotation
    first: date
    last: date | None = None
    zones: tuple[int, ...] = ()

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """From `first` to `last` other patterns hold in the place of those of these names, as the hours of Ramadan do.

    With `hours_only` they change start, length and breaks, and leave the rest as it was on that day.
    """

    first: date
    last: date
    patterns: Mapping[str, Pattern]
    hours_only: bool = False


@dataclass(frozen=True, slots=True)
class Extra:
    """A duty that the rotation does not give: overtime beside it, or another one in its place."""

    day: date
    pattern: Pattern
    zones: tuple[int, ...] = ()


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
    shift: int = field(default=0, compare=False)
    zones: tuple[int, ...] = field(default=(), compare=False)
    breaks: tuple[Times, ...] = field(default=(), compare=False)
    margins: tuple[timedelta, timedelta] = field(default=(timedelta(0), timedelta(0)), compare=False)

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

    @property
    def which(self) -> tuple[tuple[int, date], tuple[int, date]]:
        """The shifts and days of the two: the same ones may overlap by more or less."""
        return (self.one.shift, self.one.work_date), (self.other.shift, self.other.work_date)


def duties(
    assignments: Sequence[Assignment], rules: Sequence[RuleSet], first: date, last: date, zone: tzinfo,
    instead: Mapping[date, Extra | None] = {}, extras: Sequence[Extra] = (),
) -> tuple[Duty, ...]:  # fmt: skip
    """The duties of one person that begin on the local dates from `first` to `last`, in order of time.

    On the days of `instead` its duty, or none, is worked in the place of the rotation's, on holidays too. Raises
    `Overlap`. Of rule sets that hold on the same day the later in `rules` says what a pattern is.
    """
    found = _in_order(assignments, rules, first, last, zone, instead, extras)
    for overlap in _overlaps(found):
        raise overlap
    return found


def overlaps(
    assignments: Sequence[Assignment], rules: Sequence[RuleSet], first: date, last: date, zone: tzinfo,
    instead: Mapping[date, Extra | None] = {}, extras: Sequence[Extra] = (),
) -> tuple[Overlap, ...]:  # fmt: skip
    """What stands in the way of `duties`, in order of time: the first of them is what it raises."""
    return tuple(_overlaps(_in_order(assignments, rules, first, last, zone, instead, extras)))


def overlap_within(rotation: Rotation) -> Overlap | None:
    """The first shift of a rotation that is not over when the next begins, its last day being followed by its first."""
    round_ = [Assignment(rotation, rotation.anchor)]
    found = overlaps(round_, (), rotation.anchor, rotation.anchor + len(rotation.cycle) * DAY, UTC)
    return next(iter(found), None)


def excused(expected: Iterable[Duty], holidays: Mapping[date, str], leaves: Sequence[Leave]) -> tuple[Duty, ...]:
    """The duties with what excuses from them, those of which a half is excused cut in two; the parts tile the whole.

    A holiday comes before leave: nobody spends leave on it.
    """
    return tuple(part for duty in expected for part in _parts(duty, holidays, leaves))


def bounds(expected: Sequence[Duty]) -> tuple[Times, ...]:
    """From when to when fixes belong to each of one person's duties, which are in order of time.

    That is the duty with its margins around it. Where two margins meet the earlier duty has the time up to the
    beginning of the later one: who stays longer is seen leaving, who comes early is not expected yet.
    """
    found: list[Times] = []
    for index, duty in enumerate(expected):
        start, end = duty.times
        since, until = start - duty.margins[0], end + duty.margins[1]
        if index + 1 < len(expected):
            until = max(end, min(until, expected[index + 1].start))
        if found:
            since = min(start, max(since, found[-1][1]))
        found.append((since, until))
    return tuple(found)


def _in_order(
    assignments: Sequence[Assignment], rules: Sequence[RuleSet], first: date, last: date, zone: tzinfo,
    instead: Mapping[date, Extra | None], extras: Sequence[Extra],
) -> tuple[Duty, ...]:  # fmt: skip
    within = (extra for extra in extras if first <= extra.day <= last)
    found = [
        *_duties(assignments, rules, first, last, zone, instead),
        *(_duty(extra.pattern, extra.day, zone, True, extra.zones) for extra in within),
    ]
    return tuple(sorted(found, key=lambda duty: duty.start))


def _overlaps(found: Sequence[Duty]) -> Iterator[Overlap]:
    return (Overlap(one, other) for one, other in pairwise(found) if other.start < one.end)


def _duties(
    assignments: Sequence[Assignment], rules: Sequence[RuleSet], first: date, last: date, zone: tzinfo,
    instead: Mapping[date, Extra | None],
) -> Iterator[Duty]:  # fmt: skip
    for number in range((last - first).days + 1):
        day = first + number * DAY
        held = [assignment for assignment in assignments if assignment.holds(day)]
        if day in instead:
            other = instead[day]
            if other is not None:
                zones = other.zones or next((one.zones for one in held), ())
                yield _duty(_in_force(other.pattern, rules, day), day, zone, True, zones)
            continue
        for assignment in held:
            pattern = assignment.rotation.on(day)
            if pattern is not None:
                beats_holidays = assignment.rotation.beats_holidays
                yield _duty(_in_force(pattern, rules, day), day, zone, beats_holidays, assignment.zones)


def _in_force(pattern: Pattern, rules: Sequence[RuleSet], day: date) -> Pattern:
    name = pattern.name
    for one in rules:
        if one.first <= day <= one.last and name in one.patterns:
            other = one.patterns[name]
            hours = replace(pattern, start=other.start, minutes=other.minutes, breaks=other.breaks)
            pattern = hours if one.hours_only else other
    return pattern


def _duty(pattern: Pattern, day: date, zone: tzinfo, beats_holidays: bool, zones: tuple[int, ...]) -> Duty:
    """Its length is absolute: a clock that is put forward in the night makes no shift shorter."""
    start = datetime.combine(day, pattern.start, zone).astimezone(UTC)
    breaks = ((start + timedelta(minutes=after), timedelta(minutes=length)) for after, length in pattern.breaks)
    return Duty(
        day, pattern.name, start, start + timedelta(minutes=pattern.minutes), beats_holidays, None, pattern.key,
        zones or pattern.zones, tuple((begin, begin + length) for begin, length in breaks),
        (timedelta(minutes=pattern.before_min), timedelta(minutes=pattern.after_min)),
    )  # fmt: skip


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
