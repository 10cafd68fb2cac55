"""What changes of shifts, rotations, rule sets and holidays on somebody's behalf: see `tracker.storage.changes`.

They are the city's. Whoever is touched is marked: the scheduler publishes anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from tracker.domain.writing import one_line
from tracker.storage.audit import Action
from tracker.storage.changes import FARTHEST, By
from tracker.storage.due import mark_judged
from tracker.storage.models import (
    ExtraDuty,
    Holiday,
    Post,
    RosterEntry,
    Rotation,
    RotationDay,
    RotationPast,
    RuleSet,
    RuleSetShift,
    Shift,
    ShiftPast,
)
from tracker.storage.overlaps import no_rotation_overlaps, nobody_twice, rostered, works_by, works_shift
from tracker.storage.publication import mark_everybody, mark_rotation, mark_shift
from tracker.storage.register import Impossible, NotFound, Why, rules_said

LONGEST_ROTATION = 366  # days
PAST_OF_SHIFT = (
    "start_time", "duration_min", "grace_min", "profile", "before_min", "after_min", "breaks", "zone_ids",
)  # fmt: skip
ROSTER, HOLIDAY, RULE = "roster", "holiday", "rule"  # why windows are judged again
RowT = TypeVar("RowT", Shift, Rotation, RuleSet, Post, ExtraDuty)


def add_shift(by: By, values: Mapping[str, Any]) -> Shift:
    """Add a shift; `values` are its columns."""
    _city(by)
    shift = Shift(**_written(values))
    with rules_said(by.session):
        by.session.add(shift)
    by.note(Action.ADD_SHIFT, {"shift": shift.name})
    return shift


def change_shift(by: By, shift_id: int, values: Mapping[str, Any]) -> Shift:
    """Put other values in the columns of a shift: for duties that have not begun."""
    _city(by)
    shift = held(by.session, Shift, shift_id)
    changed = {name: value for name, value in _written(values).items() if getattr(shift, name) != value}
    if changed:
        if changed.keys() - {"name"}:
            _keep_past(by, ShiftPast, {"shift_id": shift.id, **{name: getattr(shift, name) for name in PAST_OF_SHIFT}})
        with no_rotation_overlaps(by), nobody_twice(by, works_shift(shift.id), by.tomorrow), rules_said(by.session):
            for name, value in changed.items():
                setattr(shift, name, value)
        mark_shift(by.session, shift.id, by.tomorrow, ROSTER)
        by.note(Action.CHANGE_SHIFT, {"shift": shift.name, "changed": ", ".join(sorted(changed))})
    return shift


def retire_shift(by: By, shift_id: int) -> Shift:
    """A shift is offered no more. Refused while a rotation in use has it."""
    _city(by)
    shift = held(by.session, Shift, shift_id)
    used = select(Rotation.id).join(RotationDay).where(RotationDay.shift_id == shift_id, Rotation.retired_at.is_(None))
    if by.session.scalar(used.limit(1)) is not None:
        raise Impossible(f"rotations have the shift {shift.name!r}", Why.SHIFT_USED)
    if shift.retired_at is None:
        shift.retired_at = by.now
        by.note(Action.RETIRE_SHIFT, {"shift": shift.name})
    return shift


def add_rotation(
    by: By, name: str, anchor: date, cycle: Sequence[int | None], beats_holidays: bool
) -> Rotation:
    """Add a rotation: the shift of each day in turn, None being off."""
    _city(by)
    rotation = Rotation(name=one_line(name), anchor=anchor, days=len(cycle), beats_holidays=beats_holidays)
    rotation.shifts = _days(by.session, cycle)
    with no_rotation_overlaps(by), rules_said(by.session):
        by.session.add(rotation)
    by.note(Action.ADD_ROTATION, {"rotation": rotation.name})
    return rotation


def change_rotation(
    by: By, rotation_id: int, name: str, anchor: date, cycle: Sequence[int | None], beats_holidays: bool
) -> Rotation:
    """Put another cycle in the place of a rotation's: for duties that have not begun."""
    _city(by)
    rotation = held(by.session, Rotation, rotation_id)
    before = (rotation.name, rotation.anchor, cycle_of(rotation), rotation.beats_holidays)
    if before == (one_line(name), anchor, list(cycle), beats_holidays):
        return rotation
    past = {"rotation_id": rotation.id, "anchor": rotation.anchor, "cycle": [one or 0 for one in before[2]],
            "beats_holidays": rotation.beats_holidays}  # fmt: skip
    _keep_past(by, RotationPast, past)
    with no_rotation_overlaps(by), nobody_twice(by, works_by(rotation.id), by.tomorrow), rules_said(by.session):
        rotation.name, rotation.anchor, rotation.days = one_line(name), anchor, len(cycle)
        rotation.beats_holidays = beats_holidays
        rotation.shifts.clear()
        by.session.flush()
        rotation.shifts.extend(_days(by.session, cycle))
    mark_rotation(by.session, rotation, by.tomorrow, ROSTER)
    by.note(Action.CHANGE_ROTATION, {"rotation": rotation.name})
    return rotation


def retire_rotation(by: By, rotation_id: int) -> Rotation:
    """A rotation is offered no more. Refused while somebody works by it, today or later."""
    _city(by)
    rotation = held(by.session, Rotation, rotation_id)
    ahead = RosterEntry.rotation_id == rotation_id, RosterEntry.period.overlaps(Range(by.today, None))
    if by.session.scalar(select(RosterEntry.id).where(*ahead).limit(1)) is not None:
        raise Impossible(f"people work by the rotation {rotation.name!r}", Why.ROTATION_USED)
    if rotation.retired_at is None:
        rotation.retired_at = by.now
        by.note(Action.RETIRE_ROTATION, {"rotation": rotation.name})
    return rotation


def keep_rule_set(
    by: By, rule_set_id: int | None, name: str, first: date, last: date | None, minutes_after_grace: bool,
    hours: Mapping[int, tuple[time, int, list[list[int]]]],
) -> RuleSet:  # fmt: skip
    """Add a rule set, or put other terms in the place of one's. `hours` are start, minutes and breaks of shifts."""
    _city(by)
    if last is not None and last < first:
        raise Impossible(f"{last} is before {first}", Why.BACKWARDS)
    rules = RuleSet() if rule_set_id is None else held(by.session, RuleSet, rule_set_id)
    before = None if rule_set_id is None else rules.first
    if first != before:
        by.change(first)
    if last is not None and last < by.today - FARTHEST and (rule_set_id is None or last != rules.last):
        raise Impossible(f"{last} is over a year ago", Why.LAST_TOO_FAR)
    begins = [day for day in (first, before) if day is not None]
    counts = minutes_after_grace or bool(rules.minutes_after_grace)  # how minutes count is no term of a window
    period = Range(first, None if last is None else last + timedelta(days=1))
    with nobody_twice(by, rostered(), *begins), rules_said(by.session):
        rules.name, rules.period, rules.minutes_after_grace = one_line(name), period, minutes_after_grace
        rules.shifts = [one for one in rules.shifts if one.shift.retired_at is not None]  # which no form shows
        by.session.add(rules)
        by.session.flush()
        for shift_id, (start, minutes, breaks) in hours.items():
            living_shift(by.session, shift_id)
            rules.shifts.append(RuleSetShift(shift_id=shift_id, start_time=start, duration_min=minutes, breaks=breaks))
    mark_everybody(by.session, min(begins), RULE)
    if counts:
        mark_judged(by.session, min(begins), RULE, by.now)
    by.note(Action.ADD_RULE_SET if rule_set_id is None else Action.CHANGE_RULE_SET, {"rule_set": rules.name,
            "first": str(first), "last": str(last or "")})  # fmt: skip
    return rules


def remove_rule_set(by: By, rule_set_id: int) -> None:
    """A rule set does not hold, and never did."""
    _city(by)
    rules = held(by.session, RuleSet, rule_set_id)
    first, counts = rules.first, rules.minutes_after_grace
    with nobody_twice(by, rostered(), first or by.today):
        by.session.delete(rules)
    if first is not None:
        mark_everybody(by.session, first, RULE)
        if counts:
            mark_judged(by.session, first, RULE, by.now)
    by.note(Action.REMOVE_RULE_SET, {"rule_set": rules.name})


def confirm_holidays(by: By, days: Sequence[tuple[date, str, str]]) -> int:
    """Let days be holidays: (day, name, kind), in place of what they are called already. Says how many changed."""
    _city(by)
    known = {one.day: (one.name, one.kind) for one in by.session.scalars(select(Holiday))}
    fresh = [(day, one_line(name), kind) for day, name, kind in days]
    changed = [one for one in fresh if known.get(one[0]) != one[1:]]
    if changed:
        rows = [dict(zip(("day", "name", "kind"), one, strict=True)) for one in changed]
        wanted = insert(Holiday).values(rows)
        said = {"name": wanted.excluded.name, "kind": wanted.excluded.kind}
        by.session.execute(wanted.on_conflict_do_update(index_elements=[Holiday.day], set_=said))
        mark_everybody(by.session, min(day for day, _, _ in changed), HOLIDAY)
        by.note(Action.CONFIRM_HOLIDAYS, {"days": ", ".join(str(day) for day, _, _ in changed)})
    return len(changed)


def remove_holiday(by: By, day: date) -> None:
    """A day is a working day after all."""
    _city(by)
    holiday = by.session.get(Holiday, day)
    if holiday is None:
        raise NotFound(f"no holiday on {day}", "holiday")
    by.session.delete(holiday)
    by.session.flush()
    mark_everybody(by.session, day, HOLIDAY)
    by.note(Action.REMOVE_HOLIDAY, {"on": str(day), "name": holiday.name})


def held(session: Session, table: type[RowT], row_id: int) -> RowT:
    """A row as it is now, which nobody else changes until the transaction ends."""
    query = select(table).where(table.id == row_id).with_for_update(of=table, key_share=True)
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(f"no {table.__tablename__} {row_id}", table.__tablename__)
    return row


def cycle_of(rotation: Rotation) -> list[int | None]:
    """The shift of each day of a rotation; None is off."""
    days = {one.number: one.shift_id for one in rotation.shifts}
    return [days.get(number) for number in range(rotation.days)]


def living_shift(session: Session, shift_id: int) -> Shift:
    """A shift that is offered."""
    shift = session.get(Shift, shift_id)
    if shift is None or shift.retired_at is not None:
        raise NotFound(f"no shift {shift_id}", "shift")
    return shift


def _city(by: By) -> None:
    if by.viewer is not None and not by.viewer.administers_city:
        raise NotFound("shifts, rotations, rules and holidays are the city's", "shift")


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one_line(value) if name == "name" else value for name, value in values.items()}


def _days(session: Session, cycle: Sequence[int | None]) -> list[RotationDay]:
    if not 1 <= len(cycle) <= LONGEST_ROTATION or not any(cycle):
        raise Impossible("a rotation has at least one shift", Why.NO_SHIFT)
    for shift_id in {one for one in cycle if one is not None}:
        living_shift(session, shift_id)
    return [RotationDay(number=n, shift_id=shift_id) for n, shift_id in enumerate(cycle) if shift_id is not None]


def _keep_past(by: By, table: type[ShiftPast] | type[RotationPast], values: Mapping[str, Any]) -> None:
    """What holds today goes on holding for all days until today; what is changed twice on a day was that once."""
    by.session.execute(insert(table).values(until=by.tomorrow, **values).on_conflict_do_nothing())
