"""Signing in and out: what a password opens, and what guessing costs."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.conftest import Database
from tests.web.conftest import NOW, PASSWORD, Browser, Clock, People, Settings, signed_in
from tracker.storage import models as m
from tracker.storage.accounts import check_password, create_account
from tracker.storage.attempts import FREE_ATTEMPTS, FREE_ATTEMPTS_ANYWHERE, forget_old, place_of
from tracker.storage.sessions import forget_ended
from tracker.web import create_app
from tracker.web.access import Access
from tracker.web.city import db
from tracker.web.cookies import SESSION


def attempt(browser: Browser, username: str = "pegawai", password: str = PASSWORD, target: str = "") -> int:
    browser.get("/sign-in")
    return browser.post("/sign-in", username=username, password=password, next=target).status_code


@pytest.mark.parametrize(
    ("username", "home"), [("pegawai", "/me"), ("atasan", "/team"), ("auditor", "/team"), ("admin", "/admin")]
)
def test_each_role_starts_on_its_own_page(nobody: Browser, people: People, username: str, home: str) -> None:
    assert attempt(nobody, username) == 303
    assert nobody.get("/sign-in").headers["Location"] == home
    assert nobody.get(home).status_code == 200


def test_the_table_of_sessions_opens_nothing(nobody: Browser, people: People, engine: Engine) -> None:
    attempt(nobody)
    cookie = nobody.client.get_cookie(SESSION)
    assert cookie is not None and cookie.http_only and cookie.same_site == "Lax"
    with engine.connect() as conn:
        (stored,) = conn.scalars(select(m.WebSession.token_sha256))
    assert len(stored) == 32 and stored.hex() not in cookie.value


def test_signing_out_ends_the_session_on_the_server(app: Flask, nobody: Browser, people: People) -> None:
    attempt(nobody)
    cookie = nobody.client.get_cookie(SESSION)
    assert cookie is not None
    nobody.get("/me")
    assert nobody.post("/sign-out").status_code == 303
    kept = app.test_client()
    kept.set_cookie(SESSION, cookie.value)
    assert kept.get("/me").status_code == 303


def test_a_session_ends_by_itself(employee: Browser, clock: Clock) -> None:
    assert employee.get("/me").status_code == 200
    clock.now += timedelta(days=31)
    assert employee.get("/me").status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "http://[", "/me\r\nX: y",
        "/m\u00e9",
    ],
)
def test_signing_in_never_leads_to_a_foreign_site(nobody: Browser, people: People, target: str) -> None:
    nobody.get("/sign-in")
    answer = nobody.post("/sign-in", username="pegawai", password=PASSWORD, next=target)
    assert answer.headers["Location"] == "/sign-in"


def test_who_was_stopped_on_the_way_arrives_there(nobody: Browser, people: People) -> None:
    stopped = nobody.get("/me/data?lang=en")
    page = nobody.get(stopped.headers["Location"])
    assert 'name="next" value="/me/data?lang=en"' in page.text
    answer = nobody.post("/sign-in", username="pegawai", password=PASSWORD, next="/me/data?lang=en")
    assert answer.headers["Location"] == "/me/data?lang=en"


def test_wrong_passwords_make_the_account_pause_and_the_pause_ends(
    nobody: Browser, people: People, clock: Clock
) -> None:
    assert [attempt(nobody, password="wrong") for _ in range(FREE_ATTEMPTS)] == [401] * FREE_ATTEMPTS
    assert attempt(nobody) == 401, "the right password does not end the pause"
    clock.now += timedelta(minutes=5, seconds=1)
    assert attempt(nobody) == 303


def test_the_pause_doubles_while_guessing_goes_on(nobody: Browser, people: People, clock: Clock) -> None:
    for _ in range(FREE_ATTEMPTS):
        attempt(nobody, password="wrong")
    clock.now += timedelta(minutes=5, seconds=1)
    attempt(nobody, password="wrong")
    clock.now += timedelta(minutes=5, seconds=1)
    assert attempt(nobody) == 401
    clock.now += timedelta(minutes=5)
    assert attempt(nobody) == 303


def test_who_guesses_a_password_does_not_lock_its_owner_out_elsewhere(nobody: Browser, people: People) -> None:
    for _ in range(FREE_ATTEMPTS):
        attempt(nobody, password="wrong")
    assert attempt(nobody) == 401
    nobody.client.environ_base["REMOTE_ADDR"] = "10.20.30.40"
    assert attempt(nobody) == 303


def test_an_account_pauses_for_all_when_it_is_guessed_at_from_everywhere(engine: Engine, people: People) -> None:
    def sign_in(password: str, address: str, now: datetime = NOW) -> bool:
        with Session(engine) as session:
            found = check_password(session, "pegawai", password, now, address)
            session.commit()
            return found is not None

    for guess in range(FREE_ATTEMPTS_ANYWHERE):
        assert not sign_in("wrong", f"10.0.0.{guess}")
    assert not sign_in(PASSWORD, "10.0.1.1")
    with engine.connect() as conn:
        counted = conn.scalars(select(m.SignInFailure.address)).all()
    assert "10.0.1.1" not in counted, "what is tried while the account pauses is not counted at the address"
    assert sign_in(PASSWORD, "10.0.1.1", NOW + timedelta(minutes=6))


def test_a_proxy_of_ours_tells_the_clients_address(people: People, database: Database, tmp_path: Path) -> None:
    app = create_app(replace(Settings(tmp_path, database.app_url), trusted_proxies=1), Clock())
    app.add_url_rule("/address", "address", lambda: request.remote_addr)
    app.view_functions["address"].access = Access.PUBLIC  # type: ignore[attr-defined]
    asking = app.test_client().get
    assert asking("/address", headers={"X-Forwarded-For": "6.6.6.6, 10.20.30.40"}).text == "10.20.30.40"
    with app.app_context():
        db.engine.dispose()


def test_a_success_gives_all_attempts_back(nobody: Browser, people: People, engine: Engine) -> None:
    for _ in range(FREE_ATTEMPTS - 1):
        attempt(nobody, password="wrong")
    attempt(nobody)
    with engine.connect() as conn:
        row = conn.execute(
            select(m.Account.failed_sign_ins, m.Account.blocked_until).where(m.Account.username == "pegawai")
        )
        assert row.one() == (0, None)
        assert conn.scalars(select(m.SignInFailure.failed)).all() == []


def test_parallel_guesses_do_not_outrun_the_limit(engine: Engine, people: People) -> None:
    guesses = 3 * FREE_ATTEMPTS

    def guess() -> None:
        with Session(engine) as session:
            check_password(session, "pegawai", "wrong", NOW, "10.0.0.1")

    threads = [threading.Thread(target=guess) for _ in range(guesses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as conn:
        counted = conn.scalar(select(m.SignInFailure.failed))
    assert counted == FREE_ATTEMPTS, "the guesses after the fifth were not checked at all"


def test_unknown_names_get_the_same_answer_as_wrong_passwords(nobody: Browser, people: People) -> None:
    nobody.get("/sign-in")
    known, unknown = (nobody.post("/sign-in", username=name, password="wrong") for name in ("atasan", "nobody"))
    alerts = [re.findall(r'<div role="alert">.*?</div></div>', answer.text) for answer in (known, unknown)]
    assert known.status_code == unknown.status_code == 401
    assert alerts[0] == alerts[1] != []


def test_user_names_do_not_distinguish_capitals(engine: Engine, nobody: Browser) -> None:
    with Session(engine) as session:
        create_account(session, "Kepala.Dinas", PASSWORD)
        session.commit()
    assert attempt(nobody, "KEPALA.dinas") == 303


def test_signing_in_again_ends_the_session_this_browser_had(nobody: Browser, people: People, engine: Engine) -> None:
    nobody.get("/sign-in")
    for username in ("pegawai", "atasan"):
        assert nobody.post("/sign-in", username=username, password=PASSWORD).status_code == 303
        nobody.get("/me/data")
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(m.WebSession)) == 1


def test_what_is_over_is_forgotten_by_the_upkeep(
    app: Flask, engine: Engine, people: People, nobody: Browser, clock: Clock
) -> None:
    signed_in(app, engine, "pegawai")
    attempt(nobody, password="wrong")
    clock.now += timedelta(days=31)
    with engine.begin() as conn:
        assert (forget_old(conn, clock.now), forget_ended(conn, clock.now)) == (1, 1)
        assert conn.scalars(select(m.Account.failed_sign_ins).where(m.Account.username == "pegawai")).one() == 0


def test_a_days_old_guess_is_no_guess_any_more(nobody: Browser, people: People, clock: Clock) -> None:
    for _ in range(FREE_ATTEMPTS - 1):
        attempt(nobody, password="wrong")
    clock.now += timedelta(days=1, minutes=1)
    assert attempt(nobody, password="wrong") == 401 and attempt(nobody) == 303


def test_addresses_of_one_network_count_as_one() -> None:
    assert place_of("2001:db8:1:2::1") == place_of("2001:db8:1:2:ffff::9") != place_of("2001:db8:1:3::1")
    assert place_of("10.0.0.1") == "10.0.0.1" and place_of("") == ""
