"""Yesterday of a city: so many people on duty from 08:00 to 16:00, with the fixes their phones sent, as they arrived.

A third sits in an office, a quarter walks its beat, others drive, stay at home all day, fall silent for a while or for
good. 960 fixes each, but for the silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, text

from tests.services import DatabaseServer
from tracker.domain.geo import METRES_PER_DEGREE
from tracker.storage.day_tables import day_name
from tracker.storage.engine import make_engine
from tracker.storage.fixes import COLUMNS, COPY_HEAD, COPY_TAIL, MICROSECOND, POSTGRES_EPOCH
from tracker.storage.models.said import NOT_SAID, NOT_SAID_S

CITY = ZoneInfo("Asia/Jakarta")
FIXES = 960
EVERY = timedelta(seconds=37.5)  # so that they span the ten hours that a window accepts
SHARES = {"office": 0.35, "patrol": 0.25, "driver": 0.15, "home": 0.10, "gaps": 0.10, "silent": 0.05}
PROFILES = {
    "office": "OFFICE", "patrol": "PATROL", "driver": "DRIVER", "home": "FIELD", "gaps": "POST", "silent": "FIELD",
}  # fmt: skip
PEOPLE_PER_ZONE, RADIUS_M = 20, 150
PEOPLE_AT_A_TIME = 500  # while their ways are made

# the binary rows of `fix`: the number of columns, then size and value of each, in the order of COLUMNS
VALUES = {
    "fix_time": ">i8", "received_after_s": ">i4", "sent_after_s": ">i4", "device_id": ">i4", "lat_e7": ">i4",
    "lon_e7": ">i4", "accuracy_m": ">i2", "altitude_m": ">i2", "speed_cmps": ">i2", "course_deg": ">i2",
    "battery_pct": ">i2", "ignition": ">i2",
}  # fmt: skip
ROW = np.dtype(
    [("columns", ">i2")] + [part for name, form in VALUES.items() for part in ((f"{name}.size", ">i4"), (name, form))]
)
REGISTER = """
INSERT INTO unit (name) VALUES ('Bench');
INSERT INTO unit_place (unit_id, period) SELECT id, daterange(NULL, NULL) FROM unit;
INSERT INTO person (nip, name) SELECT n, 'Bench ' || n FROM generate_series(1, :people) n ORDER BY n;
INSERT INTO membership (person_id, unit_id, period) SELECT person.id, unit.id, daterange(NULL, NULL) FROM person, unit;
INSERT INTO device (login, kind, secret_bcrypt, expected_interval_s)
    SELECT 'bench-' || n, 'phone', '', 60 FROM generate_series(1, :people) n ORDER BY n;
INSERT INTO assignment (device_id, person_id, period)
    SELECT device.id, person.id, tstzrange('2000-01-01', NULL) FROM device JOIN person ON login = 'bench-' || nip;
INSERT INTO device_state (device_id, last_heard_at) SELECT id, :until FROM device;
INSERT INTO zone (name, lat_e7, lon_e7, radius_m) SELECT 'Zone ' || n, -62000000 + n % 50 * 30000,
    1068000000 + n / 50 * 30000, :radius FROM generate_series(0, :people / :per_zone) n ORDER BY n;
INSERT INTO shift (name, start_time, duration_min, profile)
    SELECT profile, '08:00', 480, profile FROM unnest(ARRAY['OFFICE', 'POST', 'FIELD', 'PATROL', 'DRIVER']) profile;
INSERT INTO duty_window (person_id, shift_id, work_date, starts_at, ends_at, accepts_from, accepts_until, published_at,
        profile, grace_min)
    SELECT person.id, shift.id, :day, :start, :end, :since, :until, :since - interval '1 day', shift.profile, grace_min
    FROM person JOIN unnest(CAST(:profiles AS text[])) WITH ORDINALITY AS wanted (profile, n) ON nip = n::text
    JOIN shift ON shift.profile = wanted.profile ORDER BY person.id;
INSERT INTO duty_window_zone (window_id, zone_id)
    SELECT w.id, z.id FROM duty_window w JOIN person p ON p.id = w.person_id
    JOIN zone z ON z.name = 'Zone ' || p.nip::int / :per_zone
"""


@dataclass(frozen=True, slots=True)
class Day:
    """A work date in the city's zone; `judged_at` is when all of its windows are due."""

    work_date: date

    @classmethod
    def yesterday(cls) -> Day:
        return cls((datetime.now(CITY) - timedelta(days=1)).date())

    def at(self, hour: int) -> datetime:
        return datetime.combine(self.work_date, time(hour), CITY).astimezone(UTC)

    @property
    def judged_at(self) -> datetime:
        return self.at(18)


def kinds(people: int) -> list[str]:
    """What each person does, mixed, in the order of their numbers."""
    shares = np.cumsum(list(SHARES.values()))
    chance = np.random.default_rng(1).random(people)
    names = list(SHARES)
    return [names[number] for number in np.minimum(np.searchsorted(shares, chance), len(names) - 1)]


def fill(server: DatabaseServer, database: str, people: int, day: Day) -> int:
    """Register them and store their day; the number of fixes."""
    owner = make_engine(server.url("jejak_owner", database), pool_size=1)
    doing = kinds(people)
    values = {
        "people": people, "day": day.work_date, "start": day.at(8), "end": day.at(16), "since": day.at(7),
        "until": day.at(17), "radius": RADIUS_M, "per_zone": PEOPLE_PER_ZONE,
        "profiles": [PROFILES[kind] for kind in doing],
    }  # fmt: skip
    with owner.begin() as conn:
        for statement in REGISTER.split(";"):
            conn.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})
    stored = _store(owner, np.array(doing), day)
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM ANALYZE"))
    owner.dispose()
    return stored


def _store(owner: Engine, doing: NDArray[np.str_], day: Day) -> int:
    stored = 0
    with owner.begin() as conn:
        cursor = conn.connection.cursor()
        with cursor.copy(f"COPY {day_name(day.at(8).date())} ({COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(COPY_HEAD)
            for rows in _rows(doing, day):
                stored += len(rows)
                copy.write(rows.tobytes())
            copy.write(COPY_TAIL)
    return stored


def _rows(doing: NDArray[np.str_], day: Day) -> Iterator[NDArray[np.void]]:
    """All fixes in the order of arrival: of each moment those of all who were heard."""
    people = len(doing)
    lat_e7, lon_e7, accuracy_m = _ways(doing)
    heard = _heard(doing)
    rows = np.zeros(people, ROW)
    rows["columns"] = len(VALUES)
    for name, form in VALUES.items():
        rows[f"{name}.size"] = np.dtype(form).itemsize
    for name in ("altitude_m", "speed_cmps", "course_deg", "ignition"):
        rows[name] = NOT_SAID
    rows["sent_after_s"], rows["received_after_s"] = NOT_SAID_S, 1
    rows["device_id"] = np.arange(1, people + 1)
    jitter_us = np.random.default_rng(2).integers(0, 30, people) * 1_000_000
    for number in range(FIXES):
        rows["fix_time"] = (day.at(7) + number * EVERY - POSTGRES_EPOCH) // MICROSECOND + jitter_us
        rows["lat_e7"], rows["lon_e7"] = lat_e7[:, number], lon_e7[:, number]
        rows["accuracy_m"], rows["battery_pct"] = accuracy_m[:, number], 95 - number // 12
        yield rows[heard[:, number]]


def _ways(doing: NDArray[np.str_]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int16]]:
    """Latitudes and longitudes (1e-7 degrees) and accuracies: a row for each person, a column for each fix."""
    shape = len(doing), FIXES
    lat_e7, lon_e7, accuracy_m = np.empty(shape, np.int32), np.empty(shape, np.int32), np.empty(shape, np.int16)
    chance = np.random.default_rng(3)
    for first in range(0, len(doing), PEOPLE_AT_A_TIME):
        some = slice(first, first + PEOPLE_AT_A_TIME)
        zone = np.arange(first, first + len(doing[some]))[:, None] // PEOPLE_PER_ZONE
        north_m, east_m, vague_m = _metres(doing[some], chance)
        lat_e7[some] = -62000000 + zone % 50 * 30000 + north_m / METRES_PER_DEGREE * 1e7
        lon_e7[some] = 1068000000 + zone // 50 * 30000 + east_m / METRES_PER_DEGREE * 1e7
        accuracy_m[some] = vague_m
    return lat_e7, lon_e7, accuracy_m


def _metres(doing: NDArray[np.str_], chance: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """How far from the zone's centre they are, and how accurate their phones."""
    shape = len(doing), FIXES
    speed_mps = np.select([doing == "patrol", doing == "driver"], [1.2, 8.0], 0.0)[:, None]
    going = np.repeat(chance.random((len(doing), FIXES // 16)) < 0.6, 16, axis=1)  # for ten minutes, or standing
    heading = np.repeat(chance.uniform(0, 2 * np.pi, (len(doing), FIXES // 16)), 16, axis=1)
    step_m = speed_mps * going * EVERY.total_seconds()
    step_m[:, : FIXES // 6] = 0.0  # all begin at the place of duty
    farthest_m = np.where(doing == "patrol", 250.0, 5000.0)[:, None]
    accuracy_m = np.clip(chance.lognormal(2.8, 0.6, shape), 3, 150)
    shake_m = np.minimum(accuracy_m, 60) / 2
    away_m = np.where(doing == "home", 4000.0, 20.0)[:, None]
    way_m = (_kept_within(np.cumsum(step_m * turn(heading), axis=1), farthest_m) for turn in (np.sin, np.cos))
    north_m, east_m = (away_m + moved_m + chance.normal(size=shape) * shake_m for moved_m in way_m)
    lying = (doing == "office")[:, None] & (chance.random((len(doing), 1)) < 0.3)  # says the same again and again
    for column in (north_m, east_m, accuracy_m):
        column[:] = np.where(lying, np.repeat(column[:, ::30], 30, axis=1), column)
    return north_m, east_m, accuracy_m


def _kept_within(moved_m: NDArray[np.float64], farthest_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """The way, turning round where it comes so far from its beginning."""
    folded: NDArray[np.float64] = farthest_m - np.abs((moved_m + farthest_m) % (4 * farthest_m) - 2 * farthest_m)
    return -folded


def _heard(doing: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which of the fixes were sent: a row for each person, a column for each fix."""
    chance = np.random.default_rng(4)
    quiet = np.repeat(chance.random((len(doing), FIXES // 48)) < 0.25, 48, axis=1)  # for half an hour
    heard: NDArray[np.bool_] = ~((doing == "gaps")[:, None] & quiet) & (doing != "silent")[:, None]
    return heard
