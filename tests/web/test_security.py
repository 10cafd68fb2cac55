"""Headers, form tokens, sizes and error pages."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.conftest import Database
from tests.web.actions import activities_of, add, day_path
from tests.web.conftest import PASSWORD, Browser, People, Settings
from tracker.web import create_app
from tracker.web.assets import CHECKOUT, VENDOR, asset, located
from tracker.web.city import db


@pytest.mark.parametrize("path", ["/", "/about", "/sign-in", "/no-such-page", "/healthz"])
def test_every_answer_is_guarded(nobody: Browser, path: str) -> None:
    headers = nobody.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "default-src 'none'" in policy
    assert "unsafe" not in policy and "nonce" not in policy
    assert "object-src 'none'" in policy and "base-uri 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_only_the_map_may_be_framed(nobody: Browser) -> None:
    assert "frame-ancestors *" in nobody.get("/").headers["Content-Security-Policy"]
    for path in ("/about", "/sign-in", "/no-such-page"):
        headers = nobody.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"] and headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "path",
    ["/", "/about", "/public/boundaries.geojson", "/public/stations.geojson", "/public/vehicles.geojson", "/healthz",
     "/readyz", "/no-such-page"],
)  # fmt: skip
def test_citizens_get_no_cookies(nobody: Browser, path: str) -> None:
    for address in (path, f"{path}?lang=en"):
        assert "Set-Cookie" not in nobody.get(address).headers


def test_pages_about_people_are_not_kept_by_browsers(employee: Browser) -> None:
    assert employee.get("/me").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/sign-in", "/activate"])
def test_what_was_typed_into_a_form_is_not_kept_by_browsers(nobody: Browser, people: People, path: str) -> None:
    nobody.get(path)
    assert nobody.post(path).headers["Cache-Control"] == "no-store"


def test_no_page_has_a_script_or_style_within(supervisor: Browser) -> None:
    """So the policy needs no nonces."""
    for path in ("/", "/sign-in", "/activate", "/me", "/team", "/account", "/account/tokens", "/account/second-factor"):
        page = supervisor.get(path).text
        assert not re.search(r"<script(?![^>]* (src=|type=.application/json))|<style|\sstyle=|\son\w+=", page), path


def test_secure_cookies_and_transport_where_the_city_has_https(
    database: Database, tmp_path: Path, people: People
) -> None:
    app = create_app(replace(Settings(tmp_path, database.app_url), secure_cookies=True))
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/sign-in", data={"username": "pegawai", "password": PASSWORD})
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert "includeSubDomains" in answer.headers["Strict-Transport-Security"]
    client = app.test_client()
    client.get("/sign-in", base_url="https://localhost")
    answer = client.post("/sign-in", data={"username": "pegawai", "password": PASSWORD}, base_url="https://localhost")
    cookies = answer.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies if "session" in cookie] == ["__Host-jejak_session"]
    assert all("Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie for cookie in cookies)
    assert client.get("/me", base_url="https://localhost").status_code == 200
    assert client.post("/sign-out", base_url="https://localhost").status_code == 303
    assert client.get("/me", base_url="https://localhost").status_code == 303
    with app.app_context():
        db.engine.dispose()


def test_a_form_without_its_token_changes_nothing(employee: Browser, people: People, engine: Engine) -> None:
    employee.token = "forged"
    answer = employee.post(f"{day_path()}/activities", type_id=people.sweeping, start="08:00", end="09:00")
    assert answer.status_code == 403 and "formulir" in answer.text.lower()
    assert activities_of(engine, people.own) == []


def test_a_token_from_before_signing_in_is_worth_nothing_after(nobody: Browser, people: People) -> None:
    nobody.get("/sign-in")
    before = nobody.token
    nobody.post("/sign-in", username="pegawai", password=PASSWORD)
    nobody.token = before
    assert nobody.post(f"{day_path()}/submit").status_code == 403


def test_too_much_at_once_is_refused(employee: Browser, people: People) -> None:
    employee.get("/me")
    answer = employee.post(f"{day_path()}/activities", note="x" * 300_000)
    assert answer.status_code == 413 and "Tidak ada yang berubah" in answer.text


def test_what_people_write_is_never_markup(employee: Browser, people: People) -> None:
    add(employee, people.sweeping, "08:00", "09:00", note="<script>alert(1)</script>")
    page = employee.get(day_path()).text
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page


def test_an_unknown_page_says_what_to_do(nobody: Browser) -> None:
    answer = nobody.get("/no-such-page", **{"Accept-Language": "en"})
    assert answer.status_code == 404 and "start again from your first page" in answer.text
    assert nobody.get("/me/days/2026-02-31").status_code == 404


def test_a_database_that_is_away_is_a_page_in_both_languages(tmp_path: Path) -> None:
    app = create_app(Settings(tmp_path, f"postgresql+psycopg://nobody@/none?host={tmp_path}"))
    browser = Browser(app.test_client())
    assert browser.get("/").status_code == 200, "the map works without the database"
    browser.client.set_cookie("jejak_session", "anything")
    for language, sentence in (("id", "coba lagi"), ("en", "try again")):
        answer = browser.get("/me", **{"Accept-Language": language})
        assert answer.status_code == 503 and sentence in answer.text.lower() and "Traceback" not in answer.text
        assert answer.headers["Retry-After"] == "10"
    ready = browser.get("/readyz")
    assert ready.status_code == 503 and ready.json == {"database": False, "snapshot": False}


def test_a_mistake_of_ours_shows_no_inside(own_app: Flask) -> None:
    own_app.testing = False
    own_app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken() -> str:
        raise RuntimeError("the inside")

    own_app.add_url_rule("/healthz/broken", "broken", broken)
    own_app.view_functions["broken"].access = own_app.view_functions["health.alive"].access  # type: ignore[attr-defined]
    answer = own_app.test_client().get("/healthz/broken")
    assert answer.status_code == 500 and "the inside" not in answer.text


def test_every_vendor_file_is_installed_and_nothing_else_is_served(app: Flask) -> None:
    missing = [name for name in VENDOR if located(name) is None]
    assert missing == [], "run `npm ci --ignore-scripts`"
    for name in ("../words.py", "vendor/../../../node_modules/axe-core/axe.js", "vendor/maplibre-gl-dev.mjs", "css"):
        assert located(name) is None


def test_static_files_are_kept_for_ever_under_an_address_that_changes_with_them(app: Flask, nobody: Browser) -> None:
    with app.test_request_context():
        address = asset("css/tokens.css")
    answer = nobody.get(address, **{"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Content-Encoding"] == "gzip"
    known = {"If-None-Match": answer.headers["ETag"], "Accept-Encoding": "gzip"}
    assert nobody.get(address, **known).status_code == 304
    assert nobody.get("/static/older/css/tokens.css").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/me", "/team"])
def test_pages_without_a_map_load_little_script(supervisor: Browser, path: str) -> None:
    sources = re.findall(r'<script[^>]* src="([^"]+)"', supervisor.get(path).text)
    assert sources
    assert sum(len(supervisor.get(source).data) for source in sources) < 150_000


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (CHECKOUT / "package-lock.json").read_text()


@pytest.mark.parametrize("path", ["/static/x/a%00b", f"/static/x/{'a' * 300}", "/static/x/../../config.py"])
def test_a_file_name_that_cannot_be_is_a_file_that_is_not(nobody: Browser, path: str) -> None:
    assert nobody.get(path).status_code == 404


@pytest.mark.parametrize(
    "fields", [{"username": "peg\0awai", "password": "wrong"}, {"username": "x", "password": "a\0b"}]
)
def test_a_nul_in_the_sign_in_form_is_a_wrong_answer(nobody: Browser, people: People, fields: dict[str, str]) -> None:
    nobody.get("/sign-in")
    assert nobody.post("/sign-in", **fields).status_code == 401


def test_a_nul_in_a_note_is_left_out(employee: Browser, people: People, engine: Engine) -> None:
    assert add(employee, people.sweeping, "08:00", "09:00", note="per\0empatan").status_code == 303
    assert "perempatan" in employee.get(day_path()).text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1999-12-31", "2101-01-01"])
def test_a_day_outside_the_century_is_no_page(employee: Browser, supervisor: Browser, people: People, day: str) -> None:
    assert employee.get(f"/me/days/{day}").status_code == 404
    assert supervisor.get(f"/team/{people.own}/days/{day}").status_code == 404
    assert supervisor.get(f"/team?date={day}").status_code == 200
    assert supervisor.get(f"/team/reports/duty?from={day}&to={day}").status_code in (200, 404)


@pytest.mark.parametrize("number", [0, 2**31, 10**30])
def test_a_number_that_is_no_key_is_no_page(supervisor: Browser, people: People, number: int) -> None:
    assert supervisor.get(f"/team/{number}/days/2026-11-19").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["endpoint=x", "_method=FOO", "_external=1", "_anchor=x", "name=x", "values=x", "q=%00", "self=x", "error=x"],
)
def test_no_query_breaks_a_page(supervisor: Browser, people: People, query: str) -> None:
    assert supervisor.get(f"/team?{query}").status_code == 200
