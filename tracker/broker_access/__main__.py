"""Keep the broker's users in step with the devices in the database within a second, and watch the broker."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from config import begin, kept_secret
from tracker import metrics
from tracker.broker_access import nats
from tracker.broker_access.violations import LogTail, denied
from tracker.storage.devices import broker_logins, count_denied
from tracker.storage.engine import make_engine, wait_for_schema

RETRY_S = 1.0
LOOK_S = 5.0
RECHECK_S = 30.0  # also without a notification, in case one was missed while the connection was away

log = logging.getLogger("broker-access")


def keep_in_step(engine: Engine, folder: Path, bridge_secret: str, tail: LogTail) -> None:
    """Admit devices once the bridge's session exists, then follow every change; returns where there is no session."""
    if not nats.bridge_session_exists(folder):
        return
    reloaded = False  # an earlier turn may have died between writing and telling
    checked_at = -RECHECK_S
    for changed in _turns(engine):
        if changed or time.monotonic() - checked_at >= RECHECK_S:
            reloaded = _admit(engine, folder, bridge_secret, not reloaded) or reloaded
            checked_at = time.monotonic()
        watch(engine, folder, tail)


def watch(engine: Engine, folder: Path, tail: LogTail) -> None:
    """Look at the broker's backlog, and count at each device what it published where it may not."""
    metrics.BACKLOG.set(nats.backlog(folder))
    metrics.REPEATED.set(nats.redelivered(folder))
    for one in denied(tail.read()):
        metrics.DENIED.inc(one.count)
        login = nats.login_of(folder, one.connection)
        if login is not None:
            with engine.begin() as conn:
                count_denied(conn, login, one.count, one.topic)
        log.warning("%s published %d times where it may not, last on %s", login or "somebody", one.count, one.topic)
    tail.remember()


def _admit(engine: Engine, folder: Path, bridge_secret: str, anyway: bool) -> bool:
    """Write who may enter, and tell the broker where that is news; True where it was told."""
    with engine.connect() as conn:
        devices = broker_logins(conn)
    metrics.ADMITTED.set(len(devices))
    news = nats.write(folder, nats.users_file(devices, bridge_secret))
    if news or anyway:
        nats.reload(folder)
        log.info("the broker admits %d devices", len(devices))
    return news or anyway


def _turns(engine: Engine) -> Iterator[bool]:
    """Again and again, at least every `LOOK_S`: whether a device changed since."""
    with engine.connect() as conn:
        listener = conn.connection.driver_connection
        assert isinstance(listener, psycopg.Connection)
        listener.autocommit = True
        listener.execute("LISTEN device_changed")
        yield True
        while True:
            yield bool(list(listener.notifies(timeout=LOOK_S, stop_after=1)))


def main() -> None:
    config = begin("broker-access")
    engine = make_engine(config.database_url, pool_size=2)
    folder, secret = config.data_dir / "nats", kept_secret(config.data_dir, "mqtt_bridge")
    tail = LogTail(config.data_dir / "log" / "broker.log", config.data_dir / "log" / "broker.read")
    said = ""
    while True:
        wait_for_schema(engine)
        try:
            keep_in_step(engine, folder, secret, tail)
            waits_for = "the bridge's session does not exist yet: no device is admitted before"
        except (OSError, ValueError, OperationalError, psycopg.OperationalError) as error:
            waits_for = f"the broker or the database is away ({str(error).splitlines()[0]})"
        if waits_for != said:
            log.info("waiting: %s", waits_for)
            said = waits_for
        time.sleep(RETRY_S)


if __name__ == "__main__":
    main()
