"""Ends living connections of NATS that may not stay: at once after a change, and all there are after an absence.

One request asks every server of a cluster for its connections, and each is told by its number to end them.
"""

from __future__ import annotations

import json
import secrets
import time
from collections import deque
from collections.abc import Collection
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tracker.broker_access import nats
from tracker.broker_access.callout import Logins
from tracker.broker_access.nats_connection import Connection, Message, published
from tracker.broker_access.nats_keys import Keys

RETRY_S = 0.1
TURN_S = 0.5
AGAIN_S = (2.0, 12.0)  # somebody may have been let in, and not yet been listed, while a change was on its way
SWEEP_S = 600.0  # now and then all connections: who was let in and changed again before memory knew has no name here
MOST_BY_NAME = 100  # a server looks through all its connections for each name
PAGE = 2_000  # connections in one answer
OVERLAP = 200  # connections that end meanwhile let later ones move into earlier pages

Names = Collection[str] | None  # None: all of them


class Expeller(Thread):
    """Looks at the connections of a server and of its cluster; finds it again by itself."""

    def __init__(self, folder: Path, keys: Keys, logins: Logins) -> None:
        super().__init__(name="expeller", daemon=True)
        self._folder, self._keys, self._logins = folder, keys, logins
        self._connection: Connection | None = None
        self._again: deque[tuple[float, Names]] = deque()
        self._inbox = f"_INBOX.access.{secrets.token_hex(8)}"
        self._ended = Event()

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self._serve()
            except (OSError, ValueError):  # away, or about to start
                pass
            self._connection = None
            self._ended.wait(RETRY_S)

    def end(self) -> None:
        self._ended.set()
        if connection := self._connection:
            connection.close()
        self.join()

    def expel(self, names: Collection[str]) -> None:
        """End the connections of these names. Without a connection of ours: when there is one, all are looked at."""
        wanted = names if len(names) <= MOST_BY_NAME else None
        self._again += [(time.monotonic() + later, wanted) for later in AGAIN_S]
        if (connection := self._connection) is not None:
            self._look_for(connection, wanted)

    def _serve(self) -> None:
        if not self._logins.loaded:
            return  # everybody would be a stranger
        with Connection(nats.address(self._folder), self._keys.system) as connection:
            connection.subscribe(f"{self._inbox}.*")
            self._connection = connection
            sweep_at = 0.0
            while not self._ended.is_set():
                if (now := time.monotonic()) >= sweep_at:
                    self._look_for(connection, None)
                    sweep_at = now + SWEEP_S
                for message in connection.messages(TURN_S):
                    self._judge(connection, message)
                for due in [one for one in list(self._again) if one[0] <= now]:
                    self._again.remove(due)
                    self._look_for(connection, due[1])

    def _look_for(self, connection: Connection, names: Names) -> None:
        asked: list[dict[str, object]] = [{"limit": PAGE}] if names is None else [{"user": name} for name in names]
        reply = f"{self._inbox}.{'all' if names is None else 'some'}"
        connection.send(b"".join(_asked("PING.CONNZ", {"auth": True, **one}, reply) for one in asked))

    def _judge(self, connection: Connection, message: Message) -> None:
        said: dict[str, Any] = json.loads(message.payload)
        if message.subject.endswith(".ended") or "data" not in said:
            return  # that it is ended, or was already
        server, data = said["server"]["id"], said["data"]
        gone = [one["cid"] for one in data["connections"] if not self._may_stay(one.get("authorized_user", ""))]
        # without an address for the answer NATS does nothing
        connection.send(b"".join(_asked(f"{server}.KICK", {"cid": cid}, f"{self._inbox}.ended") for cid in gone))
        seen = data["offset"] + len(data["connections"])
        if message.subject.endswith(".all") and seen < data["total"]:
            following = {"auth": True, "limit": PAGE, "offset": max(seen - len(gone) - OVERLAP, data["offset"] + 1)}
            connection.send(_asked(f"{server}.CONNZ", following, message.subject))

    def _may_stay(self, name: str) -> bool:
        return "#" not in name or self._logins.holds(name)  # the bridge and ourselves have no such names


def _asked(what: str, said: dict[str, object], reply: str) -> bytes:
    return published(f"$SYS.REQ.SERVER.{what}", json.dumps(said).encode(), reply)
