"""Tokens for machines: what they open, and what never does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.web.conftest import NOW, PASSWORD, Browser, Clock, People, signed_in
from tests.web.test_commands import run, shown_once
from tracker.storage import models as m
from tracker.storage.accounts import close_account
from tracker.storage.tokens import make_token
from tracker.web.access import declared_scope
from tracker.web.cookies import SESSION

CSV = "/team/reports/no-show.csv"
SCOPED = {"team_reports.show", "team_reports.download", "report_files.as_xlsx", "report_files.as_pdf"}


def token_for(engine: Engine, username: str, *scopes: str, name: str = "x", days: int = 30) -> str:
    with Session(engine) as session:
        account_id = session.scalars(select(m.Account.id).where(m.Account.username == username)).one()
        _, token = make_token(session, account_id, name, scopes, NOW, timedelta(days=days))
        session.commit()
    return token


def ask(app: Flask, token: str, path: str = CSV, method: str = "GET", **more: str) -> TestResponse:
    signed = {"Authorization": f"Bearer {token}", **more}
    return app.test_client().open(path, method=method, headers=signed, buffered=True)


def refused(answer: TestResponse) -> bool:
    """401 with one plain sentence: no redirect, no cookie, no page."""
    return (
        answer.status_code == 401
        and answer.mimetype == "text/plain"
        and "Set-Cookie" not in answer.headers
        and answer.headers["WWW-Authenticate"].startswith("Bearer")
        and len(answer.text.strip().splitlines()) == 1
    )


@pytest.fixture
def token(engine: Engine, people: People) -> str:
    return token_for(engine, "atasan", "reports:read")


def test_a_token_reads_the_reports_and_gets_no_cookie(app: Flask, token: str, engine: Engine) -> None:
    for path in (CSV, "/team/reports/no-show", "/team/reports/idle?lang=en"):
        answer = ask(app, token, path)
        assert answer.status_code == 200 and "Set-Cookie" not in answer.headers, path
        assert answer.headers["Cache-Control"] == "no-store"
    with engine.connect() as conn:
        actor = select(m.Account.username).join(m.Audit).where(m.Audit.action == "export_report")
        assert conn.scalars(actor).all() == ["atasan"]


def test_which_views_a_scope_opens(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    scopes = {one: declared_scope(app, one) for one in endpoints}
    assert {one for one, scope in scopes.items() if scope == "reports:read"} == SCOPED
    of_api = {one for one in endpoints if one.startswith("api_")}
    assert {one for one, scope in scopes.items() if scope and scope.startswith("register:")} == of_api


def test_a_token_reads_and_sends_nothing(app: Flask, token: str) -> None:
    assert refused(ask(app, token, CSV, "POST"))


@pytest.mark.parametrize("wrong", ["", "jejak_", "jejak_" + "x" * 43, "x", "\u00e9", "a b c"])
def test_a_token_that_is_none_is_refused(app: Flask, people: People, wrong: str) -> None:
    assert refused(ask(app, wrong))


def test_a_token_expires(app: Flask, token: str, clock: Clock) -> None:
    clock.now += timedelta(days=30)
    assert refused(ask(app, token))


def test_a_token_lasts_a_year_at_most(app: Flask, engine: Engine, people: People, clock: Clock) -> None:
    token = token_for(engine, "atasan", "reports:read", days=10_000)
    clock.now += timedelta(days=365)
    assert refused(ask(app, token))


def test_a_closed_accounts_token_is_refused(app: Flask, token: str, engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(update(m.Account).values(closed_at=NOW))
    assert refused(ask(app, token)), "by the account alone"
    with Session(engine) as session:
        close_account(session, "atasan", NOW)
        session.commit()
        assert session.scalars(select(m.ApiToken.revoked_at)).all() == [NOW]


def test_a_token_has_the_rights_of_the_moment(app: Flask, token: str, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        conn.execute(delete(m.RoleGrant))
    assert ask(app, token).status_code == 404


def test_a_machine_is_no_browser(app: Flask, engine: Engine, people: People, administrator: Browser) -> None:
    """A wrong token is not made good by a cookie, and a right one not widened by it."""
    cookie = administrator.client.get_cookie(SESSION)
    assert cookie is not None
    sent = {"Cookie": f"{SESSION}={cookie.value}"}
    assert refused(ask(app, "wrong", **sent))
    stranger = token_for(engine, "pegawai", "reports:read")
    assert ask(app, stranger, **sent).status_code == 404
    assert refused(ask(app, stranger, "/admin/devices", **sent))


def test_a_tokens_use_is_written_down_every_five_minutes(app: Flask, token: str, engine: Engine, clock: Clock) -> None:
    for minutes, expected in ((0, 0), (4, 0), (1, 5)):
        clock.now += timedelta(minutes=minutes)
        ask(app, token)
        with engine.connect() as conn:
            assert conn.scalars(select(m.ApiToken.last_used_at)).one() == NOW + timedelta(minutes=expected)


def make(browser: Browser, **fields: str) -> TestResponse:
    browser.get("/account/tokens")
    sent = {"name": "papan", "scope": "reports:read", "days": "30", "password": PASSWORD, **fields}
    return browser.post("/account/tokens", **sent)


def test_a_token_is_made_shown_once_and_revoked(app: Flask, supervisor: Browser, engine: Engine) -> None:
    page = make(supervisor).text
    (token,) = set(re.findall(r"jejak_[\w-]{43}", page))
    assert ask(app, token).status_code == 200
    assert token not in supervisor.get("/account/tokens").text
    with engine.connect() as conn:
        (number, stored) = conn.execute(select(m.ApiToken.id, m.ApiToken.token_sha256)).one()
        assert token.encode() not in stored
    for answer in (303, 404):
        assert supervisor.post(f"/account/tokens/{number}/revoke").status_code == answer
    assert refused(ask(app, token))
    with engine.connect() as conn:
        noted = conn.scalars(select(m.Audit.action).where(m.Audit.action.like("%token")).order_by(m.Audit.id)).all()
    assert noted == ["make_token", "revoke_token"]


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 81}, {"scope": "everything"}, {"days": "366"}, {"days": "0"}, {"days": "x"},
     {"password": "wrong"}],
)  # fmt: skip
def test_what_is_wrong_makes_no_token(supervisor: Browser, engine: Engine, fields: dict[str, str]) -> None:
    assert make(supervisor, **fields).status_code == 422
    with engine.connect() as conn:
        assert conn.scalars(select(m.ApiToken.id)).all() == []


def test_a_form_that_is_sent_twice_makes_one_token(supervisor: Browser, engine: Engine) -> None:
    assert [make(supervisor).status_code for _ in range(2)] == [200, 422]
    with engine.connect() as conn:
        assert len(conn.scalars(select(m.ApiToken.id)).all()) == 1


def test_nobody_sees_or_revokes_anothers_token(app: Flask, engine: Engine, token: str, people: People) -> None:
    stranger = signed_in(app, engine, "stranger")
    make(stranger, name="mine")
    with engine.connect() as conn:
        number = conn.scalars(select(m.ApiToken.id).where(m.ApiToken.name == "x")).one()
    stranger.post(f"/account/tokens/{number}/revoke")
    assert ask(app, token).status_code == 200


def test_tokens_are_made_and_revoked_at_the_command_line(app: Flask, engine: Engine, people: People) -> None:
    made = ("token", "add", "atasan", "--name", "papan", "--scope", "reports:read", "--days", "7")
    code, output = run(app, *made)
    assert code == 0
    token = shown_once(output, "token")
    assert ask(app, token).status_code == 200
    code, output = run(app, *made)
    assert code != 0 and "choose another name" in output
    assert run(app, "token", "revoke", "atasan", "--name", "papan")[0] == 0
    assert refused(ask(app, token))
    assert "no token named" in run(app, "token", "revoke", "atasan", "--name", "papan")[1]
    assert run(app, "token", "add", "atasan", "--name", "y", "--scope", "everything")[0] != 0
