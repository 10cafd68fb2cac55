"""What administrators enter of shifts, rotations, rules, holidays and rosters, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from marshmallow import fields, validate

from tracker.storage.calendar_changes import LONGEST_ROTATION
from tracker.storage.models import HOLIDAY_KINDS, PROFILES
from tracker.web.city import FIRST_DATE, LAST_DATE
from tracker.web.forms import A_DATE, AN_ID, LONGEST_TEXT, Form, Line, parse
from tracker.web.register_forms import A_NAME
from tracker.web.words import FIELD

DAY_MIN = 24 * 60
LEAST_MIN = 30  # of a shift
A_NOTE = validate.Length(max=LONGEST_TEXT)
A_TIME = "%H:%M"


class ShiftForm(Form):
    name = Line(required=True, validate=A_NAME)
    start = fields.Time(A_TIME, required=True)
    end = fields.Time(A_TIME, required=True)
    profile = fields.String(required=True, validate=validate.OneOf(PROFILES))
    grace_min = fields.Integer(load_default=15, validate=validate.Range(0, 240))
    before_min = fields.Integer(load_default=30, validate=validate.Range(0, 120))
    after_min = fields.Integer(load_default=30, validate=validate.Range(0, 120))


class CycleForm(Form):
    days = fields.Integer(required=True, validate=validate.Range(1, LONGEST_ROTATION))
    anchor = fields.Date(required=True, validate=A_DATE)


class RotationForm(CycleForm):
    name = Line(required=True, validate=A_NAME)
    beats_holidays = fields.Boolean(load_default=False)


class RuleSetForm(Form):
    name = Line(required=True, validate=A_NAME)
    first = fields.Date(required=True, validate=A_DATE)
    last = fields.Date(load_default=None, validate=A_DATE)
    minutes_after_grace = fields.Boolean(load_default=False)


class YearQuery(Form):
    year = fields.Integer(validate=validate.Range(FIRST_DATE.year, LAST_DATE.year))


class HolidayForm(Form):
    on = fields.Date(required=True, validate=A_DATE)
    name = Line(required=True, validate=A_NAME)
    kind = fields.String(required=True, validate=validate.OneOf(HOLIDAY_KINDS))


class OnForm(Form):
    on = fields.Date(required=True, validate=A_DATE)


class AssignForm(Form):
    rotation = fields.Integer(required=True, validate=AN_ID)
    first = fields.Date(required=True, validate=A_DATE)
    last = fields.Date(load_default=None, validate=A_DATE)
    offset = fields.Integer(load_default=0, validate=validate.Range(0, LONGEST_ROTATION))


class DayForm(OnForm):
    shift = fields.Integer(load_default=None, validate=AN_ID)
    note = Line(load_default="", validate=A_NOTE)


class OvertimeForm(OnForm):
    shift = fields.Integer(required=True, validate=AN_ID)
    start = fields.Time(A_TIME, required=True)
    end = fields.Time(A_TIME, required=True)
    note = Line(load_default="", validate=A_NOTE)


class ExtraForm(Form):
    extra = fields.Integer(required=True, validate=AN_ID)


class PostForm(Form):
    unit = Line(required=True, validate=A_NAME)
    zone = Line(required=True, validate=A_NAME)
    shift = fields.Integer(required=True, validate=AN_ID)
    people = fields.Integer(required=True, validate=validate.Range(1, 1000))
    first = fields.Date(required=True, validate=A_DATE)
    last = fields.Date(load_default=None, validate=A_DATE)


class MonthQuery(Form):
    month = fields.Date("%Y-%m", validate=A_DATE)


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month, by its first day."""

    first: date

    @property
    def last(self) -> date:
        return self.after - timedelta(days=1)

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


class Wrong(ValueError):
    """A field of a form does not hold what it should; the page says so beside it."""

    def __init__(self, name: str, said: str = "") -> None:
        super().__init__(name)
        self.errors = {name: FIELD[said or name]}


def month_asked(sent: Mapping[str, str], today: date) -> Month:
    """The month that an address names as 2026-11; this one where it names none."""
    return Month(parse(MonthQuery(), sent).values.get("month", today).replace(day=1))


def minutes_between(start: time, end: time) -> int:
    """How long a shift is by its clocks: one that ends before it begins ends on the next day, 24 hours at most."""
    found = (_minute(end) - _minute(start)) % DAY_MIN or DAY_MIN
    if found < LEAST_MIN:
        raise Wrong("end", "too_short")
    return found


def ends_at(start: time, minutes: int) -> time:
    """When a shift of so many minutes ends by the clock."""
    hours, rest = divmod((_minute(start) + minutes) % DAY_MIN, 60)
    return time(hours, rest)


def breaks_of(sent: Any, start: time, minutes: int, suffix: str = "") -> list[list[int]]:
    """The breaks of a form, each by its beginning and minutes, as minutes after the beginning of the shift."""
    found = []
    for begins, length in zip(sent.getlist(f"break{suffix}"), sent.getlist(f"break_min{suffix}"), strict=False):
        if begins.strip() or length.strip():
            found.append(_break(begins.strip(), length.strip(), start, minutes))
    found.sort()
    if any(one[0] + one[1] > other[0] for one, other in zip(found, found[1:], strict=False)):
        raise Wrong("break")
    return found


def cycle_of(sent: Any, days: int) -> list[int | None]:
    """The shift of each day of a form's cycle; None is off."""
    chosen = [int(one) if one.isascii() and one.isdigit() and len(one) < 10 else None for one in sent.getlist("day")]
    return (chosen + [None] * days)[:days]


def hours_of(sent: Any, shift_ids: Sequence[int]) -> dict[int, tuple[time, int, list[list[int]]]]:
    """The hours that a rule set's form gives some of these shifts: start, minutes and breaks. Raises Wrong."""
    found = {}
    for shift_id in shift_ids:
        start, end = (sent.get(f"{name}-{shift_id}", "").strip() for name in ("start", "end"))
        if start or end:
            begins, minutes = _time(start, "hours"), 0
            minutes = minutes_between(begins, _time(end, "hours"))
            found[shift_id] = (begins, minutes, breaks_of(sent, begins, minutes, f"-{shift_id}"))
    return found


def weekdays_of(sent: Any) -> list[int]:
    """The days of the week that are ticked, Monday being 1."""
    return sorted({int(one) for one in sent.getlist("weekday") if one in "1234567" and len(one) == 1})


def _break(begins: str, length: str, start: time, minutes: int) -> list[int]:
    if not (length.isascii() and length.isdigit() and len(length) <= 4 and 0 < int(length) <= DAY_MIN):
        raise Wrong("break")
    after = (_minute(_time(begins, "break")) - _minute(start)) % DAY_MIN
    if after + int(length) > minutes:
        raise Wrong("break")
    return [after, int(length)]


def _time(written: str, field: str) -> time:
    try:
        return datetime.strptime(written, "%H:%M").time()  # noqa: DTZ007, a time of any day
    except ValueError:
        raise Wrong(field) from None


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
