"""The duty windows of the simulated city: published for some past days at first, then ever a few days ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from tracker.demo.cast import Duty, duty
from tracker.demo.staff import STAFF
from tracker.demo.world import DAY, World
from tracker.domain.roster import Times, bounds
from tracker.storage.models import DutyWindow, DutyWindowZone, Person, Shift, Zone

PAST_DAYS, DAYS_AHEAD = 4, 3
MARGIN = timedelta(minutes=30)  # a person is followed so long before and after duty
NOTICE = timedelta(days=7)  # a roster is known a week before


def publish(session: Session, world: World, now: datetime) -> None:
    """Publish what is missing from `PAST_DAYS` ago until `DAYS_AHEAD`; days that have a roster keep it."""
    today = world.date_of(now.timestamp())
    employees = {nip: person_id for nip, person_id in session.execute(select(Person.nip, Person.id))}
    newest = session.scalar(
        select(func.max(DutyWindow.work_date)).where(
            DutyWindow.person_id.in_([employees[p.nip] for p in STAFF if p.nip in employees])
        )
    )
    first = today - PAST_DAYS * DAY
    if newest is not None:
        first = max(first, newest + DAY)
    shifts = {name: shift_id for name, shift_id in session.execute(select(Shift.name, Shift.id))}
    duties = [
        work
        for work in _duties(world, first, today + DAYS_AHEAD * DAY)
        if work.employee.nip in employees and work.shift.name in shifts  # what an administrator changed stays so
    ]
    if duties:
        _insert(session, duties, employees, shifts)


def _duties(world: World, first: date, last: date) -> Iterator[Duty]:
    on = first
    while on <= last:
        for employee in STAFF:
            work = duty(employee, on, world.zone)
            if work is not None:
                yield work
        on += DAY


def _followed(duties: Sequence[Duty]) -> Iterator[tuple[Duty, Times]]:
    """Each duty with the times between which the person is followed for it."""
    of_each: dict[str, list[Duty]] = defaultdict(list)
    for work in sorted(duties, key=lambda work: work.starts_at):
        of_each[work.employee.nip].append(work)
    for own in of_each.values():
        yield from zip(own, bounds([(work.starts_at, work.ends_at) for work in own], MARGIN, MARGIN), strict=True)


def _insert(session: Session, duties: list[Duty], employees: dict[str, int], shifts: dict[str, int]) -> None:
    zones = {name: zone_id for name, zone_id in session.execute(select(Zone.name, Zone.id))}
    followed = list(_followed(duties))
    works = [work for work, _ in followed]
    rows = [
        {
            "person_id": employees[work.employee.nip],
            "shift_id": shifts[work.shift.name],
            "work_date": work.work_date,
            "starts_at": work.starts_at,
            "ends_at": work.ends_at,
            "accepts_from": accepted[0],
            "accepts_until": accepted[1],
            "published_at": work.starts_at - NOTICE,
        }
        for work, accepted in followed
    ]
    ids = session.scalars(insert(DutyWindow).returning(DutyWindow.id, sort_by_parameter_order=True), rows).all()
    links = [
        {"window_id": window_id, "zone_id": zones[place.name]}
        for window_id, work in zip(ids, works, strict=True)
        for place in work.employee.zones
        if place.name in zones
    ]
    if links:
        session.execute(insert(DutyWindowZone), links)
