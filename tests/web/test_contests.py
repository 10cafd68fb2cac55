"""Contesting a verdict on one's own page, and deciding it on the other side's."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import Engine, func, select

from tests import builders as build
from tests.web.actions import day_path, team_path
from tests.web.conftest import NOW, WORK_DATE, Browser, Clock, People, at, move_to, signed_in
from tests.web.test_attendance import audited, due
from tests.web.test_photos import GPS, with_place
from tests.web.test_team import judge
from tracker.storage import models as m

SAID = "Saya ada di pos sepanjang hari, ponsel saya rusak."
WHY = "Saya melihatnya sendiri di pos."
EVENING = at(18)


@pytest.fixture
def evening(engine: Engine, clock: Clock, employee: Browser, supervisor: Browser, stranger: Browser) -> None:
    """It is after the duty, and everybody is signed in."""
    move_to(clock, engine, EVENING)


@pytest.fixture
def silent(engine: Engine, people: People, evening: None) -> int:
    """The duty of which nothing was heard, in the evening."""
    judge(engine, people.window, "UNVERIFIED", cause="silent", computed_at=EVENING)
    return people.window


@pytest.fixture
def in_english(employee: Browser, supervisor: Browser) -> None:
    for browser in (employee, supervisor):
        browser.client.set_cookie("lang", "en")


def contest(browser: Browser, window: int, *photos: tuple[bytes, str], statement: str = SAID) -> Any:
    path = f"/me/contests/duties/{window}"
    browser.get(path)
    files = [(io.BytesIO(content), name) for content, name in photos]
    return browser.post(path, statement=statement, **({"photos": files} if files else {}))


def number_of(engine: Engine, level: int = 1) -> int:
    with engine.connect() as conn:
        return conn.scalars(select(m.Contest.id).where(m.Contest.level == level)).one()


def outcome(engine: Engine, level: int = 1) -> str | None:
    with engine.connect() as conn:
        return conn.scalars(select(m.Contest.outcome).where(m.Contest.level == level)).one()


def digest(page: str) -> str:
    return page.split('name="digest" value="')[1].split('"')[0]


def decide(browser: Browser, number: int, outcome: str = "kept", **fields: str) -> Any:
    page = browser.get(f"/team/contests/{number}").text
    seen = digest(page) if 'name="digest"' in page else "x"
    sent = {"outcome": outcome, "digest": seen, "start": "08:00", "end": "16:00", "why_decided": WHY, **fields}
    return browser.post(f"/team/contests/{number}", **sent)


def test_a_verdict_is_contested_decided_told_and_noted(
    employee: Browser, supervisor: Browser, people: People, engine: Engine, silent: int, in_english: None
) -> None:
    assert "Contest this verdict" in employee.get(day_path()).text
    assert contest(employee, silent).status_code == 303
    mine = employee.get("/me/contests").text
    assert SAID in mine and "Waits for a decision" in mine and "Thu, 26 Nov, 23:59" in mine
    assert "Contest this verdict" not in employee.get(day_path()).text
    assert "Contests (1)" in supervisor.get("/team").text
    assert "Siti Rahayu" in supervisor.get("/team/contests").text
    number = number_of(engine)
    page = supervisor.get(f"/team/contests/{number}").text
    assert SAID in page and "Unverified" in page and "First level" in page
    assert audited(engine, "view_contest")[0][0] == [people.own]
    assert decide(supervisor, number, "changed").status_code == 303
    assert (outcome(engine), due(engine)) == ("changed", [(silent, "decision")])
    noted = audited(engine, "decide_contest")[0]
    assert noted[:2] == ([people.own], WHY) and noted[2]["decision"] == "changed" and noted[2]["start"] == "08:00"
    with engine.connect() as conn:
        word = conn.execute(select(m.Attestation.starts_at, m.Attestation.ends_at, m.Attestation.reason)).one()
    assert tuple(word) == (at(8), at(16), WHY)
    assert "your presence was attested" in employee.get("/me").text and WHY in employee.get("/me/contests").text
    assert "decided what you contest" in employee.get("/me/data").text
    assert "Siti Rahayu" in supervisor.get("/team/contests?state=decided").text
    again = decide(supervisor, number)
    assert again.status_code == 422 and "in the meantime" in again.text and outcome(engine) == "changed"


@pytest.mark.parametrize(
    "fields", [{"why_decided": "short"}, {"outcome": "x"}, {"digest": ""}, {"start": "07:00"}, {"end": "x"},
               {"start": ""}, {"end": ""}]
)  # fmt: skip
def test_what_is_not_understood_decides_nothing(
    employee: Browser, supervisor: Browser, engine: Engine, silent: int, fields: dict[str, str]
) -> None:
    contest(employee, silent)
    sent = {"outcome": "changed", **fields}
    assert decide(supervisor, number_of(engine), **sent).status_code == 422
    assert outcome(engine) is None and due(engine) == [] and audited(engine, "decide_contest") == []


def test_a_decision_on_what_was_not_seen_is_none(
    employee: Browser, supervisor: Browser, engine: Engine, silent: int, in_english: None
) -> None:
    contest(employee, silent)
    seen = digest(supervisor.get(f"/team/contests/{number_of(engine)}").text)
    judge(engine, silent, "PRESENT", revision=2, late_min=0)
    answer = decide(supervisor, number_of(engine), digest=seen)
    assert answer.status_code == 422 and "another one by now" in answer.text and outcome(engine) is None


def test_nobody_decides_their_own_nor_a_strangers(
    employee: Browser, supervisor: Browser, stranger: Browser, people: People, engine: Engine, evening: None
) -> None:
    with engine.begin() as conn:
        own = build.window(conn, people.boss, at(8), at(16), work_date=WORK_DATE)
    for window in (own, people.window):
        judge(engine, window, "NO_SHOW", computed_at=EVENING)
    assert contest(supervisor, own).status_code == 303
    own_number = number_of(engine)
    assert decide(supervisor, own_number, "changed").status_code == 404
    assert decide(stranger, own_number).status_code == 404 and outcome(engine) is None
    assert contest(employee, own).status_code == 404, "another's duty"
    assert employee.get("/team/contests").status_code == 404
    for path in (f"/me/contests/{own_number}/withdraw", f"/me/contests/{own_number}/appeal"):
        employee.get("/me")
        assert employee.post(path, statement=SAID).status_code == 404
    assert "Rina Marlina" not in supervisor.get("/team/contests").text


def test_only_what_can_be_contested_is(
    employee: Browser, people: People, engine: Engine, clock: Clock, evening: None, in_english: None
) -> None:
    assert "not judged yet" in contest(employee, people.window).text
    judge(engine, people.window, "NO_SHOW", computed_at=EVENING)
    move_to(clock, engine, EVENING + timedelta(days=14, minutes=1))
    assert "is over" in contest(employee, people.window).text
    assert "Contest this verdict" not in employee.get(day_path()).text
    judge(engine, people.window, "PRESENT", revision=2, late_min=0)
    assert contest(employee, people.window).status_code == 422
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(m.Contest)) == 0


def test_a_statement_is_needed_and_what_was_typed_stays(employee: Browser, silent: int, in_english: None) -> None:
    answer = contest(employee, silent, statement="kurang")
    assert answer.status_code == 422 and "10 to 2,000 characters" in answer.text and "kurang" in answer.text


def test_pictures_come_without_their_place_and_with_the_rights_of_the_contest(
    app: Flask, employee: Browser, supervisor: Browser, stranger: Browser, engine: Engine, silent: int
) -> None:
    assert contest(employee, silent, (with_place(), "a.jpg"), (with_place(), "b.jpg")).status_code == 303
    number = number_of(engine)
    for browser, base in ((employee, "/me"), (supervisor, "/team")):
        page = browser.get("/me/contests" if base == "/me" else f"/team/contests/{number}").text
        assert f"{base}/contests/{number}/photos/2" in page
        shown = browser.get(f"{base}/contests/{number}/photos/1")
        assert shown.status_code == 200 and shown.mimetype == "image/jpeg"
        assert not Image.open(io.BytesIO(shown.data)).getexif().get_ifd(GPS)
        assert shown.headers["Content-Disposition"].startswith("inline")
        assert shown.headers["X-Content-Type-Options"] == "nosniff" and shown.headers["Cache-Control"] == "no-store"
        for other in (3, 0, 70_000, 10**20):
            assert browser.get(f"{base}/contests/{number}/photos/{other}").status_code == 404
    assert stranger.get(f"/team/contests/{number}/photos/1").status_code == 404
    assert stranger.get(f"/me/contests/{number}/photos/1").status_code == 404
    assert signed_in(app, engine, "auditor", EVENING).get(f"/team/contests/{number}/photos/1").status_code == 404
    assert '"media_type": "image/jpeg"' in employee.get("/me/data/everything.json").text


@pytest.mark.parametrize(
    "photos",
    [[(b"x", "a.jpg")], [(with_place(), "a.jpg")] * 4],
    ids=["none", "four"],
)
def test_what_is_no_picture_is_said_and_nothing_is_kept(
    employee: Browser, engine: Engine, silent: int, in_english: None, photos: list[tuple[bytes, str]]
) -> None:
    answer = contest(employee, silent, *photos)
    assert answer.status_code == 422 and "up to 3 pictures" in answer.text and SAID in answer.text
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(m.Contest)) == 0


def test_who_is_no_employee_sends_no_large_form(administrator: Browser, nobody: Browser, silent: int) -> None:
    for browser in (administrator, nobody):
        assert contest(browser, silent, (b"\0" * 300_000, "a.jpg")).status_code == 413


def test_it_is_withdrawn_while_nobody_decided(
    employee: Browser, supervisor: Browser, engine: Engine, silent: int, in_english: None
) -> None:
    contest(employee, silent)
    number = number_of(engine)
    employee.get("/me/contests")
    assert employee.post(f"/me/contests/{number}/withdraw").status_code == 303
    assert outcome(engine) == "withdrawn" and "Contest this verdict" in employee.get(day_path()).text
    assert decide(supervisor, number).status_code == 422 and outcome(engine) == "withdrawn"
    employee.post(f"/me/contests/{number}/withdraw")
    assert "in the meantime" in employee.get("/me/contests").text


def test_the_second_level_is_another_persons(
    app: Flask, employee: Browser, supervisor: Browser, engine: Engine, silent: int, in_english: None
) -> None:
    team = signed_in(app, engine, "regu", EVENING)
    contest(employee, silent)
    first = number_of(engine)
    assert decide(team, first).status_code == 303
    assert "Bring it before the second level" in employee.get("/me/contests").text
    assert employee.post(f"/me/contests/{first}/appeal", statement="kurang").status_code == 422
    assert employee.post(f"/me/contests/{first}/appeal", statement=f"{SAID} Tanyakan regu.").status_code == 303
    page = employee.get("/me/contests").text
    assert "Bring it before" not in page and "cannot be brought before the second level again" in page
    second = number_of(engine, 2)
    assert decide(team, second, "changed").status_code == 404 and outcome(engine, 2) is None
    assert "Siti Rahayu" not in team.get("/team/contests").text and "Decide the contest" not in team.get(
        team_path(_person(engine))
    ).text
    assert "Siti Rahayu" in supervisor.get("/team/contests?level=second").text
    page = supervisor.get(f"/team/contests/{second}").text
    assert WHY in page and "Tanyakan regu" in page and "Second level" in page
    assert decide(supervisor, second, "changed").status_code == 303 and outcome(engine, 2) == "changed"


def _person(engine: Engine) -> int:
    with engine.connect() as conn:
        return conn.scalars(select(m.DutyWindow.person_id)).one()


def test_an_overdue_one_is_marked_and_found(
    employee: Browser, supervisor: Browser, engine: Engine, clock: Clock, silent: int, in_english: None
) -> None:
    contest(employee, silent)
    assert "No contest waits" in supervisor.get("/team/contests?level=escalated").text
    with engine.begin() as conn:
        conn.execute(m.Contest.__table__.update().values(escalated_at=NOW, due_at=NOW))  # type: ignore[attr-defined]
    page = supervisor.get("/team/contests?level=escalated").text
    assert "Siti Rahayu" in page and "Overdue" in page and "Overdue" in employee.get("/me/contests").text


# ---- absence ----


def find_absent(browser: Browser, person: int, window: int, **fields: str) -> Any:
    path = team_path(person)
    page = browser.get(path).text
    seen = digest(page) if 'name="digest"' in page else "x"
    return browser.post(f"{path}/windows/{window}/absence", **{"digest": seen, "why_absent": WHY, **fields})


def findings(engine: Engine) -> list[datetime | None]:
    with engine.connect() as conn:
        return list(conn.scalars(select(m.AbsenceFinding.withdrawn_at)))


def test_absence_is_found_told_and_withdrawn(
    employee: Browser, supervisor: Browser, people: People, engine: Engine, silent: int, in_english: None
) -> None:
    assert find_absent(supervisor, people.own, silent).status_code == 303
    assert findings(engine) == [None] and due(engine) == [(silent, "decision")]
    assert audited(engine, "find_absence")[0][:2] == ([people.own], WHY)
    page = employee.get("/me").text
    assert "You were found absent on" in page and WHY in page and "Found absent by Rina Marlina" in page
    judge(engine, silent, "NO_SHOW", revision=2, reason="decision", evidence={"absence_found": True})
    page = supervisor.get(team_path(people.own)).text
    assert "a superior found that they were not there" in page and "/absence" in page
    with engine.connect() as conn:
        number = conn.scalars(select(m.AbsenceFinding.id)).one()
    path = f"{team_path(people.own)}/absences/{number}/withdraw"
    assert employee.post(path).status_code == 404
    assert supervisor.post(path).status_code == 303 and findings(engine) != [None]
    assert audited(engine, "withdraw_absence")[0][0] == [people.own]
    assert "was withdrawn. The verdict is computed again" in employee.get("/me").text
    supervisor.post(path)
    assert "was withdrawn already" in supervisor.get(team_path(people.own)).text


@pytest.mark.parametrize(
    ("fields", "sentence"), [({"why_absent": "short"}, "how you know"), ({"digest": "x"}, "by now")]
)
def test_what_cannot_be_found_is_said(
    supervisor: Browser, people: People, engine: Engine, silent: int, in_english: None, fields: dict[str, str],
    sentence: str,
) -> None:  # fmt: skip
    answer = find_absent(supervisor, people.own, silent, **fields)
    assert answer.status_code == 422 and sentence in answer.text and findings(engine) == []


def test_absence_is_found_by_nobody_for_themselves_strangers_or_where_somebody_was_seen(
    employee: Browser, supervisor: Browser, stranger: Browser, people: People, engine: Engine, silent: int
) -> None:
    with engine.begin() as conn:
        own = build.window(conn, people.boss, at(8), at(16), work_date=WORK_DATE)
    judge(engine, own, "UNVERIFIED", cause="silent", computed_at=EVENING)
    assert find_absent(supervisor, people.boss, own).status_code == 422
    assert "/absence" not in supervisor.get(team_path(people.boss)).text
    assert find_absent(stranger, people.own, silent).status_code == 404
    assert find_absent(employee, people.own, silent).status_code == 404
    assert find_absent(supervisor, people.own, own).status_code == 404
    times = {"start": at(8).isoformat(), "end": at(9).isoformat(), "source": "track"}
    seen = {"spans": [{**times, "place": "inside"}, {**times, "place": "unknown", "source": None}]}
    judge(engine, silent, "UNVERIFIED", revision=2, cause="partial", evidence=seen)
    assert "/absence" not in supervisor.get(team_path(people.own)).text
    assert find_absent(supervisor, people.own, silent).status_code == 422 and findings(engine) == []
