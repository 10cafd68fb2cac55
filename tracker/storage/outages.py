"""When the city's own path, or that of an area, was down: nobody was heard, so nobody's silence says anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

BIN = timedelta(minutes=10)
LEAST_OUTAGE = timedelta(minutes=30)
LEAST_WITNESSES = 5  # fewer devices being silent together is no sign of anything
MOST_WITNESSES = 200  # so many primary-key ranges answer for a city of any size

CELL_DEG = 0.05  # half the side of an area

Period = tuple[datetime, datetime]

# Witnesses are devices that should be heard throughout: of vehicles, and of people who are on duty all the while. Of an
# area they are those whose duty, or whose vehicle's base, is there.
WITNESSES = """
SELECT s.device_id
FROM device_state s JOIN assignment a ON a.device_id = s.device_id AND a.period @> CAST(:start AS timestamptz)
WHERE s.last_heard_at >= CAST(:start AS timestamptz) - interval '7 days' AND ({vehicles} OR EXISTS (
    SELECT FROM duty_window w{places}
    WHERE w.person_id = a.person_id AND w.accepts_from <= :start AND w.accepts_until >= :end AND w.excuse IS NULL))
ORDER BY s.last_heard_at DESC LIMIT :most
"""
NEAR = "z.lat_e7 BETWEEN :south AND :north AND z.lon_e7 BETWEEN :west AND :east"
OF_CITY = text(WITNESSES.format(vehicles="a.vehicle_id IS NOT NULL", places=""))
OF_AREA = text(WITNESSES.format(
    vehicles=f"""EXISTS (
    SELECT FROM vehicle v JOIN zone z ON z.id = v.base_zone_id WHERE v.id = a.vehicle_id AND {NEAR})""",
    places=f"""
        JOIN duty_window_zone wz ON wz.window_id = w.id JOIN zone z ON z.id = wz.zone_id AND {NEAR}""",
))  # fmt: skip
# One fix of one witness is enough. Asked as a join, the whole city's day was read for it
BINS_HEARD = text("""
SELECT bin
FROM generate_series(CAST(:start AS timestamptz), CAST(:end AS timestamptz) - interval '1 microsecond', :bin) AS bin
WHERE EXISTS (
    SELECT FROM unnest(CAST(:witnesses AS integer[])) AS witness
    CROSS JOIN LATERAL (
        SELECT FROM fix f
        WHERE f.device_id = witness AND f.fix_time >= bin AND f.fix_time < bin + :bin
            AND f.fix_time >= :start AND f.fix_time < :end -- says which days there are to look at
            AND f.received_after_s <= :in_time_s -- what came later was kept by its device: we did not hear it then
        LIMIT 1
    ) AS heard
)
ORDER BY bin
""")


@dataclass(frozen=True, slots=True)
class Area:
    """A square of about 11 km around a place, by the number of its cell: who works there shares masts and mains."""

    north: int
    east: int

    @classmethod
    def around(cls, lat: float, lon: float) -> Area:
        return cls(round(lat / CELL_DEG), round(lon / CELL_DEG))

    @property
    def bounds(self) -> dict[str, int]:
        """In whole 1e-7 degrees."""
        cell = round(CELL_DEG * 1e7)
        north, east = self.north * cell, self.east * cell
        return {"south": north - cell, "north": north + cell, "west": east - cell, "east": east + cell}


def outages(conn: Connection, start: datetime, end: datetime, area: Area | None = None) -> tuple[Period, ...]:
    """The parts of [start, end) of at least `LEAST_OUTAGE` from which no witness of the city, or of an area, has a fix.

    In order of time.
    """
    span = {"start": start, "end": end}
    bounds = area.bounds if area else {}
    witnesses = conn.scalars(OF_AREA if area else OF_CITY, {**span, "most": MOST_WITNESSES, **bounds}).all()
    if len(witnesses) < LEAST_WITNESSES:
        return ()
    asked = {**span, "witnesses": list(witnesses), "bin": BIN, "in_time_s": BIN.total_seconds()}
    return tuple(_quiet(conn.scalars(BINS_HEARD, asked), start, end))


def joined(some: Iterable[Period]) -> tuple[Period, ...]:
    """Periods as one row of them, in order and without overlaps."""
    found: list[Period] = []
    for start, end in sorted(some):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return tuple(found)


def _quiet(bins: Iterable[datetime], start: datetime, end: datetime) -> Iterable[Period]:
    quiet_from = start
    for heard in [*bins, end]:
        if heard - quiet_from >= LEAST_OUTAGE:
            yield quiet_from, heard
        quiet_from = heard + BIN
