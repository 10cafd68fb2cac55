"""The parts of the system, each looked at: its level, and the figures that say so in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tracker.storage import condition as store
from tracker.storage.audit_chain import verify_newest
from tracker.storage.contests import waiting as contests_waiting
from tracker.storage.mail_pages import queue_of
from tracker.storage.outages import outages
from tracker.storage.quarantine_pages import QuarantineFilter, count_waiting
from tracker.storage.report_runs import count_failed, newest_runs
from tracker.web import condition_checks as checks
from tracker.web.condition_checks import Level
from tracker.web.condition_signs import Job, Signs, room_at, snapshot_written
from tracker.web.formats import ago, clock, lag, local, short_day, size

AUDIT_ROWS = 1_000  # the newest, held against their chain: some 10 ms
OUTAGES_OF = timedelta(hours=6)  # of 24 it takes three times as long
NONE = "–"


@dataclass(frozen=True, slots=True)
class Known:
    """Where a part is looked up: the database, what processes said, files, and the time."""

    session: Session
    signs: Signs
    now: datetime
    data_dir: Path
    snapshot: Path


@dataclass(frozen=True, slots=True)
class Check:
    """One part: its name in `condition_words`, how it is, and its figures with their names."""

    name: str
    level: Level
    facts: Mapping[str, str]


def database(known: Known) -> Check:
    server = store.server(known.session)
    return Check("database", checks.database(server), {
        _("Size"): size(server.bytes),
        _("Version"): f"PostgreSQL {server.version}",
        _("Connections"): _("%(used)s of %(most)s", used=server.connections, most=server.most),
    })  # fmt: skip


def days(known: Known) -> Check:
    stored = store.stored_days(known.session)
    return Check("days", checks.days(stored, known.now.astimezone(UTC).date()), {
        _("Days"): _number(len(stored)),
        _("Oldest"): short_day(stored[0]) if stored else NONE,
        _("Newest"): short_day(stored[-1]) if stored else NONE,
    })  # fmt: skip


def disk(known: Known) -> Check:
    room = room_at(known.data_dir)
    free = _("%(free)s of %(total)s", free=size(room.free), total=size(room.total))
    return Check("disk", checks.disk(room), {_("Free"): free})


def ingest(known: Known) -> Check:
    heard = store.heard(known.session, known.now)
    silent = outages(known.session.connection(), known.now - OUTAGES_OF, known.now)
    outage = ", ".join(f"{clock(start)}–{clock(end)}" for start, end in silent)
    within_hour = _("%(heard)s of %(all)s devices", heard=_number(heard.within_hour), all=_number(heard.devices))
    return Check("ingest", checks.ingest(heard, known.now), {
        _("Heard last"): _ago(heard.last),
        _("Heard in the last hour"): within_hour,
        _("All silent, last 6 hours"): outage or _("not at all"),
    })  # fmt: skip


def bridge(known: Known) -> Check:
    signs = known.signs
    counted = _("%(stored)s stored, %(rejected)s rejected", stored=_number(signs.stored),
                rejected=_number(signs.rejected))  # fmt: skip
    return Check("bridge", checks.bridge(signs, known.now), {
        _("Said that it lives"): _ago(signs.bridge_at),
        _("Backlog (Mosquitto tells none)"): _by_access(signs.backlog, signs),
        _("Sent again"): _by_access(signs.repeated, signs),
        _("From arrival to commit, mean"): _milliseconds(signs.lag_s),
        _("Since the start, all doors"): counted,
    })  # fmt: skip


def broker_access(known: Known) -> Check:
    signs = known.signs
    return Check("broker_access", checks.alive(signs.access_at, known.now), {
        _("Said that it lives"): _ago(signs.access_at),
        _("Devices admitted"): _by_access(signs.admitted, signs),
        _("Lost without the right (Mosquitto tells none)"): _by_access(signs.denied, signs),
    })  # fmt: skip


def snapshot(known: Known) -> Check:
    written_at = snapshot_written(known.snapshot)
    return Check("snapshot", checks.snapshot(written_at, known.now), {_("Written"): _ago(written_at)})


def scheduler(known: Known) -> Check:
    active = store.scheduler_is_active(known.session)
    jobs = known.signs.jobs
    return Check("scheduler", checks.scheduler(active, jobs, known.now), {
        _("State"): _("active") if active else _("not active"),
        _("Jobs that are late"): _number(sum(checks.late(job, known.now) for job in jobs)) if jobs else NONE,
    })  # fmt: skip


def reports(known: Known) -> Check:
    newest, failed = newest_runs(known.session), count_failed(known.session)
    return Check("reports", checks.reports(newest, failed, known.now), {
        _("Newest run"): _ago(max((run.started_at for run in newest), default=None)),
        _("Runs that failed"): _number(failed),
    })  # fmt: skip


def contests(known: Known) -> Check:
    waiting = contests_waiting(known.session, known.now, local(known.now).date())
    return Check("contests", checks.contests(waiting), {
        _("Wait for a decision"): _number(waiting.open),
        _("Overdue"): _number(waiting.overdue),
        _("Nobody may decide"): _number(waiting.undecidable),
    })  # fmt: skip


def mails(known: Known) -> Check:
    queue = queue_of(known.session, known.now)
    return Check("mails", checks.mails(queue, known.now), {
        _("Wait to be sent"): _number(queue.due),
        _("Oldest that waits"): _ago(queue.oldest_due),
        _("Perhaps sent"): _number(queue.stuck),
        _("Failed"): _number(queue.failed),
    })  # fmt: skip


def quarantine(known: Known) -> Check:
    within_hour = store.quarantined_since(known.session, known.now - timedelta(hours=1))
    waiting, without_payload = count_waiting(known.session, QuarantineFilter())
    return Check("quarantine", checks.quarantine(within_hour), {
        _("In the last hour"): _number(within_hour),
        _("Waiting for a replay"): _number(waiting),
        _("Only their reasons kept"): _number(without_payload),
    })  # fmt: skip


def audit(known: Known) -> Check:
    verified = verify_newest(known.session, AUDIT_ROWS)
    faults = len(verified.faults) + verified.unnamed
    return Check("audit", checks.audit(faults), {
        _("Rows checked"): _number(verified.rows),
        _("Faults found"): _number(faults),
        _("Rows in all"): _number(verified.head.seq),
    })  # fmt: skip


PARTS: tuple[Callable[[Known], Check], ...] = (
    ingest, bridge, broker_access, scheduler, reports, contests, mails, snapshot, database, days, disk, quarantine,
    audit,
)  # fmt: skip


def job_told(job: Job, now: datetime) -> tuple[Level, str, str]:
    """How a job is, when it last ended well, and in how long it is to run next."""
    level: Level = "unknown" if job.done_at is None else "warn" if checks.late(job, now) else "good"
    if job.done_at is None:
        return level, NONE, NONE
    left_s = (job.done_at + timedelta(seconds=job.every_s) - now).total_seconds()
    return level, ago(job.done_at), lag(round(left_s)) if left_s > 0 else _("now")


def _ago(at: datetime | None) -> str:
    return NONE if at is None else ago(at)


def _milliseconds(seconds: float | None) -> str:
    return NONE if seconds is None else str(_("%(count)s ms", count=_number(round(1000 * seconds))))


def _by_access(count: int, signs: Signs) -> str:
    """What the broker's access service counted; where it says nothing, nobody did."""
    return NONE if signs.access_at is None else _number(count)


def _number(count: int) -> str:
    return str(format_decimal(count))
