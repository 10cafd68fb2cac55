"""The road of a message, shared by every door: decode -> known device? -> save.

The door hands over what arrived and acknowledges only after `save` returned: its transaction is committed by then.
"""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from tracker import failpoints, metrics
from tracker.domain.fix import oldest_kept
from tracker.domain.observation import Rejected
from tracker.sealing import SealBroken, Sealer
from tracker.storage.devices import known_devices
from tracker.storage.fixes import Received, Saved, save_batch
from tracker.storage.partitions import keep_partitions
from tracker.storage.quarantine import RejectedMessage
from tracker.wire.decode import decode
from tracker.wire.position import Bounds
from tracker.wire.topics import login_of

MOST_TOPICS = 500_000  # that are remembered
DEADLOCK = "40P01"
UNOPENED = ((Rejected(("no_key",)),), (Rejected(("undecryptable",)),))

log = logging.getLogger(__name__)


class Message(NamedTuple):
    """What a device published, as a door received it. (A tuple, because there are so many.)"""

    topic: str
    payload: bytes
    received_at: datetime
    retained: bool = False


class Known(NamedTuple):
    """A device that was looked up, and what opens its encrypted messages."""

    device_id: int
    key: bytes | None


class Ingest:
    """Saves batches of messages; remembers the devices it has looked up, by topic. `door` names it in the metrics."""

    def __init__(self, engine: Engine, retention_days: int, sealer: Sealer, door: str = "mqtt") -> None:
        self._engine = engine
        self._door = door
        self._retention_days = retention_days
        self._sealer = sealer
        self._known: dict[str, Known] = {}
        self._room_made_on: date | None = None

    def save(self, messages: Sequence[Message]) -> Saved:
        """Save all messages. When it returns, each is stored, counted or in quarantine, and that is committed.

        A retained message is an old position that the broker repeats at every subscription: it is counted only.
        A message that the database refuses for what it holds must not stop the others: the batch is halved until it
        is found, and it goes to quarantine as `unstorable`.
        """
        began = time.monotonic()
        fresh = [message for message in messages if not message.retained]
        saved = Saved(retained=len(messages) - len(fresh)) + (self._save_or_again(fresh) if fresh else Saved())
        if messages:
            self._count(saved, messages, began)
        return saved

    def refuse(self, message: Message, device_id: int, reason: str) -> None:
        """Put a message of a known device into quarantine, whatever it says."""
        began = time.monotonic()
        with self._engine.begin() as conn:
            saved = save_batch(conn, [], [_rejected(message, device_id, reason)])
        self._count(saved, [message], began)

    def forget(self) -> None:
        """Look every device up anew: the database may be another one than before."""
        self._known.clear()
        self._room_made_on = None

    def _count(self, saved: Saved, messages: Sequence[Message], began: float) -> None:
        lag_s = (datetime.now(UTC) - messages[0].received_at).total_seconds()
        metrics.count_batch(self._door, saved, len(messages), time.monotonic() - began, lag_s)

    def _save_or_again(self, messages: Sequence[Message]) -> Saved:
        """The doors write the same rows, each in its own order: whom the database chose as victim tries once more."""
        try:
            return self._save_fresh(messages)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != DEADLOCK:
                raise
            return self._save_fresh(messages)

    def _save_fresh(self, messages: Sequence[Message]) -> Saved:
        self._make_room(datetime.now(UTC))
        try:
            with self._engine.begin() as conn:
                saved = self._save_in(conn, messages)
                failpoints.reach("before_commit")
            failpoints.reach("after_commit")
            return saved
        except (DataError, IntegrityError, ValueError, ArithmeticError, RecursionError, struct.error) as error:
            self._known.clear()  # a device may be gone since it was looked up
            if len(messages) == 1:
                log.error("unstorable message on %s: %s", messages[0].topic, error)
                return self._quarantine(messages[0])
            middle = len(messages) // 2
            return self._save_fresh(messages[:middle]) + self._save_fresh(messages[middle:])

    def _save_in(self, conn: Connection, messages: Sequence[Message]) -> Saved:
        if len(self._known) > MOST_TOPICS:
            self._known.clear()  # below its own topic a device may make up as many as it likes
        self._look_up(conn, {message.topic for message in messages} - self._known.keys())
        now = datetime.now(UTC)
        oldest = oldest_kept(now, self._retention_days)
        bounds = Bounds(now, oldest)
        heard: list[Received] = []
        rejected: list[RejectedMessage] = []
        for message in messages:
            topic, payload, received_at, _ = message
            known = self._known.get(topic)
            if known is None:
                rejected.append(_of_nobody(message))
                continue
            if received_at is not bounds.now:  # one read of the network brings many messages
                bounds = Bounds(received_at, oldest)
            said = decode(payload, bounds, known.key)
            if isinstance(said[0], Rejected) and said in UNOPENED:
                self._look_up(conn, {topic})  # its key may be a new one
                said = decode(payload, bounds, self._known[topic].key)
            reasons: tuple[str, ...] = ()
            for one in said:
                if isinstance(one, Rejected):
                    reasons += one.reasons
                else:
                    heard.append(Received(known.device_id, received_at, one))
            if reasons:
                rejected.append(_rejected(message, known.device_id, *dict.fromkeys(reasons)))
        return save_batch(conn, heard, rejected, now)

    def _look_up(self, conn: Connection, topics: set[str]) -> None:
        """Learn whose topics these are; those of nobody are asked for again each time."""
        logins = {topic: login for topic in topics if (login := login_of(topic))}
        found = known_devices(conn, set(logins.values())) if logins else {}
        for topic, login in logins.items():
            if login in found:
                device = found[login]
                self._known[topic] = Known(device.id, self._opened(login, device.payload_key_sealed))

    def _opened(self, login: str, sealed: bytes | None) -> bytes | None:
        try:
            return None if sealed is None else self._sealer.unseal(sealed)
        except SealBroken as error:
            log.error("device %s: %s", login, error)
            return None

    def _quarantine(self, message: Message) -> Saved:
        with self._engine.begin() as conn:
            self._look_up(conn, {message.topic})
            known = self._known.get(message.topic)
            rejected = _rejected(message, known.device_id if known else None, "unstorable")
            return save_batch(conn, [], [rejected])

    def _make_room(self, now: datetime) -> None:
        """Once a day, so that the road does not depend on the scheduler for a place to store."""
        if self._room_made_on != now.date():
            with self._engine.begin() as conn:
                keep_partitions(conn, now, self._retention_days)
            self._room_made_on = now.date()


def _of_nobody(message: Message) -> RejectedMessage:
    """Kept, because its device may be registered yet; on a topic of no device it may be anybody's, a person's too."""
    if login_of(message.topic):
        return _rejected(message, None, "unknown_device")
    return _rejected(message._replace(payload=b""), None, "no_devices_topic")


def _rejected(message: Message, device_id: int | None, *reasons: str) -> RejectedMessage:
    return RejectedMessage(message.received_at, message.topic, device_id, reasons, message.payload)
