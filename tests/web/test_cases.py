"""Cases: seen by who decides, decided once with a reason, and only as they were seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from tests.web.conftest import NOW, Browser, People
from tests.web.test_attendance import ENGLISH, audited, due
from tests.web.test_team import judge
from tracker.storage import models as m
from tracker.storage.cases import open_case
from tracker.storage.published import proposal, published

PRESENT = {"status": "PRESENT", "cause": None, "late_min": 0, "left_early_min": None}
WHY = "Posisi yang terlambat membuktikannya."


@pytest.fixture
def case(engine: Engine, people: People) -> int:
    judge(engine, people.window, "NO_SHOW")
    with engine.begin() as conn:
        assert open_case(conn, people.window, "late_fixes", PRESENT, NOW - timedelta(days=2))
        return conn.scalars(select(m.DutyCase.id)).one()


def digest(engine: Engine, number: int) -> str:
    with engine.connect() as conn:
        return conn.scalars(select(m.DutyCase.proposed_digest).where(m.DutyCase.id == number)).one()


def decide(browser: Browser, engine: Engine, number: int, holds: str, **fields: Any) -> Any:
    browser.get(f"/team/cases/{number}")
    sent = {"holds": holds, "digest": digest(engine, number), "why_decided": WHY, **fields}
    return browser.post(f"/team/cases/{number}", **sent)


def clock(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo('Asia/Jakarta')):%H:%M}"


def state(engine: Engine, number: int) -> tuple[Any, ...]:
    with engine.connect() as conn:
        query = select(m.DutyCase.accepted, m.DutyCase.reason).where(m.DutyCase.id == number)
        return tuple(conn.execute(query).one())


def test_a_case_says_what_stands_and_what_would_be(supervisor: Browser, people: People, case: int) -> None:
    assert "(1)" in supervisor.get("/team").text
    listed = supervisor.get("/team/cases", **ENGLISH).text
    assert "Siti Rahayu" in listed and "late positions arrived" in listed and "2 days ago" in listed
    page = supervisor.get(f"/team/cases/{case}", **ENGLISH).text
    assert "Not at the place of duty" in page and "Verdict: Not at the place of duty now, would be Present" in page


@pytest.mark.parametrize(("holds", "marks"), [("accepted", "decision"), ("kept", None)])
def test_a_decision_is_kept_noted_told_and_followed(
    supervisor: Browser, employee: Browser, people: People, engine: Engine, case: int, holds: str, marks: str | None
) -> None:
    assert decide(supervisor, engine, case, holds).status_code == 303
    assert state(engine, case) == (holds == "accepted", WHY)
    assert due(engine) == ([(people.window, marks)] if marks else [])
    noted = audited(engine, "decide_case")[0]
    assert noted[:2] == ([people.own], WHY) and noted[2]["decision"] == holds
    assert WHY in employee.get("/me").text
    assert "Siti Rahayu" in supervisor.get("/team/cases?state=decided").text
    assert "Siti Rahayu" not in supervisor.get("/team/cases").text
    again = decide(supervisor, engine, case, "kept")
    assert again.status_code == 422 and state(engine, case) == (holds == "accepted", WHY)


def test_a_decision_on_what_was_not_seen_is_none(
    supervisor: Browser, people: People, engine: Engine, case: int
) -> None:
    seen = digest(engine, case)
    with engine.begin() as conn:
        assert open_case(conn, people.window, "leave", {**PRESENT, "status": "UNVERIFIED"}, NOW)
    answer = decide(supervisor, engine, case, "accepted", digest=seen)
    assert answer.status_code == 422 and state(engine, case) == (None, "") and due(engine) == []


@pytest.mark.parametrize("fields", [{"why_decided": "short"}, {"holds": "x"}, {"digest": ""}])
def test_what_is_not_understood_decides_nothing(
    supervisor: Browser, engine: Engine, case: int, fields: dict[str, str]
) -> None:
    sent = {"holds": "accepted", **fields}
    assert decide(supervisor, engine, case, **sent).status_code == 422 and state(engine, case) == (None, "")


def test_a_case_of_somebody_elses_team_is_not_there(
    stranger: Browser, employee: Browser, engine: Engine, case: int
) -> None:
    assert decide(stranger, engine, case, "accepted").status_code == 404 and state(engine, case) == (None, "")
    assert "Siti Rahayu" not in stranger.get("/team/cases").text
    assert employee.get("/team/cases").status_code == 404


def test_accepted_terms_become_those_of_the_duty(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "NO_SHOW")
    with engine.begin() as conn:
        (window,) = published(conn, people.own, NOW.date(), NOW.date())
        middle = window.terms.start + (window.terms.end - window.terms.start) / 2
        terms, other = replace(window.terms, end=middle), replace(window.terms, start=middle, excuse="sick")
        open_case(conn, people.window, "leave", proposal(terms, [other]), NOW)
        number = conn.scalars(select(m.DutyCase.id)).one()
    first, second = (f"{clock(one.start)}–{clock(one.end)}" for one in (terms, other))
    for page in (f"/team/cases/{number}", "/team/cases"):
        assert f"{first}; {second}, Sick" in supervisor.get(page, **ENGLISH).text
    assert decide(supervisor, engine, number, "accepted").status_code == 303
    with engine.connect() as conn:
        theirs = published(conn, people.own, NOW.date(), NOW.date())
    assert [one.terms for one in theirs] == [terms, other]
    assert due(engine) == [(people.window, "decision")]
