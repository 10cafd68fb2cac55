"""The system's condition: each check's levels, and the page that says what is wrong and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from reports.schedule import LEADER_LOCK
from tests import builders as build
from tests.services import CHECKOUT
from tests.web.conftest import Browser, Clock, People, signed_in
from tracker.storage import models as m
from tracker.storage.audit import Action, Actor, record
from tracker.storage.audit_chain import verify_newest
from tracker.storage.condition import Heard, Server, scheduler_is_active
from tracker.storage.contests import Waiting
from tracker.storage.mail_pages import Queue
from tracker.web import condition_checks as checks
from tracker.web.condition_checks import GIGABYTE, Level
from tracker.web.condition_facts import PARTS
from tracker.web.condition_signs import Job, Room, Signs, signs_of
from tracker.web.condition_words import ABOUT, ADVICE, CHECK

PAGE = "/admin/condition"
RUNS = f"{PAGE}/runs"
ENGLISH = {"Accept-Language": "en"}
NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()
NOTHING_SAID = signs_of({})
SAY = """
import time
from tracker import metrics
metrics.BRIDGE_LIVES.set({bridge})
metrics.BACKLOG.set(7)
metrics.ACCESS_LIVES.set_to_current_time()
metrics.JOB_EVERY.labels("judging").set(60)
metrics.JOB_DONE.labels("judging").set({judged})
"""


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def run(state: str, began: datetime = NOW, error: str | None = None, period: date = TODAY) -> m.ReportRun:
    finished = None if state == "running" else began + timedelta(seconds=3)
    return m.ReportRun(
        report="no_show", period=period, state=state, started_at=began, finished_at=finished,
        counts={"PRESENT": 4, "windows": 1}, error=error,
    )  # fmt: skip


def said(**values: Any) -> Signs:
    fields = {name: getattr(NOTHING_SAID, name) for name in Signs.__slots__}
    return Signs(**{**fields, "bridge_at": NOW, **values})


# ---- the rules ----


@pytest.mark.parametrize(
    ("level", "found"),
    [
        ("good", checks.contests(Waiting(3, 0, 0))),
        ("warn", checks.contests(Waiting(3, 1, 0))),
        ("bad", checks.contests(Waiting(3, 1, 1))),
        ("good", checks.mails(Queue(3, ago(minutes=50), 0, 0), NOW)),
        ("good", checks.mails(Queue(0, None, 0, 0), NOW)),
        ("warn", checks.mails(Queue(3, ago(minutes=61), 0, 0), NOW)),
        ("warn", checks.mails(Queue(0, None, 1, 0), NOW)),
        ("warn", checks.mails(Queue(0, None, 0, 1), NOW)),
        ("bad", checks.mails(Queue(3, ago(hours=25), 0, 0), NOW)),
        ("good", checks.database(Server("18", 1, 80, 100))),
        ("warn", checks.database(Server("18", 1, 81, 100))),
        ("good", checks.days([TODAY + timedelta(days=2)], TODAY)),
        ("warn", checks.days([TODAY, TODAY + timedelta(days=1)], TODAY)),
        ("bad", checks.days([TODAY - timedelta(days=1)], TODAY)),
        ("bad", checks.days([], TODAY)),
        ("unknown", checks.ingest(Heard(0, 0, None), NOW)),
        ("unknown", checks.ingest(Heard(3, 0, None), NOW)),
        ("good", checks.ingest(Heard(3, 1, ago(minutes=10)), NOW)),
        ("warn", checks.ingest(Heard(3, 1, ago(minutes=11)), NOW)),
        ("bad", checks.ingest(Heard(3, 1, ago(minutes=31)), NOW)),
        ("unknown", checks.bridge(said(bridge_at=None, backlog=50_000), NOW)),
        ("bad", checks.bridge(said(bridge_at=ago(seconds=60), backlog=50_000), NOW)),
        ("warn", checks.bridge(said(backlog=10_001), NOW)),
        ("warn", checks.bridge(said(repeated=1), NOW)),
        ("good", checks.bridge(said(backlog=10_000), NOW)),
        ("bad", checks.snapshot(None, NOW)),
        ("bad", checks.snapshot(ago(minutes=2), NOW)),
        ("good", checks.snapshot(ago(seconds=3), NOW)),
        ("bad", checks.scheduler(False, [], NOW)),
        ("good", checks.scheduler(True, [Job("judging", 60, ago(minutes=7), 0)], NOW)),
        ("warn", checks.scheduler(True, [Job("judging", 60, ago(minutes=7, seconds=1), 0)], NOW)),
        ("warn", checks.scheduler(True, [Job("judging", 60, None, 3)], NOW)),
        ("unknown", checks.reports([], 0, NOW)),
        ("good", checks.reports([run("done"), run("running", ago(minutes=60))], 0, NOW)),
        ("warn", checks.reports([run("done")], 1, NOW)),
        ("warn", checks.reports([run("running", ago(minutes=61))], 0, NOW)),
        ("bad", checks.reports([run("failed")], 1, NOW)),
        ("good", checks.disk(Room(6 * GIGABYTE, 1000 * GIGABYTE))),
        ("warn", checks.disk(Room(4 * GIGABYTE, 1000 * GIGABYTE))),
        ("good", checks.disk(Room(4 * GIGABYTE, 20 * GIGABYTE))),
        ("bad", checks.disk(Room(GIGABYTE // 2, 20 * GIGABYTE))),
    ],
)
def test_levels(level: Level, found: Level) -> None:
    assert found == level


def test_whatever_is_not_well_says_what_to_do() -> None:
    names = {part.__name__ for part in PARTS}
    assert names == set(CHECK) == set(ABOUT)
    assert {name for name, _ in ADVICE} == names


# ---- what the database knows ----


def test_the_active_scheduler_is_known_by_its_lock(engine: Engine) -> None:
    with engine.connect() as asking, engine.connect() as scheduler:
        assert not scheduler_is_active(asking)
        scheduler.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LEADER_LOCK})
        assert scheduler_is_active(asking)
        scheduler.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LEADER_LOCK})
        assert not scheduler_is_active(asking)


def test_the_newest_rows_of_the_audit_are_checked_and_no_older_ones(engine: Engine, owner: Engine) -> None:
    with Session(engine) as session:
        for _ in range(5):
            record(session, Actor(None, "10.0.0.1"), Action.SIGN_OUT, {})
        session.commit()
        ids = session.scalars(select(m.Audit.id).order_by(m.Audit.id)).all()
        assert verify_newest(session, 3).rows == 3
        assert verify_newest(session, 100).rows == 5
    with owner.begin() as conn:
        conn.execute(text("UPDATE audit SET address = 'elsewhere' WHERE id = :id"), {"id": ids[1]})
    with Session(engine) as session:
        assert verify_newest(session, 3).faults == []
        assert [fault.row for fault in verify_newest(session, 4).faults] == [ids[1]]


# ---- the page ----


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def administrator(app: Any, engine: Engine, people: People) -> Browser:
    return signed_in(app, engine, "admin", NOW)


def section(page: str, name: str) -> str:
    """The card of one part."""
    return page.split(f'<section class="card" id="{name}"')[1].split("</section>")[0]


def levels(page: str, names: Sequence[str]) -> dict[str, str]:
    words = {"Well": "good", "Needs a look": "warn", "Not working": "bad", "Not known": "unknown"}
    return {name: next(level for word, level in words.items() if f"</svg>{word}</span>" in section(page, name))
            for name in names}  # fmt: skip


def test_an_empty_city_says_what_is_not_there_yet(administrator: Browser) -> None:
    page = administrator.get(PAGE, **ENGLISH).text
    assert levels(page, list(CHECK)) == {
        "database": "good", "days": "good", "ingest": "unknown", "bridge": "unknown", "broker_access": "unknown",
        "snapshot": "bad", "scheduler": "bad", "reports": "unknown", "quarantine": "good", "audit": "good",
        "disk": "good", "contests": "good", "mails": "good",
    }  # fmt: skip
    summary = page.split('id="summary-title"')[1].split("</section>")[0]
    assert summary.index("#snapshot") < summary.index("#bridge")  # the worst comes first
    assert "Start python -m reports" in section(page, "scheduler")


def test_processes_are_known_by_what_they_counted(
    administrator: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "metrics"
    shared.mkdir()
    script = SAY.format(bridge=ago(minutes=5).timestamp(), judged=NOW.timestamp())
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(shared)}
    subprocess.run([sys.executable, "-c", script], env=env, cwd=CHECKOUT, check=True)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(shared))
    page = administrator.get(PAGE, **ENGLISH).text
    assert levels(page, ["bridge", "broker_access"]) == {"bridge": "bad", "broker_access": "good"}
    assert "5 minutes ago" in section(page, "bridge")
    assert "<dd>7</dd>" in section(page, "bridge")
    assert "judge duties that ended" in page


def test_messages_in_quarantine_and_rejections_are_seen(administrator: Browser, engine: Engine) -> None:
    with engine.begin() as conn:
        device = build.device(conn, vehicle_id=build.vehicle(conn))
        conn.execute(insert(m.DeviceState).values(device_id=device, last_heard_at=ago(minutes=1)))
        conn.execute(insert(m.Quarantine).values(received_at=ago(minutes=5), topic="t", reasons=["no_time"]))
        conn.execute(insert(m.Rejection).values(device_id=device, day=TODAY, reason="no_time", count=12))
    page = administrator.get(PAGE, **ENGLISH).text
    assert levels(page, ["quarantine", "ingest"]) == {"quarantine": "warn", "ingest": "good"}
    assert "1 of 1 devices" in section(page, "ingest")
    assert ">12<" in page.split('id="rejected-title"')[1]


def test_runs_are_listed_with_what_they_hold_and_the_first_line_of_an_error(
    administrator: Browser, engine: Engine
) -> None:
    with Session(engine) as session:
        session.add_all([
            run("done", ago(minutes=3), period=TODAY - timedelta(days=1)),
            run("failed", error="window 7: ValueError: bad\n[parameters: -6.2, 106.8]"),
        ])
        session.commit()
    page = administrator.get(RUNS, **ENGLISH).text
    assert "window 7: ValueError: bad" in page and "106.8" not in page
    assert "4 present" in page and "1 duty" in page
    assert levels(administrator.get(PAGE, **ENGLISH).text, ["reports"]) == {"reports": "bad"}
    failed = administrator.get(f"{RUNS}?state=failed", **ENGLISH).text
    assert "window 7" in failed and failed.count('scope="row"') == 1
    assert "No run matches these filters" in administrator.get(f"{RUNS}?report=none", **ENGLISH).text


def test_without_runs_the_list_says_when_there_will_be_some(administrator: Browser) -> None:
    assert "No report has run yet" in administrator.get(RUNS, **ENGLISH).text
