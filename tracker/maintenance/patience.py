"""Locks that a whole city would wait for: asked for briefly, given up, and asked for again.

Whoever asks for a lock that others must not have stands before all who come later. So a job waits `LOCK_WAIT_MS` at
most, which is then the longest that it holds up the bridge and the pages, lets them pass, and comes back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

LOCK_WAIT_MS = 200
TRIES = 30
PAUSE_S = 2.0
LOOK_S = 0.5
RUNNING = "SELECT virtualxid FROM pg_locks WHERE locktype = 'virtualxid' AND pid <> pg_backend_pid()"

log = logging.getLogger(__name__)


def wait_briefly(conn: Connection) -> None:
    """From here on this transaction gives up a lock that it does not get soon."""
    conn.execute(text(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}"))


def patiently(step: Callable[[], None], what: str, stop: threading.Event, pause_s: float = PAUSE_S) -> bool:
    """Try a step until it gets its locks; False where it never did, or `stop` was set meanwhile."""
    for _ in range(TRIES):
        try:
            step()
            return True
        except OperationalError as error:
            if not _no_lock(error):
                raise
        if stop.wait(pause_s):
            return False
    log.warning("%s: somebody has been using it all the while; it is tried again later", what)
    return False


def _no_lock(error: OperationalError) -> bool:
    return isinstance(error.orig, psycopg.errors.LockNotAvailable)


def others_end(session: Connection, most_s: float) -> None:
    """Return when the transactions that run now have ended, or after so many seconds."""
    until = time.monotonic() + most_s
    before = _running(session)
    while before & _running(session) and time.monotonic() < until:
        time.sleep(0.05)


def _running(session: Connection) -> set[str]:
    return set(session.scalars(text(RUNNING)))


@contextmanager
def ended_by(stop: threading.Event, conn: Connection) -> Iterator[None]:
    """What the connection does inside is cancelled when `stop` is set; that raises OperationalError."""
    done = threading.Event()
    served = cast("psycopg.Connection[Any]", conn.connection.driver_connection)

    def watch() -> None:
        while not done.wait(LOOK_S):
            if stop.is_set():
                served.cancel_safe()
                return

    watcher = threading.Thread(target=watch, name="ended-by")
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
