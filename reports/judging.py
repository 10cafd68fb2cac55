"""Duty windows that ended, or were touched by late fixes, become revisions; every run leaves its row behind.

Finding the due windows, computing and storing happen in one transaction per batch, one batch at a time in the whole
city: a killed run leaves nothing half done, and running again adds nothing. A window that cannot be judged fails its
run by name and holds up nobody else's.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from reports.idle import idle_in
from reports.no_show import verdict_on
from tracker.storage import report_runs
from tracker.storage.duty import (
    Inputs,
    Mark,
    dates_due,
    dates_of,
    inputs_of,
    lock_judging,
    lock_marks,
    take_marks,
    touched,
    unjudged,
    windows_of,
)
from tracker.storage.models import IdleRevision, VerdictRevision
from tracker.storage.revisions import Computed, RevisionTable, store, totals

WINDOWS_AT_A_TIME = 100
MARKS_AT_A_TIME = 25  # the bridge waits while a mark it wants to set is being taken: these batches must be short
MARK_BATCHES = 40  # in one run: while a backlog streams in, marks never end, and the next run begins with new windows

# what one window's data may raise in a rule or on the way into the store; anything else is not about that window
WINDOW_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, DataError, IntegrityError)

log = logging.getLogger(__name__)

Written = Counter[tuple[str, date]]  # new revisions by report and work date


@dataclass(frozen=True, slots=True)
class Outcome:
    """New revisions, and the windows that could not be judged, each with its error."""

    written: Written = field(default_factory=Counter)
    failed: Mapping[int, str] = field(default_factory=dict)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.written + other.written, {**self.failed, **other.failed})


@dataclass(frozen=True, slots=True)
class Report:
    """What is computed of a window, where it is stored, and the column that its runs count."""

    compute: Callable[[Inputs, datetime], Computed]
    table: RevisionTable
    counted: str


REPORTS = {
    "no_show": Report(verdict_on, VerdictRevision, "status"),
    "idle": Report(idle_in, IdleRevision, "measure"),
}


def judge_due(engine: Engine, now: datetime, oldest: datetime, stopping: Callable[[], bool]) -> None:
    """Compute every report for the windows that are due; ends after the batch in which `stopping` turns true.

    `oldest` is the beginning of what fixes are kept. Windows that could not be judged fail the runs of their dates.
    """
    with engine.begin() as conn:
        dates = dates_due(conn, now, oldest)
        for work_date in dates:
            report_runs.begin(conn, REPORTS, work_date, now)
    with _failure_recorded(engine, REPORTS, dates):
        outcome = Outcome()
        for newly in _batches(engine, now, oldest):
            outcome += newly
            if stopping():
                break
        _finish(engine, REPORTS, {*dates, *(work_date for _, work_date in outcome.written)}, outcome)
    if stopping():
        with engine.begin() as conn:
            left = dates_due(conn, now, oldest)
        _fail(engine, REPORTS, left, "stopped before the end; it goes on at the next start")


def judge_date(engine: Engine, name: str, work_date: date, now: datetime, oldest: datetime) -> dict[str, int]:
    """Compute one report for a work date, due or not; returns its counts, and those that cannot be judged (now)."""
    with engine.begin() as conn:
        ids, not_judged = windows_of(conn, work_date, now, oldest)
        report_runs.begin(conn, [name], work_date, now)
    with _failure_recorded(engine, [name], [work_date]):
        outcome = Outcome()
        for first in range(0, len(ids), WINDOWS_AT_A_TIME):
            with engine.begin() as conn:
                lock_judging(conn)
                outcome += _judge(conn, ids[first : first + WINDOWS_AT_A_TIME], [name], now)
        counts = _finish(engine, [name], [work_date], outcome)
    return {**counts, "not_judged": not_judged + len(outcome.failed)}


def _batches(engine: Engine, now: datetime, oldest: datetime) -> Iterator[Outcome]:
    """What is due, batch by batch, each committed when it is yielded: first verdicts first, then late fixes."""
    yield from _judge_unjudged(engine, now, oldest)
    yield from _judge_marked(engine, now, oldest)


def _judge_unjudged(engine: Engine, now: datetime, oldest: datetime) -> Iterator[Outcome]:
    failed: set[int] = set()
    while True:
        with engine.begin() as conn:
            lock_judging(conn)
            due = unjudged(conn, now, oldest, WINDOWS_AT_A_TIME, failed)
            outcome = _judge(conn, due, REPORTS, now)
        if not due:
            return
        failed.update(outcome.failed)
        yield outcome


def _judge_marked(engine: Engine, now: datetime, oldest: datetime) -> Iterator[Outcome]:
    """The marks of a batch with a window that fails stay for the next run."""
    staying: set[Mark] = set()
    for _ in range(MARK_BATCHES):
        with engine.begin() as conn:
            lock_judging(conn)
            marks = lock_marks(conn, MARKS_AT_A_TIME, staying)
            outcome = _judge(conn, touched(conn, marks, now, oldest), REPORTS, now)
            if outcome.failed:
                staying.update(marks)
            else:
                take_marks(conn, marks)
        if not marks:
            return
        yield outcome


def _judge(conn: Connection, window_ids: Sequence[int], names: Collection[str], now: datetime) -> Outcome:
    """Judge windows together or, where that fails, one by one: nobody goes without a verdict for another's error."""
    with suppress(*WINDOW_ERRORS), conn.begin_nested():
        return Outcome(_stored(conn, window_ids, names, now))
    outcome = Outcome()
    for window_id in window_ids:
        outcome += _judge_one(conn, window_id, names, now)
    return outcome


def _judge_one(conn: Connection, window_id: int, names: Collection[str], now: datetime) -> Outcome:
    try:
        with conn.begin_nested():
            return Outcome(_stored(conn, [window_id], names, now))
    except WINDOW_ERRORS as error:
        log.exception("window %d cannot be judged", window_id)
        return Outcome(failed={window_id: f"window {window_id}: {type(error).__name__}: {error}"})


def _stored(conn: Connection, window_ids: Sequence[int], names: Collection[str], now: datetime) -> Written:
    written: Written = Counter()
    for inputs in inputs_of(conn, window_ids):
        for name in names:
            report = REPORTS[name]
            written[name, inputs.work_date] += store(conn, report.table, report.compute(inputs, now), now)
    return written


def _finish(engine: Engine, names: Collection[str], dates: Collection[date], outcome: Outcome) -> dict[str, int]:
    """Write down what the reports now hold and what failed; returns the counts of the last."""
    counts: dict[str, int] = {}
    with engine.begin() as conn:
        errors = _errors(conn, outcome)
        for work_date in sorted({*dates, *errors}):
            for name in names:
                held = totals(conn, REPORTS[name].table, REPORTS[name].counted, work_date)
                counts = {"windows": sum(held.values()), "written": outcome.written[name, work_date], **held}
                report_runs.finish(conn, name, work_date, datetime.now(UTC), counts)
            if work_date in errors:
                report_runs.fail(conn, names, work_date, datetime.now(UTC), errors[work_date])
    return counts


def _errors(conn: Connection, outcome: Outcome) -> dict[date, str]:
    """The errors of each work date, a line for each window."""
    errors: dict[date, str] = {}
    dates = dates_of(conn, outcome.failed)
    for window_id, error in sorted(outcome.failed.items()):
        before = errors.get(dates[window_id])
        errors[dates[window_id]] = f"{before}\n{error}" if before else error
    return errors


@contextmanager
def _failure_recorded(engine: Engine, names: Collection[str], dates: Collection[date]) -> Iterator[None]:
    """Write an error down where the administrator looks, and let it go on its way."""
    try:
        yield
    except Exception as error:
        with suppress(OperationalError):  # then the error at hand already says that the database is away
            _fail(engine, names, dates, f"{type(error).__name__}: {error}")
        raise


def _fail(engine: Engine, names: Collection[str], dates: Collection[date], error: str) -> None:
    with engine.begin() as conn:
        for work_date in dates:
            report_runs.fail(conn, names, work_date, datetime.now(UTC), error)
