"""Supervisors: reading a person's day, deciding on its log, and the trace that it was opened."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select

from tests import builders as build
from tests.web.actions import add, day_path, decide, state_of, submit, team_path
from tests.web.conftest import NOW, WORK_DATE, Browser, Clock, People, at, signed_in
from tracker.storage import models as m

HERE = (-6.2, 106.8)  # the centre of the zone that the duty is in


def record_track(engine: Engine, person_id: int, start: datetime, minutes: int, place: tuple[float, float]) -> None:
    """A fix each minute at one place."""
    lat, lon = (round(degrees * 1e7) for degrees in place)
    with engine.begin() as conn:
        phone = build.device(conn, person_id=person_id)
        times = (start + timedelta(minutes=n) for n in range(minutes))
        where = {"device_id": phone, "lat_e7": lat, "lon_e7": lon, "accuracy_m": 10}
        conn.execute(insert(m.StoredFix), [{"fix_time": t, "received_after_s": 0, **where} for t in times])


def looks(engine: Engine) -> list[tuple[list[int], str, dict[str, str]]]:
    with engine.connect() as conn:
        rows = conn.execute(select(m.Audit.people, m.Audit.action, m.Audit.detail).order_by(m.Audit.id))
        return [tuple(row) for row in rows]


@pytest.fixture
def submitted(employee: Browser, people: People) -> People:
    """`own` has submitted the work date with one activity."""
    add(employee, people.sweeping, "08:00", "10:00")
    submit(employee)
    return people


def test_opening_a_day_leaves_a_trace_that_the_employee_sees(
    employee: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    assert "Belum ada yang melihat" in employee.get("/me/data").text
    supervisor.get(team_path(people.own))
    assert looks(engine) == [([people.own], "view_track", {"work_date": str(WORK_DATE), "role": "supervisor"})]
    page = employee.get("/me/data").text
    assert "Rina Marlina" in page and "membuka jejak Anda tanggal Kamis, 19 November 2026" in page


def test_every_look_can_be_paged_to(employee: Browser, people: People, owner: Engine) -> None:
    look = {"people": [people.own], "action": "view_track"}
    with owner.begin() as conn:
        for number in range(51):
            day = str(WORK_DATE - timedelta(days=number))
            conn.execute(insert(m.Audit).values(at=NOW - timedelta(days=number), detail={"work_date": day}, **look))
    first, last = "Kamis, 19 November 2026", "Rabu, 30 September 2026"
    page = employee.get("/me/data").text
    assert first in page and last not in page and "/me/data?page=2" in page
    page = employee.get("/me/data?page=2").text
    assert last in page and first not in page


def test_a_day_that_may_not_be_seen_leaves_no_trace(stranger: Browser, people: People, engine: Engine) -> None:
    assert stranger.get(team_path(people.own)).status_code == 404
    assert stranger.get(team_path(10_000)).status_code == 404
    assert looks(engine) == []


def test_the_track_stands_beside_the_log(supervisor: Browser, submitted: People, engine: Engine) -> None:
    record_track(engine, submitted.own, at(8), 120, HERE)
    page = supervisor.get(team_path(submitted.own)).text
    assert '"stays": [{"at": [106.8, -6.2], "kind": "on_site", "number": 1}]' in page
    assert 'class="on_site" x="0.0"' in page and 'class="activity" x="0.0" width="250.0"' in page
    assert "Tidak diketahui" in page and "2 jam" in page


def test_silence_is_shown_as_silence(supervisor: Browser, people: People) -> None:
    page = supervisor.get(team_path(people.own)).text
    assert "tidak mengatakan di mana orangnya berada" in page and 'class="unknown" x="0.0"' in page


def test_approving_leads_to_the_next_log_that_waits(
    supervisor: Browser, submitted: People, engine: Engine, employee: Browser
) -> None:
    with engine.begin() as conn:
        earlier = {"work_date": WORK_DATE - timedelta(days=1), "state": "submitted", "submitted_at": NOW}
        conn.execute(insert(m.DailyLog).values(person_id=submitted.own, **earlier))
    supervisor.get(team_path(submitted.own))
    answer = supervisor.post(team_path(submitted.own), decision="approved", seen="submitted", onward="1")
    assert answer.headers["Location"] == team_path(submitted.own, WORK_DATE - timedelta(days=1))
    assert state_of(engine, submitted.own) == "approved" and "Disetujui" in employee.get(day_path()).text


def test_the_last_decision_leads_back_to_the_queue(supervisor: Browser, submitted: People) -> None:
    assert "Siti Rahayu" in supervisor.get("/team/reviews").text
    supervisor.get(team_path(submitted.own))
    answer = supervisor.post(team_path(submitted.own), decision="approved", seen="submitted", onward="1")
    assert answer.headers["Location"] == "/team/reviews"
    assert "Siti Rahayu" not in supervisor.get("/team/reviews").text


@pytest.mark.parametrize("decision", ["returned", "rejected"])
def test_a_no_needs_its_reason(supervisor: Browser, submitted: People, engine: Engine, decision: str) -> None:
    answer = decide(supervisor, submitted.own, decision)
    assert answer.status_code == 422 and "alasan singkat" in answer.text
    assert state_of(engine, submitted.own) == "submitted"
    assert decide(supervisor, submitted.own, decision, reason="Volume tidak sesuai.").status_code == 303
    assert state_of(engine, submitted.own) == decision


def test_of_two_decisions_the_first_stands(app: Flask, engine: Engine, submitted: People) -> None:
    first, second = (signed_in(app, engine, name) for name in ("atasan", "regu"))
    for browser in (first, second):
        browser.get(team_path(submitted.own))
    assert first.post(team_path(submitted.own), decision="approved", seen="submitted").status_code == 303
    late = second.post(team_path(submitted.own), decision="returned", seen="submitted", reason="Kurang lengkap.")
    assert late.status_code == 422 and "sudah berubah" in late.text and "Kurang lengkap." in late.text
    assert state_of(engine, submitted.own) == "approved"


def test_an_approval_never_lands_on_a_log_that_was_submitted_again(
    app: Flask, engine: Engine, submitted: People, employee: Browser, clock: Clock
) -> None:
    first, second = (signed_in(app, engine, name) for name in ("atasan", "regu"))
    first.get(team_path(submitted.own))
    decide(second, submitted.own, "returned", reason="Kurang lengkap.")
    clock.now += timedelta(minutes=5)
    add(employee, submitted.meeting, "10:00", "11:00")
    submit(employee)
    late = first.post(team_path(submitted.own), decision="approved", seen="submitted")
    assert late.status_code == 422 and "sudah berubah" in late.text
    assert state_of(engine, submitted.own) == "submitted"
    assert decide(first, submitted.own, "approved").status_code == 303


def test_parallel_decisions_leave_one(app: Flask, engine: Engine, submitted: People) -> None:
    browsers = [signed_in(app, engine, name) for name in ("atasan", "regu") * 2]
    reasons = {"reason": "Kurang lengkap."}
    threads = [
        threading.Thread(target=decide, args=(browser, submitted.own, decision), kwargs=reasons)
        for browser, decision in zip(browsers, ("approved", "returned", "rejected", "approved"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as conn:
        (decided,) = conn.scalars(select(m.LogDecision.decision))
    assert state_of(engine, submitted.own) == decided


def test_nobody_decides_their_own_log(supervisor: Browser, people: People, engine: Engine) -> None:
    add(supervisor, people.meeting, "08:00", "09:00")
    submit(supervisor)
    answer = decide(supervisor, people.boss, "approved")
    assert answer.status_code == 422 and "laporannya sendiri" in answer.text
    assert state_of(engine, people.boss) == "submitted"
    assert "Rina Marlina" not in supervisor.get("/team/reviews").text


def test_a_closed_draft_can_be_opened_again(
    app: Flask, employee: Browser, supervisor: Browser, people: People, clock: Clock, engine: Engine
) -> None:
    assert decide(supervisor, people.own, "returned", "draft", "Silakan lengkapi.").status_code == 422
    clock.now = at(13, 0, date(2026, 11, 20))
    supervisor = signed_in(app, engine, "atasan", clock.now)
    assert "Buka kembali" in supervisor.get(team_path(people.own)).text
    assert decide(supervisor, people.own, "returned", "draft", "Silakan lengkapi.").status_code == 303
    assert add(employee, people.sweeping, "08:00", "09:00").status_code == 303
