"""What citizens may see of a vehicle: vehicles only, later and coarser than we know it, and never on an errand.

An ambulance's stops are patients' homes: emergency vehicles are shown at their base or not at all.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.domain.geo import Zone

MOVING_MPS = 1.0
AT_BASE_KEPT = timedelta(hours=24)  # a parked vehicle's tracker sleeps


@dataclass(frozen=True, slots=True)
class PublicRule:
    """How much later and coarser a kind is shown, and whether only at its base."""

    delay_s: int = 0
    decimals: int = 4  # of a degree: 11 m
    only_at_base: bool = False


RULES = {
    "ambulance": PublicRule(only_at_base=True),
    "fire_truck": PublicRule(only_at_base=True),
    "patrol_car": PublicRule(delay_s=900, decimals=3),  # a patrol that can be seen coming is none
    "heavy_equipment": PublicRule(),
    "garbage_truck": PublicRule(),
    "street_sweeper": PublicRule(),
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a vehicle was, as the city knows it; `base` is None where none is registered."""

    vehicle_id: int
    kind: str
    agency: str
    fix_time: datetime
    lat: float
    lon: float
    speed_mps: float | None
    course_deg: float | None
    interval_s: int
    base: Zone | None
    only_at_base: bool = False  # its own wish, where the kind has none


@dataclass(frozen=True, slots=True)
class PublicVehicle:
    """What a citizen sees. `state` is moving, still or at_base; past `old_after_s` it is grey, past `stale_after_s`
    it is gone."""

    public_id: str
    kind: str
    agency: str
    fix_time: datetime
    lat: float
    lon: float
    course_deg: int | None
    state: str
    old_after_s: int
    stale_after_s: int


def public_id(secret: str, vehicle_id: int, day: date) -> str:
    """The name of a vehicle for one local day; without the secret nobody can join two days or find the vehicle."""
    return hmac.digest(secret.encode(), f"vehicle {vehicle_id} on {day}".encode(), hashlib.sha256).hex()[:12]


def published(seen: Sighting, name: str, now: datetime) -> PublicVehicle | None:
    """What of a sighting is public at `now`, or None where nothing is."""
    rule = RULES[seen.kind]
    at_base = seen.base is not None and seen.base.distance_m(seen.lat, seen.lon) <= 0
    old_after_s = rule.delay_s + max(60, 3 * seen.interval_s)
    stale_after_s = rule.delay_s + max(900, 10 * seen.interval_s)
    if at_base:
        old_after_s = stale_after_s = int(AT_BASE_KEPT.total_seconds())
    only_at_base = rule.only_at_base or seen.only_at_base
    if (only_at_base and not at_base) or now - seen.fix_time > timedelta(seconds=stale_after_s):
        return None
    # at base the base's own place is shown: which gate a crew uses is nobody's business
    lat, lon = seen.base.centre if at_base and seen.base else (seen.lat, seen.lon)
    moving = not at_base and seen.speed_mps is not None and seen.speed_mps > MOVING_MPS
    return PublicVehicle(
        public_id=name,
        kind=seen.kind,
        agency=seen.agency,
        fix_time=seen.fix_time,
        lat=round(lat, rule.decimals),
        lon=round(lon, rule.decimals),
        course_deg=round(seen.course_deg) if moving and seen.course_deg is not None else None,
        state="at_base" if at_base else "moving" if moving else "still",
        old_after_s=old_after_s,
        stale_after_s=stale_after_s,
    )
