"""What changes in a city that is there, from the command line."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from tests.web.conftest import NOW, People, signed_in
from tests.web.test_commands import run, shown_once
from tracker.storage import models as m

SITI = "1"


@pytest.fixture
def city(app: Flask) -> Flask:
    """A unit with a team, a person in it, a truck and a phone."""
    for arguments in (
        ("unit", "add", "Dinas"),
        ("unit", "add", "Regu", "--below", "Dinas"), ("unit", "add", "Pos", "--below", "Dinas"),
        ("person", "add", SITI, "Siti", "--unit", "Regu"), ("person", "add", "2", "Budi", "--unit", "Regu"),
        ("vehicle", "add", "TS-01", "B 1 TS", "garbage_truck", "--unit", "Regu", "--capability", "compactor"),
        ("device", "add", "phone-1", "--person", SITI, "--model", "Samsung A05", "--since", "2026-11-01"),
    ):  # fmt: skip
        code, output = run(app, *arguments)
        assert code == 0, output
    return app


def carriers(engine: Engine) -> list[tuple[str, str | None, bool]]:
    """Device, NIP or call sign, and whether it is carried for ever."""
    query = (
        select(m.Device.login, m.Person.nip, m.Vehicle.call_sign, m.Assignment.period)
        .select_from(m.Assignment)
        .join(m.Device)
        .outerjoin(m.Person, m.Person.id == m.Assignment.person_id)
        .outerjoin(m.Vehicle, m.Vehicle.id == m.Assignment.vehicle_id)
        .order_by(m.Assignment.period)
    )
    with engine.connect() as conn:
        return [(login, nip or sign, period.upper is None) for login, nip, sign, period in conn.execute(query)]


def test_a_shared_phone_changes_hands_and_goes_back(city: Flask, engine: Engine) -> None:
    assert run(city, "device", "hand", "phone-1", "--person", "2", "--since", "2026-11-18T15:00")[0] == 0
    assert run(city, "device", "return", "phone-1", "--at", "2026-11-18T23:00")[0] == 0
    assert carriers(engine) == [("phone-1", SITI, False), ("phone-1", "2", False)]
    code, output = run(city, "device", "return", "phone-1", "--at", "2026-11-19T00:00")
    assert code != 0 and "nobody carried 'phone-1'" in output
    code, output = run(city, "device", "hand", "phone-1", "--vehicle", "TS-01", "--since", "2026-11-10")
    assert code != 0 and "something else holds from" in output


def test_a_lost_phone_is_swapped_in_one_step(city: Flask, engine: Engine) -> None:
    code, output = run(city, "device", "swap", "phone-1", "phone-2")
    assert code == 0 and len(shown_once(output, "secret")) == 32 and "/phone-2" in shown_once(output, "topic")
    assert carriers(engine) == [("phone-1", SITI, False), ("phone-2", SITI, True)]
    with engine.connect() as conn:
        devices = conn.execute(select(m.Device.login, m.Device.model, m.Device.revoked_at.is_(None)).order_by("login"))
        assert [tuple(row) for row in devices] == [
            ("phone-1", "Samsung A05", False),
            ("phone-2", "Samsung A05", True),
        ]
    code, output = run(city, "device", "swap", "phone-1", "phone-3")
    assert code != 0 and "no device with the login 'phone-1'" in output


def test_a_shared_phone_that_is_swapped_goes_back_when_it_was_to(city: Flask, engine: Engine) -> None:
    later = ("--since", "2026-11-19T14:00", "--until", "2026-11-19T23:00")
    assert run(city, "device", "hand", "phone-1", "--person", "2", *later)[0] == 0
    assert run(city, "device", "swap", "phone-1", "phone-2")[0] == 0
    assert carriers(engine)[-1] == ("phone-2", "2", False)


def test_who_takes_a_wheel_leaves_the_other_one(city: Flask, engine: Engine) -> None:
    run(city, "vehicle", "add", "TS-02", "B 2 TS", "garbage_truck", "--unit", "Regu", "--public", "hidden")
    run(city, "vehicle", "drive", "TS-01", SITI, "--at", "2026-11-18T08:00")
    run(city, "vehicle", "drive", "TS-02", SITI, "--at", "2026-11-18T10:00")
    run(city, "vehicle", "drive", "TS-02", "2", "--at", "2026-11-18T12:00")
    assert run(city, "vehicle", "park", "TS-02", "--at", "2026-11-18T14:00")[0] == 0
    query = select(m.Vehicle.call_sign, m.Person.nip, m.DriverSession.period).select_from(m.DriverSession)
    with engine.connect() as conn:
        rows = conn.execute(query.join(m.Vehicle).join(m.Person).order_by(m.DriverSession.period)).all()
    spans = [(sign, nip, (period.upper - period.lower).total_seconds() / 3600) for sign, nip, period in rows]
    assert spans == [("TS-01", SITI, 2), ("TS-02", SITI, 2), ("TS-02", "2", 2)]
    assert run(city, "vehicle", "park", "TS-01")[1].strip().endswith("nobody drove 'TS-01' at that time")


def test_people_and_units_move(city: Flask, engine: Engine) -> None:
    assert run(city, "person", "move", SITI, "--unit", "Pos", "--position", "Mandor", "--on", "2026-11-20")[0] == 0
    assert run(city, "vehicle", "move", "TS-01", "--unit", "Pos")[0] == 0
    assert "2 people moved" in run(city, "unit", "merge", "Regu", "Pos", "--on", "2026-11-19")[1]
    assert run(city, "unit", "move", "Pos", "--on", "2026-11-22")[0] == 0
    assert run(city, "person", "leave", "2", "--on", "2026-12-01")[0] == 0
    query = select(m.Person.nip, m.Unit.name, m.Membership.position, m.Membership.period).select_from(m.Membership)
    with engine.connect() as conn:
        rows = conn.execute(query.join(m.Person).join(m.Unit).order_by(m.Person.nip, m.Membership.period)).all()
    assert [(nip, unit, position, str(period.upper)) for nip, unit, position, period in rows] == [
        (SITI, "Regu", "", "2026-11-19"), (SITI, "Pos", "", "2026-11-20"), (SITI, "Pos", "Mandor", "None"),
        ("2", "Regu", "", "2026-11-19"), ("2", "Pos", "", "2026-12-01"),
    ]  # fmt: skip


def test_plans_are_cancelled(city: Flask, engine: Engine) -> None:
    assert run(city, "person", "move", SITI, "--unit", "Pos", "--on", "2026-12-20")[0] == 0
    assert run(city, "unit", "move", "Regu", "--on", "2026-12-21")[0] == 0
    assert run(city, "unit", "cancel", "Regu", "--on", "2026-12-21")[0] == 0
    assert run(city, "person", "cancel", SITI, "--on", "2026-12-20")[0] == 0
    with engine.connect() as conn:
        periods = conn.scalars(select(m.Membership.period)).all()
    assert {(period.lower, period.upper) for period in periods} == {(None, None)}
    code, output = run(city, "person", "cancel", SITI, "--on", "2026-12-20")
    assert code != 0 and "nothing is planned for 2026-12-20" in output


def test_a_role_opens_and_closes_at_once(app: Flask, engine: Engine, people: People) -> None:
    browser = signed_in(app, engine, "pegawai")
    assert browser.get("/team").status_code == 404
    assert (
        run(app, "grant", "add", "pegawai", "supervisor", "--unit", "Dinas Pertamanan", "--since", "2026-11-01")[0] == 0
    )
    assert "Budi Santoso" in browser.get("/team").text
    number = run(app, "grant", "list", "pegawai")[1].split()[0]
    assert run(app, "grant", "end", number)[0] == 0
    assert browser.get("/team").status_code == 404


def test_a_deputy_steps_in_and_out(app: Flask, engine: Engine, people: People) -> None:
    browser, today = signed_in(app, engine, "pegawai"), str(NOW.date())
    period = ("--from", today, "--to", today)
    assert run(app, "deputy", "add", "stranger", "pegawai", *period)[0] == 0
    assert browser.get("/team").status_code == 200 and "Budi Santoso" not in browser.get("/team").text, "the principal"
    assert run(app, "deputy", "end", "stranger")[0] == 0
    assert browser.get("/team").status_code == 404


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("unit", "move", "Dinas", "--below", "Regu"), "a part of 'Dinas'"),
        (("unit", "merge", "Nowhere", "Regu"), "no unit named 'Nowhere'"),
        (("person", "leave", "77"), "no person with NIP 77"),
        (("device", "hand", "phone-1"), "either --person NIP or --vehicle"),
        (("device", "hand", "phone-1", "--person", "2", "--until", "2020-01-01"), "a time after the beginning"),
        (("device", "swap", "phone-9", "phone-8"), "no device with the login 'phone-9'"),
        (
            ("vehicle", "add", "X", "Y", "ambulance", "--unit", "Regu", "--capability", "flying"),
            "'flying' is not one of",
        ),
        (("grant", "add", SITI, "supervisor"), "a supervisor is one of a unit"),
        (("grant", "add", SITI, "system_administrator", "--unit", "Regu"), "leave --unit out"),
        (("grant", "add", "nobody", "auditor"), "no account named 'nobody'"),
        (("grant", "end", "99"), "no grant with the number 99"),
        (("deputy", "add", SITI, "2", "--from", "2026-11-25", "--to", "2026-11-26"), "nothing to stand in for"),
        (("deputy", "end", SITI), "has no deputy"),
    ],
)
def test_what_cannot_be_is_a_sentence(city: Flask, arguments: tuple[str, ...], sentence: str) -> None:
    code, output = run(city, *arguments)
    assert code != 0 and sentence in output and "Traceback" not in output
