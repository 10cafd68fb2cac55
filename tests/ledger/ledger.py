"""What became of every fix: a set checker in the style of Jepsen's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from tests.ledger.phones import Record
from tracker.storage.models import DeviceState, StoredFix

Fixes = set[tuple[int, int]]  # device and number


@dataclass(frozen=True)
class Ledger:
    """`lost` was acknowledged and is not stored, `unexpected` is stored and was never attempted.

    `recovered` is stored although its phone never heard of it; `duplicated` messages came again and were recognised.
    """

    attempted: int
    acknowledged: int
    stored: int
    lost: Fixes
    recovered: int
    unexpected: int
    duplicated: int

    @property
    def valid(self) -> bool:
        return not self.lost and not self.unexpected


def balance(engine: Engine, records: Iterable[Record]) -> Ledger:
    """Compare what is stored with what the phones remember."""
    by_device = {record.device_id: record for record in records}
    stored: dict[int, set[int]] = defaultdict(set)
    unexpected = 0
    with engine.connect() as conn:
        for device_id, fix_time in conn.execute(select(StoredFix.device_id, StoredFix.fix_time)):
            record = by_device.get(device_id)
            n = record.number(fix_time) if record else None
            if n is None:
                unexpected += 1
            else:
                stored[device_id].add(n)
        duplicated = conn.scalars(select(func.coalesce(func.sum(DeviceState.duplicate), 0))).one()
    return Ledger(
        attempted=sum(record.attempted for record in by_device.values()),
        acknowledged=sum(len(record.acknowledged) for record in by_device.values()),
        stored=sum(map(len, stored.values())),
        lost={(i, n) for i, record in by_device.items() for n in record.acknowledged - stored[i]},
        recovered=sum(len(stored[i] - record.acknowledged) for i, record in by_device.items()),
        unexpected=unexpected,
        duplicated=int(duplicated),
    )
