"""Is it well? Each check takes what is known and the time, and says a level: the rules of the page, and no more.

`unknown` is a level of its own: that nobody said anything proves neither that something works nor that it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from tracker.storage.condition import Heard, Server
from tracker.storage.contests import Waiting
from tracker.storage.mail_pages import Queue
from tracker.storage.models import CADENCES, ReportRun
from tracker.web.condition_signs import Job, Room, Signs

Level = Literal["good", "warn", "bad", "unknown"]
WORST_FIRST: tuple[Level, ...] = ("bad", "warn", "unknown", "good")

ALIVE = timedelta(seconds=60)  # a living process says so every few seconds
QUIET, SILENT = timedelta(minutes=10), timedelta(minutes=30)  # so long nothing was heard of any device
MANY_CONNECTIONS = 0.8  # of those that the server allows
ROOM_DAYS = 2  # ahead: less is no time to find out why no more are made
LONG_BACKLOG = 10_000  # messages: over a second of the bridge's work
JOB_GRACE = timedelta(minutes=5)
LONG_RUN, LONG_PERIOD = timedelta(hours=1), timedelta(days=3)  # a period waits until its last duty is judged
MAIL_LATE, MAIL_TOO_LATE = timedelta(hours=1), timedelta(hours=24)
GIGABYTE = 1_000_000_000
LITTLE_ROOM, NO_ROOM = 0.15, 0.05  # of the disk
LITTLE_BYTES, NO_BYTES = 5 * GIGABYTE, GIGABYTE


def database(server: Server) -> Level:
    return "warn" if server.connections > MANY_CONNECTIONS * server.most else "good"


def days(stored: Sequence[date], today: date) -> Level:
    """`today` is the UTC day."""
    last = max(stored, default=date.min)
    if last < today:
        return "bad"
    return "warn" if last < today + timedelta(days=ROOM_DAYS) else "good"


def ingest(heard: Heard, now: datetime) -> Level:
    if not heard.devices or heard.last is None:
        return "unknown"
    silent = now - heard.last
    return "bad" if silent > SILENT else "warn" if silent > QUIET else "good"


def alive(last_at: datetime | None, now: datetime) -> Level:
    """Of a process that says every few seconds that it lives."""
    if last_at is None:
        return "unknown"
    return "good" if now - last_at < ALIVE else "bad"


def bridge(signs: Signs, now: datetime) -> Level:
    level = alive(signs.bridge_at, now)
    return "warn" if level == "good" and (signs.backlog > LONG_BACKLOG or signs.repeated) else level


def snapshot(written_at: datetime | None, now: datetime) -> Level:
    """Unlike a process, a file that is not there is not somewhere else."""
    return "bad" if written_at is None else alive(written_at, now)


def late(job: Job, now: datetime) -> bool:
    """Whether a job has missed its turn twice."""
    return job.done_at is None or now - job.done_at > timedelta(seconds=2 * job.every_s) + JOB_GRACE


def scheduler(active: bool, jobs: Sequence[Job], now: datetime) -> Level:
    if not active:
        return "bad"
    return "warn" if any(late(job, now) for job in jobs) else "good"


def reports(newest: Sequence[ReportRun], failed: int, now: datetime) -> Level:
    if not newest:
        return "unknown"
    if any(run.state == "failed" for run in newest):
        return "bad"
    long = any(run.state == "running" and now - run.started_at > _longest(run) for run in newest)
    return "warn" if failed or long else "good"


def contests(waiting: Waiting) -> Level:
    return "bad" if waiting.undecidable else "warn" if waiting.overdue else "good"


def mails(queue: Queue, now: datetime) -> Level:
    waits = now - queue.oldest_due if queue.oldest_due else timedelta()
    if waits > MAIL_TOO_LATE:
        return "bad"
    return "warn" if waits > MAIL_LATE or queue.stuck or queue.failed else "good"


def disk(room: Room) -> Level:
    if room.free < min(NO_BYTES, NO_ROOM * room.total):
        return "bad"
    return "warn" if room.free < min(LITTLE_BYTES, LITTLE_ROOM * room.total) else "good"


def audit(faults: int) -> Level:
    return "bad" if faults else "good"


def quarantine(within_hour: int) -> Level:
    return "warn" if within_hour else "good"


def _longest(run: ReportRun) -> timedelta:
    return LONG_PERIOD if run.report in CADENCES else LONG_RUN
