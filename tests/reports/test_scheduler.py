"""The scheduler as a process: it judges, stands by, takes over, ends cleanly, and says what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests import builders
from tests.conftest import Database
from tests.maintenance.days import DAY, drive
from tests.reports.duties import WORK_DATE, on_duty, runs, verdicts
from tests.services import DEADLINE_S, Process, wait_until
from tracker.storage.audit import OPERATOR, Action, record
from tracker.storage.audit_chain import head
from tracker.storage.day_tables import day_tables
from tracker.storage.models import Retention, RewrittenDay
from tracker.storage.partitions import DAYS_AHEAD

CHECKOUT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "reports"]
StartScheduler = Callable[[str], Process]


@pytest.fixture
def environ(database: Database, tmp_path: Path) -> dict[str, str]:
    urls = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url, "DATA_DIR": str(tmp_path)}
    return {**os.environ, **urls, "MQTT_URL": "mqtt://nobody:secret@127.0.0.1:1"}


@pytest.fixture
def start_scheduler(environ: dict[str, str], tmp_path: Path) -> Iterator[StartScheduler]:
    started: list[Process] = []

    def start(until_it_says: str) -> Process:
        log = tmp_path / f"scheduler-{len(started)}.log"
        process = Process(COMMAND, log, lambda: says(log, until_it_says), environ, CHECKOUT)
        started.append(process)
        process.start()
        return process

    yield start
    for process in started:
        process.stop()


def says(log: Path, words: str, times: int = 1) -> bool:
    return log.read_text().count(words) >= times


def by_hand(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=CHECKOUT, env=environ, capture_output=True, text=True, timeout=DEADLINE_S,
        check=False,
    )


def duty_of_yesterday(engine: Engine) -> int:
    with engine.begin() as conn:
        return on_duty(conn, "00:30", "05:00").window_id


def test_it_judges_at_start_and_ends_cleanly_when_asked(engine: Engine, start_scheduler: StartScheduler) -> None:
    window_id = duty_of_yesterday(engine)
    scheduler = start_scheduler("active")
    wait_until(lambda: "idle" in runs(engine) and runs(engine)["idle"].state == "done", "the run is done")
    assert [v.status for v in verdicts(engine, window_id)] == ["UNVERIFIED"]
    scheduler.stop()
    assert scheduler.popen is not None and scheduler.popen.returncode == 0
    assert "Traceback" not in scheduler.tail()


def test_it_rewrites_closed_days_and_drops_expired_ones(
    engine: Engine, owner: Engine, environ: dict[str, str], start_scheduler: StartScheduler
) -> None:
    environ["RETENTION_DAYS"] = "50"
    with owner.begin() as conn:
        conn.execute(update(Retention).values(days=50))
    with engine.begin() as conn:
        drive(conn, [builders.device(conn, vehicle_id=builders.vehicle(conn))], range(10))
    start_scheduler("active")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        wait_until(lambda: conn.scalars(select(RewrittenDay.day)).all() == [DAY], "the day is rewritten")
        wait_until(lambda: len(day_tables(conn)) == 50 + 1 + DAYS_AHEAD, "the expired days are gone")


def test_it_puts_the_head_of_the_audit_where_the_logs_go(engine: Engine, start_scheduler: StartScheduler) -> None:
    with Session(engine) as session:
        record(session, OPERATOR, Action.VIEW_TRACK, {}, people=[1])
        session.commit()
        noted = head(session)
    scheduler = start_scheduler("active")
    wait_until(lambda: says(scheduler.log, f"the head of the chain is {noted}"), "the head is logged")
    assert noted.seq == 1


def test_a_second_scheduler_stands_by_and_takes_over_when_the_first_is_killed(
    engine: Engine, start_scheduler: StartScheduler
) -> None:
    first = start_scheduler("active")
    second = start_scheduler("another scheduler is active; standing by")
    assert not says(second.log, "active:")
    window_id = duty_of_yesterday(engine)
    first.kill()
    wait_until(lambda: says(second.log, "active:"), "the second takes over")
    wait_until(lambda: verdicts(engine, window_id), "the second judges")


def test_a_scheduler_that_loses_its_connection_is_active_again(engine: Engine, start_scheduler: StartScheduler) -> None:
    scheduler = start_scheduler("active:")
    with engine.begin() as conn:
        holder = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
        conn.execute(text(holder + "(SELECT oid FROM pg_database WHERE datname = current_database())"))
    wait_until(lambda: says(scheduler.log, "active:", times=2), "it is active again")
    assert says(scheduler.log, "the lock of the active scheduler is gone")


def test_one_report_of_one_date_by_hand_prints_its_counts(engine: Engine, environ: dict[str, str]) -> None:
    window_id = duty_of_yesterday(engine)
    done = by_hand(environ, "--once", "no_show", WORK_DATE.isoformat())
    expected = f"no_show {WORK_DATE}: windows 1, written 1, UNVERIFIED 1, not_judged 0\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")
    assert len(verdicts(engine, window_id)) == 1


def test_a_date_without_duty_says_so(environ: dict[str, str]) -> None:
    done = by_hand(environ, "--once", "idle", "2026-01-01")
    assert (done.returncode, done.stdout) == (0, "idle 2026-01-01: nobody was on duty\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("noshow", "2026-11-20"),
            "reports: there is no report 'noshow'; there are no_show, idle, daily, weekly, monthly\n",
        ),
        (("no_show", "20/11/2026"), "reports: '20/11/2026' is not a date; write it as 2026-11-20\n"),
        (("idle", "2206-11-20"), "reports: 2206-11-20 is still to come\n"),
        (("monthly", "9999-12-31"), "reports: 9999-12-31 is still to come\n"),
    ],
)
def test_a_wrong_word_is_answered_with_one_sentence(
    arguments: tuple[str, str], sentence: str, environ: dict[str, str]
) -> None:
    done = by_hand(environ, "--once", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)
