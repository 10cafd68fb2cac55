"""What really happens in the simulated month: who is expected when, and where they are. Nothing here knows our rules.

Who is expected is worked out anew, from the roles and the calendar, so that what is published can be compared with it.
Places are metres east and north of the city's centre, times are seconds since 1970.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from math import cos, hypot, pi, radians, sin
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")
CENTRE_LAT, CENTRE_LON = -6.2, 106.8
METRES_PER_DEGREE = 111_195.0
DAY = timedelta(days=1)
MIN, HOUR = 60.0, 3600.0
ROAD_MPS, WALK_MPS, FIRE_ENGINE_MPS = 8.0, 1.2, 11.0
ONE_OUTING_S = 3 * HOUR  # nobody goes home between duties that are closer than this
GRACE_S = 15 * MIN
LATE_S, EARLY_S, IDLE_S = 45 * MIN, 60 * MIN, 2 * HOUR  # of the planted

Point = tuple[float, float]
Times = tuple[float, float]
Stop = tuple[float, float, float]  # a time, and a place


@dataclass(frozen=True, slots=True)
class Hours:
    """A shift by the clock on the wall; breaks are minutes after the beginning, and how long."""

    start: time
    minutes: int
    breaks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """What some people do: in which shifts, how many of a thousand, at how many sites of which size."""

    name: str
    profile: str
    share: float
    hours: Mapping[str, Hours]
    cycle: tuple[str | None, ...]
    beats_holidays: bool
    sites: int
    radius_m: tuple[float, float]
    indoor: bool = False
    ramadan: Hours | None = None


OFFICE_HOURS = Hours(time(7, 30), 510, ((270, 60),))
FASTING_HOURS = Hours(time(8), 420, ((240, 30),))
GUARD = {"morning": Hours(time(6), 480), "afternoon": Hours(time(14), 480), "night": Hours(time(22), 480)}
ROLES = (
    Role("office", "OFFICE", 0.48, {"office": OFFICE_HOURS}, ("office",) * 5 + (None,) * 2, False, 1, (100, 180),
         indoor=True, ramadan=FASTING_HOURS),
    Role("guard", "POST", 0.16, GUARD, ("morning",) * 2 + ("afternoon",) * 2 + ("night",) * 2 + (None,) * 2, True, 1,
         (80, 150), indoor=True),
    Role("fire", "POST", 0.08, {"watch": Hours(time(7), 1440)}, ("watch", None, None), True, 1, (120, 200),
         indoor=True),
    Role("patrol", "PATROL", 0.10, {"early": Hours(time(7), 480, ((240, 45),)), "late": Hours(time(15), 480)},
         ("early",) * 3 + ("late",) * 3 + (None,), True, 3, (150, 300)),
    Role("driver", "DRIVER", 0.10, {"round": Hours(time(5, 30), 480, ((240, 30),))}, ("round",) * 6 + (None,), True, 3,
         (150, 300)),
    Role("sweeper", "FIELD", 0.08, {"street": Hours(time(5), 480, ((240, 30),))}, ("street",) * 6 + (None,), True, 1,
         (250, 400)),
)  # fmt: skip
OVERTIME = Hours(time(8), 240)
EVENING = Hours(time(17), 180)


@dataclass(frozen=True, slots=True)
class Site:
    """A place of work; an area has eight corners, and everything within 0.8 of its radius."""

    name: str
    at: Point
    radius_m: float
    is_area: bool

    def outline(self) -> list[Point]:
        """The corners of an area, the last being the first."""
        corners = [self.radius_m * (1.25 if n % 2 else 1.0) for n in range(8)]
        ring = [(self.at[0] + r * cos(n * pi / 4), self.at[1] + r * sin(n * pi / 4)) for n, r in enumerate(corners)]
        return [*ring, ring[0]]


@dataclass(frozen=True, slots=True)
class Leave:
    """An excuse, and on which day it is entered: days after the first where somebody was ill at home."""

    first: date
    last: date
    part: str
    kind: str
    entered: datetime


@dataclass(frozen=True, slots=True)
class Overtime:
    """A duty beside the rotation, and when it is entered."""

    day: date
    hours: Hours
    entered: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a role, their sites, a home, and a phone; `changed` is from when on another offset holds."""

    number: int
    role: Role
    offset: int
    sites: tuple[Site, ...]
    home: Point
    interval_s: int
    always_on: bool  # the phone is heard off duty, too
    buffers: bool  # what the phone could not send it sends later
    leaves: tuple[Leave, ...] = ()
    overtime: tuple[Overtime, ...] = ()
    changed: tuple[date, int] | None = None

    def offset_on(self, day: date) -> int:
        return self.changed[1] if self.changed and day >= self.changed[0] else self.offset


@dataclass(frozen=True, slots=True)
class Month:
    """The calendar: `cuti` is a day off that is announced on `cuti_said`, with windows published for it already."""

    first: date
    days: int
    holiday: date
    cuti: date
    cuti_said: date
    fasting: date  # from here on the hours of Ramadan hold, in mid-week
    outage: Times  # nothing was received in the whole city
    swap: datetime  # some get another phone, some exchange theirs
    areas: tuple[tuple[Point, float, float], ...] = ()  # where, and from when to when, no phone nearby gets through

    @classmethod
    def of(cls, first: date, days: int, seed: int) -> Month:
        """A month, or a week in which the same happens closer together; `first` is a Monday."""
        outage, holiday, cuti, said, fasting, swap = (8, 15, 18, 12, 23, 14) if days >= 28 else (1, 2, 4, 2, 3, 4)
        on = [first + number * DAY for number in range(days)]
        chance = random.Random(f"{seed}/areas")
        areas = []
        for _ in range(max(1, days // 8)):
            begin = seconds(chance.choice(on), time(chance.choice((8, 13, 18))))
            at = chance.uniform(-9000, 9000), chance.uniform(-9000, 9000)
            areas.append((at, begin, begin + 2 * HOUR))
        nine = seconds(on[outage], time(9))
        return cls(first, days, on[holiday], on[cuti], on[said], on[fasting], (nine, nine + 3 * HOUR),
                   at_clock(on[swap], time(4, 30)), tuple(areas))  # fmt: skip

    @property
    def last(self) -> date:
        return self.first + (self.days - 1) * DAY

    def into(self, at: float) -> int:
        """Seconds from its beginning: chance goes by these, so that a seed gives the same month in any year."""
        return int(at - seconds(self.first, time()))


@dataclass(frozen=True, slots=True)
class Duty:
    """What somebody is expected to do, or a part of it with an excuse. `said_late`: the leave was entered after it."""

    person: int
    start: float
    end: float
    excuse: str | None = None
    said_late: bool = False
    breaks: tuple[Times, ...] = ()


class Deed(StrEnum):
    """What somebody did with a duty; all but the first are planted, or excused later."""

    WORKED = "worked"
    HOME = "home"
    SILENT = "silent"  # at home, the phone off
    OUTAGE = "outage"  # at home on the day of the outage
    LATE = "late"
    EARLY = "early"
    IDLE = "idle"
    ILL = "ill"  # at home, and the leave is entered afterwards


PLANTED = (Deed.HOME, Deed.SILENT, Deed.OUTAGE, Deed.LATE, Deed.EARLY, Deed.IDLE)
AT_HOME = (Deed.HOME, Deed.SILENT, Deed.OUTAGE, Deed.ILL)


@dataclass(frozen=True, slots=True)
class Outing:
    """One or more duties without going home between, what was done, and the way: (time, east, north) in order."""

    person: Person
    duties: tuple[Duty, ...]
    deed: Deed
    way: tuple[Stop, ...] = field(repr=False)

    @property
    def start(self) -> float:
        return self.duties[0].start

    @property
    def end(self) -> float:
        return self.duties[-1].end


def at_clock(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, WIB)


def seconds(day: date, clock: time) -> float:
    return at_clock(day, clock).timestamp()


def degrees(at: Point) -> tuple[float, float]:
    """Latitude and longitude."""
    east, north = at
    return CENTRE_LAT + north / METRES_PER_DEGREE, CENTRE_LON + east / METRES_PER_DEGREE / cos(radians(CENTRE_LAT))


# ---- who there is ----


def people_of(count: int, month: Month, seed: int) -> list[Person]:
    """So many people, of all roles."""
    chance = random.Random(f"{seed}/people")
    roles = [role for role in ROLES for _ in range(max(2, round(role.share * count)))][:count]
    roles += [ROLES[0]] * (count - len(roles))
    sites = {role.name: _sites_of(role, roles.count(role), chance) for role in ROLES}
    return [_person(number, role, sites[role.name], month, chance) for number, role in enumerate(roles)]


def _sites_of(role: Role, people: int, chance: random.Random) -> list[tuple[Site, ...]]:
    """Groups of sites that somebody works at; those of one group are a kilometre or two apart."""
    groups = []
    for group in range(max(1, people // 12)):
        at = chance.uniform(-9000, 9000), chance.uniform(-9000, 9000)
        found = []
        for number in range(role.sites):
            near = _around(at, 900.0 + 900 * number, chance) if number else at
            found.append(Site(f"{role.name} {group}.{number}", near, round(chance.uniform(*role.radius_m)),
                              chance.random() < 0.3))  # fmt: skip
        groups.append(tuple(found))
    return groups


def _person(number: int, role: Role, groups: Sequence[tuple[Site, ...]], month: Month, chance: random.Random) -> Person:
    sites = chance.choice(groups)
    home = _away_from(sites, lambda: _around(sites[0].at, chance.uniform(2000, 9000), chance), 1500)
    changed = None
    if role.name == "guard" and chance.random() < 0.1 and month.days >= 14:
        changed = month.first + 16 * DAY, chance.randrange(8)
    some = Person(number, role, chance.randrange(len(role.cycle)) if role.beats_holidays else 0, sites, home,
                  60 if chance.random() < 0.04 else 300, chance.random() < 0.04, chance.random() < 0.6,
                  changed=changed)  # fmt: skip
    some = replace(some, leaves=_leaves(month, chance))
    return replace(some, overtime=_overtime(some, month, chance))


def _leaves(month: Month, chance: random.Random) -> tuple[Leave, ...]:
    """Leave asked for ahead, of all of a few days or of halves; or an illness that is entered afterwards."""
    luck = chance.random()
    first = month.first + chance.randrange(month.days) * DAY
    if luck < 0.08:
        entered = at_clock(max(first - chance.randrange(2, 12) * DAY, month.first - 2 * DAY), time(10))
        return (Leave(first, first + chance.randrange(4) * DAY, "full", "leave", entered),)
    if luck < 0.14:
        part = "first_half" if luck < 0.11 else "second_half"
        entered = at_clock(max(first - chance.randrange(2, 6) * DAY, month.first - 2 * DAY), time(10))
        return (Leave(first, first, part, "official_trip", entered),)
    if luck < 0.19:
        after = chance.choice((1, 1, 2, 2, 6))  # 6: after the lock
        return (Leave(first, first, "full", "sick", at_clock(first + after * DAY, time(14))),)
    return ()


def _overtime(person: Person, month: Month, chance: random.Random) -> tuple[Overtime, ...]:
    if person.role.name != "office" or chance.random() > 0.15:
        return ()
    saturdays = [month.first + n * DAY for n in range(5, month.days, 7)]
    if chance.random() < 0.6 and saturdays:
        day, hours = chance.choice(saturdays), OVERTIME
    else:
        weekdays = [month.first + n * DAY for n in range(month.days) if n % 7 < 4]
        day, hours = chance.choice(weekdays), EVENING
    told = at_clock(day, time(13)) if chance.random() < 0.15 else at_clock(day - 2 * DAY, time(9))
    return (Overtime(day, hours, told),)


def _around(at: Point, away_m: float, chance: random.Random) -> Point:
    angle = chance.uniform(0, 2 * pi)
    return at[0] + away_m * cos(angle), at[1] + away_m * sin(angle)


def _away_from(sites: Sequence[Site], draw: Callable[[], Point], least_m: float) -> Point:
    while True:
        point = draw()
        if all(hypot(point[0] - s.at[0], point[1] - s.at[1]) > 1.3 * s.radius_m + least_m for s in sites):
            return point


# ---- who is expected ----


def expected_of(person: Person, month: Month) -> list[Duty]:
    """The duties of somebody that begin in the month, in order of time; with excuses as they are known in the end."""
    found = [duty for n in range(month.days) for duty in _of_day(person, month, month.first + n * DAY)]
    return sorted(found, key=lambda duty: duty.start)


def _of_day(person: Person, month: Month, day: date) -> Iterator[Duty]:
    for extra in person.overtime:
        if extra.day == day:
            yield from _with_leave(person, day, _timed(person, day, extra.hours))
    name = person.role.cycle[((day - month.first).days + person.offset_on(day)) % len(person.role.cycle)]
    if name is None:
        return
    fasting = person.role.ramadan if day >= month.fasting else None
    duty = _timed(person, day, fasting or person.role.hours[name])
    if day in (month.holiday, month.cuti) and not person.role.beats_holidays:
        yield replace(duty, excuse="holiday")
    else:
        yield from _with_leave(person, day, duty)


def _timed(person: Person, day: date, hours: Hours) -> Duty:
    start = seconds(day, hours.start)
    breaks = tuple((start + after * MIN, start + (after + length) * MIN) for after, length in hours.breaks)
    return Duty(person.number, start, start + hours.minutes * MIN, breaks=breaks)


def _with_leave(person: Person, day: date, duty: Duty) -> Iterator[Duty]:
    leave = next((one for one in person.leaves if one.first <= day <= one.last), None)
    if leave is None:
        yield duty
        return
    late = leave.entered.timestamp() > duty.start
    if leave.part == "full":
        yield replace(duty, excuse=leave.kind, said_late=late)
        return
    middle = (duty.start + duty.end) / 2
    first, second = replace(duty, end=middle), replace(duty, start=middle)
    for half, part in ((first, "first_half"), (second, "second_half")):
        yield replace(half, excuse=leave.kind) if leave.part == part else half


# ---- what they do ----


def outings_of(person: Person, month: Month, seed: int, planted: float) -> list[Outing]:
    """All that somebody does on duty, a share of it being what must be found."""
    groups: list[list[Duty]] = []
    for duty in expected_of(person, month):
        if duty.excuse and not duty.said_late:
            continue
        ill = duty.said_late
        if groups and not ill and not groups[-1][-1].said_late and duty.start - groups[-1][-1].end < ONE_OUTING_S:
            groups[-1].append(duty)
        else:
            groups.append([duty])
    gaps = [after[0].start - before[-1].end for before, after in pairwise(groups)]
    alone = [min(before, after) for before, after in zip([1e9, *gaps], [*gaps, 1e9], strict=True)]
    return [_outing(person, month, tuple(group), planted if free > 4 * HOUR else 0.0, seed)
            for group, free in zip(groups, alone, strict=True)]  # fmt: skip


def _outing(person: Person, month: Month, duties: tuple[Duty, ...], planted: float, seed: int) -> Outing:
    chance = random.Random(f"{seed}/{person.number}/{month.into(duties[0].start)}")
    deed = _deed(person, month, duties, planted, chance)
    if deed in AT_HOME:
        way = [(duties[0].start - 2 * HOUR, *person.home), (duties[-1].end + 2 * HOUR, *person.home)]
    else:
        way = _way(person, duties, deed, chance)
    return Outing(person, duties, deed, tuple(way))


def _deed(person: Person, month: Month, duties: tuple[Duty, ...], planted: float, chance: random.Random) -> Deed:
    if duties[0].said_late:
        return Deed.ILL
    entered = [extra.day for extra in person.overtime]
    on = datetime.fromtimestamp(duties[0].start, WIB).date()
    if len(duties) > 1 or on in entered or chance.random() >= planted:
        return Deed.WORKED
    dark_s = min(duties[0].end, month.outage[1]) - max(duties[0].start, month.outage[0])
    if dark_s > 0:
        return Deed.OUTAGE if dark_s > 2 * HOUR else Deed.WORKED
    kinds = [Deed.HOME] * 7 + [Deed.SILENT] * 4 + [Deed.LATE] * 3 + [Deed.EARLY] * 3
    if not person.role.indoor:
        kinds += [Deed.IDLE] * 8
    if duties[0].end - duties[0].start < 6 * HOUR:
        return chance.choice((Deed.HOME, Deed.SILENT))
    return chance.choice(kinds)


def _way(person: Person, duties: tuple[Duty, ...], deed: Deed, chance: random.Random) -> list[Stop]:
    """From home to work, through the day, and home again."""
    start, end = duties[0].start, duties[-1].end
    arrives = start + (chance.uniform(1, 9) * MIN if chance.random() < 0.1 else -chance.uniform(4, 30) * MIN)
    leaves = end + (-chance.uniform(1, 9) * MIN if chance.random() < 0.06 else chance.uniform(1, 25) * MIN)
    if deed is Deed.LATE:
        arrives = start + LATE_S
    if deed is Deed.EARLY:
        leaves = end - EARLY_S
    first = _inside(person.sites[0], chance)
    way = _Way((arrives - _s(person.home, first, ROAD_MPS), *person.home))
    way.go(first, ROAD_MPS)
    _work(way, person, duties, deed, leaves, chance)
    way.stay_until(leaves)
    way.go(person.home, ROAD_MPS)
    way.stay_until(max(end + 14 * HOUR, way.at + 1))
    return way.points


class _Way:
    """Somebody on their way, point by point."""

    def __init__(self, first: Stop) -> None:
        self.points = [(first[0] - 12 * HOUR, first[1], first[2]), first]

    @property
    def at(self) -> float:
        return self.points[-1][0]

    @property
    def place(self) -> Point:
        return self.points[-1][1:]

    def go(self, to: Point, speed_mps: float) -> None:
        self.points.append((self.at + max(1.0, _s(self.place, to, speed_mps)), *to))

    def stay_until(self, until: float) -> None:
        if until > self.at:
            self.points.append((until, *self.place))


def _work(
    way: _Way, person: Person, duties: tuple[Duty, ...], deed: Deed, leaves: float, chance: random.Random
) -> None:
    role = person.role
    trips = sorted(_trips(person, duties, deed, chance))
    number = 0
    while True:
        trip = trips[0] if trips else None
        dwell = chance.uniform(8, 25) if role.name == "driver" else chance.uniform(20, 80)
        until = min(way.at + dwell * MIN, max(trip[0], way.at) if trip else leaves, leaves)
        way.stay_until(until)
        if until >= leaves - 12 * MIN:
            break
        if trip and until >= trip[0]:
            _, place, long_s, speed = trip
            back = way.place
            way.go(place, speed)
            way.stay_until(way.at + long_s)
            way.go(back, speed)
            trips.remove(trip)
            continue
        number += 1
        site = person.sites[number % len(person.sites)]
        target = _inside(site, chance)
        speed = {"driver": ROAD_MPS, "patrol": 5.0}.get(role.name, 1.0)
        if way.at + _s(way.place, target, speed) + _s(target, person.sites[0].at, speed) < leaves - 10 * MIN:
            way.go(target, speed)
        elif way.at >= leaves - 30 * MIN:
            break
    if len(person.sites) > 1:
        way.go(_inside(person.sites[0], chance), ROAD_MPS)


def _trips(
    person: Person, duties: tuple[Duty, ...], deed: Deed, chance: random.Random
) -> Iterator[tuple[float, Point, float, float]]:
    """When somebody leaves for a while, to where, for how long, at which speed."""
    start, end = duties[0].start, duties[-1].end
    site = person.sites[0]
    if deed is Deed.IDLE:
        spot = _away_from(person.sites, lambda: _around(site.at, chance.uniform(700, 4000), chance), 500)
        yield start + chance.uniform(1.5, 2.0) * HOUR, spot, IDLE_S, ROAD_MPS
        return
    for begin, until in (pause for duty in duties for pause in duty.breaks):
        if chance.random() < 0.6:
            kiosk = _around(site.at, site.radius_m * 1.3 + chance.uniform(50, 500), chance)
            way_s = _s(site.at, kiosk, WALK_MPS)
            yield begin + chance.uniform(0, 5) * MIN, kiosk, max(4 * MIN, until - begin - 2 * way_s - 8 * MIN), WALK_MPS
    if person.role.name == "guard" and chance.random() < 0.3:
        errand = _around(site.at, site.radius_m * 1.3 + chance.uniform(20, 60), chance)
        yield start + chance.uniform(1, 6) * HOUR, errand, chance.uniform(5, 15) * MIN, WALK_MPS
    if person.role.name == "fire":
        for at in (chance.uniform(2, 10), chance.uniform(12, 20)):
            if chance.random() < 0.4:
                fire = _around(site.at, chance.uniform(1000, 4000), chance)
                yield start + at * HOUR, fire, chance.uniform(40, 100) * MIN, FIRE_ENGINE_MPS
    if end - start > 6 * HOUR and chance.random() < 0.03:  # to the ministry and back
        yield start + 2 * HOUR, _around(site.at, 5000, chance), HOUR, ROAD_MPS


def _inside(site: Site, chance: random.Random) -> Point:
    return _around(site.at, site.radius_m * chance.uniform(0, 0.5), chance)


def _s(one: Point, other: Point, speed_mps: float) -> float:
    return hypot(one[0] - other[0], one[1] - other[1]) / speed_mps
