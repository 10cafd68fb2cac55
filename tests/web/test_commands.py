"""Filling an empty city from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.web.actions import at_once
from tests.web.conftest import PASSWORD, Browser, People
from tracker.domain.geo import Circle, Polygon
from tracker.sealing import Sealer
from tracker.storage import models as m
from tracker.storage.accounts import first_administrator
from tracker.storage.device_secrets import SecretCheck
from tracker.storage.devices import device_login
from tracker.storage.zones import shapes
from tracker.wire.encrypted import key_of


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=arguments)
    return result.exit_code, result.output


def shown_once(output: str, label: str) -> str:
    found = re.search(rf"{label}:\s+(\S+)", output)
    assert found, output
    return found.group(1)


@pytest.fixture
def unit(app: Flask) -> str:
    assert run(app, "unit", "add", "Dinas Kebersihan")[0] == 0
    return "Dinas Kebersihan"


def test_an_administrator_begins_with_the_code_shown(app: Flask, nobody: Browser) -> None:
    code, output = run(app, "administrator", "add", "Kepala")
    assert code == 0 and "/activate" in output and "password" not in output
    nobody.get("/activate")
    sent = {"username": "kepala", "code": shown_once(output, "code"), "new_password": PASSWORD, "again": PASSWORD}
    assert nobody.post("/activate", **sent).status_code == 303
    assert nobody.get("/admin/devices").status_code == 200


def test_the_first_administrator_is_made_once(app: Flask, engine: Engine) -> None:
    code, output = run(app, "administrator", "first")
    assert code == 0 and shown_once(output, "user name") == "admin" and len(shown_once(output, "code")) == 23
    code, output = run(app, "administrator", "first")
    assert code == 0 and "has accounts already" in output and "code:" not in output
    with engine.connect() as conn:
        assert conn.scalars(select(m.Account.username)).all() == ["admin"]


def test_of_two_first_administrators_at_once_one_is_made(engine: Engine) -> None:
    made = []

    def begin() -> None:
        with Session(engine) as session:
            made.append(first_administrator(session, "admin") is not None)
            session.commit()

    at_once([begin] * 4)
    assert sorted(made) == [False, False, False, True]


def test_a_closed_account_opens_nothing_until_it_is_reset(
    app: Flask, employee: Browser, nobody: Browser, people: People
) -> None:
    assert run(app, "account", "close", "pegawai")[0] == 0
    assert employee.get("/me").status_code == 303
    nobody.get("/sign-in")
    assert nobody.post("/sign-in", username="pegawai", password=PASSWORD).status_code == 401
    code = shown_once(run(app, "account", "reset", "pegawai")[1], "code")
    sent = {"username": "pegawai", "code": code, "new_password": PASSWORD, "again": PASSWORD}
    assert nobody.post("/activate", **sent).status_code == 303


def test_a_person_gets_an_account_and_a_supervisor_a_unit(app: Flask, engine: Engine, unit: str) -> None:
    run(app, "unit", "add", "Regu Menteng", "--below", unit)
    assert run(app, "person", "add", "198001012005010001", "Siti", "--unit", "Regu Menteng")[0] == 0
    assert run(app, "person", "add", "198001012005010002", "Rina", "--unit", unit, "--supervises", unit)[0] == 0
    with engine.connect() as conn:
        held = select(m.Account.username, m.RoleGrant.role).outerjoin(m.RoleGrant).order_by(m.Account.username)
        accounts = conn.execute(held).all()
    assert [tuple(row) for row in accounts] == [
        ("198001012005010001", None),
        ("198001012005010002", "supervisor"),
    ]


def test_a_device_is_told_its_secret_and_topic(app: Flask, engine: Engine, unit: str) -> None:
    run(app, "vehicle", "add", "TS-01", "B 9001 TS", "garbage_truck", "--unit", unit)
    code, output = run(app, "device", "add", "ts-01", "--vehicle", "TS-01")
    assert code == 0 and len(shown_once(output, "secret")) == 32
    assert re.fullmatch(r"owntracks/\d\d/ts-01", shown_once(output, "topic"))
    with engine.connect() as conn:
        assert conn.scalar(select(m.Assignment.vehicle_id)) is not None


def test_a_device_gets_a_key_that_opens_what_the_app_encrypts_with_it(app: Flask, engine: Engine, unit: str) -> None:
    run(app, "vehicle", "add", "TS-01", "B 9001 TS", "garbage_truck", "--unit", unit)
    run(app, "device", "add", "ts-01", "--vehicle", "TS-01")
    code, output = run(app, "device", "key", "ts-01")
    with engine.connect() as conn:
        sealed = conn.scalars(select(m.Device.payload_key_sealed)).one()
    assert code == 0 and sealed is not None
    assert Sealer(app.config["SECRET_KEY"]).unseal(sealed) == key_of(shown_once(output, "key"))
    assert run(app, "device", "key", "ts-01", "--none")[0] == 0
    with engine.connect() as conn:
        assert conn.scalars(select(m.Device.payload_key_sealed)).one() is None


def test_a_wrong_login_is_named_without_showing_the_secrets_hash(app: Flask, unit: str) -> None:
    run(app, "vehicle", "add", "TS-01", "B 9001 TS", "garbage_truck", "--unit", unit)
    code, output = run(app, "device", "add", "TS_01", "--vehicle", "TS-01")
    assert code != 0 and "small letters, digits and hyphens" in output and "$2a$" not in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("unit", "add", "Dinas Kebersihan"), "there is a unit of this name already"),
        (("unit", "add", "Regu", "--below", "Nowhere"), "no unit named 'Nowhere'"),
        (("person", "add", "12-34", "Siti", "--unit", "Dinas Kebersihan"), "expected up to 18 digits"),
        (("account", "reset", "nobody"), "no account named 'nobody'"),
        (("token", "add", "nobody", "--name", "x", "--scope", "reports:read"), "account named 'nobody'"),
        (("token", "revoke", "nobody", "--name", "x"), "account named 'nobody'"),
        (("account", "close", "nobody"), "no account named 'nobody'"),
        (("unit", "add", " "), "must not be empty"),
        (("device", "key", "x1"), "no device with the login 'x1'"),
        (("device", "add", "x1"), "either --person NIP or --vehicle"),
        (("device", "add", "x1", "--person", "123"), "no person with NIP 123"),
        (("device", "add", "x1", "--vehicle", "TS-9"), "no vehicle called 'TS-9'"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(
    app: Flask, engine: Engine, unit: str, arguments: tuple[str, ...], sentence: str
) -> None:
    code, output = run(app, *arguments)
    assert code != 0 and sentence in output and "Traceback" not in output
    with engine.connect() as conn:
        assert conn.scalars(select(m.Unit.name)).all() == ["Dinas Kebersihan"]
        assert conn.scalars(select(m.Person.id)).all() == conn.scalars(select(m.Device.id)).all() == []


TRIANGLE = {"type": "Polygon", "coordinates": [[[106.8, -6.2], [106.81, -6.2], [106.8, -6.19], [106.8, -6.2]]]}


def test_a_zone_is_a_circle_or_an_area_from_a_file_and_written_down(app: Flask, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "menteng.geojson"
    file.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": TRIANGLE}))
    code, output = run(app, "zone", "add", "Menteng", "--geojson", str(file))
    assert code == 0 and output.startswith("zone 'Menteng' added at -6.19")
    assert run(app, "zone", "add", "Taman", "--circle", "-6.2,106.8", "--radius", "150")[0] == 0
    with engine.connect() as conn:
        area, circle = shapes(conn, conn.scalars(select(m.Zone.id)).all()).values()
        noted = conn.execute(select(m.Audit.action, m.Audit.detail).order_by(m.Audit.id)).all()
    assert isinstance(area, Polygon) and area.parts[0][0][1] == (106.81, -6.2)
    assert circle == Circle(-6.2, 106.8, 150)
    assert [(row.action, row.detail["zone"]) for row in noted] == [("add_zone", "Menteng"), ("add_zone", "Taman")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("Taman",), "either --circle LAT,LON and --radius M, or --geojson FILE"),
        (("Taman", "--circle", "-6.2,106.8"), "either --circle"),
        (("Taman", "--circle", "-6.2", "--radius", "50"), "such as -6.2,106.8, not '-6.2'"),
        (("Taman", "--circle", "106.8,-6.2", "--radius", "50"), "the centre is out of range: 106.8, -6.2 (latitude"),
        (("Taman", "--circle", "nan,nan", "--radius", "50"), "the centre is out of range"),
        (("Taman", "--circle", "-6.2,106.8", "--radius", "5"), "10 to 50,000 metres, not 5"),
        (("Taman", "--geojson", "{folder}/absent"), "absent cannot be read: No such file"),
        (("Taman", "--geojson", "{folder}/not-json"), "not-json is not JSON"),
        (("Taman", "--geojson", "{folder}/bow-tie"), "the outer ring of part 1 crosses or touches itself"),
        (("Taman", "--geojson", "{folder}/point"), 'a GeoJSON Polygon or MultiPolygon, not "Point"'),
    ],
)
def test_a_zone_that_cannot_be_is_one_sentence(
    app: Flask, engine: Engine, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "not-json").write_text("{")
    (tmp_path / "point").write_text('{"type": "Point", "coordinates": [106.8, -6.2]}')
    bow_tie = [[106.8, -6.2], [106.81, -6.19], [106.81, -6.2], [106.8, -6.19], [106.8, -6.2]]
    (tmp_path / "bow-tie").write_text(json.dumps({"type": "Polygon", "coordinates": [bow_tie]}))
    code, output = run(app, "zone", "add", *(one.format(folder=tmp_path) for one in arguments))
    assert code != 0 and sentence in output and "Traceback" not in output
    with engine.connect() as conn:
        assert conn.scalars(select(m.Zone.id)).all() == []


def test_a_zone_of_a_name_is_added_once(app: Flask) -> None:
    circle = ("zone", "add", "Taman", "--circle", "-6.2,106.8", "--radius", "50")
    assert run(app, *circle)[0] == 0
    code, output = run(app, *circle)
    assert code != 0 and "a zone of this name already" in output


def test_a_device_gets_a_new_secret_and_loses_its_right(app: Flask, engine: Engine, unit: str) -> None:
    run(app, "vehicle", "add", "DAMKAR-1", "B 1 A", "fire_truck", "--unit", unit)
    first = shown_once(run(app, "device", "add", "damkar-1", "--vehicle", "DAMKAR-1")[1], "secret")
    second = shown_once(run(app, "device", "secret", "damkar-1")[1], "secret")
    with engine.connect() as conn:
        login = device_login(conn, "damkar-1")
    assert login and SecretCheck().right(login.secret_bcrypt, second)
    assert not SecretCheck().right(login.secret_bcrypt, first)
    assert run(app, "device", "revoke", "damkar-1")[0] == 0
    for command in ("revoke", "secret"):
        code, output = run(app, "device", command, "damkar-1")
        assert code != 0 and "no device with the login 'damkar-1'" in output
