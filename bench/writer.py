"""`python -m bench.writer`: the road from a batch of messages to its commit at a steady rate, in a process of its own.

Positions of vehicles go through `tracker.ingest`, as the bridge hands them over. Of every hundred, one is late by days:
a device that was away for long hands over what it kept. Each batch is a line: when it was begun, how long its saving
took, how many of its fixes were stored. SIGINT ends it after the batch in hand.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from mqtt_bridge.bridge import BATCH_WAIT_S
from mqtt_bridge.client import BATCH_MESSAGES
from tracker.ingest import Ingest, Message
from tracker.sealing import Sealer
from tracker.storage.engine import make_engine
from tracker.wire.topics import position_topic

RETENTION_DAYS = 60
SECRET = "only for measuring, and long enough to be one"
LATE_EVERY = 100
LATE_FROM_ONE = 200  # late fixes that a device hands over before it is another's turn
LATE_DAYS = range(2, 10)  # how many days ago they are of
LATE_HOUR = 20  # UTC, when nothing else is stored
POSITION = (
    b'{"_type":"location","tid":"x","tst":%d,"created_at":%d,"lat":-6.2%05d,"lon":106.8%05d,"acc":5,"alt":12,"vel":30,'
    b'"cog":120,"batt":50,"bs":1,"conn":"m","m":1,"t":"t"}'
)


def main() -> None:
    url, devices, rate, begin = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    ended = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    ingest = Ingest(make_engine(url, pool_size=1), RETENTION_DAYS, Sealer(SECRET))
    waiting, began, taken = _positions(devices, begin), time.monotonic(), 0
    while not ended.is_set():
        due = int((time.monotonic() - began) * rate) - taken if rate else BATCH_MESSAGES
        if due < min(rate * BATCH_WAIT_S, BATCH_MESSAGES):
            time.sleep(BATCH_WAIT_S / 10)
            continue
        now = datetime.now(UTC)
        batch = [Message(*next(waiting), now) for _ in range(min(due, BATCH_MESSAGES))]
        taken += len(batch)
        at = time.monotonic()
        saved = ingest.save(batch)
        print(f"{at} {time.monotonic() - at} {saved.stored}", flush=True)


def _positions(devices: int, begin: int) -> Iterator[tuple[str, bytes]]:
    """Topics and payloads without end: one of each device in turn, a second later in each turn, from `begin` on."""
    topics = [position_topic(f"bench-{n}") for n in range(devices)]
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    number = late = 0
    while True:
        at, device = begin + number // devices, number % devices
        number += 1
        yield topics[device], POSITION % (at, at + 1, number % 99999, device % 99999)
        if number % LATE_EVERY == 0:
            turn, second = divmod(late, LATE_FROM_ONE)
            day = midnight - timedelta(days=LATE_DAYS[turn % len(LATE_DAYS)])
            at = int(day.timestamp()) + LATE_HOUR * 3600 + begin % 3600 + second
            late += 1
            yield topics[turn % devices], POSITION % (at, at + 1, second, turn % 99999)


if __name__ == "__main__":
    main()
