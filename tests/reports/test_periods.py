"""Daily, weekly and monthly reports: each period once, when it is ready, the missed ones too, with its mails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update

from reports.batches import REPORTS
from reports.mails import send_due
from reports.periods import make_due
from tests import builders as build
from tests.conftest import Database
from tests.domain.days import WIB
from tests.mailserver import mail_server
from tests.reports.duties import WORK_DATE, judge, on_duty, runs
from tests.reports.mailing import mails, post, reader, subscribed
from tests.services import CHECKOUT, DEADLINE_S
from tests.storage.test_figures import MONDAY, duty
from tracker.domain.periods import DAY
from tracker.storage import models as m
from tracker.storage import report_runs
from tracker.storage.figures import count_day, mark_days

NEXT_MONDAY = MONDAY + timedelta(days=7)


def local(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=WIB).astimezone(UTC)


def make(engine: Engine, now: datetime) -> None:
    make_due(engine, WIB, now, lambda: False)


@pytest.fixture
def unit(engine: Engine) -> int:
    """Somebody of it was present from Monday to Sunday, all counted; a reader wants its daily and weekly reports."""
    with engine.begin() as conn:
        unit = build.unit(conn, "Dinas")
        person = build.person(conn, unit)
        for day in (MONDAY + DAY * number for number in range(7)):
            duty(conn, person, day, status="PRESENT", late_min=0, left_early_min=0)
            count_day(conn, day, local(NEXT_MONDAY, 0))
        account = reader(conn, "kepala", unit)
        for cadence in ("daily", "weekly"):
            subscribed(conn, account, cadence, unit)
    return unit


def made(engine: Engine) -> dict[str, list[tuple[date, str]]]:
    with engine.connect() as conn:
        rows = conn.execute(select(m.ReportRun.__table__).order_by(m.ReportRun.report, m.ReportRun.period)).all()
    found: dict[str, list[tuple[date, str]]] = {}
    for row in rows:
        found.setdefault(row.report, []).append((row.period, row.state))
    return found


def test_missed_periods_are_caught_up_and_none_is_made_twice(engine: Engine, unit: int) -> None:
    make(engine, local(NEXT_MONDAY, 1))
    week = [(MONDAY + DAY * number, "done") for number in range(7)]
    assert made(engine) == {"daily": week, "weekly": [(MONDAY, "done")]}
    assert Counter(mail.period for mail in mails(engine)) == Counter([day for day, _ in week] + [MONDAY])
    make(engine, local(NEXT_MONDAY, 2))
    assert len(mails(engine)) == 8
    assert runs(engine, MONDAY)["weekly"].counts == {"duties": 7, "not_judged": 0, "mails": 1}


def test_no_further_back_than_the_reach(engine: Engine, unit: int) -> None:
    make(engine, local(NEXT_MONDAY + timedelta(days=5), 1))
    found = made(engine)["daily"]
    assert [day for day, _ in found] == [MONDAY + timedelta(days=4) + DAY * number for number in range(8)]


def test_two_schedulers_at_once_make_each_period_once(engine: Engine, unit: int) -> None:
    both = [threading.Thread(target=make, args=(engine, local(NEXT_MONDAY, 1))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert {state for rows in made(engine).values() for _, state in rows} == {"done"} and len(mails(engine)) == 8


def test_a_period_waits_for_its_duties_visibly_and_then_tells_how_many_are_missing(engine: Engine, unit: int) -> None:
    with engine.begin() as conn:
        duty(conn, build.person(conn, unit), MONDAY + timedelta(days=6))  # until 16.00
        build.window(conn, build.person(conn, unit), local(MONDAY, 8), local(MONDAY, 9), work_date=MONDAY)
        conn.execute(update(m.DutyWindow).where(m.DutyWindow.work_date == MONDAY).values(excuse="leave"))
    make(engine, local(NEXT_MONDAY, 1))
    waiting = runs(engine, MONDAY)["weekly"]
    assert (waiting.state, waiting.done, waiting.total, waiting.counts["waits_for_duties"]) == ("running", 6, 7, 1)
    assert runs(engine, MONDAY)["daily"].state == "done", "of whom nobody was expected nobody waits"
    make(engine, local(NEXT_MONDAY, 15))
    assert runs(engine, MONDAY)["weekly"].state == "running"
    make(engine, local(NEXT_MONDAY, 17))
    found = runs(engine, MONDAY)["weekly"]
    assert (found.state, found.counts["not_judged"], found.total) == ("done", 1, None)
    assert found.started_at == waiting.started_at


def test_a_period_waits_until_its_days_are_counted(engine: Engine, unit: int) -> None:
    with engine.begin() as conn:
        mark_days(conn, [MONDAY], local(MONDAY, 20))
    make(engine, local(MONDAY + DAY, 1))
    assert runs(engine, MONDAY)["daily"].counts["waits_for_days"] == 1
    with engine.begin() as conn:
        count_day(conn, MONDAY, local(MONDAY, 21))
    make(engine, local(MONDAY + DAY, 1))
    assert runs(engine, MONDAY)["daily"].state == "done"


def test_only_who_subscribed_before_the_period_ended_is_sent_it(engine: Engine, unit: int) -> None:
    with engine.begin() as conn:
        late = reader(conn, "baru", unit)
        subscribed(conn, late, "weekly", unit, since=local(NEXT_MONDAY, 0))
        gone = reader(conn, "pergi", unit)
        subscribed(conn, gone, "weekly", unit)
        conn.execute(update(m.Subscription).where(m.Subscription.account_id == gone).values(ended_at=local(MONDAY, 0)))
    make(engine, local(NEXT_MONDAY, 1))
    assert not {mail.account_id for mail in mails(engine)} & {late, gone}


def test_a_failure_is_shown_and_the_next_turn_tries_again(engine: Engine, owner: Engine, unit: int) -> None:
    with owner.begin() as conn:
        conn.execute(text("ALTER TABLE mail ADD CONSTRAINT no_mail CHECK (period <> DATE '2026-11-16') NOT VALID"))
    make(engine, local(MONDAY + DAY, 1))
    failed = runs(engine, MONDAY)["daily"]
    assert failed.state == "failed" and "no_mail" in failed.error and mails(engine) == []
    with owner.begin() as conn:
        conn.execute(text("ALTER TABLE mail DROP CONSTRAINT no_mail"))
    make(engine, local(MONDAY + DAY, 1))
    assert runs(engine, MONDAY)["daily"].state == "done" and runs(engine, MONDAY)["daily"].error is None
    assert len(mails(engine)) == 1


def test_what_was_caught_up_is_mailed(engine: Engine, unit: int) -> None:
    make(engine, local(NEXT_MONDAY, 1))
    with engine.begin() as conn:
        conn.execute(update(m.Mail).values(next_at=build.LONG_AGO))
    with mail_server() as mailbox:
        send_due(engine, post(mailbox), lambda: False)
        assert len(mailbox.ids) == 8 and set(mailbox.ids.values()) == {1}


def test_a_period_by_hand_once(engine: Engine, database: Database, tmp_path: Path, unit: int) -> None:
    urls = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url, "DATA_DIR": str(tmp_path)}
    environ = {**os.environ, **urls, "MQTT_URL": "mqtt://nobody:secret@127.0.0.1:1"}

    def by_hand(day: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "reports", "--once", "weekly", day]
        done = subprocess.run(
            command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        return done.returncode, done.stdout or done.stderr

    day = date(2026, 11, 18)  # any day of the week names it
    assert by_hand(str(day)) == (0, f"weekly {MONDAY}: duties 7, not_judged 0, mails 1\n")
    assert by_hand(str(MONDAY)) == (0, f"weekly {MONDAY}: made before; nothing was changed\n")
    code, said = by_hand(str(datetime.now(WIB).date()))
    assert code == 2 and said.endswith(" is not over yet\n")
    assert by_hand("2099-01-01") == (2, "reports: 2099-01-01 is still to come\n") and len(mails(engine)) == 1


def test_a_run_says_how_far_it_is(engine: Engine) -> None:
    told: list[tuple[int | None, int | None]] = []
    with engine.begin() as conn:
        for _ in range(3):
            on_duty(conn)
        report_runs.begin(conn, REPORTS, WORK_DATE, local(WORK_DATE, 20), 3)
        report_runs.progress(conn, REPORTS, {WORK_DATE: 2, WORK_DATE - DAY: 5})
    told += [(run.done, run.total) for run in runs(engine).values()]
    judge(engine, "+1 05:00")
    told += [(run.done, run.total) for run in runs(engine).values()]
    assert told == [(2, 3), (2, 3), (3, 3), (3, 3)]
    with engine.begin() as conn:
        conn.execute(delete(m.ReportRun))
        ended = {"report": "idle", "period": WORK_DATE, "state": "done", "started_at": local(WORK_DATE, 1)}
        conn.execute(insert(m.ReportRun).values(ended))
        report_runs.progress(conn, REPORTS, {WORK_DATE: 2})
    assert runs(engine)["idle"].done is None, "what is done does not go on"
