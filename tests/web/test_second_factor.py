"""The second factor: enrolment, the second step of a sign-in, and what a half-open session opens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests import builders as build
from tests.conftest import Database
from tests.web.actions import at_once
from tests.web.conftest import NOW, PASSWORD, Browser, Clock, People, Settings, signed_in
from tracker.sealing import Sealer
from tracker.storage import models as m
from tracker.storage.attempts import FREE_ATTEMPTS, take_attempt
from tracker.storage.second_factor import use_step
from tracker.storage.sessions import end_sessions
from tracker.web import create_app
from tracker.web.city import db
from tracker.web.cookies import SESSION

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = timedelta(seconds=30)


def code_at(now: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(now)


@pytest.fixture
def strict(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """A city that wants a second factor of those who decide or administer."""
    app = create_app(replace(Settings(tmp_path, database.app_url), second_factor=True), clock)
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def enrolled(engine: Engine, people: People) -> None:
    """`pegawai` and `atasan` have a second factor."""
    sealed = Sealer("for tests").seal(SECRET.encode())
    with Session(engine) as session:
        for account in session.scalars(select(m.Account).where(m.Account.username.in_(("pegawai", "atasan")))):
            session.add(m.SecondFactor(account_id=account.id, secret_sealed=sealed, confirmed_at=NOW))
        session.commit()


def show_password(browser: Browser, username: str = "pegawai", password: str = PASSWORD, target: str = "") -> int:
    browser.get("/sign-in")
    return browser.post("/sign-in", username=username, password=password, next=target).status_code


def show_code(browser: Browser, code: str, target: str = "") -> int:
    browser.get("/sign-in/code")
    return browser.post("/sign-in/code", code=code, next=target).status_code


def secret_of(page: str) -> str:
    found = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page)
    assert found
    return found.group(1).replace(" ", "")


def token_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie(SESSION)
    assert cookie is not None
    return cookie.value


def test_password_and_code_together_open_the_page_that_was_wanted(
    nobody: Browser, enrolled: None, clock: Clock
) -> None:
    assert show_password(nobody, target="/me/data") == 303
    stopped = nobody.get("/me/data")
    assert stopped.headers["Location"] == "/sign-in/code?next=/me/data"
    page = nobody.get(stopped.headers["Location"])
    assert 'name="next" value="/me/data"' in page.text and "pegawai" not in page.text
    answer = nobody.post("/sign-in/code", code=code_at(clock.now), next="/me/data")
    assert answer.headers["Location"] == "/me/data" and nobody.get("/me/data").status_code == 200


def test_a_code_leads_to_no_foreign_site(nobody: Browser, enrolled: None, clock: Clock) -> None:
    show_password(nobody)
    nobody.get("/sign-in/code")
    answer = nobody.post("/sign-in/code", code=code_at(clock.now), next="//elsewhere.example/")
    assert answer.headers["Location"] == "/sign-in"


def test_the_second_step_gives_the_session_a_new_token(
    app: Flask, nobody: Browser, enrolled: None, clock: Clock
) -> None:
    show_password(nobody)
    half = token_of(nobody)
    assert show_code(nobody, code_at(clock.now)) == 303
    assert token_of(nobody) != half
    planted = app.test_client()
    planted.set_cookie(SESSION, half)
    assert planted.get("/me").headers["Location"] == "/sign-in?next=/me", "the half-open session is gone"


def test_a_token_that_somebody_planted_is_never_signed_in(app: Flask, people: People) -> None:
    browser = Browser(app.test_client())
    browser.client.set_cookie(SESSION, "planted")
    show_password(browser)
    assert token_of(browser) != "planted"
    attacker = app.test_client()
    attacker.set_cookie(SESSION, "planted")
    assert attacker.get("/me").status_code == 303


def test_a_half_open_session_leads_fragments_to_its_step(nobody: Browser, enrolled: None, people: People) -> None:
    """That it opens nothing else is in the matrix."""
    show_password(nobody, "atasan")
    fragment = nobody.get("/team", **{"HX-Request": "true"})
    assert fragment.text == "" and fragment.headers["HX-Redirect"] == "/sign-in/code"


def test_a_half_open_session_ends_after_ten_minutes(nobody: Browser, enrolled: None, clock: Clock) -> None:
    show_password(nobody)
    clock.now += timedelta(minutes=10)
    assert show_code(nobody, code_at(clock.now)) in (303, 403)
    assert nobody.get("/me").headers["Location"] == "/sign-in?next=/me"


def test_who_is_in_the_second_step_may_leave(nobody: Browser, enrolled: None) -> None:
    show_password(nobody)
    nobody.get("/sign-in/code")
    assert nobody.post("/sign-out").status_code == 303
    assert nobody.get("/sign-in").status_code == 200


@pytest.mark.parametrize(("steps", "answer"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
def test_a_clock_may_be_one_step_off(nobody: Browser, enrolled: None, clock: Clock, steps: int, answer: int) -> None:
    show_password(nobody)
    assert show_code(nobody, code_at(clock.now + steps * STEP)) == answer


def test_a_code_is_never_accepted_again(app: Flask, nobody: Browser, enrolled: None, clock: Clock) -> None:
    show_password(nobody)
    assert show_code(nobody, code_at(clock.now)) == 303
    thief = Browser(app.test_client())
    show_password(thief)
    assert show_code(thief, code_at(clock.now)) == 401, "the same code"
    assert show_code(thief, code_at(clock.now - STEP)) == 401, "an older one"
    clock.now += STEP
    assert show_code(thief, code_at(clock.now)) == 303


def test_a_code_sent_by_many_at_once_signs_one_in(app: Flask, engine: Engine, enrolled: None) -> None:
    with Session(engine) as session:
        account_id = session.scalars(select(m.Account.id).where(m.Account.username == "pegawai")).one()
    used = []

    def use() -> None:
        with Session(engine) as session:
            used.append(use_step(session, account_id, 59_000_000))
            session.commit()

    at_once([use] * 4)
    assert sorted(used) == [False, False, False, True]


def test_guessing_codes_ends_though_the_password_is_right(
    app: Flask, nobody: Browser, enrolled: None, clock: Clock, engine: Engine
) -> None:
    for _ in range(FREE_ATTEMPTS):
        assert show_password(nobody) == 303  # which gives back its own attempt, and none of the codes'
        assert show_code(nobody, "000000") == 401
        nobody.client.delete_cookie(SESSION)
    with engine.connect() as conn:
        assert conn.scalars(select(m.SignInFailure.failed)).one() == FREE_ATTEMPTS
    assert show_password(nobody) == 401, "the account pauses"
    clock.now += timedelta(minutes=5, seconds=1)
    assert show_password(nobody) == 303
    assert show_code(nobody, "000000") == 401
    clock.now += timedelta(minutes=5, seconds=1)
    nobody.client.delete_cookie(SESSION)
    assert show_password(nobody) == 401, "one more wrong code, and the pause doubled"


def test_a_complete_sign_in_gives_all_attempts_back(
    nobody: Browser, enrolled: None, clock: Clock, engine: Engine
) -> None:
    show_password(nobody, password="wrong")
    show_password(nobody)
    show_code(nobody, "000000")
    assert show_code(nobody, code_at(clock.now)) == 303
    with engine.connect() as conn:
        assert conn.scalars(select(m.SignInFailure.failed)).all() == []
        assert list(conn.scalars(select(m.Audit.action).order_by(m.Audit.id))) == [
            "sign_in_failed", "sign_in_failed", "sign_in",
        ]  # fmt: skip


@pytest.mark.parametrize("username", ["atasan", "admin"])
def test_who_decides_or_administers_enrols_before_anything_else(
    strict: Flask, engine: Engine, people: People, clock: Clock, username: str
) -> None:
    browser = signed_in(strict, engine, username)
    assert browser.get("/team").headers["Location"] == "/account/second-factor?next=/team"
    for path in ("/account", "/account/password", "/account/tokens", "/admin/devices"):
        assert browser.get(path).headers["Location"].startswith("/account/second-factor"), path
    assert browser.post("/account/tokens").status_code in (303, 403)
    before = token_of(browser)
    secret = secret_of(browser.get("/account/second-factor").text)
    sent = {"password": PASSWORD, "code": code_at(clock.now, secret)}
    assert browser.post("/account/second-factor", **sent).status_code == 303
    first_page = "/team" if username == "atasan" else "/admin/devices"
    assert browser.get(first_page).status_code == 200 and token_of(browser) != before
    refused = browser.get("/account") and browser.post("/account/second-factor/remove", password=PASSWORD)
    assert refused.status_code == 422
    with engine.connect() as conn:
        (stored,) = conn.scalars(select(m.SecondFactor.secret_sealed))
    assert secret.encode() not in stored


def test_employees_may_do_without_one(strict: Flask, engine: Engine, people: People) -> None:
    assert signed_in(strict, engine, "pegawai").get("/me").status_code == 200


def test_whoever_is_given_more_rights_enrols_at_the_next_page(strict: Flask, engine: Engine, people: People) -> None:
    browser = signed_in(strict, engine, "pegawai")
    assert browser.get("/me").status_code == 200
    with engine.begin() as conn:
        build.grant(conn, "pegawai", "supervisor", people.unit)
    assert browser.get("/me").headers["Location"].startswith("/account/second-factor")


def test_enrolling_takes_password_and_code_and_ends_other_sessions(
    app: Flask, engine: Engine, employee: Browser, clock: Clock
) -> None:
    other = signed_in(app, engine, "pegawai")
    secret = secret_of(employee.get("/account/second-factor").text)
    for sent in ({"password": "wrong", "code": code_at(clock.now, secret)}, {"password": PASSWORD, "code": "000000"}):
        answer = employee.post("/account/second-factor", **sent)
        assert answer.status_code == 422 and secret_of(answer.text) == secret
    sent = {"password": PASSWORD, "code": code_at(clock.now, secret)}
    assert employee.post("/account/second-factor", **sent).status_code == 303
    assert employee.get("/account").status_code == 200 and other.get("/me").status_code == 303
    other.client.delete_cookie(SESSION)
    show_password(other)
    assert show_code(other, code_at(clock.now, secret)) == 401, "the code of the enrolment is used"
    clock.now += STEP
    assert show_code(other, code_at(clock.now, secret)) == 303


def test_a_key_that_was_shown_earlier_is_not_the_one_taken_into_use(employee: Browser, clock: Clock) -> None:
    seen_by_another = secret_of(employee.get("/account/second-factor").text)
    assert secret_of(employee.get("/account/second-factor").text) != seen_by_another
    sent = {"password": PASSWORD, "code": code_at(clock.now, seen_by_another)}
    assert employee.post("/account/second-factor", **sent).status_code == 422


def test_a_second_factor_in_use_is_never_shown_or_replaced(
    employee: Browser, enrolled: None, clock: Clock, engine: Engine
) -> None:
    page = employee.get("/account/second-factor").text
    assert "<code" not in page and "otpauth" not in page
    employee.post("/account/second-factor", password=PASSWORD, code=code_at(clock.now))
    with engine.connect() as conn:
        kept = {Sealer("for tests").unseal(sealed) for sealed in conn.scalars(select(m.SecondFactor.secret_sealed))}
    assert kept == {SECRET.encode()}


def test_an_employee_takes_it_away_with_password_and_code(
    employee: Browser, enrolled: None, nobody: Browser, clock: Clock
) -> None:
    employee.get("/account/second-factor")
    right = {"password": PASSWORD, "code": code_at(clock.now)}
    for wrong in ({"password": "wrong"}, {"code": "000000"}, {"code": ""}):
        assert employee.post("/account/second-factor/remove", **right | wrong).status_code == 422
    assert employee.post("/account/second-factor/remove", **right).status_code == 303
    show_password(nobody)
    assert nobody.get("/me").status_code == 200


def test_the_qr_code_carries_no_style_and_the_key_is_160_bits(employee: Browser) -> None:
    page = employee.get("/account/second-factor").text
    assert "style=" not in page and "<svg" in page and "otpauth://totp/Jejak:pegawai" in page
    assert len(secret_of(page)) == 32


def test_another_secret_key_of_the_city_makes_codes_wrong_not_a_crash(
    nobody: Browser, people: People, engine: Engine, enrolled: None, clock: Clock
) -> None:
    with engine.begin() as conn:
        conn.execute(update(m.SecondFactor).values(secret_sealed=Sealer("another").seal(SECRET.encode())))
    show_password(nobody)
    assert show_code(nobody, code_at(clock.now)) == 401


@pytest.mark.parametrize("code", ["", "abc", "１２３４５６", "\0", "é" * 6, "0" * 5000])
def test_what_is_no_code_is_a_wrong_one(nobody: Browser, enrolled: None, code: str) -> None:
    show_password(nobody)
    assert show_code(nobody, code) == 401


def test_a_session_that_ends_while_its_code_is_checked_stays_shut(
    nobody: Browser, enrolled: None, clock: Clock, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_and_end(session: Session, *rest: str) -> m.Account | None:
        account = take_attempt(session, *rest)  # type: ignore[arg-type]
        with Session(engine) as other:
            end_sessions(other, account.id if account else 0)
            other.commit()
        return account

    show_password(nobody)
    nobody.get("/sign-in/code")
    monkeypatch.setattr("tracker.web.second_factor.take_attempt", take_and_end)
    assert nobody.post("/sign-in/code", code=code_at(clock.now)).status_code == 401
    assert nobody.get("/me").status_code == 303
