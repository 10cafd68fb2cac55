"""ISO 15143-3 (AEMP 2.0): a machine's lifetime counters, as JSON or XML, and its position where it says one.

One message is one machine: the counters of a snapshot's page belong to the device that brought them only where the page
holds one machine. Hours come as decimal numbers or ISO 8601 durations, distances in kilometres or miles, fuel in
litres or gallons.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tracker.domain.fix import FUTURE_LIMIT
from tracker.domain.observation import MachineCounters, Observation, Rejected
from tracker.wire import values
from tracker.wire.position import Bounds, position

COUNTERS = ("CumulativeOperatingHours", "CumulativeIdleHours", "FuelUsed", "FuelRemaining", "Distance", "EngineStatus")
METRES = {"kilometre": 1000, "kilometer": 1000, "km": 1000, "mile": 1609.344, "metre": 1, "meter": 1}
HEIGHTS = {"metre": 1, "meter": 1, "foot": 0.3048, "feet": 0.3048}
MILLILITRES = {"litre": 1000, "liter": 1000, "gallon": 3785.411784, "usgallon": 3785.411784}
HEADER = "EquipmentHeader"
SNAPSHOT = "snapshotTime"
MOST = 9e15  # of a lifetime counter: any more is not a counter
TIMES = ("datetime", "Datetime", "dateTime", "DateTime", "Timestamp")
NUMBER = r"(\d+(?:\.\d+)?)"
DURATION = re.compile(f"P(?:{NUMBER}D)?(?:T(?:{NUMBER}H)?(?:{NUMBER}M)?(?:{NUMBER}S)?)?")
LONGEST = 40  # characters of a duration


def equipment(said: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The machines in a JSON message: one alone, or those of a fleet's page; None where it is another message."""
    for inner in (said, said.get("Fleet"), said.get("Equipment"), values.part(said, "Fleet", "Equipment")):
        found = inner if isinstance(inner, list) else [inner]
        machines = [one for one in found if isinstance(one, dict) and not one.keys().isdisjoint((HEADER, *COUNTERS))]
        if machines:
            return machines
    return None


def snapshot_time(said: dict[str, Any]) -> object:
    """When a JSON page was made, as it says."""
    found: object = said.get(SNAPSHOT) or values.part(said, "Fleet", SNAPSHOT)
    return found


def read(machines: list[dict[str, Any]], snapshot: object, bounds: Bounds) -> tuple[Observation, ...]:
    """The counters, and the position if there is one. `snapshot` is the page's time, for parts without their own."""
    if len(machines) != 1:
        return (Rejected(("many_machines",)),)
    [machine] = machines
    observations: list[Observation] = []
    location = machine.get("Location")
    if isinstance(location, dict) and location.get("Latitude") is not None:
        at, altitude = _time(location, machine, snapshot), _altitude_m(location)
        lat, lon = location["Latitude"], location.get("Longitude")
        observations.append(position(at, lat, lon, bounds, altitude_m=altitude))
    if any(isinstance(machine.get(name), dict) for name in COUNTERS):
        observations.append(_counters(machine, snapshot, bounds))
    return tuple(observations) or (Rejected(("no_counters",)),)


def read_xml(payload: bytes, bounds: Bounds) -> tuple[Observation, ...]:
    """The same from XML; entities and document types are refused, because they can be bombs."""
    try:
        root = fromstring(payload, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return (Rejected(("not_xml",)),)
    elements = [element for element in root.iter() if _name(element) == "Equipment"] or [root]
    machines = equipment({"Equipment": [{_name(child): _object(child) for child in one} for one in elements]})
    return read(machines, root.get(SNAPSHOT), bounds) if machines else (Rejected(("unknown_format",)),)


def _counters(machine: dict[str, Any], snapshot: object, bounds: Bounds) -> Observation:
    parts = {name: machine.get(name) for name in COUNTERS}
    times = [at for part in parts.values() if isinstance(part, dict) and (at := _time(part, machine, snapshot))]
    if not times:
        return Rejected(("no_time",))
    read_at = max(times)
    if read_at > bounds.now + FUTURE_LIMIT or read_at < bounds.oldest:
        return Rejected(("expired" if read_at < bounds.oldest else "future",))
    distance, used = parts["Distance"], parts["FuelUsed"]
    counters = MachineCounters(
        read_at=read_at,
        operating_s=_seconds(parts["CumulativeOperatingHours"]),
        idle_s=_seconds(parts["CumulativeIdleHours"]),
        distance_m=_whole(values.part(distance, "Odometer"), _unit(distance, "OdometerUnits", METRES)),
        fuel_used_ml=_whole(values.part(used, "FuelConsumed"), _unit(used, "FuelUnits", MILLILITRES)),
        fuel_remaining_pct=values.percent(values.part(parts["FuelRemaining"], "Percent")),
        engine_running=values.flag(values.part(parts["EngineStatus"], "Running")),
    )
    return counters if counters != MachineCounters(read_at) else Rejected(("no_counters",))


def _seconds(part: object) -> int | None:
    """A counter of hours, as a number or a duration."""
    hours = values.part(part, "Hour")
    said = DURATION.fullmatch(hours.strip()) if isinstance(hours, str) and len(hours) <= LONGEST else None
    if said is None or not any(said.groups()):
        return _whole(hours, 3600)
    return _whole(sum(float(n or 0) * unit for n, unit in zip(said.groups(), (86400, 3600, 60, 1), strict=True)), 1)


def _altitude_m(location: dict[str, Any]) -> float | None:
    height = values.number(location.get("Altitude"))
    unit = _unit({"AltitudeUnits": "metre", **location}, "AltitudeUnits", HEIGHTS)
    return None if height is None or unit is None else values.altitude_m(height * unit)


def _unit(part: object, name: str, factors: dict[str, float]) -> float | None:
    """How many of ours one of theirs is; an unknown unit makes the number worth nothing."""
    unit = values.part(part, name)
    return factors.get(unit.strip().lower().removesuffix("s")) if isinstance(unit, str) else None


def _whole(value: object, factor: float | None) -> int | None:
    found = None if factor is None else values.within(value, 0, MOST / factor)
    return None if found is None or factor is None else round(found * factor)


def _time(part: dict[str, Any], machine: dict[str, Any], snapshot: object) -> datetime | None:
    header = values.part(machine, HEADER, "SnapshotTime")
    said = next((part[name] for name in TIMES if name in part), None) or header or snapshot
    return values.moment(said)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _object(element: Element) -> dict[str, Any]:
    return {**element.attrib, **{_name(child): (child.text or "").strip() for child in element}}
