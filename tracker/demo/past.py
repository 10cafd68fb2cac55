"""What the phones had reported before the city was first looked at, stored as if it had arrived on time.

A judge accuses nobody by fixes that all came late: whoever delivers four days at once may have a wrong clock. So the
days before the first start are stored directly; from then on everything goes through the broker.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import Engine, select

from tracker.demo.memory import PROGRESS, Memory
from tracker.demo.roster import PAST_DAYS
from tracker.demo.sensors import phone_fixes
from tracker.demo.staff import STAFF
from tracker.demo.world import World
from tracker.storage.devices import known_devices
from tracker.storage.fixes import Received, save_batch
from tracker.storage.models import Retention
from tracker.storage.partitions import keep_partitions

ON_THE_WAY = timedelta(seconds=2)


def store_past(engine: Engine, world: World, memory: Memory, now: datetime) -> None:
    """Store what every phone measured up to `now`, once: nothing where a device has progressed already."""
    if memory.read(PROGRESS):
        return
    begin = int((now - timedelta(days=PAST_DAYS)).timestamp())
    holders = {person.login: person for person in STAFF if person.has_phone}
    with engine.begin() as conn:
        keep_partitions(conn, now, conn.scalars(select(Retention.days)).one())
        for login, device in known_devices(conn, holders).items():
            past = takewhile(lambda fix: fix.fix_time < now, phone_fixes(world, holders[login], begin))
            save_batch(conn, [Received(device.id, fix.fix_time + ON_THE_WAY, fix) for fix in past], [], now)
    memory.write(PROGRESS, dict.fromkeys(holders, int(now.timestamp())))
