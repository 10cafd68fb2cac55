"""The simulated month goes through the real parts: rosters, publication, the road's transaction, judging.

Time passes in steps; within one, what is received is saved, what people enter is entered and published, check-ins are
kept, all in order of time; then the scheduler's jobs run.
"""

from __future__ import annotations

import random
import sys
import time as clock
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from operator import attrgetter

import numpy as np
from sqlalchemy import Connection, Engine, insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from bench.month_phone import (
    ACCURACY,
    BATTERY,
    EAST,
    NORTH,
    RECEIVED,
    TIME,
    CheckedIn,
    Floats,
    Kind,
    Told,
    told_of,
)
from bench.month_truth import (
    DAY,
    METRES_PER_DEGREE,
    WIB,
    Leave,
    Month,
    Outing,
    Overtime,
    Person,
    Site,
    at_clock,
    degrees,
    outings_of,
    people_of,
)
from reports.batches import Clock
from reports.judging import judge_due
from reports.publishing import publish_due
from tests import builders
from tracker.domain.fix import Fix, oldest_kept
from tracker.domain.observation import NoFix, Status
from tracker.storage import calendar_changes, device_changes, devices, roster_changes
from tracker.storage.audit import OPERATOR
from tracker.storage.changes import By
from tracker.storage.check_ins import OffDuty, Place, check_in
from tracker.storage.devices import known_devices
from tracker.storage.fixes import Received, Saved, save_batch
from tracker.storage.models import LeavePeriod, Shift
from tracker.storage.models import Person as PersonRow
from tracker.storage.publication import Times, mark_rostered

RETENTION_DAYS = 60
LOCK = timedelta(hours=72)
STEP = timedelta(hours=3)
AFTER = timedelta(days=6)  # until the last window is locked, and what came later was looked at
BEFORE = timedelta(days=3)
FIXES_AT_A_TIME = 5000
DEVICE = 6  # the column after those of a phone's rows


@dataclass(frozen=True, slots=True)
class Event:
    """Something that somebody enters."""

    at: datetime
    enter: Callable[[By], object]


@dataclass(slots=True)
class Spent:
    """Seconds of this machine, by what they were spent on."""

    by: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        began = clock.monotonic()
        yield
        self.by[what] += clock.monotonic() - began


@dataclass(slots=True)
class Happened:
    """The truth of an outing, and what was told of it."""

    outing: Outing
    told: Told


@dataclass(slots=True)
class Run:
    """What took place."""

    month: Month
    people: list[Person]
    person_ids: dict[int, int]
    happened: list[Happened] = field(default_factory=list)
    saved: Saved = field(default_factory=Saved)
    published: Counter[str] = field(default_factory=Counter)
    spent: Spent = field(default_factory=Spent)
    check_ins: int = 0


def simulate(engine: Engine, people: int, days: int, seed: int, planted: float, step: timedelta) -> Run:
    """So many people on so many days, the last of which is over by now, in a fresh database; jobs run every `step`."""
    today = datetime.now(UTC).date()
    last_monday = today - AFTER - timedelta(days=days)
    month = Month.of(last_monday - timedelta(days=last_monday.weekday()), days, seed)
    everybody = people_of(people, month, seed)
    with engine.begin() as conn:
        city = _City(conn, month, everybody, seed)
    run = Run(month, everybody, city.person_ids)
    _Passing(engine, city, run, seed, planted).pass_by(step)
    return run


class _City:
    """The register: zones, people, phones; and what will be entered when."""

    def __init__(self, conn: Connection, month: Month, people: Sequence[Person], seed: int) -> None:
        self.month, self.people = month, people
        sites = {site.name: site for person in people for site in person.sites}
        self.zone_ids = {name: self._zone(conn, site) for name, site in sites.items()}
        unit_id = builders.unit(conn)
        self.person_ids = {one.number: builders.person(conn, unit_id, f"Pegawai {one.number}") for one in people}
        nips = {row.id: row.nip for row in conn.execute(PersonRow.__table__.select())}
        self.nips = {number: nips[person_id] for number, person_id in self.person_ids.items()}
        self.swapped = self._swaps(seed)
        for one in people:
            devices.register_device(conn, f"p{one.number}", "phone", expected_interval_s=one.interval_s,
                                    person_id=self.person_ids[one.number], since=builders.LONG_AGO)  # fmt: skip
            if self.swapped.get(one.number) == f"n{one.number}":
                devices.register_device(conn, f"n{one.number}", "phone", expected_interval_s=one.interval_s)
        logins = [f"{kind}{one.number}" for kind in "pn" for one in people]
        self.device_ids = {login: known.id for login, known in known_devices(conn, logins).items()}
        self.events = sorted(self._events(), key=attrgetter("at"))

    def device_of(self, outing: Outing) -> int:
        number = outing.person.number
        later = outing.start >= self.month.swap.timestamp()
        return self.device_ids[self.swapped.get(number, f"p{number}") if later else f"p{number}"]

    def _zone(self, conn: Connection, site: Site) -> int:
        if site.is_area:
            ring = [degrees(corner)[::-1] for corner in site.outline()]
            return builders.area(conn, ring, name=site.name)
        return builders.zone(conn, *degrees(site.at), round(site.radius_m), site.name)

    def _swaps(self, seed: int) -> dict[int, str]:
        """Who carries which phone after the swap: a new one, or that of a colleague, who carries theirs."""
        chance = random.Random(f"{seed}/swaps")
        some = [one.number for one in self.people if one.role.name == "office" and one.interval_s == 300]
        chance.shuffle(some)
        count = max(1, len(some) // 25)
        fresh, one, other = some[:count], some[count : 2 * count], some[2 * count : 3 * count]
        pairs = list(zip(one, other, strict=False))
        given = {number: f"n{number}" for number in fresh}
        return given | {a: f"p{b}" for a, b in pairs} | {b: f"p{a}" for a, b in pairs}

    def _events(self) -> Iterator[Event]:
        month = self.month
        ahead = at_clock(month.first - BEFORE, time(8))
        yield Event(ahead, self._make_rosters)
        yield Event(ahead + timedelta(minutes=1), lambda by: calendar_changes.confirm_holidays(
            by, [(month.holiday, "Libur nasional", "public")]))  # fmt: skip
        yield Event(at_clock(month.cuti_said, time(10)), lambda by: calendar_changes.confirm_holidays(
            by, [(month.cuti, "Cuti bersama", "government")]))  # fmt: skip
        told = max(month.first - DAY, month.fasting - 5 * DAY)
        yield Event(at_clock(told, time(9)), self._keep_fasting_hours)
        yield Event(month.swap, self._hand_phones_over)
        for one in self.people:
            yield from self._events_of(one)

    def _events_of(self, one: Person) -> Iterator[Event]:
        for leave in one.leaves:
            yield Event(leave.entered, partial(self._enter_leave, one=one, leave=leave))
        for extra in one.overtime:
            yield Event(extra.entered, partial(self._add_overtime, one=one, extra=extra))
        if one.changed:
            first, offset = one.changed
            yield Event(at_clock(first - 3 * DAY, time(11)), partial(self._assign, one=one, first=first, offset=offset))

    def _make_rosters(self, by: By) -> None:
        roles = {one.role.name: one.role for one in self.people}
        self.shifts: dict[str, int] = {}
        self.rotations: dict[str, int] = {}
        for role in roles.values():
            for name, hours in role.hours.items():
                breaks = [list(pause) for pause in hours.breaks]
                values = {"name": name, "start_time": hours.start, "duration_min": hours.minutes, "grace_min": 15,
                          "profile": role.profile, "breaks": breaks, "zone_ids": []}  # fmt: skip
                shift: Shift = calendar_changes.add_shift(by, values)
                by.session.flush()
                self.shifts[name] = shift.id
            cycle = [self.shifts[name] if name else None for name in role.cycle]
            made = calendar_changes.add_rotation(by, role.name, self.month.first, cycle, role.beats_holidays)
            by.session.flush()
            self.rotations[role.name] = made.id
        for one in self.people:
            self._assign(by, one, self.month.first, one.offset)

    def _assign(self, by: By, one: Person, first: date, offset: int) -> None:
        roster_changes.assign(by, self.nips[one.number], self.rotations[one.role.name], first, self.month.last, offset,
                              self._zones_of(one))  # fmt: skip

    def _add_overtime(self, by: By, one: Person, extra: Overtime) -> None:
        roster_changes.add_overtime(by, self.nips[one.number], extra.day, self.shifts["office"], extra.hours.start,
                                    extra.hours.minutes, self._zones_of(one), "")  # fmt: skip

    def _zones_of(self, one: Person) -> list[int]:
        return [self.zone_ids[site.name] for site in one.sites]

    def _keep_fasting_hours(self, by: By) -> None:
        hours = {}
        for role in {one.role.name: one.role for one in self.people}.values():
            if role.ramadan:
                for name in role.hours:
                    breaks = [list(pause) for pause in role.ramadan.breaks]
                    hours[self.shifts[name]] = (role.ramadan.start, role.ramadan.minutes, breaks)
        calendar_changes.keep_rule_set(by, None, "Ramadan", self.month.fasting, self.month.last, False, hours)

    def _hand_phones_over(self, by: By) -> None:
        for number, login in self.swapped.items():
            if login == f"n{number}":
                device_changes.take_back(by, f"p{number}", by.now)
            holder = device_changes.Holder(nip=self.nips[number])
            device_changes.hand_over(by, login, holder, by.now)

    def _enter_leave(self, by: By, one: Person, leave: Leave) -> None:
        """As a file with leave brings it in."""
        person_id = self.person_ids[one.number]
        period = Range(leave.first, leave.last + DAY)
        by.session.execute(insert(LeavePeriod).values(person_id=person_id, part=leave.part, kind=leave.kind,
                                                      period=period))  # fmt: skip
        mark_rostered(by.session, [person_id], leave.first, "leave")


class _Passing:
    """Time passes."""

    def __init__(self, engine: Engine, city: _City, run: Run, seed: int, planted: float) -> None:
        self._engine, self._city, self._run, self._seed = engine, city, run, seed
        outings = [out for one in city.people for out in outings_of(one, city.month, seed, planted)]
        self._outings = sorted(outings, key=attrgetter("start"), reverse=True)
        self._events = list(reversed(city.events))
        self._rows: Floats = np.zeros((0, 7))
        self._said: list[Received] = []
        self._check_ins: list[tuple[CheckedIn, int]] = []

    def pass_by(self, step: timedelta) -> None:
        month = self._city.month
        now = at_clock(month.first - BEFORE, time(8))
        until = at_clock(month.last + AFTER, time(12))
        while now < until:
            now += step
            self._step(now)
            if now.hour < step.seconds // 3600:
                _say(f"{now:%d %B}, {len(self._run.happened)} outings, {self._run.saved.stored} positions")

    def _step(self, now: datetime) -> None:
        spent = self._run.spent
        with spent.on("making"):
            self._make(now)
        while self._events and self._events[-1].at <= now:
            self._happen(self._events.pop())
        self._save_until(now)
        with spent.on("publishing"):
            self._publish(now)
        with spent.on("judging"):
            judge_due(self._engine, Clock(now, oldest_kept(now, RETENTION_DAYS), LOCK), lambda: False)

    def _make(self, now: datetime) -> None:
        """What will be told of the outings that begin soon."""
        fresh = [self._rows]
        while self._outings and self._outings[-1].start < (now + timedelta(hours=6)).timestamp():
            outing = self._outings.pop()
            told = told_of(outing, self._city.month, self._seed)
            device_id = self._city.device_of(outing)
            fresh.append(np.column_stack([told.rows, np.full(len(told.rows), float(device_id))]))
            self._said += [Received(device_id, _utc(at), _as_said(kind)) for at, kind in told.said]
            self._check_ins += [(one, outing.person.number) for one in told.check_ins]
            told.rows = told.rows[:0]
            self._run.happened.append(Happened(outing, told))
        self._rows = np.concatenate(fresh)

    def _happen(self, event: Event) -> None:
        self._save_until(event.at)
        with self._run.spent.on("entering"), Session(self._engine) as session:
            event.enter(By(session, OPERATOR, None, event.at, event.at.astimezone(WIB).date()))
            session.commit()
        with self._run.spent.on("publishing"):
            self._publish(event.at)

    def _publish(self, now: datetime) -> None:
        times = Times(now, WIB, LOCK, oldest_kept(now, RETENTION_DAYS))
        self._run.published += publish_due(self._engine, times)

    def _save_until(self, now: datetime) -> None:
        with self._run.spent.on("saving"):
            due = self._rows[:, RECEIVED] <= now.timestamp()
            rows, self._rows = self._rows[due], self._rows[~due]
            heard = _heard(rows[np.argsort(rows[:, RECEIVED], kind="stable")])
            heard += [one for one in self._said if one.received_at <= now]
            self._said = [one for one in self._said if one.received_at > now]
            heard.sort(key=attrgetter("received_at"))
            for first in range(0, len(heard), FIXES_AT_A_TIME):
                with self._engine.begin() as conn:
                    self._run.saved += save_batch(conn, heard[first : first + FIXES_AT_A_TIME], [])
            for one, number in sorted(self._check_ins, key=lambda pair: pair[0].at):
                if one.at <= now.timestamp():
                    self._check_in(one, number)
            self._check_ins = [pair for pair in self._check_ins if pair[0].at > now.timestamp()]

    def _check_in(self, one: CheckedIn, number: int) -> None:
        place = Place(*degrees(one.place), 20.0) if one.place else None
        with Session(self._engine) as session:
            try:
                check_in(session, self._city.person_ids[number], uuid.uuid4(), one.leaves, place, _utc(one.at))
            except OffDuty:
                return  # the page says so; their duty is published later
            session.commit()
            self._run.check_ins += 1


def _heard(rows: Floats) -> list[Received]:
    lats = degrees((0, 0))[0] + rows[:, NORTH] / METRES_PER_DEGREE
    east_per_degree = degrees((1e6, 0))[1] - degrees((0, 0))[1]
    lons = degrees((0, 0))[1] + rows[:, EAST] * east_per_degree / 1e6
    columns = (rows[:, DEVICE].astype(int), rows[:, RECEIVED], rows[:, TIME], lats, lons, rows[:, ACCURACY],
               rows[:, BATTERY].astype(int))  # fmt: skip
    told = zip(*(column.tolist() for column in columns), strict=True)
    return [
        Received(device_id, _utc(received), Fix(_utc(at), lat, lon, accuracy, battery_pct=battery))
        for device_id, received, at, lat, lon, accuracy, battery in told
    ]


def _say(words: str) -> None:
    print(f"{words} ...", file=sys.stderr)


def _as_said(kind: Kind) -> Status | NoFix:
    return NoFix("heartbeat") if kind is Kind.PING else Status(permission=kind.value)


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
