"""Keep the broker's users in step with the devices in the database, within a second of a change."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from config import begin, kept_secret
from tracker.broker_access import nats
from tracker.storage.devices import broker_logins
from tracker.storage.engine import make_engine, wait_for_schema

RETRY_S = 1.0
RECHECK_S = 30.0  # also without a notification, in case one was missed while the connection was away

log = logging.getLogger("broker-access")


def keep_in_step(engine: Engine, folder: Path, bridge_secret: str) -> None:
    """Admit devices once the bridge's session exists, then follow every change; returns where there is no session."""
    if not nats.bridge_session_exists(folder):
        return
    reloaded = False  # an earlier turn may have died between writing and telling
    for _ in _changes(engine):
        with engine.connect() as conn:
            devices = broker_logins(conn)
        if nats.write(folder, nats.users_file(devices, bridge_secret)) or not reloaded:
            nats.reload(folder)
            reloaded = True
            log.info("the broker admits %d devices", len(devices))


def _changes(engine: Engine) -> Iterator[None]:
    """Once now, then after every change of a device, and every `RECHECK_S` in any case."""
    with engine.connect() as conn:
        listener = conn.connection.driver_connection
        assert isinstance(listener, psycopg.Connection)
        listener.autocommit = True
        listener.execute("LISTEN device_changed")
        while True:
            yield
            for _ in listener.notifies(timeout=RECHECK_S, stop_after=1):
                pass


def main() -> None:
    config = begin("broker-access")
    engine = make_engine(config.database_url, pool_size=2)
    said = ""
    while True:
        wait_for_schema(engine)
        try:
            keep_in_step(engine, config.data_dir / "nats", kept_secret(config.data_dir, "mqtt_bridge"))
            waits_for = "the bridge's session does not exist yet: no device is admitted before"
        except (OSError, ValueError, OperationalError, psycopg.OperationalError) as error:
            waits_for = f"the broker or the database is away ({str(error).splitlines()[0]})"
        if waits_for != said:
            log.info("waiting: %s", waits_for)
            said = waits_for
        time.sleep(RETRY_S)


if __name__ == "__main__":
    main()
