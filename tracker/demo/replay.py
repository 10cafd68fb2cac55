"""The replay of a recorded track as one device: at its own times, or shifted by one remembered offset to end now."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tqdm import tqdm

from tracker.demo.memory import REPLAYS, SECRETS, Memory
from tracker.demo.mqtt import Broker, Link, Switchboard
from tracker.demo.owntracks import location, tracker_id
from tracker.domain.fix import Fix

log = logging.getLogger(__name__)

WINDOW = 50  # messages under way
LONGEST_WAIT_S = 0.5
REFUSALS_BORNE_S = 10.0  # a new device is admitted within seconds; refused for longer, its secret is wrong


class ReplayError(RuntimeError):
    """The track cannot be published; one sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a track is published: `speed` times its own pace, or as fast as the broker takes it."""

    speed: float | None  # None is `max`

    def due_after_s(self, first: Fix, fix: Fix) -> float:
        """How long after the first fix another one is published."""
        return 0.0 if self.speed is None else (fix.fix_time - first.fix_time).total_seconds() / self.speed


def payloads(fixes: Iterable[Fix], login: str) -> Iterator[bytes]:
    """The OwnTracks messages of a track, one a fix, as the device `login` sends them. None holds a line break."""
    tid = tracker_id(login)
    return (location(fix, tid) for fix in fixes)


def shifted(
    fixes: Sequence[Fix], memory: Memory, path: Path, vehicle: str | None, login: str, now: datetime
) -> list[Fix]:
    """The track moved in time so that it ends now, or where it ended when it was shifted for the first time.

    The offset is remembered per content, vehicle and login: to publish a file again adds nothing. It has whole seconds.
    """
    key = " ".join((hashlib.sha256(path.read_bytes()).hexdigest(), vehicle or "-", login))
    remembered = memory.read(REPLAYS)
    if key not in remembered:
        remembered[key] = int((now - fixes[-1].fix_time).total_seconds())
        memory.write(REPLAYS, remembered)
    offset = timedelta(seconds=remembered[key])
    return [fix._replace(fix_time=fix.fix_time + offset) for fix in fixes]


def known_secret(memory: Memory, login: str) -> str:
    """The secret of a device of the simulated city."""
    secrets = memory.read(SECRETS)
    if login not in secrets:
        known = f"the simulated city has {', '.join(sorted(secrets))}" if secrets else "there is no simulated city here"
        raise ReplayError(f"no secret is known for the login {login!r}; give it with --secret ({known})")
    return str(secrets[login])


def publish(fixes: Sequence[Fix], broker: Broker, login: str, secret: str, pace: Pace) -> None:
    """Publish all fixes as this device, QoS 1, and return when the broker has acknowledged every one."""
    board = Switchboard(broker)
    link = board.add(login, secret, client_id=f"{login}-replay", window=WINDOW)  # beside the device itself
    try:
        with tqdm(total=len(fixes), desc=login, unit=" fixes") as bar:
            _deliver(fixes, list(payloads(fixes, login)), board, link, pace, lambda count: bar.update(count - bar.n))
    finally:
        board.close()


def _deliver(
    fixes: Sequence[Fix],
    messages: Sequence[bytes],
    board: Switchboard,
    link: Link,
    pace: Pace,
    show: Callable[[int], object],
) -> None:
    began, sent = time.monotonic(), 0
    due = [pace.due_after_s(fixes[0], fix) for fix in fixes]
    while link.acknowledged < len(fixes):
        now = time.monotonic() - began
        while sent < len(fixes) and link.room and due[sent] <= now:
            sent += 1
            link.send(sent, messages[sent - 1])
        wait = due[sent] - now if sent < len(fixes) and due[sent] > now else LONGEST_WAIT_S
        board.turn(min(wait, LONGEST_WAIT_S))
        show(link.acknowledged)
        if link.refused and not sent and now > REFUSALS_BORNE_S:
            raise ReplayError(f"{link.trouble}: the login or its secret is wrong, or the device was revoked")
