"""Where the vehicles are, or were when their kind's delay began: what the public snapshot is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from tracker.domain.geo import Zone
from tracker.domain.privacy import Sighting
from tracker.storage.models.said import NOT_SAID
from tracker.storage.zones import shapes

LOOK_BACK = timedelta(days=1)

SIGHTINGS = text(f"""
SELECT DISTINCT ON (v.id) v.id AS vehicle_id, v.kind, v.public_view, u.name AS agency, d.expected_interval_s,
    f.fix_time, f.lat_e7, f.lon_e7, nullif(f.speed_cmps, {NOT_SAID}) AS speed_cmps,
    nullif(f.course_deg, {NOT_SAID}) AS course_deg,
    v.base_zone_id
FROM vehicle v
JOIN unit u ON u.id = v.unit_id
JOIN assignment a ON a.vehicle_id = v.id AND a.period @> CAST(:now AS timestamptz)
JOIN device d ON d.id = a.device_id
JOIN LATERAL (
    SELECT * FROM fix
    WHERE fix.device_id = a.device_id AND a.period @> fix.fix_time AND fix.fix_time > :since AND fix.fix_time <=
        CAST(:now AS timestamptz) - make_interval(secs => coalesce((CAST(:delays AS jsonb) ->> v.kind)::int, 0))
    ORDER BY fix.fix_time DESC LIMIT 1
) f ON true
WHERE v.public_view <> 'hidden'
ORDER BY v.id, f.fix_time DESC
""")


def sightings(conn: Connection, now: datetime, delays_s: Mapping[str, int]) -> list[Sighting]:
    """One sighting per vehicle that is not hidden and was heard within a day, `delays_s[kind]` seconds before `now`."""
    values = {"now": now, "since": now - LOOK_BACK, "delays": json.dumps(dict(delays_s))}
    rows = conn.execute(SIGHTINGS, values).all()
    bases = shapes(conn, {row.base_zone_id for row in rows if row.base_zone_id is not None})
    return [_sighting(row, bases.get(row.base_zone_id)) for row in rows]


def _sighting(row: Row[Any], base: Zone | None) -> Sighting:
    return Sighting(
        vehicle_id=row.vehicle_id,
        kind=row.kind,
        only_at_base=row.public_view == "at_base",
        agency=row.agency,
        fix_time=row.fix_time,
        lat=row.lat_e7 / 1e7,
        lon=row.lon_e7 / 1e7,
        speed_mps=None if row.speed_cmps is None else row.speed_cmps / 100,
        course_deg=row.course_deg,
        interval_s=row.expected_interval_s,
        base=base,
    )
