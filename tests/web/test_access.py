"""Every route x every role. A route without a line here fails."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select, update

from tests.web.conftest import WORK_DATE, Browser, People, at, signed_in
from tracker.storage import models as m
from tracker.web.access import declared

ROLES = ("nobody", "employee", "supervisor", "stranger", "auditor", "administrator")
TO_SIGN_IN, MISSING, FINE, DONE = 303, 404, 200, 303
KEY = uuid.uuid4()

EVERYBODY = (FINE,) * 6
SIGNED_IN = (TO_SIGN_IN, *(FINE,) * 5)
EMPLOYEES = (TO_SIGN_IN, FINE, FINE, FINE, MISSING, MISSING)  # the last two are no persons of the register
READERS = (TO_SIGN_IN, MISSING, FINE, FINE, FINE, MISSING)
DECIDERS = (TO_SIGN_IN, MISSING, FINE, FINE, MISSING, MISSING)
ADMINISTRATORS = (TO_SIGN_IN, MISSING, MISSING, MISSING, MISSING, FINE)
NO_DEVICE = (401,) * 6  # whoever is signed in, a device shows its own secret
OWN_TEAM = (TO_SIGN_IN, MISSING, FINE, MISSING, FINE, MISSING)

DAY = f"/me/days/{WORK_DATE}"
# endpoint -> path, and the answer to each role
READING = {
    "public.citizens": ("/", EVERYBODY),
    "public.about": ("/about", EVERYBODY),
    "public.vehicles": ("/public/vehicles.geojson", EVERYBODY),
    "public.boundaries": ("/public/boundaries.geojson", EVERYBODY),
    "public.station_zones": ("/public/stations.geojson", EVERYBODY),
    "signing_in.form": ("/sign-in", (FINE, DONE, DONE, DONE, DONE, DONE)),
    "activation.form": ("/activate", EVERYBODY),
    "second_factor.code": ("/sign-in/code", (TO_SIGN_IN, DONE, DONE, DONE, DONE, DONE)),
    "account.overview": ("/account", SIGNED_IN),
    "account.password": ("/account/password", SIGNED_IN),
    "second_factor.show": ("/account/second-factor", SIGNED_IN),
    "tokens.overview": ("/account/tokens", READERS),
    "health.alive": ("/healthz", EVERYBODY),
    "health.ready": ("/readyz", EVERYBODY),
    "metrics.show": ("/metrics", (MISSING,) * 6),
    "assets.file": ("/static/x/css/tokens.css", EVERYBODY),
    "my_day.today": ("/me", EMPLOYEES),
    "my_day.day": (DAY, EMPLOYEES),
    "my_day.entry": (f"{DAY}/activities/{KEY}", (TO_SIGN_IN, FINE, MISSING, MISSING, MISSING, MISSING)),
    "my_data.show": ("/me/data", EMPLOYEES),
    "my_data.as_json": ("/me/data/everything.json", EMPLOYEES),
    "my_data.as_zip": ("/me/data/everything.zip", EMPLOYEES),
    "notice.show": ("/me/notice", EMPLOYEES),
    "door.osmand": ("/osmand", NO_DEVICE),
    "team.overview": ("/team", READERS),
    "team.reviews": ("/team/reviews", DECIDERS),
    "team_day.show": (f"/team/{{own}}/days/{WORK_DATE}", OWN_TEAM),
    "team_reports.show": ("/team/reports/no-show", READERS),
    "team_reports.download": ("/team/reports/no-show.csv", READERS),
    "devices.overview": ("/admin/devices", ADMINISTRATORS),
    "quarantine.overview": ("/admin/quarantine", ADMINISTRATORS),
    "quarantine.message": ("/admin/quarantine/1", ADMINISTRATORS),
    "corrections.overview": ("/admin/corrections", ADMINISTRATORS),
    "corrections.show": ("/admin/corrections/1", ADMINISTRATORS),
    "accounts_admin.overview": ("/admin/accounts", ADMINISTRATORS),
    "accounts_admin.show": ("/admin/accounts/1", ADMINISTRATORS),
}
REFUSED = 422  # the page is theirs, the change is not possible
WRITING = {
    "signing_in.sign_in": ("/sign-in", (401,) * 6),
    "door.owntracks": ("/pub", NO_DEVICE),
    "my_day.add": (f"{DAY}/activities", (TO_SIGN_IN, REFUSED, REFUSED, REFUSED, MISSING, MISSING)),
    "my_day.change": (f"{DAY}/activities/{KEY}", (TO_SIGN_IN, REFUSED, MISSING, MISSING, MISSING, MISSING)),
    "team_day.decide": (f"/team/{{own}}/days/{WORK_DATE}", (TO_SIGN_IN, MISSING, REFUSED, MISSING, MISSING, MISSING)),
    "my_day.delete": (f"{DAY}/activities/{KEY}/delete", (TO_SIGN_IN, DONE, DONE, DONE, MISSING, MISSING)),
    "my_day.submit": (f"{DAY}/submit", (TO_SIGN_IN, DONE, DONE, DONE, MISSING, MISSING)),
    "quarantine.replay": ("/admin/quarantine/replay", (TO_SIGN_IN, MISSING, MISSING, MISSING, MISSING, DONE)),
    "my_data.ask": ("/me/data", (TO_SIGN_IN, REFUSED, REFUSED, REFUSED, MISSING, MISSING)),
    "notice.read": ("/me/notice", (TO_SIGN_IN, DONE, DONE, DONE, MISSING, MISSING)),
    "corrections.answer": ("/admin/corrections/1", (TO_SIGN_IN, MISSING, MISSING, MISSING, MISSING, REFUSED)),
    "accounts_admin.make": ("/admin/accounts", (TO_SIGN_IN, MISSING, MISSING, MISSING, MISSING, REFUSED)),
    "accounts_admin.give": ("/admin/accounts/1/roles", (TO_SIGN_IN, MISSING, MISSING, MISSING, MISSING, REFUSED)),
    "accounts_admin.end": ("/admin/accounts/1/roles/1/end", (TO_SIGN_IN, *(MISSING,) * 5)),  # no role of this account
    "accounts_admin.reset": ("/admin/accounts/1/reset", (TO_SIGN_IN, MISSING, MISSING, MISSING, MISSING, FINE)),
    "accounts_admin.close": ("/admin/accounts/1/close", (TO_SIGN_IN, MISSING, MISSING, MISSING, MISSING, DONE)),
    "signing_in.sign_out": ("/sign-out", (DONE,) * 6),
}
FIELDS = {"key": str(uuid.uuid4()), "decision": "approved", "seen": "submitted"}


def browser_of(role: str, app: Flask, engine: Engine) -> Browser:
    if role == "nobody":
        return Browser(app.test_client())
    usernames = {"employee": "pegawai", "supervisor": "atasan", "administrator": "admin"}
    return signed_in(app, engine, usernames.get(role, role))


@pytest.fixture
def prepared(app: Flask, engine: Engine, people: People) -> People:
    """The snapshot exists, `own` has written an activity with `KEY` and a request, one message lies in quarantine."""
    public = app.extensions["city"].public_dir
    public.mkdir()
    (public / "vehicles.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    with engine.begin() as conn:
        opened = insert(m.DailyLog).values(person_id=people.own, work_date=WORK_DATE)
        log = conn.scalars(opened.returning(m.DailyLog.id)).one()
        times = {"starts_at": at(8), "ends_at": at(9)}
        conn.execute(insert(m.Activity).values(log_id=log, key=KEY, type_id=people.sweeping, volume=1, **times))
        asked = {"person_id": people.own, "at": at(9), "about": "register", "text": "My name is wrong."}
        conn.execute(insert(m.CorrectionRequest).values(asked))
        conn.execute(insert(m.Quarantine).values(received_at=at(8), topic="owntracks/00/x", reasons=["no_time"]))
    return people


def test_every_route_says_who_may_open_it_and_is_in_the_matrix(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {endpoint for endpoint in endpoints if declared(app, endpoint) is None} == set()
    assert endpoints == {*READING, *WRITING}


def test_a_route_that_says_nothing_is_closed(app: Flask, engine: Engine, people: People) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert signed_in(app, engine, "admin").get("/forgotten").status_code == 404
    assert Browser(app.test_client()).get("/forgotten").status_code == 303


@pytest.mark.parametrize("role", ROLES)
def test_reading(app: Flask, engine: Engine, prepared: People, role: str) -> None:
    browser = browser_of(role, app, engine)
    answers = {name: browser.get(path.format(own=prepared.own)).status_code for name, (path, _) in READING.items()}
    assert answers == {name: expected[ROLES.index(role)] for name, (_, expected) in READING.items()}


@pytest.mark.parametrize("role", ROLES)
def test_writing(app: Flask, engine: Engine, prepared: People, role: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False  # the token is tested elsewhere; here rights alone decide
    browser = browser_of(role, app, engine)
    answers = {
        name: browser.post(path.format(own=prepared.own), **FIELDS).status_code for name, (path, _) in WRITING.items()
    }
    assert answers == {name: expected[ROLES.index(role)] for name, (_, expected) in WRITING.items()}


def test_rights_are_read_at_each_request(app: Flask, engine: Engine, people: People) -> None:
    browser = signed_in(app, engine, "atasan")
    assert browser.get(f"/team/{people.own}/days/{WORK_DATE}").status_code == 200
    with engine.begin() as conn:
        held = select(m.Account.id).where(m.Account.username == "atasan").scalar_subquery()
        moved = update(m.RoleGrant).where(m.RoleGrant.account_id == held)
        conn.execute(moved.values(unit_id=people.foreign_unit))
    assert browser.get(f"/team/{people.own}/days/{WORK_DATE}").status_code == 404


def test_lists_and_downloads_hold_only_people_within_rights(
    app: Flask, engine: Engine, supervisor: Browser, stranger: Browser
) -> None:
    assert "Siti Rahayu" in supervisor.get("/team").text and "Budi Santoso" not in supervisor.get("/team").text
    assert "Budi Santoso" in stranger.get("/team").text and "Siti Rahayu" not in stranger.get("/team").text
    everybody = signed_in(app, engine, "auditor").get("/team").text
    assert "Siti Rahayu" in everybody and "Budi Santoso" in everybody


def test_another_units_filter_shows_nobody_new(stranger: Browser, people: People) -> None:
    assert "Siti Rahayu" not in stranger.get(f"/team?unit={people.unit}").text
