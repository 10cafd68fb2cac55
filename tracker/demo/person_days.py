"""What an employee does around one duty: home, the way, the work of the role, the way home; and what the phone does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tracker.demo.cast import Duty, Employee, Habit
from tracker.demo.ground import Spot, at_distance, somewhere
from tracker.demo.journey import MOTORBIKE, ON_FOOT, Journey, Traveller
from tracker.demo.places import NEIGHBOURHOODS

PHONE_MARGIN_S = 40 * 60  # a phone reports from so long before duty until so long after
MINUTE = 60.0
HABIT_CHANCE = 0.85  # nobody is true to their habit every day
SLIP_CHANCE = 0.04  # and the steady ones are late at times

Ride = Callable[[str, float, float], Journey]  # a call sign, from, until -> the vehicle's journey


@dataclass(frozen=True, slots=True)
class PhoneDay:
    """One duty as a phone tells it: it reports the journey from `on` until `off`, if at all.

    `battery_full` and `battery_per_h` are percent: at the first and at each later hour of the duty.
    """

    duty: Duty
    journey: Journey
    mood: Habit
    on: float
    off: float
    battery_full: float
    battery_per_h: float


def phone_day(duty: Duty, ride: Ride, seed: str) -> PhoneDay:
    """The day of one employee's duty."""
    chance = Random(f"{seed} {duty.employee.login} {duty.work_date}")
    mood = mood_of(duty.employee, chance)
    start, end = duty.starts_at.timestamp(), duty.ends_at.timestamp()
    on, off = start - PHONE_MARGIN_S, end + PHONE_MARGIN_S
    if mood is Habit.SILENT:
        off = on
    elif mood is Habit.FLAT_PHONE:
        off = start + (end - start) * chance.uniform(0.3, 0.55)
    elif mood is Habit.LOCATION_OFF:
        off = start + (end - start) * chance.uniform(0.15, 0.3)
    full = 28.0 if mood is Habit.FLAT_PHONE else chance.uniform(82, 100)
    per_h = 25.0 / max(1.0, (off - on) / 3600) if mood is Habit.FLAT_PHONE else min(6.0, 40.0 * 3600 / (end - start))
    return PhoneDay(duty, _journey(duty, mood, ride, chance), mood, on, off, full, per_h)


def mood_of(employee: Employee, chance: Random) -> Habit:
    """How the day goes: mostly by habit."""
    if employee.habit is not Habit.STEADY:
        return employee.habit if chance.random() < HABIT_CHANCE else Habit.STEADY
    return Habit.LATE if chance.random() < SLIP_CHANCE else Habit.STEADY


def home(employee: Employee) -> Spot:
    """Where somebody lives."""
    chance = Random(f"home {employee.name}")
    return somewhere(chance.choice(NEIGHBOURHOODS), 900, chance)


def _journey(duty: Duty, mood: Habit, ride: Ride, chance: Random) -> Journey:
    start, end = duty.starts_at.timestamp(), duty.ends_at.timestamp()
    lives_at = home(duty.employee)
    traveller = Traveller(start - 3 * 3600, lives_at, chance)
    if mood is Habit.ABSENT:
        traveller.work(end + 2 * 3600, "home", 25, ON_FOOT, (600, 3600))
        return traveller.done()
    delay = chance.uniform(22, 70) if mood is Habit.LATE else chance.uniform(-25, -4)
    leave = end + chance.uniform(1, 14) * MINUTE
    if mood is Habit.HALF_DAY:
        leave = start + (end - start) * chance.uniform(0.4, 0.55)
    if duty.employee.rides:
        _ride_along(traveller, ride, duty.employee.rides, start + delay * MINUTE, leave)
    else:
        _work(traveller, duty, mood, start + delay * MINUTE, leave)
    traveller.go(lives_at, MOTORBIKE)
    traveller.stay(max(traveller.now, end) + 3600, "home")
    return traveller.done()


def _ride_along(traveller: Traveller, ride: Ride, call_sign: str, arrive: float, leave: float) -> None:
    """Go to the vehicle's base, wait until it is there, and ride with it until it is back at the end of duty."""
    vehicle = ride(call_sign, arrive - 3600, leave + 4 * 3600)
    bases = [stop for stop in vehicle.stops if stop.what == "base"]
    traveller.go_arriving(bases[0].spot, MOTORBIKE, arrive, "home")
    begun = traveller.now
    joined = next(stop for stop in bases if stop.end > traveller.now)
    traveller.stay(joined.start, "base")
    back = next((stop.start for stop in bases if stop.end > leave), leave)
    traveller.follow(vehicle, max(back, leave, begun + MINUTE))


def _work(traveller: Traveller, duty: Duty, mood: Habit, arrive: float, leave: float) -> None:
    place = duty.employee.workplace
    desk = somewhere(place.spot, min(0.3 * place.radius_m, 60), Random(f"desk {duty.employee.name}"))
    traveller.go_arriving(desk, MOTORBIKE, arrive, "home")
    role = _ROLES[duty.shift.profile]
    if mood is Habit.IDLER:
        pause = traveller.now + (leave - traveller.now) * traveller.chance.uniform(0.35, 0.5)
        role(traveller, duty, pause)
        traveller.go(at_distance(place.spot, place.radius_m + 450, traveller.chance), ON_FOOT)
        traveller.stay(traveller.now + traveller.chance.uniform(60, 95) * MINUTE, "idle")
        traveller.go(desk, ON_FOOT)
    role(traveller, duty, leave)


def _office(traveller: Traveller, duty: Duty, until: float) -> None:
    traveller.work(until, "office", 15, ON_FOOT, (1200, 5400))


def _post(traveller: Traveller, duty: Duty, until: float) -> None:
    traveller.work(until, "post", 0.35 * duty.employee.workplace.radius_m, ON_FOOT, (600, 3000))


def _field(traveller: Traveller, duty: Duty, until: float) -> None:
    radius_m = min(0.6 * duty.employee.workplace.radius_m, 400)
    traveller.work(until, "field", radius_m, ON_FOOT, (120, 900))


def _patrol(traveller: Traveller, duty: Duty, until: float) -> None:
    """Round the area by motorbike, a few minutes at each point."""
    chance, base = traveller.chance, traveller.spot
    area = duty.employee.workplace
    while traveller.now < until - 30 * MINUTE:
        traveller.go(somewhere(area.spot, 0.8 * area.radius_m, chance), MOTORBIKE)
        traveller.stay(traveller.now + chance.uniform(4, 9) * MINUTE, "watch")
    traveller.go(base, MOTORBIKE)
    traveller.stay(until, "office")


_ROLES: dict[str, Callable[[Traveller, Duty, float], None]] = {
    "OFFICE": _office,
    "POST": _post,
    "FIELD": _field,
    "PATROL": _patrol,
}
