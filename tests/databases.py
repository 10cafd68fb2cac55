"""Databases for tests: each finds a fresh one.

To make one takes hundreds of files, so one that a test leaves as it found it but for its rows is emptied and given to
the next.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.services import DatabaseServer
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.models import Base
from tracker.storage.partitions import keep_partitions

TEMPLATE = "template_jejak"
RETENTION_DAYS = 60
MOST_ROWS = 20_000  # deleting more takes longer than making another database
_numbers = itertools.count(1)

# what is not rows: tables, columns, rules, triggers, functions and who may use them; a number for each state of it
SHAPE = """
SELECT md5(string_agg(one, E'\\n' ORDER BY one)) FROM (
    SELECT concat_ws(' ', pg_class.oid, relname, relkind, relacl, reloptions, relnatts, reltriggers.names) FROM pg_class
        LEFT JOIN LATERAL (SELECT string_agg(concat(tgname, tgenabled), ' ' ORDER BY tgname) AS names FROM pg_trigger
            WHERE tgrelid = pg_class.oid AND NOT tgisinternal) AS reltriggers ON true
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', oid::regprocedure, proacl, md5(prosrc)) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
) AS shape (one)
"""
OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND usename <> 'postgres' AND pid <> pg_backend_pid()
"""
ROWS_MADE = "SELECT coalesce(sum(n_tup_ins), 0) FROM pg_stat_user_tables"
WRITTEN = """
SELECT relname, relispartition FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
"""
BEGIN_AGAIN = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
    WHERE last_value IS NOT NULL
"""


@dataclass(frozen=True)
class Database:
    """A fresh, migrated database of one test."""

    name: str
    app_url: str
    owner_url: str


class Databases:
    """The databases of one server, made from `TEMPLATE`, which is complete by now."""

    def __init__(self, server: DatabaseServer) -> None:
        self._server, self._waiting = server, list[str]()
        with server.connect(TEMPLATE) as conn:
            self._shape = _one(conn, SHAPE)
            self._content = {table: rows for table in _tables() if (rows := _rows(conn, table))}

    def take(self) -> Database:
        name = self._waiting.pop() if self._waiting else self._made()
        return Database(name, self._server.url("jejak_app", name), self._server.url("jejak_owner", name))

    def give_back(self, database: Database) -> None:
        """Empty a database for the next test; what is not as it was goes."""
        with self._server.connect(database.name) as conn:
            conn.execute(OTHERS)
            fit = _one(conn, SHAPE) == self._shape and _one(conn, ROWS_MADE) < MOST_ROWS
            if fit:
                self._empty(conn)
        if fit:
            self._waiting.append(database.name)
        else:
            self._server.drop(database.name)

    def _made(self) -> str:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._server.create(name, template=TEMPLATE)
        return name

    def _empty(self, conn: psycopg.Connection[Any]) -> None:
        written = dict(conn.execute(WRITTEN).fetchall())
        with conn.transaction():
            for table in (name for name, is_day in written.items() if is_day):  # how large a day is says what to do
                conn.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))
            for table in (name for name in reversed(_tables()) if name in written):
                conn.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            for table, rows in self._content.items():
                with conn.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                    copy.write(rows)
            conn.execute(BEGIN_AGAIN)


@contextmanager
def templated_server(folder: Path, durable: bool = True) -> Iterator[DatabaseServer]:
    """A running server with a complete `TEMPLATE`."""
    server = DatabaseServer(folder, durable=durable)
    server.process.start()
    try:
        server.create(TEMPLATE)
        owner = make_engine(server.url("jejak_owner", TEMPLATE), pool_size=1)
        migrate(owner, "jejak_app", RETENTION_DAYS)
        with owner.begin() as conn:
            keep_partitions(conn, datetime.now(UTC), RETENTION_DAYS)
        owner.dispose()
        yield server
    finally:
        server.process.stop()


@functools.cache
def _tables() -> list[str]:
    """All tables, each after those that it refers to."""
    return [table.name for table in Base.metadata.sorted_tables]


def _rows(conn: psycopg.Connection[Any], table: str) -> bytes:
    with conn.cursor().copy(sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(copy)


def _one(conn: psycopg.Connection[Any], query: str) -> Any:
    row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]
