"""What one message of a device may hold: a fix, or something else that is worth a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.domain.fix import Fix

CONNECTIVITY = ("wifi", "mobile", "offline")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message, or a part of one, that nothing can be made of, with every reason by name."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoFix:
    """The device was heard and said nothing that is stored; `kind` names what it said.

    A ping repeats an old position under the present time, a heartbeat has none; waypoints, steps, beacons and cards are
    none of the city's business and end here.
    """

    kind: str
    battery_pct: int | None = None
    charging: bool | None = None
    connectivity: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The broker's word that the device's connection broke (MQTT last will): the device itself was not heard."""


@dataclass(frozen=True, slots=True)
class Status:
    """Why a phone may be silent, as its app says. None where it does not say.

    `permission` is the app's right to the position: `always`, `limited` (only while it is open, say), `never`.
    """

    permission: str | None = None
    power_save: bool | None = None  # the system may stop the app to save power
    app_version: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class MachineCounters:
    """Lifetime counters of a machine at `read_at` (ISO 15143-3): a day's figure is the difference of two readings."""

    read_at: datetime
    operating_s: int | None = None
    idle_s: int | None = None
    distance_m: int | None = None
    fuel_used_ml: int | None = None
    fuel_remaining_pct: int | None = None
    engine_running: bool | None = None


Said = Fix | NoFix | Lost | Status | MachineCounters
Observation = Said | Rejected
