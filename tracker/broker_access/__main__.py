"""Keep the broker's users in step with the devices in the database within a second, and watch the broker."""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Iterator

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError

from config import begin
from tracker import metrics
from tracker.broker_access.kinds import Kind, kind_of
from tracker.storage.devices import BrokerLogin, broker_login, broker_logins
from tracker.storage.engine import make_engine, wait_for_schema

RETRY_S = 1.0
LOOK_S = 5.0
GARBAGE_AFTER = 200_000  # objects; looking for cycles among 100,000 devices takes longer than to read them
RECHECK_S = 30.0  # also without a notification, in case one was missed while the connection was away

log = logging.getLogger("broker-access")


def keep_in_step(engine: Engine, broker: Kind) -> None:
    """Admit devices once the bridge's session exists, then follow every change; returns where there is no session."""
    broker.admit_bridge()
    if not broker.bridge_session_exists():
        return
    checked_at = -RECHECK_S
    for changed in _turns(engine):
        if changed or time.monotonic() - checked_at >= RECHECK_S:
            _admit(engine, broker)
            checked_at = time.monotonic()
        broker.watch(engine)
        metrics.ACCESS_LIVES.set_to_current_time()


def _admit(engine: Engine, broker: Kind) -> None:
    """Let the broker know who may enter."""
    with engine.connect() as conn:
        devices = broker_logins(conn)
    readable = [device for device in devices if getattr(device, broker.reads)]
    metrics.ADMITTED.set(len(readable))
    if broker.admit(readable):
        log.info("the broker admits %d devices", len(readable))
        if others := len(devices) - len(readable):
            log.warning("%d devices need a new secret: theirs was made before this broker's kind of hash", others)


def _looked_up(engine: Engine, login: str) -> BrokerLogin | None:
    """The device as the database has it now; nobody where it is away."""
    try:
        with engine.connect() as conn:
            return broker_login(conn, login)
    except (DBAPIError, TimeoutError):
        return None


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
    if config.broker is None:
        sys.exit("broker-access: BROKER says which kind of broker MQTT_URL is: nats, mosquitto or rabbitmq")
    gc.set_threshold(GARBAGE_AFTER)
    engine = make_engine(config.database_url, pool_size=3)  # who listens, who reads all, who looks one up
    (config.data_dir / "log").mkdir(mode=0o700, exist_ok=True)
    broker = kind_of(config, lambda login: _looked_up(engine, login))
    said = ""
    while True:
        wait_for_schema(engine)
        try:
            keep_in_step(engine, broker)
            waits_for = "the bridge's session does not exist yet: no device is admitted before"
        except (OSError, ValueError, OperationalError, psycopg.OperationalError) as error:
            waits_for = f"the broker or the database is away ({str(error).splitlines()[0]})"
        if waits_for != said:
            log.info("waiting: %s", waits_for)
            said = waits_for
        time.sleep(RETRY_S)


if __name__ == "__main__":
    main()
