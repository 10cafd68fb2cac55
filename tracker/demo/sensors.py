"""What a device measures of the world and when it reports: GPS noise, accuracies, batteries, intervals.

Every value is a pure function of the device and the moment, so that a restarted device continues as if it had never
stopped. A phone reports around its holder's duty only; a vehicle's tracker always, more often while moving.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import pi, sin
from random import Random

from tracker.demo.cast import PHONE_INTERVAL_S, TRACKER_INTERVAL_S, Employee, Habit, Machine
from tracker.demo.ground import shifted
from tracker.demo.journey import Motion
from tracker.demo.person_days import PhoneDay
from tracker.demo.world import DAY, World
from tracker.domain.fix import Fix

MOVING_INTERVAL_S = {"ambulance": 5, "fire_truck": 5}
MOVING_INTERVAL_ELSE_S = 10
LONGEST_DUTY_DAYS = 2  # a duty of an earlier work date than this is over, with its margins
INDOORS = ("OFFICE", "POST")


@dataclass(frozen=True, slots=True)
class Receiver:
    """A GPS receiver whose error wanders slowly and trembles; `phase_s` is when in its interval it reports."""

    seed: int
    phase_s: int
    waves: tuple[tuple[float, float, float], ...]  # period in s, phases east and north

    @classmethod
    def of(cls, login: str, interval_s: int) -> Receiver:
        chance = Random(f"receiver {login}")
        waves = tuple((chance.uniform(*p), chance.uniform(0, 2 * pi), chance.uniform(0, 2 * pi)) for p in _PERIODS_S)
        return cls(chance.getrandbits(32), chance.randrange(interval_s), waves)

    def fix(self, at: int, motion: Motion, accuracy_m: float, wander_m: float, battery_pct: int | None) -> Fix:
        """What this receiver makes of a motion: off by up to about `wander_m`, claiming `accuracy_m`."""
        trembling = Random(self.seed ^ at)
        east, north = trembling.gauss(0, 0.15 * wander_m), trembling.gauss(0, 0.15 * wander_m)
        for period_s, phase_east, phase_north in self.waves:
            east += 0.4 * wander_m * sin(2 * pi * at / period_s + phase_east)
            north += 0.4 * wander_m * sin(2 * pi * at / period_s + phase_north)
        spot = shifted(motion.spot, east, north)
        return Fix(
            fix_time=datetime.fromtimestamp(at, UTC),
            lat=round(spot.lat, 7),
            lon=round(spot.lon, 7),
            accuracy_m=round(accuracy_m * trembling.uniform(0.8, 1.3)),
            altitude_m=float(8 + self.seed % 20),
            speed_mps=motion.speed_mps,
            course_deg=motion.course_deg,
            battery_pct=battery_pct,
        )


_PERIODS_S = ((1500.0, 3200.0), (420.0, 900.0))


def tracker_fixes(world: World, machine: Machine, after: int) -> Iterator[Fix]:
    """What a vehicle's tracker reports after a moment, without end."""
    step = MOVING_INTERVAL_S.get(machine.kind, MOVING_INTERVAL_ELSE_S)
    receiver = Receiver.of(machine.login, TRACKER_INTERVAL_S)
    at = _next(after, step, receiver.phase_s)
    while True:
        day = world.vehicle_day(machine, world.date_of(at))
        while at < day.end:
            motion = day.motion(at)
            if motion.speed_mps > 0 or (at - receiver.phase_s) % TRACKER_INTERVAL_S == 0:
                yield receiver.fix(at, motion, 5.0, 3.0, None)
            at += step


def phone_fixes(world: World, employee: Employee, after: int) -> Iterator[Fix]:
    """What an employee's phone reports after a moment, without end."""
    receiver = Receiver.of(employee.login, PHONE_INTERVAL_S)
    on = world.date_of(after) - LONGEST_DUTY_DAYS * DAY
    while True:
        day = world.phone_day(employee, on)
        if day is not None and day.off > after:
            for fix_at in range(_next(max(after, int(day.on)), PHONE_INTERVAL_S, receiver.phase_s), int(day.off),
                                PHONE_INTERVAL_S):  # fmt: skip
                after = fix_at
                yield _phone_fix(receiver, day, fix_at)
        on += DAY


def _phone_fix(receiver: Receiver, day: PhoneDay, at: int) -> Fix:
    motion = day.journey.motion(at)
    accuracy_m, wander_m = 8.0, 4.0
    if motion.speed_mps == 0 and day.duty.shift.profile in INDOORS:
        accuracy_m, wander_m = (60.0, 75.0) if day.mood is Habit.DRIFTING else (22.0, 10.0)
    hours = (at - day.on) / 3600
    return receiver.fix(at, motion, accuracy_m, wander_m, max(1, round(day.battery_full - day.battery_per_h * hours)))


def _next(after: int, step: int, phase: int) -> int:
    """The first moment after `after` that is `phase` beyond a multiple of `step`."""
    return after + step - (after - phase) % step
