"""What changes of rosters on somebody's behalf: see `tracker.storage.changes`.

By whom people work, on which single days otherwise, their overtime and a unit's posts are their administrators'.
Whoever is touched is marked: the scheduler publishes anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, time, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from tracker.storage import administered
from tracker.storage.audit import Action
from tracker.storage.calendar_changes import ROSTER, held, living_shift
from tracker.storage.changes import By
from tracker.storage.models import ExtraDuty, Person, Post, RosterDay, RosterEntry, Rotation, Unit, Zone
from tracker.storage.overlaps import never_twice
from tracker.storage.periods import end_at
from tracker.storage.publication import mark_people
from tracker.storage.register import Impossible, NotFound, Why


def assign(
    by: By, nip: str, rotation_id: int, first: date, last: date | None, offset: int, zone_ids: Sequence[int]
) -> RosterEntry:
    """Somebody works by a rotation from a day on; what they worked by before ends the day before."""
    person = by.employee(nip)
    by.change(first)
    period = _period(first, last)
    rotation = held(by.session, Rotation, rotation_id)
    if rotation.retired_at is not None:
        raise NotFound(f"the rotation {rotation.name!r} is retired", "rotation")
    _zones(by.session, zone_ids)
    entry = RosterEntry(
        person_id=person.id, rotation_id=rotation.id, offset=offset % rotation.days, period=period,
        zone_ids=sorted(set(zone_ids)),
    )  # fmt: skip
    with never_twice(by, [person.id], first):
        end_at(by.session, RosterEntry, RosterEntry.person_id == person.id, first)
        by.session.add(entry)
    mark_people(by.session, [person.id], first, ROSTER)
    told = {"rotation": rotation.name, "first": str(first), "last": str(last or "")}
    by.note(Action.ASSIGN_ROSTER, told, [person.id])
    return entry


def end_roster(by: By, nip: str, on: date) -> Person:
    """Somebody works by no rotation from a day on."""
    person = by.person(nip)
    by.change(on)
    if end_at(by.session, RosterEntry, RosterEntry.person_id == person.id, on) is None:
        raise Impossible(f"no rotation on {on}", Why.NO_ROSTER)
    mark_people(by.session, [person.id], on, ROSTER)
    by.note(Action.END_ROSTER, {"on": str(on)}, [person.id])
    return person


def set_day(by: By, nip: str, day: date, shift_id: int | None, zone_ids: Sequence[int], note: str) -> Person:
    """Somebody works another shift on one day, or is off."""
    person = by.employee(nip)
    by.change(day)
    name = living_shift(by.session, shift_id).name if shift_id is not None else ""
    _zones(by.session, zone_ids)
    values = {"shift_id": shift_id, "zone_ids": sorted(set(zone_ids)), "note": note}
    wanted = insert(RosterDay).values(person_id=person.id, day=day, **values)
    with never_twice(by, [person.id], day):
        same = [RosterDay.person_id, RosterDay.day]
        by.session.execute(wanted.on_conflict_do_update(index_elements=same, set_=values))
    mark_people(by.session, [person.id], day, ROSTER)
    by.note(Action.CHANGE_ROSTER_DAY, {"on": str(day), "shift": name}, [person.id])
    return person


def clear_day(by: By, nip: str, day: date) -> Person:
    """On one day the rotation holds again."""
    person = by.person(nip)
    by.change(day)
    own = by.session.get(RosterDay, (person.id, day))
    if own is None:
        raise NotFound(f"nothing of its own on {day}", "roster_day")
    with never_twice(by, [person.id], day):
        by.session.delete(own)
    mark_people(by.session, [person.id], day, ROSTER)
    by.note(Action.CHANGE_ROSTER_DAY, {"on": str(day)}, [person.id])
    return person


def add_overtime(
    by: By, nip: str, day: date, shift_id: int, start: time, minutes: int, zone_ids: Sequence[int], note: str
) -> ExtraDuty:
    """Somebody works overtime on a day, with the profile and the places of a shift unless others are named."""
    person = by.employee(nip)
    by.change(day)
    shift = living_shift(by.session, shift_id)
    _zones(by.session, zone_ids)
    extra = ExtraDuty(person_id=person.id, day=day, shift_id=shift.id, start_time=start, duration_min=minutes,
                      zone_ids=sorted(set(zone_ids)), note=note)  # fmt: skip
    with never_twice(by, [person.id], day):
        by.session.add(extra)
    mark_people(by.session, [person.id], day, ROSTER)
    by.note(Action.ADD_OVERTIME, {"on": str(day), "start": f"{start:%H:%M}", "minutes": minutes}, [person.id])
    return extra


def remove_overtime(by: By, nip: str, extra_id: int) -> Person:
    """Somebody does not work overtime after all."""
    person = by.person(nip)
    extra = by.session.get(ExtraDuty, extra_id)
    if extra is None or extra.person_id != person.id:
        raise NotFound(f"no overtime {extra_id}", "overtime")
    by.change(extra.day)
    by.session.delete(extra)
    by.session.flush()
    mark_people(by.session, [person.id], extra.day, ROSTER)
    by.note(Action.REMOVE_OVERTIME, {"on": str(extra.day)}, [person.id])
    return person


def add_post(
    by: By, unit: str, zone_id: int, shift_id: int, people: int, weekdays: Collection[int], first: date,
    last: date | None = None,
) -> Post:  # fmt: skip
    """A unit needs so many people at a place in a shift, on these days of the week (Monday is 1)."""
    owner = by.unit(unit)
    by.change(first)
    period = _period(first, last)
    _zones(by.session, [zone_id])
    shift = living_shift(by.session, shift_id)
    post = Post(unit_id=owner.id, zone_id=zone_id, shift_id=shift.id, people=people, weekdays=sorted(weekdays),
                period=period)  # fmt: skip
    by.session.add(post)
    by.session.flush()
    by.note(Action.ADD_POST, {"unit": owner.name, "shift": shift.name, "people": people})
    return post


def end_post(by: By, post_id: int, on: date) -> Post:
    """A post is kept no more from a day on."""
    post = held(by.session, Post, post_id)
    if not by.reaches(Unit, post.unit_id, administered.units):
        raise NotFound(f"no post {post_id}", "post")
    by.change(on)
    unit = post.unit.name
    if post.first is not None and on <= post.first:
        by.session.delete(post)
    elif post.period.upper is None or on < post.period.upper:
        post.period = Range(post.first, on)
    by.session.flush()
    by.note(Action.END_POST, {"unit": unit, "on": str(on)})
    return post


def _period(first: date, last: date | None) -> Range[date]:
    if last is not None and last < first:
        raise Impossible(f"{last} is before {first}", Why.BACKWARDS)
    return Range(first, None if last is None else last + timedelta(days=1))


def _zones(session: Session, zone_ids: Collection[int]) -> None:
    living = select(Zone.id).where(Zone.id.in_(list(zone_ids)), Zone.retired_at.is_(None))
    if set(session.scalars(living)) != set(zone_ids):
        raise NotFound("no such zone", "zone")
