"""The simulated world: where everybody is, as a pure function of seed, subject and date.

Nothing is stored: after a restart the same days are planned again, to the same metre. Plans are kept in memory only
because they take milliseconds to make.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from tracker.demo.cast import FLEET, Employee, Machine, duty
from tracker.demo.journey import Journey
from tracker.demo.person_days import PhoneDay, phone_day
from tracker.demo.vehicle_days import vehicle_day

PLANS_KEPT = 250
DAY = timedelta(days=1)
MACHINES = {machine.call_sign: machine for machine in FLEET}
Plan = TypeVar("Plan")


class World:
    """All days of a city of one `seed` in one time zone."""

    def __init__(self, zone: ZoneInfo, seed: str = "jejak") -> None:
        self.zone = zone
        self._seed = seed
        self._kept: dict[Hashable, object] = {}

    def vehicle_day(self, machine: Machine, on: date) -> Journey:
        """One vehicle's local day, from midnight to midnight."""
        return self._keep((machine.call_sign, on), lambda: vehicle_day(machine, on, self.zone, self._seed))

    def phone_day(self, employee: Employee, on: date) -> PhoneDay | None:
        """One employee's duty of a work date, or None on a day off."""
        work = duty(employee, on, self.zone)
        if work is None:
            return None
        return self._keep((employee.login, on), lambda: phone_day(work, self.ride, self._seed))

    def ride(self, call_sign: str, start: float, end: float) -> Journey:
        """A vehicle's journey over all local days that a period touches."""
        machine, on, last = MACHINES[call_sign], self.date_of(start), self.date_of(end)
        journey = self.vehicle_day(machine, on)
        while on < last:
            on += DAY
            journey = journey.then(self.vehicle_day(machine, on))
        return journey

    def date_of(self, at: float) -> date:
        """The local date of a moment."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).date()

    def _keep(self, key: Hashable, plan: Callable[[], Plan]) -> Plan:
        if key not in self._kept:
            if len(self._kept) >= PLANS_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = plan()
        return self._kept[key]  # type: ignore[return-value]
