"""Connections to the database, and waiting for it.

Every process may start before the database does, and the database may go away: `wait_for_schema` retries, saying once
what it waits for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from tracker.storage.revision import head_revision

log = logging.getLogger(__name__)
RETRY_S = 0.2
SAID_AFTER_S = 5.0  # at a common start everybody waits a moment for the database: that is no news


def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine whose sessions speak UTC and notice a vanished server within seconds."""
    return create_engine(url, **engine_options(pool_size))


def engine_options(pool_size: int) -> dict[str, Any]:
    """The arguments of `create_engine` beside the URL, for those who do not make their engine themselves."""
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_pre_ping": True,
        "connect_args": {
            "connect_timeout": 5,
            "options": "-c timezone=UTC -c jit=off",  # compiling costs more than our queries take
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    }


@contextmanager
def driver_cursor(conn: Connection) -> Iterator[psycopg.Cursor[Any]]:
    """psycopg's own cursor in the connection's transaction, for COPY, which SQLAlchemy does not know.

    Its errors leave as SQLAlchemy's DBAPIError.
    """
    try:
        yield cast("psycopg.Cursor[Any]", conn.connection.cursor())
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error, dialect=conn.dialect) from error


def wait_for_server(engine: Engine) -> None:
    """Return when the database answers; until then say once that it does not."""
    _wait(lambda: _unreachable(engine))


def wait_for_schema(engine: Engine) -> None:
    """Return when the database answers and has the newest migration; until then say once what is missing."""
    _wait(lambda: _unreachable(engine) or _behind(engine))


def _wait(missing: Callable[[], str | None]) -> None:
    said, began = None, time.monotonic()
    while what := missing():
        if what != said and time.monotonic() - began > SAID_AFTER_S:
            log.warning("waiting: %s", what)
            said = what
        time.sleep(RETRY_S)


def _unreachable(engine: Engine) -> str | None:
    try:
        with engine.connect():
            return None
    except OperationalError as error:
        answer = str(error.orig).strip().splitlines()[0]
        return f"the database cannot be reached ({answer}); check DATABASE_URL, or start the database"


def _behind(engine: Engine) -> str | None:
    try:
        with engine.connect() as conn:
            found = conn.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        return "the database has no tables yet; `python -m tracker.storage` makes them"
    if found != head_revision():
        return f"the database is at revision {found}, this code at {head_revision()}; the migration has yet to run"
    return None
