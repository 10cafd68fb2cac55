"""Messages out of quarantine once more through the decoder, after it was mended or a device was registered.

What is good now is stored as it would have been when it arrived, in the transaction that notes the replay. A message of
which a part is still bad stays as it is: its good parts were stored when it came. So does one with a position from
before anybody is known to have carried the device: that may be told later.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError

from tracker.domain.fix import Fix, oldest_kept
from tracker.domain.observation import Rejected
from tracker.sealing import SealBroken, Sealer
from tracker.storage.devices import KnownDevice, carried_by_nobody, known_devices
from tracker.storage.fixes import Received, Saved, save_batch
from tracker.storage.quarantine_pages import Held, QuarantineFilter, count_waiting, mark_replayed, take_waiting
from tracker.wire.decode import decode
from tracker.wire.position import Bounds
from tracker.wire.topics import login_of

AT_A_TIME = 200  # messages of one transaction
EVERY_ID = 2**31 - 1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the messages: `left` are those the limit kept from being looked at."""

    mended: int
    still_bad: int
    without_payload: int
    left: int
    saved: Saved


class Replay:
    """Replays messages, newest first."""

    def __init__(self, engine: Engine, retention_days: int, sealer: Sealer) -> None:
        self._engine = engine
        self._retention_days = retention_days
        self._sealer = sealer

    def run(self, wanted: QuarantineFilter, most: int | None = None) -> Replayed:
        """Replay what the filter names, at most so many. Raises SQLAlchemy's errors; what is done stays done."""
        with self._engine.begin() as conn:
            waiting, without_payload = count_waiting(conn, wanted)
        looked, mended, below, saved = 0, 0, EVERY_ID, Saved()
        while size := min(AT_A_TIME, waiting - looked, AT_A_TIME if most is None else most - looked):
            ids, good, new = self._one_batch(wanted, below, size)
            if not ids:
                break  # another replay was faster
            looked, mended, below, saved = looked + len(ids), mended + good, min(ids), saved + new
        return Replayed(mended, looked - mended, without_payload, waiting - looked, saved)

    def _one_batch(self, wanted: QuarantineFilter, below: int, size: int) -> tuple[list[int], int, Saved]:
        """The ids that were looked at, how many are good now, and what became of what they say."""
        try:
            with self._engine.begin() as conn:
                held = take_waiting(conn, wanted, below, size)
                good, saved = self._replay(conn, held)
                return [one.id for one in held], good, saved
        except (DataError, IntegrityError, ValueError, ArithmeticError, struct.error) as error:
            if size > 1:  # one of them the database refuses, and it must not stop the others
                return self._one_batch(wanted, below, size // 2)
            log.error("a message in quarantine is still unstorable: %s", error)
        with self._engine.begin() as conn:
            return [one.id for one in take_waiting(conn, wanted, below, 1)], 0, Saved()

    def _replay(self, conn: Connection, held: Sequence[Held]) -> tuple[int, Saved]:
        now = datetime.now(UTC)
        oldest = oldest_kept(now, self._retention_days)
        logins = {one.id: login for one in held if (login := login_of(one.topic))}
        known = known_devices(conn, set(logins.values()))
        good = {one.id: said for one in held if (said := self._said(one, known.get(logins.get(one.id, "")), oldest))}
        early = carried_by_nobody(conn, [
            (message_id, one.device_id, one.said.fix_time)
            for message_id, said in good.items() for one in said if isinstance(one.said, Fix)
        ])  # fmt: skip
        mended = [message_id for message_id in good if message_id not in early]
        heard = [one for message_id in mended for one in good[message_id]]
        saved = save_batch(conn, heard, [], now) if heard else Saved()
        mark_replayed(conn, mended, now)
        return len(mended), saved

    def _said(self, one: Held, device: KnownDevice | None, oldest: datetime) -> list[Received] | None:
        """What the device says in the message, None where a part of it is still bad."""
        if device is None or one.device_id not in (None, device.id):
            return None
        said = decode(one.payload, Bounds(one.received_at, oldest), self._key(device))
        if any(isinstance(part, Rejected) for part in said):
            return None
        return [Received(device.id, one.received_at, part) for part in said if not isinstance(part, Rejected)]

    def _key(self, device: KnownDevice) -> bytes | None:
        try:
            return None if device.payload_key_sealed is None else self._sealer.unseal(device.payload_key_sealed)
        except SealBroken:
            return None
