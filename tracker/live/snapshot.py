"""The public snapshot: one GeoJSON file, replaced whole every few seconds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import geojson
from sqlalchemy import Connection

from tracker.domain.privacy import RULES, PublicVehicle, public_id, published
from tracker.storage.sightings import sightings

FILE_NAME = "vehicles.geojson"
DELAYS_S = {kind: rule.delay_s for kind, rule in RULES.items()}


def public_vehicles(conn: Connection, secret: str, timezone: ZoneInfo, now: datetime) -> list[PublicVehicle]:
    """What citizens may see at `now`, by public id, so that the order tells nothing either."""
    today = now.astimezone(timezone).date()
    seen = sightings(conn, now, DELAYS_S)
    shown = (published(sighting, public_id(secret, sighting.vehicle_id, today), now) for sighting in seen)
    return sorted((vehicle for vehicle in shown if vehicle), key=lambda vehicle: vehicle.public_id)


def feature_collection(vehicles: Iterable[PublicVehicle], now: datetime) -> geojson.FeatureCollection:
    """The snapshot as GeoJSON; `generated_at` says how old it is."""
    return geojson.FeatureCollection([_feature(vehicle) for vehicle in vehicles], generated_at=_iso(now))


def write(folder: Path, collection: geojson.FeatureCollection) -> None:
    """Replace the file, so that a reader sees the old one or the new one and never a half."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{FILE_NAME}.{os.getpid()}"
    fresh.write_text(geojson.dumps(collection, separators=(",", ":")))
    fresh.replace(folder / FILE_NAME)


def _feature(vehicle: PublicVehicle) -> geojson.Feature:
    return geojson.Feature(
        id=vehicle.public_id,
        geometry=geojson.Point((vehicle.lon, vehicle.lat)),
        properties={
            "kind": vehicle.kind,
            "agency": vehicle.agency,
            "fix_time": _iso(vehicle.fix_time),
            "course_deg": vehicle.course_deg,
            "state": vehicle.state,
            "old_after_s": vehicle.old_after_s,
            "stale_after_s": vehicle.stale_after_s,
        },
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
