"""One's own account: its password, and the browsers that are signed in with it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests import builders as build
from tests.web.conftest import NOW, PASSWORD, WORK_DATE, Browser, Clock, People
from tracker.storage import models as m
from tracker.storage.attempts import FREE_ATTEMPTS
from tracker.storage.sessions import open_session
from tracker.web.cookies import SESSION
from tracker.web.user_agents import device_name

GOOD = "tiga ekor kucing hijau"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


def change(browser: Browser, old: str = PASSWORD, new: str = GOOD, again: str = GOOD) -> int:
    browser.get("/account/password")
    return browser.post("/account/password", password=old, new_password=new, again=again).status_code


def sessions(engine: Engine) -> list[tuple[int, str]]:
    with engine.connect() as conn:
        rows = conn.execute(select(m.WebSession.id, m.WebSession.user_agent).order_by(m.WebSession.id))
        return [(number, agent) for number, agent in rows]


def second_browser(app: Flask, engine: Engine, username: str = "pegawai", agent: str = CHROME) -> Browser:
    with Session(engine) as session:
        account = session.scalars(select(m.Account).where(m.Account.username == username)).one()
        token, _ = open_session(session, account, NOW, WORK_DATE, "10.1.2.3", agent)
        session.commit()
    browser = Browser(app.test_client())
    browser.client.set_cookie(SESSION, token)
    return browser


def test_a_changed_password_ends_other_sessions_and_renews_this_one(
    app: Flask, engine: Engine, employee: Browser, nobody: Browser
) -> None:
    other, cookie = second_browser(app, engine), employee.client.get_cookie(SESSION)
    assert change(employee) == 303
    assert employee.get("/me").status_code == 200 and other.get("/me").status_code == 303
    renewed = employee.client.get_cookie(SESSION)
    assert cookie and renewed and cookie.value != renewed.value
    nobody.get("/sign-in")
    answers = [nobody.post("/sign-in", username="pegawai", password=one).status_code for one in (PASSWORD, GOOD)]
    assert answers == [401, 303]


@pytest.mark.parametrize(
    ("old", "new", "again"), [("wrong", GOOD, GOOD), (PASSWORD, GOOD, "x"), (PASSWORD, "pegawai2026", "pegawai2026")]
)
def test_what_is_wrong_changes_nothing(employee: Browser, nobody: Browser, old: str, new: str, again: str) -> None:
    assert change(employee, old, new, again) == 422
    nobody.get("/sign-in")
    assert nobody.post("/sign-in", username="pegawai", password=PASSWORD).status_code == 303


def test_a_stolen_session_cannot_guess_the_password_for_ever(employee: Browser) -> None:
    for _ in range(FREE_ATTEMPTS):
        assert change(employee, "wrong") == 422
    assert change(employee) == 422, "the account pauses for this address"


def test_right_passwords_do_not_use_attempts_up(employee: Browser, engine: Engine) -> None:
    for number in range(FREE_ATTEMPTS + 2):
        assert change(employee, PASSWORD if not number else f"{GOOD} {number}", *[f"{GOOD} {number + 1}"] * 2) == 303
    with engine.connect() as conn:
        assert conn.scalars(select(m.Account.failed_sign_ins).where(m.Account.username == "pegawai")).one() == 0


def test_a_page_lists_where_one_is_signed_in(app: Flask, engine: Engine, employee: Browser, people: People) -> None:
    second_browser(app, engine)
    second_browser(app, engine, "atasan", FIREFOX)
    page = employee.get("/account", **{"Accept-Language": "en"}).text
    assert "Chrome, Android" in page and "10.1.2.3" in page and "Firefox" not in page
    assert page.count("this browser") == 1


def test_a_session_that_ended_by_silence_is_not_listed(
    app: Flask, engine: Engine, supervisor: Browser, clock: Clock
) -> None:
    second_browser(app, engine, "atasan")
    clock.now += timedelta(hours=1)
    assert "Chrome, Android" in supervisor.get("/account").text
    clock.now += timedelta(hours=1)
    assert "Chrome, Android" not in supervisor.get("/account").text


def test_a_session_of_ones_own_is_ended(app: Flask, engine: Engine, employee: Browser) -> None:
    other = second_browser(app, engine)
    [(number, _)] = [row for row in sessions(engine) if row[1] == CHROME]
    employee.get("/account")
    for answer in (303, 404):
        assert employee.post(f"/account/sessions/{number}/end").status_code == answer
    assert other.get("/me").status_code == 303 and employee.get("/me").status_code == 200
    with engine.connect() as conn:
        assert conn.scalars(select(m.Audit.detail).where(m.Audit.action == "end_session")).all() == [
            {"session_id": number}
        ]


def test_nobody_ends_anothers_session(app: Flask, engine: Engine, employee: Browser, people: People) -> None:
    other = second_browser(app, engine, "atasan", FIREFOX)
    [(number, _)] = [row for row in sessions(engine) if row[1] == FIREFOX]
    employee.get("/account")
    employee.post(f"/account/sessions/{number}/end")
    employee.post("/account/sessions/end-others")
    assert other.get("/me").status_code == 200


def test_all_others_end_at_once(app: Flask, engine: Engine, employee: Browser) -> None:
    others = [second_browser(app, engine), second_browser(app, engine)]
    employee.get("/account")
    employee.post("/account/sessions/end-others")
    assert [one.get("/me").status_code for one in (*others, employee)] == [303, 303, 200]


def test_who_decides_is_signed_out_after_two_hours_of_silence(supervisor: Browser, clock: Clock) -> None:
    for _ in range(3):
        clock.now += timedelta(hours=1, minutes=50)
        assert supervisor.get("/team").status_code == 200
    clock.now += timedelta(hours=2)
    assert supervisor.get("/team").status_code == 303


def test_who_decides_is_signed_out_after_twelve_hours_whatever_they_do(supervisor: Browser, clock: Clock) -> None:
    for _ in range(11):
        clock.now += timedelta(hours=1)
        assert supervisor.get("/team").status_code == 200
    clock.now += timedelta(hours=1)
    assert supervisor.get("/team").status_code == 303


def test_an_employees_phone_may_be_silent_for_a_month(employee: Browser, clock: Clock) -> None:
    clock.now += timedelta(days=29)
    assert employee.get("/me").status_code == 200
    clock.now += timedelta(days=1)
    assert employee.get("/me").status_code == 303


def test_whoever_is_given_more_rights_has_the_shorter_session_at_once(
    employee: Browser, clock: Clock, engine: Engine, people: People
) -> None:
    clock.now += timedelta(days=1)
    assert employee.get("/me").status_code == 200
    with engine.begin() as conn:
        build.grant(conn, "pegawai", "supervisor", people.unit)
    assert employee.get("/me").status_code == 303


def test_that_a_session_was_seen_is_written_every_five_minutes(employee: Browser, clock: Clock, engine: Engine) -> None:
    def seen_after() -> timedelta:
        with engine.connect() as conn:
            return conn.scalars(select(m.WebSession.last_seen_at)).one() - NOW

    for minutes, expected in ((4, 0), (1, 5), (4, 5), (2, 11)):
        clock.now += timedelta(minutes=minutes)
        employee.get("/me")
        assert seen_after() == timedelta(minutes=expected)


def test_the_browser_of_a_sign_in_is_kept_in_short(nobody: Browser, people: People, engine: Engine) -> None:
    nobody.get("/sign-in")
    form = {"csrf_token": nobody.token, "username": "pegawai", "password": PASSWORD}
    nobody.client.post("/sign-in", data=form, headers={"User-Agent": "x" * 5000})
    assert [agent for _, agent in sessions(engine)] == ["x" * 200]


@pytest.mark.parametrize(
    ("agent", "name"),
    [(CHROME, "Chrome, Android"), (SAFARI, "Safari, iPhone"), (EDGE, "Edge, Windows"), (FIREFOX, "Firefox, Linux"),
     ("curl/8", "Unknown browser"), ("", "Unknown browser")],
)  # fmt: skip
def test_a_browser_has_a_name_that_its_owner_knows(app: Flask, agent: str, name: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert device_name(agent) == name


def test_every_page_leads_to_the_account(employee: Browser, administrator: Browser) -> None:
    for browser, path in ((employee, "/me"), (administrator, "/admin/devices")):
        assert re.search(r'<a [^>]*href="/account"', browser.get(path).text)
