"""Which windows are due, in batches: found, computed and stored, each batch in one transaction.

In the whole city one batch is computed and stored at a time: a killed run leaves nothing half done, and running again
adds nothing. A window that cannot be judged fails by name and holds up nobody else's.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError

from reports.computed import Known, known_of
from reports.idle import idle_in
from reports.no_show import verdict_on
from tracker.storage.due import lock_due, take_due
from tracker.storage.duty import (
    Inputs,
    Mark,
    QuietTimes,
    changed,
    first_judged,
    inputs_of,
    lock_judging,
    lock_marks,
    take_marks,
    touched,
    unjudged,
)
from tracker.storage.figures import mark_days
from tracker.storage.models import IdleRevision, VerdictRevision
from tracker.storage.revisions import Computed, RevisionTable, store

WINDOWS_AT_A_TIME = 300
MARKS_AT_A_TIME = 25  # the bridge waits while a mark it wants to set is being taken: these batches must be short
MARK_BATCHES = 40  # in one run: while a backlog streams in, marks never end, and the next run begins with new windows

# what one window's data may raise in a rule or on the way into the store; anything else is not about that window
WINDOW_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, DataError, IntegrityError)

log = logging.getLogger(__name__)

Written = Counter[tuple[str, date]]  # new revisions by report and work date


@dataclass(frozen=True, slots=True)
class Outcome:
    """New revisions, how many windows of each work date were judged, and those that could not be, with their errors."""

    written: Written = field(default_factory=Counter)
    judged: Counter[date] = field(default_factory=Counter)
    failed: Mapping[int, str] = field(default_factory=dict)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.written + other.written, self.judged + other.judged, {**self.failed, **other.failed})


@dataclass(frozen=True, slots=True)
class Clock:
    """When it is, from when on fixes are kept, and how long after its end a window is locked."""

    now: datetime
    oldest: datetime
    lock: timedelta
    quiet_times: QuietTimes = field(default_factory=dict, compare=False)  # what this run has found of outages


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows to be judged in the connection's transaction, and what is known of them; else they are read again."""

    conn: Connection
    ids: Sequence[int]
    inputs: Sequence[Inputs] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What is computed of a window, where it is stored, and the column that its runs count."""

    compute: Callable[[Known, datetime], Computed]
    table: RevisionTable
    counted: str


REPORTS = {
    "no_show": Report(verdict_on, VerdictRevision, "status"),
    "idle": Report(idle_in, IdleRevision, "measure"),
}


def due_batches(engine: Engine, clock: Clock, until: datetime) -> Iterator[Outcome]:
    """What is due, batch by batch, each committed when it is yielded: first verdicts, then changes, then late fixes."""
    yield from _judge_unjudged(engine, clock, until)
    yield from _judge_changed(engine, clock, until)
    yield from _judge_marked(engine, clock, until)


def chosen_batches(engine: Engine, ids: Sequence[int], name: str, clock: Clock) -> Iterator[Outcome]:
    """These windows for one report, due or not, batch by batch, each committed when it is yielded."""
    for first in range(0, len(ids), WINDOWS_AT_A_TIME):
        with engine.begin() as conn:
            lock_judging(conn)
            some = ids[first : first + WINDOWS_AT_A_TIME]
            outcome = _judge(conn, dict.fromkeys(some, "") | lock_due(conn, some), [name], clock)
        yield outcome


def _judge_unjudged(engine: Engine, clock: Clock, until: datetime) -> Iterator[Outcome]:
    """While one batch is computed and stored the next is locked and read, each in its own transaction."""
    failed: set[int] = set()
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        following = reader.submit(_read_unjudged, engine, clock, until, failed)
        try:
            while (batch := following.result()).ids:
                following = reader.submit(_read_unjudged, engine, clock, until, {*failed, *batch.ids})
                with batch.conn as conn:
                    lock_judging(conn)
                    outcome = _judge(conn, dict.fromkeys(batch.ids, ""), REPORTS, clock, batch.inputs)
                    conn.commit()
                failed.update(outcome.failed)
                yield outcome
        finally:
            following.result().conn.close()


def _read_unjudged(engine: Engine, clock: Clock, until: datetime, besides: Collection[int]) -> Batch:
    """The next windows, locked until the connection's transaction ends, and what is known of them."""
    conn = engine.connect()
    try:
        ids = unjudged(conn, until, clock.oldest, WINDOWS_AT_A_TIME, besides)
        with suppress(*WINDOW_ERRORS), conn.begin_nested():
            return Batch(conn, ids, inputs_of(conn, ids, clock.quiet_times))
        return Batch(conn, ids)
    except BaseException:
        conn.close()
        raise


def _judge_changed(engine: Engine, clock: Clock, until: datetime) -> Iterator[Outcome]:
    """What the roster, leave, a holiday, a rule, an attestation or a decision touched; what fails stays marked."""
    failed: set[int] = set()
    while True:
        with engine.begin() as conn:
            lock_judging(conn)
            due = changed(conn, until, clock.oldest, WINDOWS_AT_A_TIME, failed)
            marks = lock_due(conn, due)
            outcome = _judge(conn, marks, REPORTS, clock)
            take_due(conn, {number: marks[number] for number in marks.keys() - outcome.failed.keys()})
        if not due:
            return
        failed.update(outcome.failed)
        yield outcome


def _judge_marked(engine: Engine, clock: Clock, until: datetime) -> Iterator[Outcome]:
    """The marks of a batch with a window that fails stay for the next run."""
    staying: set[Mark] = set()
    for _ in range(MARK_BATCHES):
        with engine.begin() as conn:
            lock_judging(conn)
            marks = lock_marks(conn, MARKS_AT_A_TIME, staying)
            outcome = _judge(conn, dict.fromkeys(touched(conn, marks, until, clock.oldest), ""), REPORTS, clock)
            if outcome.failed:
                staying.update(marks)
            else:
                take_marks(conn, marks)
        if not marks:
            return
        yield outcome


def _judge(
    conn: Connection, due: Mapping[int, str], names: Collection[str], clock: Clock,
    inputs: Sequence[Inputs] | None = None,
) -> Outcome:  # fmt: skip
    """Judge windows, each for its reason, together or, where that fails, one by one.

    Nobody goes without a verdict for another's error.
    """
    if not due:
        return Outcome()
    with suppress(*WINDOW_ERRORS), conn.begin_nested():
        return _stored(conn, due, names, clock, inputs)
    outcome = Outcome()
    for window_id, reason in due.items():
        outcome += _judge_one(conn, window_id, reason, names, clock)
    return outcome


def _judge_one(conn: Connection, window_id: int, reason: str, names: Collection[str], clock: Clock) -> Outcome:
    try:
        with conn.begin_nested():
            return _stored(conn, {window_id: reason}, names, clock)
    except WINDOW_ERRORS as error:
        log.exception("window %d cannot be judged", window_id)
        return Outcome(failed={window_id: f"window {window_id}: {type(error).__name__}: {error}"})


def _stored(
    conn: Connection, due: Mapping[int, str], names: Collection[str], clock: Clock,
    inputs: Sequence[Inputs] | None = None,
) -> Outcome:  # fmt: skip
    read = inputs_of(conn, list(due), clock.quiet_times) if inputs is None else inputs
    known = known_of(read, due, clock.now, clock.lock)
    dates = {one.window_id: one.work_date for one in known}
    written: Written = Counter()
    for name in names:
        report = REPORTS[name]
        stored = store(conn, report.table, [report.compute(one, clock.now) for one in known], clock.now)
        written.update((name, dates[window_id]) for window_id in stored)
    first_judged(conn, dates)
    mark_days(conn, {work_date for _, work_date in written}, clock.now)
    return Outcome(written, Counter(dates.values()))
