"""The city on the air: every device first delivers what it had buffered, then reports live until it is stopped.

A device remembers up to when its fixes were acknowledged and goes on from there after a restart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from tracker.demo.cast import FLEET
from tracker.demo.memory import PROGRESS, Memory
from tracker.demo.mqtt import Link, Switchboard
from tracker.demo.owntracks import location, tracker_id
from tracker.demo.sensors import phone_fixes, tracker_fixes
from tracker.demo.staff import STAFF
from tracker.demo.vehicle_days import local
from tracker.demo.world import World
from tracker.domain.fix import Fix

log = logging.getLogger(__name__)

TRACKER_BACKLOG = timedelta(days=1)  # how many days before today a device has buffered at most
PHONE_BACKLOG = timedelta(days=4)
FRESH_S = 90  # a device that is further behind shows first where it is now, then delivers the rest
SAVE_EVERY_S = 5.0
LONGEST_WAIT_S = 1.0

Reports = Callable[[int], Iterator[Fix]]  # what a device reports after a moment


@dataclass(frozen=True, slots=True)
class Device:
    """One device of the city: its login, what it reports, and how far back its buffer reaches."""

    login: str
    reports: Reports
    backlog: timedelta


def devices(world: World) -> list[Device]:
    """All devices of the city."""
    trackers = [
        Device(machine.login, lambda after, m=machine: tracker_fixes(world, m, after), TRACKER_BACKLOG)  # type: ignore[misc]
        for machine in FLEET
    ]
    phones = [
        Device(person.login, lambda after, p=person: phone_fixes(world, p, after), PHONE_BACKLOG)  # type: ignore[misc]
        for person in STAFF
        if person.has_phone
    ]
    return trackers + phones


class Buffer:
    """The fixes a device has yet to send, in the order of their times."""

    def __init__(self, device: Device, link: Link, now: float) -> None:
        self.link = link
        self._tid = tracker_id(device.login)
        self._hello = _newest(device.reports, int(now)) if now - link.acknowledged > FRESH_S else None
        self._fixes = device.reports(link.acknowledged)
        self._next = next(self._fixes)

    @property
    def due_at(self) -> float:
        """When the next fix is to be sent; has passed while there is a backlog."""
        return self._next.fix_time.timestamp()

    def send_due(self, now: float) -> None:
        """Send what is due, as far as there is room."""
        if self.link.room and self._hello is not None:
            self.link.send(self.link.acknowledged, location(self._hello, self._tid))
            self._hello = None
        while self.link.room and self.due_at <= now:
            self.link.send(int(self.due_at), location(self._next, self._tid))
            self._next = next(self._fixes)


def _newest(reports: Reports, now: int) -> Fix | None:
    newest = None
    for fix in reports(now - FRESH_S):
        if fix.fix_time.timestamp() > now:
            break
        newest = fix
    return newest


class City:
    """All devices on one switchboard."""

    def __init__(
        self, world: World, board: Switchboard, memory: Memory, secrets: Mapping[str, str], now: float
    ) -> None:
        self._board, self._memory = board, memory
        progress = memory.read(PROGRESS)
        self._buffers = []
        for device in devices(world):
            if device.login in secrets:  # else an administrator revoked it
                start = _start(world, device, progress, now)
                self._buffers.append(Buffer(device, board.add(device.login, secrets[device.login], start=start), now))
        self._saved_at = now
        self._behind = len(self._buffers)

    def turn(self, now: float) -> None:
        """Send what is due and serve the network, until the next fix is due or for a second."""
        for buffer in self._buffers:
            if buffer.due_at <= now:
                buffer.send_due(now)
        self._board.turn(self._wait(now))
        if now - self._saved_at > SAVE_EVERY_S:
            self._tell_progress(now)
            self.save()
            self._saved_at = now

    def save(self) -> None:
        """Remember up to when each device's fixes were acknowledged."""
        self._memory.write(PROGRESS, {buffer.link.login: buffer.link.acknowledged for buffer in self._buffers})

    def _wait(self, now: float) -> float:
        """How long nothing is to be sent; a device that is behind waits for acknowledgements, which wake it."""
        waits = [buffer.due_at - now for buffer in self._buffers if buffer.due_at > now]
        return min([LONGEST_WAIT_S, *waits])

    def _tell_progress(self, now: float) -> None:
        behind = sum(not buffer.link.open or buffer.due_at < now - FRESH_S for buffer in self._buffers)
        if behind == 0 and self._behind:
            log.info("all devices have delivered what they had buffered and report live")
        self._behind = behind


def _start(world: World, device: Device, progress: Mapping[str, int], now: float) -> int:
    """The moment after which a device has fixes to send."""
    oldest = int(local(world.date_of(now) - device.backlog, world.zone))
    return max(oldest, progress.get(device.login, oldest))
