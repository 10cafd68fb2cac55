"""The rosters of the simulated city: rotations and who works by them, and the windows of its first days.

From then on the scheduler publishes, as in any city.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.demo.cast import FIRST_MONDAY, SHIFTS, Roster, weekdays
from tracker.demo.staff import STAFF
from tracker.demo.world import DAY, World
from tracker.storage.models import DutyWindow, Person, RosterEntry, Rotation, RotationDay, Shift, Zone
from tracker.storage.publication import AHEAD, Times, mark_people, publish

PAST_DAYS = 4
NOTICE = timedelta(days=7)  # the roster of the first days was known a week before
NO_LOCK = timedelta(days=365)  # nothing was judged yet
PEOPLE_AT_A_TIME = 200


def keep_rosters(session: Session, world: World, now: datetime) -> None:
    """Give a roster to everybody of the cast who has none, and publish it from `PAST_DAYS` ago on.

    A city from before there were rosters has windows already: they stay, and the roster begins after them.
    """
    people = {nip: person_id for nip, person_id in session.execute(select(Person.nip, Person.id))}
    rostered = set(session.scalars(select(RosterEntry.person_id)))
    missing = {p.nip: people[p.nip] for p in STAFF if p.nip in people and people[p.nip] not in rostered}
    if not missing:
        return
    first = _first_day(session, missing.values(), world.date_of(now.timestamp()))
    _assign(session, missing, first)
    mark_people(session, list(missing.values()), first, "roster")
    known = Times(now - NOTICE - PAST_DAYS * DAY, world.zone, NO_LOCK, now - NO_LOCK)
    known_until = known.today + AHEAD
    while first <= known_until and publish(session.connection(), known, PEOPLE_AT_A_TIME):
        pass


def _first_day(session: Session, people: Collection[int], today: date) -> date:
    newest = session.scalar(select(func.max(DutyWindow.work_date)).where(DutyWindow.person_id.in_(list(people))))
    return max(today - PAST_DAYS * DAY, newest + DAY if newest else date.min)


def _assign(session: Session, people: Mapping[str, int], first: date) -> None:
    zones = {name: zone_id for name, zone_id in session.execute(select(Zone.name, Zone.id))}
    rotations: dict[tuple[str | None, ...], int] = {}
    for employee in STAFF:
        if employee.nip not in people:
            continue
        cycle = employee.roster.cycle
        if cycle not in rotations:
            rotations[cycle] = _rotation(session, employee.roster)
        session.execute(insert(RosterEntry).values(
            person_id=people[employee.nip], rotation_id=rotations[cycle], offset=employee.roster.offset,
            period=Range(first, None), zone_ids=[zones[place.name] for place in employee.zones if place.name in zones],
        ))  # fmt: skip


def _rotation(session: Session, roster: Roster) -> int:
    """The rotation of a cycle; who works in shifts works on holidays, too."""
    names = [None if name is None else SHIFTS[name].name for name in roster.cycle]
    name = " – ".join(one or "libur" for one in names)
    known = session.scalar(select(Rotation.id).where(Rotation.name == name))
    if known is not None:
        return known
    shifts = {name: shift_id for name, shift_id in session.execute(select(Shift.name, Shift.id))}
    office = roster.cycle == weekdays("office").cycle
    values = {"name": name, "anchor": FIRST_MONDAY, "days": len(roster.cycle), "beats_holidays": not office}
    rotation_id = session.scalars(insert(Rotation).values(values).returning(Rotation.id)).one()
    rows = [{"rotation_id": rotation_id, "number": number, "shift_id": shifts[one]}
            for number, one in enumerate(names) if one in shifts]  # fmt: skip
    session.execute(insert(RotationDay), rows)
    return rotation_id
