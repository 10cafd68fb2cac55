"""Bring the tables to the newest revision, as the owner role, under a lock.

Safe to run at every start and by several processes at once. Afterwards the application's role holds exactly the rights
it needs: no changes to tables, no changes to append-only ones.
"""

from __future__ import annotations

import logging

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, Engine, delete, insert, text

from tracker.storage.models import APPEND_ONLY, INSERTABLE, READ_ONLY, UPDATABLE, Base, Retention
from tracker.storage.revision import MIGRATIONS

MIGRATION_LOCK = 0x6A656A616B  # "jejak"
OLDEST_SERVER = 150000  # PostgreSQL 15, the one of Debian 12


class ServerTooOld(RuntimeError):
    """The database server is older than this code supports."""


def migrate(owner: Engine, app_role: str, retention_days: int, attendance_years: int = 5) -> None:
    """Apply missing migrations, the rights of `app_role` and what is kept; one process at a time."""
    with owner.connect() as conn, conn.begin():
        _check_server(conn)
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        settings = _alembic()
        settings.attributes["connection"] = conn
        command.upgrade(settings, "head")
        grant_rights(conn, app_role)
        conn.execute(delete(Retention))
        conn.execute(insert(Retention).values(days=retention_days, attendance_years=attendance_years))


def grant_rights(conn: Connection, app_role: str) -> None:
    """Give the application's role its rights, and take what an earlier version gave too much."""
    role = conn.dialect.identifier_preparer.quote(app_role)
    tables = [table.name for table in Base.metadata.sorted_tables]
    conn.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
    conn.execute(text(f"GRANT SELECT ON alembic_version TO {role}"))
    for table in tables:
        conn.execute(text(f"REVOKE ALL ON {table} FROM {role}"))
        conn.execute(text(f"GRANT {_rights(table)} ON {table} TO {role}"))
    for table, columns in UPDATABLE.items():
        conn.execute(text(f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {role}"))
    conn.execute(text(f"GRANT EXECUTE ON FUNCTION keep_days(date, date) TO {role}"))


def _rights(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    if table in INSERTABLE:
        return f"SELECT, INSERT ({', '.join(INSERTABLE[table])})"
    return "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"


def _alembic() -> AlembicConfig:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it reports its every step
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return settings


def _check_server(conn: Connection) -> None:
    found = int(conn.scalar(text("SHOW server_version_num")) or 0)
    if found < OLDEST_SERVER:
        raise ServerTooOld(f"the database is PostgreSQL {found // 10000}; 15 or newer is needed")
