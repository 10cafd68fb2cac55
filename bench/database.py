"""The tables of a round, and the check that each fix sent was stored exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from bench.load import Load
from bench.rates import Progress
from tests.services import DatabaseServer
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.partitions import keep_partitions

RETENTION_DAYS = 60
TEMPLATE = "bench_template"
COMMIT_TIMES = "-ctrack_commit_timestamp=on"  # the one setting of the database that a city does not have

REGISTER = """
INSERT INTO unit (name) VALUES ('Bench');
INSERT INTO unit_place (unit_id, period) SELECT id, daterange(NULL, NULL) FROM unit;
INSERT INTO vehicle (call_sign, plate, kind, unit_id)
    SELECT 'bench-' || n, 'B ' || n, 'garbage_truck', unit.id FROM unit, generate_series(0, {vehicles} - 1) n;
INSERT INTO person (nip, name) SELECT n, 'bench-' || n FROM generate_series({vehicles}, {devices} - 1) n;
INSERT INTO membership (person_id, unit_id, period)
    SELECT person.id, unit.id, daterange(NULL, NULL) FROM person, unit;
INSERT INTO device (login, kind, secret_bcrypt)
    SELECT 'bench-' || n, 'tracker', '' FROM generate_series(0, {devices} - 1) n;
INSERT INTO assignment (device_id, vehicle_id, period)
    SELECT device.id, vehicle.id, tstzrange('2000-01-01', NULL) FROM device JOIN vehicle ON call_sign = login;
INSERT INTO assignment (device_id, person_id, period)
    SELECT device.id, person.id, tstzrange('2000-01-01', NULL) FROM device JOIN person ON name = login;
INSERT INTO shift (name, start_time, duration_min, profile) VALUES ('Bench', '00:00', 1440, 'FIELD');
INSERT INTO duty_window (person_id, shift_id, work_date, starts_at, ends_at, accepts_from, accepts_until, profile,
        grace_min)
    SELECT person.id, shift.id, current_date, now() - interval '6 h', now() + interval '6 h', now() - interval '7 h',
        now() + interval '7 h', shift.profile, grace_min
    FROM person, shift;
ANALYZE
"""
COMMITS = """
SELECT extract(epoch FROM at)::float8, n FROM (
    SELECT pg_xact_commit_timestamp(xmin) AS at, count(*) AS n FROM fix GROUP BY 1
) AS batch ORDER BY at
"""
LEDGER = """
WITH sent AS (
    SELECT d.id AS device_id, to_timestamp(:begin + i / :devices) AS fix_time
    FROM generate_series(0, :fixes - 1) i JOIN device d ON d.login = 'bench-' || i % :devices
)
SELECT count(f.device_id), count(*) FILTER (WHERE f.device_id IS NULL), count(*) FILTER (WHERE s.device_id IS NULL),
    (SELECT coalesce(sum(duplicate), 0)::int FROM device_state)
FROM sent s FULL JOIN fix f ON f.device_id = s.device_id AND f.fix_time = s.fix_time
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The stored set against the sent set."""

    stored: int
    lost: int
    unexpected: int
    repeated: int  # came a second time and were recognised

    @property
    def valid(self) -> bool:
        return not self.lost and not self.unexpected


def make_register(server: DatabaseServer, devices: int, vehicles: int | None = None) -> None:
    """The migrated database that every round copies: `vehicles` devices on vehicles, the rest with people on duty."""
    server.create(TEMPLATE)
    owner = make_engine(server.url("jejak_owner", TEMPLATE), pool_size=1)
    migrate(owner, "jejak_app", 60)
    with owner.begin() as conn:
        keep_partitions(conn, datetime.now(UTC), RETENTION_DAYS)
        on_vehicles = devices if vehicles is None else min(vehicles, devices)
        for statement in REGISTER.format(devices=devices, vehicles=on_vehicles).split(";"):
            conn.execute(text(statement))
    owner.dispose()


def server_version(server: DatabaseServer) -> str:
    """What the server calls itself, such as 18.1."""
    engine = make_engine(server.url("jejak_owner"), pool_size=1)
    with engine.connect() as conn:
        said = str(conn.scalars(text("SHOW server_version")).one())
    engine.dispose()
    return said


def commits(conn: Connection) -> list[Progress]:
    """The stored fixes, as the commits of the batches made them visible."""
    progress, total = [], 0
    for at, count in conn.execute(text(COMMITS)):
        total += count
        progress.append(Progress(at, total))
    return progress


def check(conn: Connection, load: Load) -> Ledger:
    """Compare what is stored with what was sent; the primary key excludes that a fix is stored twice."""
    values = {"begin": load.begin, "devices": load.devices, "fixes": load.fixes}
    return Ledger(*conn.execute(text(LEDGER), values).one())
