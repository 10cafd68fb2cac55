"""Runs: checked, approved, brought in; taken up again when the process dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from tests.imports.conftest import NOW, lines
from tests.services import CHECKOUT
from tracker.imports import runs
from tracker.imports.problems import Wrong
from tracker.storage import models as m
from tracker.storage.changes import By
from tracker.storage.register import NotFound
from tracker.storage.rights import Viewer

ZONE = ZoneInfo("Asia/Jakarta")
GOOD = lines("NIP,Name,Unit", "1,Siti,Regu Menteng", "2,Budi,Regu Menteng")


def viewer_of(by: By) -> Viewer:
    assert by.viewer is not None
    return by.viewer


def created(by: By, content: bytes = GOOD) -> int:
    run = runs.create(by.session, viewer_of(by), "192.0.2.1", "people", "pegawai.csv", content, NOW)
    by.session.commit()
    return run.id


def worked(engine: Engine) -> bool:
    return runs.work(engine, ZONE, lambda: NOW)


def state(engine: Engine, run_id: int) -> m.ImportRun:
    with Session(engine) as session:
        return session.get_one(m.ImportRun, run_id)


def people(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(m.Person)) or 0


def test_a_file_is_checked_and_brought_in_only_when_it_is_approved(engine: Engine, by_agency: By) -> None:
    run_id = created(by_agency)
    assert worked(engine) and not worked(engine)
    assert (state(engine, run_id).state, people(engine)) == ("checked", 0)
    assert runs.approve(by_agency.session, viewer_of(by_agency), run_id, NOW)
    by_agency.session.commit()
    assert worked(engine)
    run = state(engine, run_id)
    assert (run.state, run.content, run.rows_done, people(engine)) == ("done", None, 2, 2)


def test_a_wrong_file_is_refused_with_its_rows_and_not_kept(engine: Engine, by_agency: By) -> None:
    run_id = created(by_agency, lines("NIP,Name,Unit", "1,Siti,Regu Mars"))
    worked(engine)
    run = state(engine, run_id)
    assert (run.state, run.content, run.outcome["errors"][0]["wrong"]) == ("refused", None, Wrong.UNKNOWN_UNIT)
    assert not runs.approve(by_agency.session, viewer_of(by_agency), run_id, NOW)


def test_what_became_wrong_after_the_check_is_refused_at_the_import(engine: Engine, by_agency: By) -> None:
    run_id = created(by_agency)
    worked(engine)
    runs.approve(by_agency.session, viewer_of(by_agency), run_id, NOW)
    by_agency.session.execute(text("UPDATE unit SET name = 'Regu Baru' WHERE name = 'Regu Menteng'"))
    by_agency.session.commit()
    worked(engine)
    assert (state(engine, run_id).state, people(engine)) == ("refused", 0)


def test_zones_and_holidays_are_the_citys(by_agency: By) -> None:
    for kind in ("zones", "holidays", "nonsense"):
        with pytest.raises(NotFound):
            runs.create(by_agency.session, viewer_of(by_agency), "", kind, "x", b"x", NOW)


@pytest.mark.parametrize("killed_in", ["checking", "importing"])
def test_a_run_whose_process_died_is_taken_up_again(
    engine: Engine, by_agency: By, database: object, killed_in: str
) -> None:
    """The process is killed while it waits for a lock that this test holds, in the middle of its work."""
    run_id = created(by_agency)
    if killed_in == "importing":
        worked(engine)
        runs.approve(by_agency.session, viewer_of(by_agency), run_id, NOW)
        by_agency.session.commit()
    url = engine.url.render_as_string(hide_password=False)
    program = (
        "import sys; from datetime import datetime; from zoneinfo import ZoneInfo; from tracker.imports import runs; "
        "from tracker.storage.engine import make_engine; now = datetime.fromisoformat(sys.argv[2]); "
        "runs.work(make_engine(sys.argv[1]), ZoneInfo('Asia/Jakarta'), lambda: now)"
    )
    with engine.connect() as holder:
        holder.execute(text("LOCK TABLE membership IN ACCESS EXCLUSIVE MODE"))
        process = subprocess.Popen([sys.executable, "-c", program, url, NOW.isoformat()], cwd=CHECKOUT)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'membership'::regclass"
        began = datetime.now(UTC)
        while not holder.scalar(text(waiting)):
            assert (datetime.now(UTC) - began).total_seconds() < 30
            assert process.poll() is None
        assert state(engine, run_id).state == killed_in
        assert not worked(engine)  # it is claimed
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    while not worked(engine):  # the server lets go of a dead session's claim when it notices
        assert (datetime.now(UTC) - began).total_seconds() < 30
    expected = ("checked", 0) if killed_in == "checking" else ("done", 2)
    assert (state(engine, run_id).state, people(engine)) == expected
