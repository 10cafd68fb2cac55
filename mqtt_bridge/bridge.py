"""receive -> save -> acknowledge, in that order, on one screen."""

from __future__ import annotations

import logging
import time

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from mqtt_bridge.client import BrokerAway, Connection
from tracker.ingest import Ingest
from tracker.storage.engine import wait_for_server
from tracker.storage.fixes import Saved

BATCH_MESSAGES = 5000
BATCH_WAIT_S = 0.2
# The broker sends again what it waited 10 s for, with the same `mid`, also on a living connection. A repetition that is
# already on its way here would be acknowledged when its `mid` means another message: so after a slow save the
# connection is thrown away. Two batches may be on their way at once, so both must be saved within that time.
SLOW_SAVE_S = 3.0
RETRY_S = 1.0
REPORT_EVERY_S = 60.0

log = logging.getLogger("bridge")


def run(url: str, engine: Engine, ingest: Ingest) -> None:
    """Carry messages from the broker to the database for ever; trouble on either side is waited out.

    May be ended at any moment, in any way: what was not acknowledged comes again.
    """
    said = ""
    while True:
        wait_for_server(engine)
        try:
            with Connection(url) as connection:
                log.info("connected; the durable session exists")
                said = ""
                ingest.forget()
                carry(connection, ingest)
        except BrokerAway as error:
            trouble = f"{error}; trying again"
        except DBAPIError as error:
            trouble = f"the database does not take the batch ({error.orig}); the broker will send it again"
        else:
            trouble = f"saving took over {SLOW_SAVE_S:.0f} s; connecting anew"
        if trouble != said:
            log.warning(trouble)
            said = trouble
        time.sleep(RETRY_S)


def carry(connection: Connection, ingest: Ingest) -> None:
    """The road itself, until the connection or the database fails, or is too slow to go on safely."""
    total, report_at = Saved(), time.monotonic() + REPORT_EVERY_S
    while True:
        batch = connection.receive(BATCH_MESSAGES, BATCH_WAIT_S)
        began = time.monotonic()
        if batch.messages:
            total += ingest.save(batch.messages)
            connection.acknowledge(batch)
        now = time.monotonic()
        if now >= report_at:
            log.info("since the last report: %s", total)
            total, report_at = Saved(), now + REPORT_EVERY_S
        if now - began > SLOW_SAVE_S:
            return
