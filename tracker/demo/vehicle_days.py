"""What a vehicle does on one local day. Every day begins and ends at its parking, so that days join without a jump."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

from tracker.demo.cast import SHIFTS, Habit, Machine
from tracker.demo.ground import Spot, at_distance, distance_m, shifted, somewhere
from tracker.demo.journey import CAR, CRAWLING, SWEEPING, TRUCK, WITH_SIREN, Journey, Traveller
from tracker.demo.places import AVENUES, BANTARGEBANG, BEATS, HOSPITALS, Place

SUNDAY = 6
HOUR, MINUTE = 3600.0, 60.0
LAST_CALL_H = 22.3  # a later call might not be over at midnight
SWEEPING_HOURS = {"sweep": ((4.6, 8.5), (19.5, 22.0)), "sweep_night": ((0.3, 4.0),)}
WARUNG = Spot(-6.3105, 106.9630)  # where a crew has a long rest on the way back from the landfill

Work = Callable[[Traveller, Machine, float, date], None]


def vehicle_day(machine: Machine, on: date, zone: tzinfo, seed: str) -> Journey:
    """The journey of one vehicle from midnight to midnight, local time."""
    midnight, end = local(on, zone), local(on + timedelta(days=1), zone)
    traveller = Traveller(midnight, machine.parking, Random(f"{seed} {machine.call_sign} {on}"))
    _WORK[machine.kind](traveller, machine, midnight, on)
    traveller.stay(end, "base")
    return traveller.done()


def local(on: date, zone: tzinfo, clock: time = time()) -> float:
    """A local moment in seconds since 1970."""
    return datetime.combine(on, clock, zone).timestamp()


def _ambulance(traveller: Traveller, machine: Machine, midnight: float, on: date) -> None:
    chance = traveller.chance
    while True:
        call = traveller.now + chance.uniform(0.7, 4.5) * HOUR
        if call > midnight + LAST_CALL_H * HOUR:
            return
        traveller.stay(call, "base")
        traveller.go(somewhere(machine.base.spot, 3500, chance), WITH_SIREN)
        traveller.stay(traveller.now + chance.uniform(8, 18) * MINUTE, "scene")
        traveller.go(_nearest_hospital(traveller.spot), WITH_SIREN)
        traveller.stay(traveller.now + chance.uniform(12, 30) * MINUTE, "hospital")
        traveller.go(machine.parking, CAR)


def _nearest_hospital(spot: Spot) -> Spot:
    return min(HOSPITALS, key=lambda hospital: distance_m(spot, hospital))


def _fire_truck(traveller: Traveller, machine: Machine, midnight: float, on: date) -> None:
    """Mostly at its base: a morning round for the engine on some days, a fire on few."""
    chance = traveller.chance
    if chance.random() < 0.3:
        traveller.stay(midnight + chance.uniform(8.0, 8.7) * HOUR, "base")
        traveller.go(at_distance(machine.base.spot, 1500, chance), CAR)
        traveller.go(machine.parking, CAR)
    if chance.random() < 0.25:
        traveller.stay(midnight + chance.uniform(9.5, 20) * HOUR, "base")
        traveller.go(somewhere(machine.base.spot, 4000, chance), WITH_SIREN)
        traveller.stay(traveller.now + chance.uniform(30, 90) * MINUTE, "fire")
        traveller.go(machine.parking, CAR)


def _heavy_equipment(traveller: Traveller, machine: Machine, midnight: float, on: date) -> None:
    """Works its site from eight to half past four with a rest at noon; a machine in the workshop does not move."""
    if on.weekday() == SUNDAY or machine.base.name.startswith("Bengkel"):
        return
    for begin, end in ((8.1, 12.0), (13.0, 16.4)):
        traveller.stay(midnight + begin * HOUR, "base")
        traveller.work(midnight + end * HOUR, "dig", 45.0, CRAWLING, (20.0, 150.0))


def _garbage_truck(traveller: Traveller, machine: Machine, midnight: float, on: date) -> None:
    """From its pool to a dozen collection points, to the landfill with its queue, and back."""
    assert isinstance(machine.works_at, Place) and machine.shift
    if on.weekday() == SUNDAY:
        return
    chance, start = traveller.chance, SHIFTS[machine.shift].start
    traveller.stay(midnight + start.hour * HOUR + chance.uniform(8, 20) * MINUTE, "base")
    for _ in range(chance.randrange(9, 13)):
        traveller.go(somewhere(machine.works_at.spot, 0.85 * machine.works_at.radius_m, chance), TRUCK)
        traveller.stay(traveller.now + chance.uniform(3, 7) * MINUTE, "collect")
    traveller.go(somewhere(BANTARGEBANG.spot, 400, chance), TRUCK)
    traveller.stay(traveller.now + chance.uniform(25, 45) * MINUTE, "landfill")
    if machine.habit is Habit.IDLER:
        traveller.go(WARUNG, TRUCK)
        traveller.stay(traveller.now + chance.uniform(55, 80) * MINUTE, "rest")
    traveller.go(machine.parking, TRUCK)


def _street_sweeper(traveller: Traveller, machine: Machine, midnight: float, on: date) -> None:
    """Up and down its avenue, at hours without much traffic."""
    assert isinstance(machine.works_at, str) and machine.shift
    for begin, end in SWEEPING_HOURS[machine.shift]:
        traveller.stay(midnight + begin * HOUR, "base")
        _sweep(traveller, AVENUES[machine.works_at], midnight + end * HOUR)
        traveller.go(machine.parking, TRUCK)


def _sweep(traveller: Traveller, avenue: tuple[Spot, ...], until: float) -> None:
    traveller.go(avenue[0], TRUCK)
    while traveller.now < until:
        for corner in avenue[1:]:
            traveller.go(corner, SWEEPING)
        avenue = avenue[::-1]
        traveller.stay(traveller.now + traveller.chance.uniform(2, 6) * MINUTE, "turn")


def _patrol_car(traveller: Traveller, machine: Machine, midnight: float, on: date) -> None:
    """From point to point of its beat, a while at each, back at the base before the shift ends."""
    assert isinstance(machine.works_at, str) and machine.shift
    shift, chance = SHIFTS[machine.shift], traveller.chance
    begin = midnight + shift.start.hour * HOUR
    traveller.stay(begin + chance.uniform(15, 25) * MINUTE, "base")
    while traveller.now < begin + (shift.minutes - 50) * MINUTE:
        for point in BEATS[machine.works_at]:
            traveller.go(_beside(point, chance), CAR)
            traveller.stay(traveller.now + chance.uniform(4, 9) * MINUTE, "watch")
            if traveller.now > begin + (shift.minutes - 50) * MINUTE:
                break
    traveller.go(machine.parking, CAR)


def _beside(point: Spot, chance: Random) -> Spot:
    return shifted(point, chance.uniform(-40, 40), chance.uniform(-40, 40))


_WORK: dict[str, Work] = {
    "ambulance": _ambulance,
    "fire_truck": _fire_truck,
    "heavy_equipment": _heavy_equipment,
    "garbage_truck": _garbage_truck,
    "street_sweeper": _street_sweeper,
    "patrol_car": _patrol_car,
}
