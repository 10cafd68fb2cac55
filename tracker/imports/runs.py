"""Runs: files that wait to be checked, to be approved and to be brought in, and how far each has come.

`create`, `run_for`, `approve` and `cancel` are for pages and the API. The process claims a run by holding its row's
advisory lock on a connection of its own: when the process dies the lock goes with it, and another takes the run up from
the beginning. That is safe, as a file is brought in by one transaction.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Select, delete, func, select, text, update
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session, joinedload

from tracker.imports.cells import as_text
from tracker.imports.importing import Another, Refused, bring_in, check
from tracker.imports.kind import Kind
from tracker.imports.kinds import KINDS
from tracker.imports.plan import Plan
from tracker.imports.problems import BadFile
from tracker.storage.audit import Actor
from tracker.storage.changes import By
from tracker.storage.models import Account, ImportRun
from tracker.storage.paging import Page, page_of
from tracker.storage.periods import Later
from tracker.storage.register import Impossible, NotFound, Why, broken_rule
from tracker.storage.rights import Viewer, viewer_for

LOCK_SPACE = 0x696D70  # "imp": the locks of runs
TO_DO = ("waiting", "checking", "approved", "importing")
MOST_WAITING = 10  # files of one account: each is kept whole until it is over
GIVEN_UP_AFTER = timedelta(days=7)  # a checked file that nobody approves
FORGOTTEN_AFTER = timedelta(days=90)
MOST_BEGINNINGS = 5  # of one run: a file that ends the process each time would keep all others waiting
DIED, UNEXPECTED = "died", "unexpected"  # why a run failed, where the register is not the reason
log = logging.getLogger(__name__)


class Died(Exception):
    """The process ended each time it was at this run."""


def may_import(viewer: Viewer, kind: Kind) -> bool:
    return viewer.administers_city or (viewer.administers and not kind.city_only)


def create(
    session: Session, viewer: Viewer, address: str, kind: str, file_name: str, content: bytes, now: datetime,
    since: date | None = None,
) -> ImportRun:  # fmt: skip
    """Keep a file to be checked. Raises NotFound for a kind that is not theirs, Impossible for a file too many."""
    if kind not in KINDS or not may_import(viewer, KINDS[kind]):
        raise NotFound(f"no kind of import {kind!r}", "import")
    kept = select(func.count()).where(ImportRun.account_id == viewer.account_id, ImportRun.content.is_not(None))
    if (session.scalar(kept) or 0) >= MOST_WAITING:
        raise Impossible(f"{MOST_WAITING} files of this account wait already", Why.FILES_WAIT)
    run = ImportRun(
        kind=kind, file_name=as_text(file_name)[-200:], content=content, account_id=viewer.account_id, address=address,
        since=since, created_at=now, changed_at=now,
    )  # fmt: skip
    session.add(run)
    session.flush()
    return run


def run_for(session: Session, viewer: Viewer, run_id: int) -> ImportRun:
    """A run of one's own; system administrators see all."""
    run = session.scalar(visible(viewer).where(ImportRun.id == run_id))
    if run is None:
        raise NotFound(f"no import {run_id}", "import")
    return run


def run_list(session: Session, viewer: Viewer, number: int) -> Page:
    """One page of the runs that somebody may see, newest first."""
    found = visible(viewer)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    newest = found.order_by(ImportRun.id.desc()).options(joinedload(ImportRun.account).joinedload(Account.person))
    return page_of(session, newest, total, number)


def approve(session: Session, viewer: Viewer, run_id: int, now: datetime) -> bool:
    """Let a checked file be brought in; False where it is not waiting for that (any more)."""
    run = run_for(session, viewer, run_id)
    if run.account_id != viewer.account_id:
        raise NotFound(f"no import {run_id} of one's own", "import")
    approved = _moved(session, run, "checked", state="approved", changed_at=now, rows_done=0)
    return approved


def cancel(session: Session, viewer: Viewer, run_id: int, now: datetime) -> bool:
    """Give a checked file up; False where it is not waiting (any more)."""
    run = run_for(session, viewer, run_id)
    return _moved(session, run, "checked", state="cancelled", changed_at=now, content=None)


def visible(viewer: Viewer) -> Select[ImportRun]:
    """The runs that somebody may see: their own; system administrators see all."""
    found = select(ImportRun)
    return found if viewer.administers_city else found.where(ImportRun.account_id == viewer.account_id)


def _moved(session: Session, run: ImportRun, before: str, **values: Any) -> bool:
    changed = update(ImportRun).where(ImportRun.id == run.id, ImportRun.state == before).values(**values)
    moved: int = session.execute(changed).rowcount  # type: ignore[attr-defined]
    session.refresh(run)
    return moved == 1


def work(engine: Engine, zone: ZoneInfo, clock: Callable[[], datetime]) -> bool:
    """Do the next run that nobody else is at; False where there is none."""
    with _claimed(engine) as run_id:
        if run_id is None:
            return False
        _do(engine, run_id, zone, clock())
        return True


@contextmanager
def _claimed(engine: Engine) -> Iterator[int | None]:
    """The first run to do whose lock is free; held until this ends, or the process does."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        waiting = conn.scalars(select(ImportRun.id).where(ImportRun.state.in_(TO_DO)).order_by(ImportRun.id)).all()
        lock = "SELECT pg_try_advisory_lock(:space, :run)"
        mine = (run for run in waiting if conn.scalar(text(lock), {"space": LOCK_SPACE, "run": run}))
        run_id = next(mine, None)
        try:
            yield run_id
        finally:
            if run_id is not None:
                conn.execute(text("SELECT pg_advisory_unlock(:space, :run)"), {"space": LOCK_SPACE, "run": run_id})


def _do(engine: Engine, run_id: int, zone: ZoneInfo, now: datetime) -> None:
    """Check a file or bring it in. What went wrong is kept with the run; nothing of the file is, then."""
    with Session(engine) as session:
        run = session.get_one(ImportRun, run_id)
        if run.state not in TO_DO or run.content is None:
            return  # another process was faster
        importing = run.state in ("approved", "importing")
        begun = run.outcome.get("begun", 0) + 1
        values: dict[str, Any] = {"outcome": run.outcome | {"begun": begun}, "changed_at": now, "rows_done": 0}
        _set(engine, run_id, state="importing" if importing else "checking", **values)
        try:
            if begun > MOST_BEGINNINGS:
                raise Died
            by = _by(session, run, zone, now)
            values = _brought_in(engine, by, run) if importing else _checked(by, run)
        except Refused as error:
            values = {"state": "refused", "outcome": error.plan.as_json(), "content": None}
        except Another as error:
            values = {"state": "checked", "outcome": error.plan.as_json() | {"again": True}, "rows_done": run.rows_all}
        except BadFile as error:
            outcome = {"counts": Plan(problem_count=1).counts(), "errors": [error.problem.as_json()]}
            values = {"state": "refused", "outcome": outcome, "content": None}
        except (NotFound, Impossible, Later) as error:
            values = _failed(str(error))
        except (IntegrityError, DataError) as error:  # a rule that the comparison does not know; rows stay unquoted
            why = broken_rule(error) if isinstance(error, IntegrityError) else type(error.orig).__name__
            log.warning("import %d failed: %s", run_id, why)
            values = _failed(why)
        except (OperationalError, InterfaceError):
            raise  # the database is away: the run is taken up again
        except Died:
            log.error("import %d ended its process %d times, and is given up", run_id, MOST_BEGINNINGS)
            values = _failed(DIED)
        except Exception as error:  # whatever it is, the next run must not wait for it for ever
            where = "".join(traceback.format_tb(error.__traceback__))  # not what it says: that may quote rows
            log.error("import %d failed by a %s\n%s", run_id, type(error).__name__, where)
            values = _failed(UNEXPECTED)
        else:
            if importing:
                session.execute(update(ImportRun).where(ImportRun.id == run_id).values(**values, changed_at=now))
                session.commit()
                return
        session.rollback()
    _set(engine, run_id, **values, changed_at=now)


def _failed(why: str) -> dict[str, Any]:
    return {"state": "failed", "outcome": {"counts": Plan().counts(), "why": why}, "content": None}


def _by(session: Session, run: ImportRun, zone: ZoneInfo, now: datetime) -> By:
    """On whose behalf: with the rights of this day, not those of when the file came."""
    today = now.astimezone(zone).date()
    viewer = viewer_for(session, session.get_one(Account, run.account_id), today)
    return By(session, Actor(run.account_id, run.address), viewer, now, today)


def _checked(by: By, run: ImportRun) -> dict[str, Any]:
    assert run.content is not None
    plan = check(by, KINDS[run.kind], run.content, run.since)
    rows = sum(plan.counts().values())
    if plan.problem_count:
        return {"state": "refused", "outcome": plan.as_json(), "rows_all": rows, "rows_done": rows, "content": None}
    return {"state": "checked", "outcome": plan.as_json(), "rows_all": rows, "rows_done": rows}


def _brought_in(engine: Engine, by: By, run: ImportRun) -> dict[str, Any]:
    """All of the file; others see how far it is while they see nothing of it."""
    assert run.content is not None
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        done += more
        _set(engine, run.id, rows_done=done)

    approved = run.outcome.get("digest")
    plan = bring_in(by, KINDS[run.kind], run.content, run.file_name, run.since, progress, approved)
    return {"state": "done", "outcome": plan.as_json(), "content": None}


def _set(engine: Engine, run_id: int, **values: Any) -> None:
    """On a connection of its own: seen at once."""
    with engine.begin() as conn:
        conn.execute(update(ImportRun).where(ImportRun.id == run_id).values(**values))


def clear(session: Session, now: datetime) -> None:
    """Give up what nobody approved, and forget what is long over."""
    stale = update(ImportRun).where(ImportRun.state == "checked", ImportRun.changed_at < now - GIVEN_UP_AFTER)
    session.execute(stale.values(state="cancelled", content=None))
    over = ImportRun.state.not_in(("checked", *TO_DO))
    session.execute(delete(ImportRun).where(over, ImportRun.changed_at < now - FORGOTTEN_AFTER))
