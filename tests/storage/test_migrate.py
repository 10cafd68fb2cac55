"""Migrations: the tables are those of the models, on the oldest server too; rights are least."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from deploy.local.service_user import postgres_programs
from tests import builders
from tests.databases import RETENTION_DAYS
from tests.services import DatabaseServer, server_folder
from tracker.domain.fix import Fix
from tracker.storage.engine import make_engine
from tracker.storage.fixes import Received, Saved, save_batch
from tracker.storage.migrate import migrate
from tracker.storage.models import Base, Quarantine, Retention, StoredFix
from tracker.storage.partitions import DAYS_AHEAD, keep_partitions
from tracker.storage.quarantine import RejectedMessage
from tracker.storage.revision import MIGRATIONS, head_revision

DEBIAN_12 = Path("/usr/lib/postgresql/15/bin")
SHORT = (
    "device_id", "fix_time", "received_after_s", "sent_after_s", "accuracy_m", "altitude_m", "speed_cmps", "course_deg",
    "battery_pct", "ignition", "lat_e7", "lon_e7",
)  # fmt: skip
# where the distribution has no 15, the oldest server of the wheel stands in
OLDEST = DEBIAN_12 if DEBIAN_12.exists() else postgres_programs().parents[1] / "pginstall" / "bin"


def test_the_tables_are_those_of_the_models(owner: Engine) -> None:
    with owner.connect() as conn:
        partitions = {name for name in inspect(conn).get_table_names() if name.startswith("fix_")}
        found = compare_metadata(MigrationContext.configure(conn), Base.metadata)
    differences = [change for change in found if not (change[0] == "remove_table" and change[1].name in partitions)]
    assert [change for change in differences if change[0] != "remove_index"] == []


def test_the_revision_read_off_the_file_names_is_alembics_head() -> None:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(settings).get_heads() == [head_revision()]


def test_several_starts_at_once_migrate_once(database_server: DatabaseServer) -> None:
    database_server.create("migrated_at_once")
    owners = [make_engine(database_server.url("jejak_owner", "migrated_at_once"), pool_size=1) for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda owner: migrate(owner, "jejak_app", RETENTION_DAYS), owners))
    with owners[0].connect() as conn:
        assert conn.scalars(text("SELECT count(*) FROM alembic_version")).one() == 1
    for owner in owners:
        owner.dispose()
    database_server.drop("migrated_at_once")


def test_fixes_stored_before_their_rows_became_shorter_are_all_there(database_server: DatabaseServer) -> None:
    database_server.create("migrated_with_fixes")
    owner = make_engine(database_server.url("jejak_owner", "migrated_with_fixes"), pool_size=1)
    noon = datetime.combine(datetime.now(UTC).date(), time(12), UTC)
    said = (1, noon, noon + timedelta(seconds=9.9), noon + timedelta(seconds=2), 5, -3, 7, 250, 40, True)
    silent = (2, noon - timedelta(days=1), noon, None, None, None, None, None, None, None)
    with owner.begin() as conn:
        settings = AlembicConfig()
        settings.set_main_option("script_location", str(MIGRATIONS))
        settings.attributes["connection"] = conn
        command.upgrade(settings, "0001")
        conn.execute(insert(Retention).values(days=RETENTION_DAYS))
        keep_partitions(conn, noon, RETENTION_DAYS)
        for row in (said, silent):
            conn.exec_driver_sql(
                "INSERT INTO fix (device_id, fix_time, received_at, sent_at, accuracy_m, altitude_m, speed_cmps, "
                "course_deg, battery_pct, ignition, lat_e7, lon_e7) VALUES (%s" + ", %s" * 9 + ", 1, 2)", row
            )  # fmt: skip
    migrate(owner, "jejak_app", RETENTION_DAYS)
    with owner.begin() as conn:
        assert keep_partitions(conn, noon, RETENTION_DAYS) == 0
        columns = [getattr(StoredFix, name) for name in SHORT]
        assert [tuple(row) for row in conn.execute(select(*columns).order_by(StoredFix.device_id))] == [
            (1, noon, 9, 2, 5, -3, 7, 250, 40, True, 1, 2),
            (2, noon - timedelta(days=1), 86400, None, None, None, None, None, None, None, 1, 2),
        ]
    owner.dispose()
    database_server.drop("migrated_with_fixes")


def city_of_before(database_server: DatabaseServer, name: str, *rows: str, revision: str = "0011") -> Engine:
    """A database as it was before names that look alike were the same, of shifts and rotations too, with rows in it."""
    database_server.create(name)
    owner = make_engine(database_server.url("jejak_owner", name), pool_size=1)
    with owner.begin() as conn:
        settings = AlembicConfig()
        settings.set_main_option("script_location", str(MIGRATIONS))
        settings.attributes["connection"] = conn
        command.upgrade(settings, revision)
        for row in rows:
            conn.exec_driver_sql(row)
    return owner


def test_windows_of_before_wait_for_their_verdict_where_they_have_none(database_server: DatabaseServer) -> None:
    times = "now() - interval '9 h', now() - interval '1 h', now() - interval '9 h', now()"
    window = (
        "INSERT INTO duty_window (person_id, shift_id, work_date, starts_at, ends_at, accepts_from, accepts_until) "
        f"VALUES (%s, 1, current_date, {times})"
    )
    verdict = (
        "INSERT INTO verdict (window_id, revision, reason, computed_at, status, on_site_s, off_site_s, moving_s, "
        "unknown_s, expected_s, observed_s, evidence, inputs_digest, rule_version) "
        "VALUES (%s, 1, 'first', now(), 'UNVERIFIED', 0, 0, 0, 28800, 28800, 0, '{}', 'x', '2')"
    )
    idle = (
        "INSERT INTO idle_revision (window_id, revision, reason, computed_at, measure, counted_s, expected_s, "
        "observed_s, evidence, inputs_digest, rule_version) "
        "VALUES (%s, 1, 'first', now(), 'idle', 0, 28800, 0, '{}', 'x', '2')"
    )
    owner = city_of_before(
        database_server, "migrated_with_windows",
        "INSERT INTO person (nip, name) VALUES ('1', 'Siti'), ('2', 'Budi'), ('3', 'Ani')",
        "INSERT INTO shift (name, start_time, duration_min, profile) VALUES ('Pagi', '08:00', 480, 'FIELD')",
        *(window % number for number in (1, 2, 3)), verdict % 1, verdict % 2, idle % 1,
    )  # fmt: skip
    migrate(owner, "jejak_app", RETENTION_DAYS)
    with owner.connect() as conn:
        waiting = conn.scalars(text("SELECT id FROM duty_window WHERE awaits_verdict ORDER BY id")).all()
    assert waiting == [2, 3]
    owner.dispose()
    database_server.drop("migrated_with_windows")


def test_names_of_before_are_written_as_those_of_now(database_server: DatabaseServer) -> None:
    owner = city_of_before(
        database_server, "migrated_with_names", "INSERT INTO unit (name) VALUES (E' Regu\\u00a0 A'), (E'Cafe\\u0301')",
        "INSERT INTO vehicle (call_sign, plate, kind, unit_id) VALUES ('TS  1', 'b 1  x', 'ambulance', 1)",
        "INSERT INTO person (nip, name) VALUES ('1', E'Si\\u200bti')",
        "INSERT INTO membership (person_id, unit_id, position, period) VALUES (1, 1, 'Penyapu  jalan', '(,)')",
    )  # fmt: skip
    migrate(owner, "jejak_app", RETENTION_DAYS)
    with owner.connect() as conn:
        said = "SELECT array_agg(name ORDER BY id) FROM unit", "SELECT call_sign || '/' || plate FROM vehicle", (
            "SELECT name || '/' || position FROM person JOIN membership ON person_id = person.id")  # fmt: skip
        found = [conn.scalar(text(query)) for query in said]
    assert found == [["Regu A", "Caf\u00e9"], "TS 1/B 1 X", "Siti/Penyapu jalan"]
    owner.dispose()
    database_server.drop("migrated_with_names")


def test_two_names_that_become_one_stop_the_migration_by_their_ids(database_server: DatabaseServer) -> None:
    owner = city_of_before(
        database_server, "migrated_with_doubles", "INSERT INTO unit (name) VALUES ('Regu A'), ('Regu B'), ('regu  a')"
    )
    with pytest.raises(RuntimeError, match=r"rows of unit have the same name .* ids \[\[1, 3\]\]"):
        migrate(owner, "jejak_app", RETENTION_DAYS)
    with owner.connect() as conn:
        assert conn.scalar(text("SELECT name FROM unit WHERE id = 3")) == "regu  a", "nothing was changed"
    owner.dispose()
    database_server.drop("migrated_with_doubles")


SHIFTS = (
    "INSERT INTO shift (name, start_time, duration_min, profile, retired_at) VALUES "
    "('Pagi', '07:30', 480, 'OFFICE', now()), (' pagi', '07:30', 480, 'OFFICE', NULL), "
    "('Malam', '22:00', 480, 'POST', now()), ('MALAM', '22:00', 480, 'POST', now())"
)
RULES = "INSERT INTO rule_set (name, period) VALUES ('Ramadan', '[2027-02-08,)'), ('ramadan', '[2028-01-28,)')"


def test_retired_shifts_that_have_the_name_of_another_get_their_number_behind_it(
    database_server: DatabaseServer,
) -> None:
    owner = city_of_before(database_server, "migrated_with_shifts", SHIFTS, revision="0013")
    migrate(owner, "jejak_app", RETENTION_DAYS)
    with owner.connect() as conn:
        assert conn.scalar(text("SELECT array_agg(name ORDER BY id) FROM shift")) == [
            "Pagi (1)", "pagi", "Malam", "MALAM (4)"
        ]  # fmt: skip
    owner.dispose()
    database_server.drop("migrated_with_shifts")


def test_two_rule_sets_of_one_name_stop_the_migration(database_server: DatabaseServer) -> None:
    owner = city_of_before(database_server, "migrated_with_rules", SHIFTS, RULES, revision="0013")
    with pytest.raises(RuntimeError, match="rows of rule_set have the same name .* 1 'Ramadan', 2 'ramadan'"):
        migrate(owner, "jejak_app", RETENTION_DAYS)
    with owner.connect() as conn:
        assert conn.scalar(text("SELECT name FROM shift WHERE id = 1")) == "Pagi", "nothing was changed"
    owner.dispose()
    database_server.drop("migrated_with_rules")


def test_the_road_works_on_the_oldest_server_supported() -> None:
    now = datetime.now(UTC)
    with server_folder() as folder:
        server = DatabaseServer(folder, OLDEST)
        server.process.start()
        owner = make_engine(server.url("jejak_owner"), pool_size=1)
        migrate(owner, "jejak_app", RETENTION_DAYS)
        engine = make_engine(server.url("jejak_app"))
        with engine.begin() as conn:
            keep_partitions(conn, now, RETENTION_DAYS)
            device_id = builders.device(conn, vehicle_id=builders.vehicle(conn))
            fix = Received(device_id, now, Fix(now, -6.2, 106.8))
            assert save_batch(conn, [fix, fix], []) == Saved(stored=1, duplicate=1)
            assert int(conn.scalars(text("SHOW server_version_num")).one()) // 10000 in (15, 16)
        for used in (engine, owner):
            used.dispose()
        server.process.stop()


def test_days_come_ahead_and_what_expired_beside_the_fixes_goes(engine: Engine, owner: Engine) -> None:
    now = datetime.now(UTC)
    with engine.begin() as conn:
        assert keep_partitions(conn, now, RETENTION_DAYS) == 0
    with owner.begin() as conn:
        conn.execute(text(f"DROP TABLE fix_{now + timedelta(days=DAYS_AHEAD):%Y%m%d}"))
        conn.execute(update(Retention).values(days=RETENTION_DAYS - 5))
    with engine.begin() as conn:
        for hours in (1, 24 * 57):
            old = RejectedMessage(now - timedelta(hours=hours), "owntracks/01/x", None, ("unknown_device",), b"{}")
            save_batch(conn, [], [old])
        assert keep_partitions(conn, now, RETENTION_DAYS - 5) == 1
        assert conn.scalars(select(func.count()).select_from(Quarantine)).one() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT keep_days(current_date, current_date)",
        "SELECT keep_days(current_date - 30, current_date)",
        "SELECT keep_days(current_date + 1, current_date + 2)",
        "UPDATE retention SET days = 0",
        "DELETE FROM fix",
        "UPDATE quarantine SET reasons = '{}'",
    ],
)
def test_the_application_cannot_drop_what_is_kept(engine: Engine, statement: str) -> None:
    with engine.begin() as conn, pytest.raises(DBAPIError, match="not expired|permission denied"):
        conn.execute(text(statement))
