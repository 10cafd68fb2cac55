"""One device on its page: added, set up, handed over, swapped, revoked; what is refused is said beside the field."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update

from tests import builders as build
from tests.web.conftest import NOW, WORK_DATE, Browser, Clock, People
from tracker.domain.observation import Status
from tracker.storage import models as m
from tracker.storage.device_secrets import SecretCheck
from tracker.storage.fixes import Received, save_batch


def nip(engine: Engine, person_id: int) -> str:
    with engine.connect() as conn:
        return conn.scalars(select(m.Person.nip).where(m.Person.id == person_id)).one()


def device(engine: Engine, login: str) -> Any:
    with engine.connect() as conn:
        return conn.execute(select(m.Device.__table__).where(m.Device.login == login)).one()


def carrier(engine: Engine, login: str) -> int | None:
    with engine.connect() as conn:
        query = select(m.Assignment.person_id).join(m.Device).where(m.Device.login == login)
        return conn.scalars(query.where(m.Assignment.period.contains(NOW))).one_or_none()


def told(page: str) -> dict[str, Any]:
    """The settings of OwnTracks over MQTT on a page."""
    (link, *_rest) = re.findall(r'href="owntracks:///config\?inline=([^"]+)"', page)
    found: dict[str, Any] = json.loads(b64decode(unquote(html.unescape(link))))
    return found


def opens(engine: Engine, login: str, secret: str) -> bool:
    return SecretCheck().right(device(engine, login).secret_bcrypt, secret)


def test_a_phone_is_added_and_its_secret_is_on_that_answer_only(admin: Browser, engine: Engine, people: People) -> None:
    answer = admin.post("/admin/devices/new", nip=nip(engine, people.own), login="hp-1", model="Redmi 12C")
    said = told(answer.text)
    assert (said["host"], said["port"], said["tls"]) == ("broker.example.go.id", 8883, True)
    assert opens(engine, "hp-1", said["password"]) and answer.headers["Cache-Control"] == "no-store"
    assert "http://localhost/pub" in b64decode(unquote(re.findall(r"inline=([^\"]+)", answer.text)[1])).decode()
    page = admin.get(f"/admin/devices/{device(engine, 'hp-1').id}").text
    assert said["password"] not in page and "On phones of Xiaomi, Redmi, POCO" in page and "Siti Rahayu" in page
    with engine.connect() as conn:
        assert not [row for row in conn.scalars(select(m.Audit.detail)) if said["password"] in str(row)]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"login": "HP 1"}, "A login has 2 to 63 small letters"),
        ({"login": "hp-1", "nip": "99"}, "You administer nobody with this NIP."),
        ({"login": "hp-1", "call_sign": "X"}, "You administer no vehicle with this call sign."),
        ({"login": "hp-1", "nip": "99", "call_sign": "X"}, "Write a NIP or a call sign, not both."),
        ({"login": "taken"}, "There is, or was, a device with this login already."),
        ({"login": "hp-1", "expected_interval_s": "0"}, "Write the interval as 1 to 3,600 seconds."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_added(
    admin: Browser, engine: Engine, typed: dict[str, str], said: str
) -> None:
    with engine.begin() as conn:
        build.device(conn, "taken")
    answer = admin.post("/admin/devices/new", **typed)
    assert answer.status_code == 422 and said in answer.text
    with engine.connect() as conn:
        assert conn.scalars(select(m.Device.login)).all() == ["taken"]


def test_a_new_secret_ends_the_old_one(admin: Browser, engine: Engine, people: People) -> None:
    first = told(admin.post("/admin/devices/new", login="hp-1").text)["password"]
    address = f"/admin/devices/{device(engine, 'hp-1').id}"
    second = told(admin.post(f"{address}/set-up").text)["password"]
    assert not opens(engine, "hp-1", first) and opens(engine, "hp-1", second)


def test_a_device_changes_hands_and_goes_back(admin: Browser, engine: Engine, people: People, clock: Clock) -> None:
    admin.post("/admin/devices/new", login="hp-1", nip=nip(engine, people.own))
    address = f"/admin/devices/{device(engine, 'hp-1').id}"
    clock.now = NOW + timedelta(seconds=5)
    answer = admin.post(f"{address}/holder", nip="99")
    assert answer.status_code == 422 and "You administer nobody with this NIP." in answer.text
    assert admin.post(f"{address}/holder", nip=nip(engine, people.foreign)).status_code == 303
    assert "Budi Santoso" in admin.get(address).text
    clock.now = NOW + timedelta(seconds=9)
    assert admin.post(f"{address}/holder").status_code == 303
    assert "Nobody holds it" in admin.get(address).text
    answer = admin.post(f"{address}/holder")
    assert answer.status_code == 422 and "Nobody carried this device at that time." in answer.text


def test_a_lost_one_is_swapped_and_a_revoked_one_is_only_looked_at(
    admin: Browser, engine: Engine, people: People
) -> None:
    with engine.begin() as conn:
        build.device(conn, "hp-1", person_id=people.own)
        build.device(conn, "taken")
    address = f"/admin/devices/{device(engine, 'hp-1').id}"
    answer = admin.post(f"{address}/swap", login="taken")
    assert answer.status_code == 422 and "a device with this login already" in answer.text
    answer = admin.post(f"{address}/swap", login="hp-2")
    assert told(answer.text)["username"] == "hp-2" and carrier(engine, "hp-2") == people.own
    assert "Revoked" in admin.get(address).text and "Yes, revoke it" not in admin.get(address).text
    for way in ("set-up", "holder", "swap", "settings"):
        assert admin.post(f"{address}/{way}", login="hp-3").status_code == 404
    assert admin.post(f"{address}/revoke").status_code == 303
    assert "The device was revoked already" in admin.get(address).text


def test_model_and_interval_are_put_right(admin: Browser, engine: Engine) -> None:
    admin.post("/admin/devices/new", login="hp-1")
    address = f"/admin/devices/{device(engine, 'hp-1').id}"
    answer = admin.post(f"{address}/settings", model="vivo Y17s", expected_interval_s="4000")
    assert answer.status_code == 422 and 'value="vivo Y17s"' in answer.text
    assert admin.post(f"{address}/settings", model="vivo Y17s", expected_interval_s="120").status_code == 303
    assert (device(engine, "hp-1").model, device(engine, "hp-1").expected_interval_s) == ("vivo Y17s", 120)


def test_what_is_ticked_is_asked_once_more_and_done_together(admin: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        ids = [build.device(conn, f"hp-{n}", person_id=people.own) for n in (1, 2)]
        loose = build.device(conn, "hp-3")
    ticked = {"device": [*map(str, ids)], "action": "revoke"}
    admin.post("/admin/devices/chosen", action="revoke", device=[*ids, 999_999_999], confirmed="1")
    assert "some of those that were ticked are not here any more" in admin.get("/admin/devices").text
    asked = admin.post("/admin/devices/chosen", **ticked)
    assert "Revoke: 2 devices" in asked.text and not device(engine, "hp-1").revoked_at
    assert admin.post("/admin/devices/chosen", **{**ticked, "action": "take_back", "device": [ids[0], loose]},
                      confirmed="1").status_code == 303  # fmt: skip
    assert carrier(engine, "hp-1") == people.own  # nobody carried the other one: neither was taken back
    assert "hp-3: Nobody carried this device at that time. Nothing was changed." in admin.get("/admin/devices").text
    assert admin.post("/admin/devices/chosen", **ticked, confirmed="1").status_code == 303
    assert device(engine, "hp-1").revoked_at and device(engine, "hp-2").revoked_at
    assert "2 devices are revoked." in admin.get("/admin/devices").text
    admin.post("/admin/devices/chosen", action="revoke")
    assert "tick at least one row" in admin.get("/admin/devices").text


def test_sheets_have_a_secret_each(admin: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        ids = [build.device(conn, f"hp-{n}", person_id=people.own) for n in (1, 2)]
    page = admin.post("/admin/devices/chosen", device=ids, action="set_up", confirmed="1")
    assert page.text.count("qr-frame") == 2 and page.headers["Cache-Control"] == "no-store"


def test_what_keeps_a_phone_silent_is_said_with_what_to_do(admin: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        phone = build.device(conn, "hp-1", person_id=people.own)
        save_batch(conn, [Received(phone, NOW - timedelta(hours=2), Status("never", True, "2.5", "Android"))], [])
    page = admin.get(f"/admin/devices/{phone}").text
    for said in ("No permission for the location", "Ask the holder to permit the location always.",
                 "Battery saver may stop the app", "Silent", "On any phone"):  # fmt: skip
        assert said in page


def test_coverage_is_told_of_groups_and_never_of_a_few(admin: Browser, engine: Engine) -> None:
    with engine.begin() as conn:
        unit, day = build.unit(conn, "Regu Besar"), WORK_DATE - timedelta(days=1)
        for number in range(7):
            person = build.person(conn, unit)
            phone = build.device(conn, f"hp-{number}", person_id=person)
            model = "Redmi 12C" if number < 5 else "Rare phone"
            conn.execute(m.Device.__table__.update().where(m.Device.id == phone).values(model=model))
            start = NOW - timedelta(days=1, hours=2)
            window = build.window(conn, person, start, start + timedelta(hours=8), work_date=day)
            for revision, observed in ((1, 0), (2, 14400)):  # the newest counts
                conn.execute(m.VerdictRevision.__table__.insert().values(
                    window_id=window, revision=revision, reason="first", computed_at=NOW, rule_version="x",
                    inputs_digest="x", expected_s=28800, observed_s=observed, evidence={}, status="PRESENT",
                    on_site_s=0, off_site_s=0, moving_s=0, unknown_s=0))  # fmt: skip
    page = admin.get("/admin/devices/coverage").text
    assert "Redmi 12C" in page and "50 %" in page and "Rare phone" not in page
    assert "All with fewer than 5 people" not in page  # two are as few together
    assert "Regu Besar" in admin.get("/admin/devices/coverage?by=unit&days=30").text


def test_an_employee_connects_a_phone_of_their_own(
    app: Flask, engine: Engine, employee: Browser, people: People
) -> None:
    employee.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert "No phone is connected" in employee.get("/me/phone").text
    said = told(employee.post("/me/phone").text)
    assert carrier(engine, said["username"]) == people.own and opens(engine, said["username"], said["password"])
    again = told(employee.post("/me/phone").text)
    assert again["username"] == said["username"] and not opens(engine, said["username"], said["password"])
    assert said["password"] not in employee.get("/me/phone").text


def test_a_city_may_keep_that_to_its_administrators(
    app: Flask, engine: Engine, employee: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.extensions["city"].settings
    object.__setattr__(settings, "self_enrolment", False)
    assert "Hubungkan ponsel ini" not in employee.get("/me/phone").text
    assert employee.post("/me/phone").status_code == 404


def test_who_has_left_connects_no_phone(app: Flask, engine: Engine, employee: Browser, people: People) -> None:
    with engine.begin() as conn:
        build.device(conn, "hp-1", person_id=people.own)
        conn.execute(update(m.Membership).where(m.Membership.person_id == people.own).values(period=f"[,{WORK_DATE})"))
    page = employee.get("/me/phone?lang=en").text
    assert "You belong to no unit today" in page and "Connect this phone" not in page
    assert employee.post("/me/phone").status_code == 404
