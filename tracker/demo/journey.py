"""Journeys: where somebody is at every moment of a period, as knots in space and time.

A `Traveller` writes one down by staying, going and working; the finished `Journey` answers where they were when.
Between two knots the motion is straight and steady. Times are seconds since 1970.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
from random import Random
from typing import NamedTuple

from tracker.demo.ground import Spot, between, course_deg, distance_m, road, somewhere

LIGHT_CHANCE = 0.25  # how many bends of a road have a traffic light that is red


class Knot(NamedTuple):
    """Somebody is at `spot` at the moment `at`."""

    at: float
    spot: Spot


class Stop(NamedTuple):
    """A named part of a journey: `what` was done at `spot` from `start` to `end`."""

    what: str
    start: float
    end: float
    spot: Spot


class Motion(NamedTuple):
    """Where somebody is and how they move; no course while standing."""

    spot: Spot
    speed_mps: float
    course_deg: float | None


@dataclass(frozen=True, slots=True)
class Pace:
    """How somebody gets about: steady speed on a free street, and whether red lights hold them up."""

    cruise_mps: float
    lights: bool = True


ON_FOOT = Pace(1.3, lights=False)
MOTORBIKE = Pace(8.0)
CAR = Pace(8.5)
TRUCK = Pace(7.5)
WITH_SIREN = Pace(12.5, lights=False)
SWEEPING = Pace(2.4, lights=False)
CRAWLING = Pace(0.6, lights=False)


@dataclass(frozen=True, slots=True)
class Journey:
    """Knots in strictly growing order, at least two, and the named stops among them."""

    knots: tuple[Knot, ...]
    stops: tuple[Stop, ...]

    @property
    def start(self) -> float:
        return self.knots[0].at

    @property
    def end(self) -> float:
        return self.knots[-1].at

    def motion(self, at: float) -> Motion:
        """Where and how fast at one moment; before the start and after the end somebody stands at the ends."""
        after = bisect_right(self.knots, at, key=attrgetter("at"))
        if after in (0, len(self.knots)):
            return Motion(self.knots[min(after, len(self.knots) - 1)].spot, 0.0, None)
        a, b = self.knots[after - 1], self.knots[after]
        if a.spot == b.spot:
            return Motion(a.spot, 0.0, None)
        share = (at - a.at) / (b.at - a.at)
        speed = distance_m(a.spot, b.spot) / (b.at - a.at)
        return Motion(between(a.spot, b.spot, share), speed, course_deg(a.spot, b.spot))

    def then(self, later: Journey) -> Journey:
        """This journey and the one that follows on it."""
        return Journey(self.knots + tuple(k for k in later.knots if k.at > self.end), self.stops + later.stops)


class Traveller:
    """Somebody on the way, writing the journey down. All randomness comes from `chance`."""

    def __init__(self, at: float, spot: Spot, chance: Random) -> None:
        self.chance = chance
        self._knots = [Knot(at, spot)]
        self._stops: list[Stop] = []

    @property
    def now(self) -> float:
        return self._knots[-1].at

    @property
    def spot(self) -> Spot:
        return self._knots[-1].spot

    def done(self) -> Journey:
        return Journey(tuple(self._knots), tuple(self._stops))

    def stay(self, until: float, what: str) -> None:
        """Stand here; a moment that has passed is no stay."""
        if until > self.now:
            self._stops.append(Stop(what, self.now, until, self.spot))
            self._knots.append(Knot(until, self.spot))

    def go(self, end: Spot, pace: Pace) -> None:
        """Set out now."""
        for seconds, spot in _timed(road(self.spot, end, self.chance), pace, self.chance):
            self._knots.append(Knot(self.now + seconds, spot))

    def go_arriving(self, end: Spot, pace: Pace, at: float, what: str) -> None:
        """Wait here, doing `what`, until it is time to set out; arrive at the moment `at`, or as soon as can be."""
        steps = _timed(road(self.spot, end, self.chance), pace, self.chance)
        self.stay(at - sum(seconds for seconds, _ in steps), what)
        for seconds, spot in steps:
            self._knots.append(Knot(self.now + seconds, spot))

    def work(self, until: float, what: str, radius_m: float, pace: Pace, pause_s: tuple[float, float]) -> None:
        """Work around this spot: by turns a pause and a few steps within `radius_m`, back here at the end."""
        start, centre = self.now, self.spot
        while self.now < until:
            self._pause(min(until, self.now + self.chance.uniform(*pause_s)))
            if self.now < until:
                self._straight(somewhere(centre, radius_m, self.chance), pace)
        self._straight(centre, pace)
        self._stops.append(Stop(what, start, self.now, centre))

    def follow(self, vehicle: Journey, until: float) -> None:
        """Ride along with a vehicle that is here now."""
        since = self.now
        self._knots.extend(knot for knot in vehicle.knots if since < knot.at < until)
        self._knots.append(Knot(until, vehicle.motion(until).spot))
        ridden = [stop for stop in vehicle.stops if since <= stop.start < until]
        self._stops.extend(stop._replace(end=min(stop.end, until)) for stop in ridden)

    def _pause(self, until: float) -> None:
        if until > self.now:
            self._knots.append(Knot(until, self.spot))

    def _straight(self, end: Spot, pace: Pace) -> None:
        metres = distance_m(self.spot, end)
        if metres > 0.1:
            self._knots.append(Knot(self.now + metres / pace.cruise_mps, end))


def _timed(way: list[Spot], pace: Pace, chance: Random) -> list[tuple[float, Spot]]:
    """The seconds each piece of a way takes, and where it ends; red lights are pieces without length."""
    steps = []
    for start, end in zip(way, way[1:], strict=False):
        metres = distance_m(start, end)
        if metres < 0.1:
            continue
        steps.append((metres / (pace.cruise_mps * chance.uniform(0.65, 1.25)), end))
        if pace.lights and chance.random() < LIGHT_CHANCE:
            steps.append((chance.uniform(8.0, 40.0), end))
    return steps
