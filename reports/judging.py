"""Duty windows that ended, or were touched by late fixes, become revisions; every run leaves its row behind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from reports.batches import REPORTS, Clock, Outcome, chosen_batches, due_batches
from tracker.storage import report_runs
from tracker.storage.duty import dates_due, dates_of, windows_of
from tracker.storage.reach import stored_until
from tracker.storage.revisions import totals


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Judging makes millions of small objects, hardly one in a cycle: looking for those so often cost a tenth of it."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_rare_collections()
def judge_due(engine: Engine, clock: Clock, stopping: Callable[[], bool]) -> None:
    """Compute every report for the windows that are due; ends after the batch in which `stopping` turns true.

    Due are those that ended before what is still on its way. Windows that could not be judged fail the runs of their
    dates.
    """
    with engine.begin() as conn:
        until = stored_until(conn, clock.now)
        dates = dates_due(conn, until, clock.oldest)
        for work_date, windows in dates.items():
            report_runs.begin(conn, REPORTS, work_date, clock.now, windows)
    with _failure_recorded(engine, REPORTS, dates):
        outcome = Outcome()
        for newly in due_batches(engine, clock, until):
            outcome += newly
            _tell_progress(engine, REPORTS, outcome)
            if stopping():
                break
        _finish(engine, REPORTS, {*dates, *(work_date for _, work_date in outcome.written)}, outcome)
    if stopping():
        with engine.begin() as conn:
            left = dates_due(conn, until, clock.oldest)
        _fail(engine, REPORTS, left, "stopped before the end; it goes on at the next start")


def judge_date(engine: Engine, name: str, work_date: date, clock: Clock) -> dict[str, int]:
    """Compute one report for a work date, due or not; returns its counts, and those that cannot be judged (now)."""
    with engine.begin() as conn:
        ids, not_judged = windows_of(conn, work_date, stored_until(conn, clock.now), clock.oldest)
        report_runs.begin(conn, [name], work_date, clock.now, len(ids))
    with _failure_recorded(engine, [name], [work_date]):
        outcome = Outcome()
        for newly in chosen_batches(engine, ids, name, clock):
            outcome += newly
            _tell_progress(engine, [name], outcome)
        counts = _finish(engine, [name], [work_date], outcome)
    return {**counts, "not_judged": not_judged + len(outcome.failed)}


def _tell_progress(engine: Engine, names: Collection[str], outcome: Outcome) -> None:
    """How far the runs are, for whoever looks at them meanwhile."""
    with engine.begin() as conn:
        report_runs.progress(conn, names, outcome.judged)


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
