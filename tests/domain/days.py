"""Builders for one person's day: places by name, Jakarta clock times, fixes by the minute."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import cos, pi, radians, sin, sqrt
from zoneinfo import ZoneInfo

from tracker.domain.duty import DutyWindow, Evidence, Profile, Rules, Verdict, judge
from tracker.domain.fix import Fix
from tracker.domain.geo import Circle, Polygon, Ring, Zone

WIB = ZoneInfo("Asia/Jakarta")
DAY = datetime(2026, 11, 20, tzinfo=WIB)
METRES_PER_DEGREE = 111_195.0
WORK = Circle(-6.2, 106.8, 150.0)
RULES = Rules()


def moved(north_m: float, east_m: float) -> tuple[float, float]:
    """The point so far from the centre of WORK."""
    lat = WORK.lat + north_m / METRES_PER_DEGREE
    return lat, WORK.lon + east_m / METRES_PER_DEGREE / cos(radians(WORK.lat))


def square(half_m: float, north_m: float = 0, east_m: float = 0) -> Ring:
    """A square ring, `half_m` to each side of the point so far from the centre of WORK."""
    corners = [(-1, -1), (-1, 1), (1, 1), (1, -1), (-1, -1)]
    places = [moved(north_m + north * half_m, east_m + east * half_m) for north, east in corners]
    return tuple((lon, lat) for lat, lon in places)


def around(half_m: float, *holes: Ring) -> Polygon:
    """A square zone around the centre of WORK."""
    return Polygon(WORK.lat, WORK.lon, ((square(half_m), *holes),))


PLACES = {
    "work": moved(20, 10),
    "desk": moved(-10, 40),
    "gate": moved(172, 0),  # 22 m outside: more than its accuracy of 15 m, less than twice
    "corner": moved(195, 0),  # 45 m outside, beyond doubt
    "kiosk": moved(0, 900),
    "home": moved(4000, 4500),
    "bandung": moved(-80_000, 90_000),
}


def at(clock: str) -> datetime:
    """A time of the day in Jakarta; "+1 05:00" is the next day, "-1 22:00" the one before."""
    days, _, time = clock.rpartition(" ")
    hours, minutes = time.split(":")
    return DAY + timedelta(days=int(days or 0), hours=int(hours), minutes=float(minutes))


def track(
    *words: str, every_min: float = 1, accuracy_m: float | None = 15, battery_pct: int | None = 80
) -> tuple[Fix, ...]:
    """Fixes from words: "08:00 work" is one, "08:00-12:00 work" one every `every_min`, both ends included."""
    return tuple(
        Fix(when, *PLACES[place], accuracy_m=accuracy_m, battery_pct=battery_pct)
        for word in words
        for when, place in _times(word, every_min)
    )


def _times(word: str, every_min: float) -> Iterator[tuple[datetime, str]]:
    clock, place = word.rsplit(" ", 1)
    first, _, last = clock.partition("-")
    when, end = at(first), at(last or first)
    while when <= end:
        yield when, place
        when += timedelta(minutes=every_min)


def drifting(start: str, end: str, reach_m: float, accuracy_m: float, seed: int) -> list[Fix]:
    """A phone that lies still while its positions wander within `reach_m`, a fix a minute."""
    chance = random.Random(seed)
    fixes = []
    for when, _ in _times(f"{start}-{end} work", 1):
        angle, away_m = chance.uniform(0, 2 * pi), reach_m * sqrt(chance.random())
        fixes.append(Fix(when, *moved(away_m * sin(angle), away_m * cos(angle)), accuracy_m=accuracy_m))
    return fixes


def duty(
    start: str = "08:00", end: str = "16:00", profile: Profile = Profile.FIELD, zones: Sequence[Zone] = (WORK,)
) -> DutyWindow:
    """A window published long before, that takes fixes from an hour before to an hour after."""
    margin = timedelta(hours=1)
    first, last = at(start), at(end)
    return DutyWindow(first, last, first - margin, last + margin, at("-9 08:00"), profile, tuple(zones))


def verdict(*fixes: Fix, window: DutyWindow | None = None, now: datetime | None = None, **evidence: object) -> Verdict:
    """The verdict of RULES half an hour after the window's end."""
    window = window or duty()
    known = replace(Evidence(tuple(fixes)), **evidence)  # type: ignore[arg-type]
    return judge(window, known, RULES, now or window.end + timedelta(minutes=30))
