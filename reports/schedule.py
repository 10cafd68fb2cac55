"""The table of jobs, and the scheduler that runs them; of several schedulers one is active and the others stand by."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from reports.batches import Clock
from reports.figures import count_due
from reports.judging import judge_due
from reports.mails import Post, send_due
from reports.periods import make_due
from reports.publishing import publish_due
from reports.vehicle_days import compute_days
from tracker import metrics
from tracker.domain.fix import oldest_kept
from tracker.maintenance import attendance, audit_head, forgotten, partitions, retention, rewrite
from tracker.storage import api_creations, attempts, check_ins, contests, mails, sessions
from tracker.storage.condition import LEADER_LOCK
from tracker.storage.publication import Times

STAND_BY_S = 1.0
JUDGING, UPKEEP, MAILING, FORGETTING = "judging", "upkeep", "mailing", "forgetting"  # the threads
MAILS_KEPT = timedelta(days=180)  # of their being sent or not; what they said is not kept at all
GUARD_S = 2.0  # how soon an active scheduler notices that its lock is gone

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class City:
    """What jobs work on; long ones end early once `stop` is set.

    `owner` may alter tables and what is only added to: for what has expired and whole days of fixes, and nothing else.
    """

    engine: Engine
    owner: Engine
    zone: ZoneInfo
    retention_days: int
    attendance_years: int
    lock: timedelta
    post: Post
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Callable[[City, datetime], object]
    every: timedelta
    thread: str = JUDGING


def _judge_due(city: City, now: datetime) -> None:
    judge_due(city.engine, Clock(now, oldest_kept(now, city.retention_days), city.lock), city.stop.is_set)


def _publish(city: City, now: datetime) -> None:
    times = Times(now, city.zone, city.lock, oldest_kept(now, city.retention_days))
    publish_due(city.engine, times, city.stop.is_set)


def _count_figures(city: City, now: datetime) -> None:
    count_due(city.engine, city.zone, now, city.stop.is_set)


def _make_periods(city: City, now: datetime) -> None:
    make_due(city.engine, city.zone, now, city.stop.is_set)


def _send_mails(city: City, _: datetime) -> None:
    send_due(city.engine, city.post, city.stop.is_set)


def _compute_vehicle_days(city: City, now: datetime) -> None:
    compute_days(city.engine, city.zone, now, city.lock, city.stop.is_set)


def _keep_partitions(city: City, now: datetime) -> None:
    partitions.keep(city.engine, now, city.retention_days)


def _drop_expired(city: City, now: datetime) -> None:
    retention.drop_expired(city.owner, now, city.retention_days, city.stop)


def _drop_attendance(city: City, now: datetime) -> None:
    attendance.drop_expired(city.owner, now, city.zone, city.attendance_years, city.stop)


def _forget_places(city: City, now: datetime) -> None:
    oldest = oldest_kept(now, city.retention_days)
    with city.engine.begin() as conn:
        check_ins.forget_places(conn, oldest)
    forgotten.forget_idle_places(city.owner, oldest, city.stop)


def _rewrite_days(city: City, now: datetime) -> None:
    rewrite.rewrite_closed_days(city.owner, now, city.stop)


def _note_audit_head(city: City, _: datetime) -> None:
    audit_head.note_head(city.engine)


def _forget_sign_ins(city: City, now: datetime) -> None:
    with city.engine.begin() as conn:
        attempts.forget_old(conn, now)
        sessions.forget_ended(conn, now)


def _forget_creations(city: City, now: datetime) -> None:
    with city.engine.begin() as conn:
        api_creations.forget_creations(conn, now)


def _escalate_contests(city: City, now: datetime) -> None:
    with city.engine.begin() as conn:
        contests.escalate(conn, now)


def _forget_mails(city: City, now: datetime) -> None:
    with city.engine.begin() as conn:
        mails.forget_old(conn, now - MAILS_KEPT)


# Each also runs once at start. Those of one thread never overlap; judging must not wait for a
# day to be rewritten, nor for a mail server.
JOBS = (
    Job("partitions", _keep_partitions, timedelta(days=1), UPKEEP),
    Job("audit_head", _note_audit_head, timedelta(days=1), UPKEEP),
    Job("sign_ins", _forget_sign_ins, timedelta(hours=1), UPKEEP),
    Job("api_creations", _forget_creations, timedelta(hours=1), UPKEEP),
    Job("contests", _escalate_contests, timedelta(hours=1), UPKEEP),
    Job("old_mails", _forget_mails, timedelta(days=1), UPKEEP),
    Job("places", _forget_places, timedelta(hours=6), FORGETTING),
    Job("retention", _drop_expired, timedelta(hours=1), UPKEEP),
    Job("attendance", _drop_attendance, timedelta(days=1), FORGETTING),
    Job("rewriting", _rewrite_days, timedelta(minutes=15), UPKEEP),
    Job("vehicle_days", _compute_vehicle_days, timedelta(minutes=30), UPKEEP),
    Job("publishing", _publish, timedelta(seconds=15)),
    Job("judging", _judge_due, timedelta(minutes=1)),
    Job("figures", _count_figures, timedelta(minutes=1)),
    Job("periods", _make_periods, timedelta(minutes=1)),
    Job("mails", _send_mails, timedelta(seconds=10), MAILING),
)


def serve(city: City) -> None:
    """Be the active scheduler or stand by to become it, until SystemExit; a vanished database is waited for."""
    said = ""
    while True:
        try:
            with city.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                conn.detach()  # its end releases the lock; back in the pool it would keep it
                if _lead(conn):
                    said = ""
                    _run_jobs(city, conn)
                    continue
            waits_for = "another scheduler is active; standing by"
        except OperationalError as error:
            waits_for = f"the database is away ({_first_line(error)}); trying again"
        if waits_for != said:
            log.info("waiting: %s", waits_for)
            said = waits_for
        time.sleep(STAND_BY_S)


def _lead(conn: Connection) -> bool:
    """Whether this connection now holds the lock of the active scheduler."""
    return bool(conn.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LEADER_LOCK}))


def _run_jobs(city: City, lock: Connection) -> None:
    """Run the jobs while the lock's connection lives; its end, or a SystemExit, waits for the batch in hand.

    The scheduler has a thread of its own: a signal that arrives in the midst of it would be swallowed there.
    """
    active = replace(city, stop=threading.Event())
    scheduler = _scheduler(active)
    log.info("active: %s", ", ".join(f"{job.name} every {job.every}" for job in JOBS))
    try:
        scheduler.start()
        while _alive(lock):
            time.sleep(GUARD_S)
        log.warning("the lock of the active scheduler is gone with its connection")
    finally:
        active.stop.set()
        if scheduler.running:
            scheduler.shutdown(wait=True)


def _scheduler(city: City) -> BackgroundScheduler:
    defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    executors = {thread: ThreadPoolExecutor(1) for thread in {job.thread for job in JOBS}}
    scheduler = BackgroundScheduler(timezone=UTC, executors=executors, job_defaults=defaults)
    first_run = datetime.now(UTC)
    for job in JOBS:
        first_run += timedelta(milliseconds=1)  # those of one thread in the order of the table, at each turn
        seconds = job.every.total_seconds()
        metrics.JOB_EVERY.labels(job.name).set(seconds)
        scheduler.add_job(
            _run, "interval", (job, city), seconds=seconds, id=job.name, next_run_time=first_run, executor=job.thread
        )
    return scheduler


def _run(job: Job, city: City) -> None:
    """Run a job. Only the database being away is expected; apscheduler logs anything else with its trace."""
    began, outcome = time.monotonic(), "failed"
    try:
        job.run(city, datetime.now(UTC))
        outcome = "done"
        metrics.JOB_DONE.labels(job.name).set_to_current_time()
    except OperationalError as error:
        log.warning("%s: the database is away (%s); it is tried again", job.name, _first_line(error))
    finally:
        metrics.JOBS.labels(job.name, outcome).observe(time.monotonic() - began)


def _alive(lock: Connection) -> bool:
    try:
        lock.execute(text("SELECT 1"))
    except OperationalError:
        return False
    return True


def _first_line(error: OperationalError) -> str:
    return (str(error.orig).splitlines() or ["connection lost"])[0]
