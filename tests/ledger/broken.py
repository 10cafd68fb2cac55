"""The bridge with one safety removed, to see that the ledger notices: `python -m tests.ledger.broken BREAK`.

Each break changes one thing that the real bridge does for a reason, and runs the rest as it is.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import Executor
from typing import Any, NoReturn

from mqtt_bridge import __main__ as program
from mqtt_bridge import bridge, client
from mqtt_bridge.client import Connection
from tracker.ingest import Ingest


def acknowledge_before_commit() -> None:
    """The broker forgets a message that only the bridge's memory holds."""

    def carry(connection: Connection, ingest: Ingest, saver: Executor) -> NoReturn:
        while True:
            batch = connection.receive(bridge.BATCH_WAIT_S)
            connection.acknowledge(batch)
            ingest.save(batch.messages)

    bridge.carry = carry


def clean_session() -> None:
    """The broker keeps nothing for a bridge that is away."""

    class Forgetful(client._Client):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options | {"clean_session": True})

    client._Client = Forgetful  # type: ignore[misc]


def stale_acknowledgement() -> None:
    """Packet ids of a lost connection are acknowledged on the next one, where they are other messages'.

    It dies then, as any bridge may, before it has saved what it confirmed.
    """
    stale: list[bytes] = []

    def carry(connection: Connection, ingest: Ingest, saver: Executor) -> NoReturn:
        batch = connection.receive(bridge.BATCH_WAIT_S)
        if stale:
            here = set(batch.mids)
            while not here.issuperset(stale):
                here |= set(connection.receive(bridge.BATCH_WAIT_S).mids)
            connection.acknowledge(client.Batch(mids=stale))
            os.kill(os.getpid(), signal.SIGKILL)
        while True:
            following = connection.receive(bridge.BATCH_WAIT_S)
            stale[:] = following.mids
            ingest.save(batch.messages)
            connection.acknowledge(batch)
            batch = following

    bridge.carry = carry


BREAKS = {one.__name__: one for one in (acknowledge_before_commit, clean_session, stale_acknowledgement)}

if __name__ == "__main__":
    BREAKS[sys.argv[1]]()
    program.main()
