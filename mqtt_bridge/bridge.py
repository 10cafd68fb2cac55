"""receive -> save -> acknowledge, in that order, on one screen."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from mqtt_bridge.client import BrokerAway, Connection
from tracker import metrics
from tracker.ingest import Ingest
from tracker.storage.engine import wait_for_server
from tracker.storage.fixes import Saved

BATCH_WAIT_S = 0.2
RETRY_S = 1.0
REPORT_EVERY_S = 60.0

log = logging.getLogger("bridge")


def run(urls: Sequence[str], ca_file: Path | None, engine: Engine, ingest: Ingest) -> None:
    """Carry messages from the broker to the database for ever; trouble on either side is waited out.

    A cluster has several `urls`, and the durable session at each: after any trouble the next one is tried. May be ended
    at any moment, in any way: what was not acknowledged comes again.
    """
    said: set[str] = set()
    for url in itertools.cycle(urls):
        wait_for_server(engine)
        try:
            with Connection(url, ca_file) as connection, ThreadPoolExecutor(1, "save") as saver:
                log.info("connected; the durable session exists")
                said.clear()
                ingest.forget()
                carry(connection, ingest, saver)
        except BrokerAway as error:
            trouble = f"{error}; trying again"
        except DBAPIError as error:
            trouble = f"the database does not take the batch ({error.orig}); the broker will send it again"
        if trouble not in said:
            log.warning(trouble)
            said.add(trouble)
        time.sleep(RETRY_S)


def carry(connection: Connection, ingest: Ingest, saver: Executor) -> NoReturn:
    """The road itself, until the connection or the database fails.

    While one batch is saved the next one arrives; a batch is acknowledged when its transaction is committed.
    """
    total, report_at = Saved(), time.monotonic() + REPORT_EVERY_S
    while True:
        metrics.BRIDGE_LIVES.set_to_current_time()
        batch = connection.receive(BATCH_WAIT_S)
        if batch.messages:
            saving = saver.submit(ingest.save, batch.messages)
            connection.receive_during(saving)
            total += saving.result()
            connection.acknowledge(batch)
        if (now := time.monotonic()) >= report_at:
            log.info("since the last report: %s", total)
            total, report_at = Saved(), now + REPORT_EVERY_S
