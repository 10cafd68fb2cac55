"""ISO 15143-3 (AEMP 2.0): a machine's lifetime counters, as JSON or XML, and its position where it says one.

One message is one machine: the counters of a snapshot's page belong to the device that brought them only where the page
holds one machine. Hours come as decimal numbers, distances in kilometres or miles, fuel in litres or gallons.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tracker.domain.observation import MachineCounters, Observation, Rejected
from tracker.wire import values
from tracker.wire.position import Bounds, position

COUNTERS = ("CumulativeOperatingHours", "CumulativeIdleHours", "FuelUsed", "FuelRemaining", "Distance", "EngineStatus")
METRES = {"kilometre": 1000, "kilometer": 1000, "km": 1000, "mile": 1609.344, "metre": 1, "meter": 1}
MILLILITRES = {"litre": 1000, "liter": 1000, "gallon": 3785.411784, "usgallon": 3785.411784}
MOST = 9e15  # of a lifetime counter: any more is not a counter
TIMES = ("datetime", "Datetime", "dateTime", "DateTime")


def equipment(said: dict[str, Any]) -> dict[str, Any] | None:
    """The machine in a JSON message, where it is one: alone, or the only one of a fleet's page."""
    for inner in (said.get("Fleet"), said.get("Equipment"), values.part(said, "Fleet", "Equipment")):
        found = inner[0] if isinstance(inner, list) and len(inner) == 1 else inner
        if isinstance(found, dict) and any(name in found for name in COUNTERS):
            return found
    return said if any(name in said for name in COUNTERS) else None


def read(machine: dict[str, Any], snapshot: object, bounds: Bounds) -> tuple[Observation, ...]:
    """The counters, and the position if there is one. `snapshot` is the page's time, for parts without their own."""
    observations: list[Observation] = []
    location = machine.get("Location")
    if isinstance(location, dict) and location.get("Latitude") is not None:
        altitude = values.altitude_m(location.get("Altitude"))
        observations.append(
            position(
                _time(location, machine, snapshot), location["Latitude"], location.get("Longitude"), bounds,
                altitude_m=altitude if location.get("AltitudeUnits", "metre") == "metre" else None,
            )  # fmt: skip
        )
    if any(isinstance(machine.get(name), dict) for name in COUNTERS):
        observations.append(_counters(machine, snapshot, bounds))
    return tuple(observations) or (Rejected(("no_counters",)),)


def read_xml(payload: bytes, bounds: Bounds) -> tuple[Observation, ...]:
    """The same from XML; entities and document types are refused, because they can be bombs."""
    try:
        root = fromstring(payload, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return (Rejected(("not_xml",)),)
    machines = [element for element in root.iter() if _name(element) == "Equipment"] or [root]
    if len(machines) > 1:
        return (Rejected(("many_machines",)),)
    said = equipment({_name(child): _object(child) for child in machines[0]})
    snapshot = root.get("snapshotTime")
    return read(said, snapshot, bounds) if said else (Rejected(("unknown_format",)),)


def _counters(machine: dict[str, Any], snapshot: object, bounds: Bounds) -> Observation:
    parts = {name: machine.get(name) for name in COUNTERS}
    times = [at for part in parts.values() if isinstance(part, dict) and (at := _time(part, machine, snapshot))]
    if not times:
        return Rejected(("no_time",))
    read_at = max(times)
    if read_at > bounds.now or read_at < bounds.oldest:
        return Rejected(("future" if read_at > bounds.now else "expired",))
    distance, used = parts["Distance"], parts["FuelUsed"]
    return MachineCounters(
        read_at=read_at,
        operating_s=_whole(_hours(parts["CumulativeOperatingHours"]), 3600),
        idle_s=_whole(_hours(parts["CumulativeIdleHours"]), 3600),
        distance_m=_whole(values.part(distance, "Odometer"), _unit(distance, "OdometerUnits", METRES)),
        fuel_used_ml=_whole(values.part(used, "FuelConsumed"), _unit(used, "FuelUnits", MILLILITRES)),
        fuel_remaining_pct=values.percent(values.part(parts["FuelRemaining"], "Percent")),
        engine_running=values.flag(values.part(parts["EngineStatus"], "Running")),
    )


def _hours(part: object) -> object:
    found: object = values.part(part, "Hour")
    return found


def _unit(part: object, name: str, factors: dict[str, float]) -> float | None:
    """How many of ours one of theirs is; an unknown unit makes the number worth nothing."""
    return factors.get(str(values.part(part, name)).lower())


def _whole(value: object, factor: float | None) -> int | None:
    found = None if factor is None else values.within(value, 0, MOST / factor)
    return None if found is None or factor is None else round(found * factor)


def _time(part: dict[str, Any], machine: dict[str, Any], snapshot: object) -> datetime | None:
    header = values.part(machine, "EquipmentHeader", "SnapshotTime")
    said = next((part[name] for name in TIMES if name in part), None) or header or snapshot
    return values.moment(said)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _object(element: Element) -> dict[str, Any]:
    return {**element.attrib, **{_name(child): (child.text or "").strip() for child in element}}
