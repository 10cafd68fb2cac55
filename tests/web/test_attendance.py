"""Checking in, attesting presence, and what a verdict rests on, on the pages of both sides."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, insert, select, update

from tests import builders as build
from tests.web.actions import day_path, team_path
from tests.web.conftest import NOW, Browser, Clock, People, at, move_to, signed_in
from tests.web.test_team import SECONDS, judge, row_of
from tracker.domain.publishing import OFF_ROSTER
from tracker.storage import models as m
from tracker.web import attendance_words, words

ENGLISH = {"Accept-Language": "en"}
PLACE = {"lat": "-6.2", "lon": "106.8", "accuracy_m": "12.4"}
WHY = "Saya melihatnya sendiri di pos."


def check_in(browser: Browser, **fields: Any) -> int:
    browser.get("/me")
    return browser.post("/me/check-in", **{"key": str(uuid.uuid4()), **fields}).status_code


def made(engine: Engine) -> list[tuple[Any, ...]]:
    columns = (m.CheckIn.person_id, m.CheckIn.at, m.CheckIn.leaves, m.CheckIn.lat_e7, m.CheckIn.accuracy_m)
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(*columns).order_by(m.CheckIn.id))]


def test_a_check_in_is_kept_with_its_place_and_a_repeat_is_harmless(
    employee: Browser, people: People, engine: Engine
) -> None:
    key = str(uuid.uuid4())
    assert [check_in(employee, key=key, **PLACE) for _ in range(2)] == [303, 303]
    assert made(engine) == [(people.own, NOW, False, -62000000, 12)]
    page = employee.get("/me", **ENGLISH).text
    assert "15:00 Check-in" in page and "with place" in page


def test_a_check_in_without_a_place_says_what_it_does_not_show(
    employee: Browser, people: People, engine: Engine
) -> None:
    employee.client.set_cookie("lang", "en")
    check_in(employee, leaves="1", lat="x", lon="106", accuracy_m="1")
    page = employee.get("/me", **ENGLISH).text
    assert made(engine) == [(people.own, NOW, True, None, None)]
    assert "You are checked out." in page and "that alone shows no presence" in page and "without place" in page


def test_off_duty_a_check_in_is_refused_and_no_button_is_there(
    employee: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    employee.client.set_cookie("lang", "en")
    assert "data-check-in" in employee.get("/me").text
    key = str(uuid.uuid4())
    check_in(employee, key=key)
    move_to(clock, engine, at(18))
    assert "data-check-in" not in employee.get("/me").text
    check_in(employee)
    assert len(made(engine)) == 1 and "No duty of yours" in employee.get("/me", **ENGLISH).text
    check_in(employee, key=key)
    assert "You are checked in." in employee.get("/me", **ENGLISH).text, "it was, and is sent once more"


def test_a_check_in_without_a_key_is_none(employee: Browser, people: People, engine: Engine) -> None:
    assert check_in(employee, key="x") == 400 and made(engine) == []


def test_who_is_excused_cannot_check_in_and_is_told_why(
    employee: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    with engine.begin() as conn:
        conn.execute(update(m.DutyWindow).values(excuse="official_trip"))
    page = employee.get("/me", **ENGLISH).text
    assert "data-check-in" not in page and "Excused · On an official trip" in page
    assert "Excused · On an official trip" in supervisor.get(team_path(people.own), **ENGLISH).text
    assert "Excused" in row_of(supervisor.get("/team", **ENGLISH).text, "Siti Rahayu")


def test_every_excuse_and_every_reason_has_words() -> None:
    assert {*m.LEAVE_KINDS, OFF_ROSTER, "holiday"} == set(attendance_words.EXCUSE)
    assert set(m.REASONS) == set(words.REVISION_REASON)


def attest(
    browser: Browser, people: People, person: int | None = None, window: int | None = None, **fields: Any
) -> Any:
    path = team_path(person or people.own)
    browser.get(path)
    sent = {"start": "08:00", "end": "12:00", "why_present": WHY, **fields}
    return browser.post(f"{path}/windows/{window or people.window}/attest", **sent)


def words_given(engine: Engine) -> list[tuple[Any, ...]]:
    columns = (m.Attestation.window_id, m.Attestation.starts_at, m.Attestation.ends_at, m.Attestation.reason)
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(*columns))]


def due(engine: Engine) -> list[tuple[int, str]]:
    with engine.connect() as conn:
        return [(row.window_id, row.reason) for row in conn.execute(select(m.WindowDue.__table__))]


def audited(engine: Engine, action: str) -> list[tuple[Any, ...]]:
    with engine.connect() as conn:
        rows = conn.execute(select(m.Audit.people, m.Audit.why, m.Audit.detail).where(m.Audit.action == action))
        return [tuple(row) for row in rows]


def test_an_attestation_is_kept_once_shown_to_both_and_marks_the_window(
    supervisor: Browser, employee: Browser, people: People, engine: Engine
) -> None:
    assert [attest(supervisor, people).status_code for _ in range(2)] == [303, 303]
    assert words_given(engine) == [(people.window, at(8), at(12), WHY)]
    assert due(engine) == [(people.window, "attestation")]
    noted = audited(engine, "attest")[0]
    assert noted[:2] == ([people.own], WHY) and (noted[2]["start"], noted[2]["end"]) == ("08:00", "12:00")
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert WHY in page and "Rina Marlina" in page
    judge(engine, people.window, "PRESENT")
    assert WHY in employee.get("/me").text
    assert "memberi kesaksian atas kehadiran Anda" in employee.get("/me/data").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"start": "07:00"}, "not within the duty"),
        ({"end": "16:30"}, "not within the duty"),
        ({"end": "15:30"}, "lies in the future"),
        ({"why_present": "short"}, "how you know"),
        ({"start": "morning"}, "Write the start as a time"),
    ],
)
def test_what_cannot_be_attested_is_said_and_kept_in_the_form(
    supervisor: Browser, people: People, engine: Engine, fields: dict[str, str], sentence: str
) -> None:
    supervisor.client.set_cookie("lang", "en")
    answer = attest(supervisor, people, **fields)
    assert answer.status_code == 422 and words_given(engine) == [] and due(engine) == []
    assert sentence in answer.text and next(iter(fields.values())) in answer.text


def test_nobody_attests_for_themselves_for_strangers_or_for_the_excused(
    supervisor: Browser, stranger: Browser, people: People, engine: Engine
) -> None:
    with engine.begin() as conn:
        own = build.window(conn, people.boss, at(8), at(16), work_date=NOW.date())
    assert attest(supervisor, people, people.boss, own).status_code == 422
    assert "/attest" not in supervisor.get(team_path(people.boss)).text
    assert attest(stranger, people).status_code == 404
    assert attest(supervisor, people, people.own, own).status_code == 404, "another's window"
    with engine.begin() as conn:
        conn.execute(update(m.DutyWindow).values(excuse="leave"))
    assert attest(supervisor, people).status_code == 422
    assert words_given(engine) == []


def test_a_duty_that_cannot_be_judged_again_is_not_attested(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    move_to(clock, engine, NOW + timedelta(days=61))
    assert "/attest" not in supervisor.get(team_path(people.own)).text
    assert attest(supervisor, people).status_code == 422 and words_given(engine) == []


def test_a_word_is_taken_back_by_who_may_give_one(
    app: Flask, supervisor: Browser, stranger: Browser, people: People, engine: Engine
) -> None:
    attest(supervisor, people)
    with engine.connect() as conn:
        number = conn.scalars(select(m.Attestation.id)).one()
    path = f"{team_path(people.own)}/attestations/{number}/withdraw"
    stranger.get("/team")
    assert stranger.post(path).status_code == 404
    team = signed_in(app, engine, "regu")
    team.client.set_cookie("lang", "en")
    team.get(team_path(people.own))
    assert team.post(path).status_code == 303
    assert audited(engine, "withdraw_attestation")[0][0] == [people.own]
    assert "Withdrawn" in team.get(team_path(people.own), **ENGLISH).text
    team.post(path)
    assert "was withdrawn already" in team.get(team_path(people.own), **ENGLISH).text
    assert team.post(f"{team_path(people.own)}/attestations/{number + 1}/withdraw").status_code == 404


EVIDENCE = {
    "sources": {"track": 3600, "attestation": 7200},
    "moments": [
        {"source": "check_in", "at": at(8).isoformat(), "leaves": False, "place": "inside"},
        {"source": "check_in", "at": at(9).isoformat(), "leaves": True, "place": "outside"},
    ],
    "periods": [{"source": "attestation", "start": at(10).isoformat(), "end": at(12).isoformat()}],
    "left_since": at(1).isoformat(),
}


def test_both_sides_see_every_source_and_what_each_revision_changed(
    supervisor: Browser, employee: Browser, people: People, engine: Engine
) -> None:
    judge(engine, people.window, "UNVERIFIED", cause="silent")
    judge(engine, people.window, "PRESENT", revision=2, reason="attestation", late_min=20, evidence=EVIDENCE)
    for page in (supervisor.get(team_path(people.own), **ENGLISH).text, employee.get(day_path(), **ENGLISH).text):
        assert "Attested by a superior: 2 h" in page and "Positions of the phone: 1 h" in page
        assert "08:00 Check-in: at the place of duty" in page and "09:00 Check-out: elsewhere" in page
        assert "10:00–12:00 Attested by a superior" in page
        assert page.count("01:00, in a duty before, the phone was elsewhere or silent") == 1
        assert "Verdict: Unverified before, now Present" in page
        assert "Minutes elsewhere at the beginning: – before, now 20 min" in page
        assert "Provisional until Sun, 22 Nov, 16:00" in page


@pytest.mark.parametrize(
    ("observed", "zones", "said"),
    [
        (0.5, [{"lat": 1}], words.CAUSE["partial"]),
        (1.0, [{"lat": 1}], attendance_words.NOT_CLEAR),
        (1.0, [], attendance_words.NO_ZONE),
    ],
)
def test_what_is_not_clear_is_not_laid_to_a_phone_that_was_heard(
    supervisor: Browser, employee: Browser, people: People, engine: Engine, observed: float, zones: list[Any], said: Any
) -> None:
    seconds = int(observed * SECONDS["unknown_s"])
    judge(engine, people.window, "UNVERIFIED", seconds, cause="partial", evidence={"window": {"zones": zones}})
    for page in (supervisor.get(team_path(people.own)).text, employee.get(day_path()).text):
        with employee.client.application.test_request_context():
            assert str(said) in page


def test_a_verdict_is_final_after_its_lock_and_an_open_case_is_said(
    supervisor: Browser, employee: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    judge(engine, people.window, "NO_SHOW")
    case = {"opened_at": NOW, "cause": "late_fixes", "proposed": {"status": "PRESENT"}, "proposed_digest": "x"}
    with engine.begin() as conn:
        conn.execute(insert(m.DutyCase).values(window_id=people.window, **case))
    move_to(clock, engine, at(16) + timedelta(hours=72))
    for page in (supervisor.get(team_path(people.own), **ENGLISH).text, employee.get(day_path(), **ENGLISH).text):
        assert "Final since Sun, 22 Nov, 16:00" in page and "Waits for a decision" in page
        assert "late positions arrived" in page


def test_news_is_told_until_it_is_read(employee: Browser, stranger: Browser, people: People, engine: Engine) -> None:
    worse = {"status": {"before": "PRESENT", "after": "NO_SHOW"}, "late_min": {"before": 0, "after": None}}
    kept = {"accepted": False, "reason": "Sudah saya periksa."}
    with engine.begin() as conn:
        told = [(people.own, "verdict_worse", worse), (people.own, "case_decided", kept)]
        for person, kind, detail in (*told, (people.foreign, "case_decided", kept)):
            row = {"person_id": person, "at": NOW, "kind": kind, "work_date": NOW.date(), "detail": detail}
            conn.execute(insert(m.Notification).values(row))
    page = employee.get("/me", **ENGLISH).text
    assert "became worse" in page and "Verdict: Present before, now Not at the place of duty" in page
    assert "the verdict stays" in page and "Sudah saya periksa." in page and page.count(day_path()) >= 2
    assert "New for you" not in employee.get(day_path(), **ENGLISH).text
    with engine.connect() as conn:
        first = conn.scalars(select(func.min(m.Notification.id))).one()
    stranger.get("/me")
    stranger.post("/me/notifications/read", last=first + 100)
    employee.post("/me/notifications/read", last=first)
    page = employee.get("/me", **ENGLISH).text
    assert "became worse" not in page and "the verdict stays" in page
    assert employee.post("/me/notifications/read", last="x").status_code == 400
    employee.post("/me/notifications/read", last=first + 1)
    assert "New for you" not in employee.get("/me", **ENGLISH).text
