"""Activation by a one-time code, resets, and which passwords may be chosen."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.orm import Session

from tests.web.actions import at_once
from tests.web.conftest import NOW, PASSWORD, Browser, Clock, People, password_hash, signed_in
from tracker.storage import accounts
from tracker.storage import models as m
from tracker.storage.attempts import FREE_ATTEMPTS
from tracker.storage.tokens import make_token, tokens_of
from tracker.web.cookies import SESSION
from tracker.web.passwords import LEAST_GUESSES, guesses

GOOD = "tiga ekor kucing hijau"


@pytest.fixture
def code(engine: Engine, people: People) -> str:
    """The code of `pegawai`, whose account was reset."""
    with Session(engine) as session:
        code = accounts.reset_account(session, "pegawai", NOW)
        session.commit()
    assert code is not None
    return code


def activate(browser: Browser, code: str, password: str = GOOD, again: str | None = None, name: str = "pegawai") -> int:
    browser.get("/activate")
    sent = {"username": name, "code": code, "new_password": password, "again": password if again is None else again}
    return browser.post("/activate", **sent).status_code


def sign_in(browser: Browser, password: str, name: str = "pegawai") -> int:
    browser.get("/sign-in")
    return browser.post("/sign-in", username=name, password=password).status_code


def sign_out(browser: Browser) -> None:
    browser.get("/account")
    assert browser.post("/sign-out").status_code == 303


def actions(engine: Engine) -> list[str]:
    with engine.connect() as conn:
        return list(conn.scalars(select(m.Audit.action).order_by(m.Audit.id)))


def test_a_code_lets_its_owner_choose_a_password_and_signs_them_in(
    nobody: Browser, code: str, engine: Engine, people: People
) -> None:
    assert activate(nobody, code) == 303
    assert nobody.get("/me").status_code == 200
    sign_out(nobody)
    assert sign_in(nobody, GOOD) == 303
    assert actions(engine) == ["activate_account", "sign_in", "sign_out", "sign_in"]


def test_a_code_is_worth_nothing_once_it_was_used(nobody: Browser, code: str) -> None:
    assert activate(nobody, code) == 303
    assert activate(nobody, code, "another good one of mine") == 401
    assert sign_in(nobody, GOOD) == 303


def test_a_code_used_by_many_at_once_is_used_by_one(app: Flask, code: str, engine: Engine) -> None:
    answers: dict[int, int] = {}

    def use(number: int) -> None:
        browser = Browser(app.test_client())
        browser.client.environ_base["REMOTE_ADDR"] = f"10.0.0.{number}"
        answers[number] = activate(browser, code, f"{GOOD} {number}")

    at_once([lambda number=number: use(number) for number in range(5)])  # type: ignore[misc]
    assert sorted(answers.values()) == [303, 401, 401, 401, 401]
    (winner,) = [number for number, answer in answers.items() if answer == 303]
    assert sign_in(Browser(app.test_client()), f"{GOOD} {winner}") == 303


def test_a_code_ends_after_seven_days(nobody: Browser, code: str, clock: Clock) -> None:
    clock.now += timedelta(days=7)
    assert activate(nobody, code) == 401


def test_a_newer_code_takes_the_place_of_the_older(nobody: Browser, code: str, engine: Engine) -> None:
    with Session(engine) as session:
        newer = accounts.reset_account(session, "pegawai", NOW)
        session.commit()
    assert activate(nobody, code) == 401
    assert activate(nobody, newer or "") == 303


def test_how_a_code_is_typed_does_not_matter(nobody: Browser, code: str) -> None:
    assert activate(nobody, f" {code.upper().replace('-', ' ')} ", name=" PEGAWAI") == 303


def test_wrong_codes_unknown_names_and_expired_codes_look_the_same(
    nobody: Browser, code: str, engine: Engine, clock: Clock
) -> None:
    nobody.get("/activate")

    def said(name: str, code: str) -> tuple[int, list[str]]:
        answer = nobody.post("/activate", username=name, code=code, new_password=GOOD, again=GOOD)
        return answer.status_code, re.findall(r'<div role="alert">.*?</div></div>', answer.text)

    wrong, unknown, without = said("pegawai", "x" * 20), said("nobody", code), said("atasan", code)
    clock.now += timedelta(days=8)
    assert wrong == unknown == without == said("pegawai", code)
    assert wrong[0] == 401 and wrong[1]


def test_guessing_codes_makes_the_account_pause(nobody: Browser, code: str, clock: Clock, engine: Engine) -> None:
    assert [activate(nobody, "wrong") for _ in range(FREE_ATTEMPTS)] == [401] * FREE_ATTEMPTS
    assert activate(nobody, code) == 401, "the right code does not end the pause"
    assert actions(engine) == ["sign_in_failed"] * FREE_ATTEMPTS, "what is tried during a pause is not looked at"
    clock.now += timedelta(minutes=5, seconds=1)
    assert activate(nobody, code) == 303


def test_an_account_that_is_not_activated_has_no_password(nobody: Browser, code: str) -> None:
    assert [sign_in(nobody, password) for password in (PASSWORD, "", code)] == [401] * 3


def test_a_reset_takes_all_that_opened_the_account(app: Flask, engine: Engine, people: People, nobody: Browser) -> None:
    browser = signed_in(app, engine, "pegawai")
    for _ in range(FREE_ATTEMPTS):
        sign_in(nobody, "wrong")
    with Session(engine) as session:
        account = accounts.account_named(session, "pegawai")
        assert account is not None
        session.execute(insert(m.SecondFactor).values(account_id=account.id, secret_sealed=b"x", confirmed_at=NOW))
        make_token(session, account.id, "x", ["reports:read"], NOW, timedelta(days=1))
        code = accounts.reset_account(session, "pegawai", NOW, lost_phone=True)
        session.commit()
        assert tokens_of(session, account.id) == []
    assert browser.get("/me").status_code == 303
    assert sign_in(nobody, PASSWORD) == 401
    assert activate(nobody, code or "") == 303 and nobody.get("/me").status_code == 200


def test_a_forgotten_password_leaves_the_second_factor(nobody: Browser, engine: Engine, people: People) -> None:
    with Session(engine) as session:
        account = accounts.account_named(session, "pegawai")
        session.execute(insert(m.SecondFactor).values(account_id=account.id, secret_sealed=b"x", confirmed_at=NOW))
        code = accounts.reset_account(session, "pegawai", NOW)
        session.commit()
    assert activate(nobody, code or "") == 303
    assert nobody.get("/me").headers["Location"].startswith("/sign-in/code"), "the code alone is not enough"


def test_a_reset_keeps_out_who_is_at_the_door(engine: Engine, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose password is being checked while it ends: no session may be made of it."""
    matches = accounts._matches

    def reset_meanwhile(kept: str, password: str) -> bool:
        with Session(engine) as other, other.begin():
            accounts.reset_account(other, "pegawai", NOW)
        return matches(kept, password)

    monkeypatch.setattr(accounts, "_matches", reset_meanwhile)
    with Session(engine) as session:
        assert accounts.check_password(session, "pegawai", PASSWORD, NOW, "10.0.0.1") is None


def test_no_password_is_kept_that_is_empty_once_it_is_plain(nobody: Browser, code: str) -> None:
    decomposed = "gajah ungu makan " + "o\u0302\u0323" * 90  # over 200 characters as typed, 107 as kept
    assert activate(nobody, code, decomposed) == 303
    nobody.client.delete_cookie(SESSION)
    assert sign_in(nobody, "") == 401 and sign_in(nobody, decomposed) == 303


def test_a_closed_account_takes_no_code(nobody: Browser, code: str, engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(update(m.Account).where(m.Account.username == "pegawai").values(closed_at=NOW))
    assert activate(nobody, code) == 401


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        (GOOD, f"{GOOD}!", "berbeda"),
        ("pendek-9x", None, "10 sampai 200"),
        ("x9" * 101, None, "10 sampai 200"),
        ("password123", None, "ditebak"),
        ("1234567890", None, "ditebak"),
        ("Siti Rahayu 1", None, "ditebak"),
        ("sitirahayu12", None, "ditebak"),
        ("jejakjejak1", None, "ditebak"),
        ("pegawai2026", None, "ditebak"),
    ],
)
def test_a_weak_password_is_refused_with_a_sentence_and_costs_no_attempt(
    nobody: Browser, code: str, password: str, again: str | None, sentence: str
) -> None:
    nobody.get("/activate")
    sent = {
        "username": "pegawai",
        "code": code,
        "new_password": password,
        "again": password if again is None else again,
    }
    for _ in range(FREE_ATTEMPTS + 1):
        answer = nobody.post("/activate", **sent)
        assert answer.status_code == 422 and sentence in answer.text
    assert activate(nobody, code) == 303


def test_a_person_may_not_take_their_own_number(nobody: Browser, code: str, engine: Engine, people: People) -> None:
    with engine.connect() as conn:
        nip = conn.scalars(select(m.Person.nip).where(m.Person.id == people.own)).one()
    assert activate(nobody, code, f"NIP{nip:0>12}") == 422


@pytest.mark.parametrize(
    "password",
    [
        " mulai dengan spasi ",
        "ваш пароль длинный",
        "\U0001f408 kucing hijau",
        "a\0b very odd one",
        "\ufb01lm gajah ungu",
    ],
)
def test_any_characters_make_a_password_blanks_included(nobody: Browser, code: str, password: str) -> None:
    assert activate(nobody, code, password) == 303
    sign_out(nobody)
    assert sign_in(nobody, password) == 303


def test_the_same_letters_are_the_same_password_whatever_keyboard_wrote_them(nobody: Browser, code: str) -> None:
    assert activate(nobody, code, "caf\u00e9 cr\u00e8me kucing") == 303
    sign_out(nobody)
    assert sign_in(nobody, "cafe\u0301 cre\u0300me kucing") == 303
    sign_out(nobody)
    assert sign_in(nobody, "CAF\u00c9 cr\u00e8me kucing") == 401


def test_ten_random_letters_are_enough_and_two_hundred_take_no_time() -> None:
    assert guesses("qzvkxwmjpt", []) >= LEAST_GUESSES
    assert guesses("ab1cd" * 40, ["x" * 100]) > 0


def test_an_old_hash_still_opens(engine: Engine, people: People) -> None:
    with Session(engine) as session:
        found = accounts.check_password(session, "pegawai", PASSWORD, NOW, "10.0.0.1")
        assert found is not None and found.password_argon2 == password_hash()
