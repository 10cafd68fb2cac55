"""The API: what each resource promises to a program."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, update
from werkzeug.test import TestResponse

from tests import builders as build
from tests.web.conftest import NOW, Browser, Clock, People
from tests.web.test_tokens import token_for
from tracker.storage import models as m
from tracker.storage.api_creations import forget_creations

NIP = "199001012020121001"
ALL = ("register:read", "register:write")


class Program:
    """A program with a token: asks, keeps nothing."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.app, self.signed = app, {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {} if body is None else {"json": body}
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers={**self.signed, **named}, **sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.ask("POST", path, body, **headers)

    def change(self, path: str, body: Any, what: str = "") -> TestResponse:
        """As a careful program does: read it, then change that version."""
        tag = self.get(path).headers["ETag"]
        return self.ask("POST" if what else "PATCH", f"{path}/{what}" if what else path, body, If_Match=tag)


@pytest.fixture
def program(app: Flask, engine: Engine, people: People) -> Program:
    """One that may do all that the city's administrator may."""
    return Program(app, token_for(engine, "admin", *ALL))


@pytest.fixture
def of_agency(app: Flask, engine: Engine, people: People) -> Program:
    """One of the administrator of `Dinas Kebersihan`."""
    with engine.begin() as conn:
        agency = conn.scalars(select(m.Unit.id).where(m.Unit.name == "Dinas Kebersihan")).one()
        conn.execute(m.Account.__table__.insert().values(username="admin-dinas"))
        build.grant(conn, "admin-dinas", "administrator", agency)
    return Program(app, token_for(engine, "admin-dinas", *ALL))


def new_person(people: People, **values: Any) -> dict[str, Any]:
    return {"nip": NIP, "name": "Dewi Lestari", "unit_id": people.unit, **values}


def problem(answer: TestResponse, status: int) -> Any:
    """The problem that an answer is, in the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    said = answer.get_json()
    assert said.keys() == {"type", "title", "status", "detail", "errors"} and said["status"] == status
    assert said["detail"].endswith(".")
    return said


def test_a_person_is_created_read_changed_moved_and_leaves(program: Program, people: People, engine: Engine) -> None:
    made = program.post("/people", new_person(people, position="Penyapu", since="2026-11-01"))
    assert made.status_code == 201
    path = made.headers["Location"].removeprefix("/api/v1")
    shown = program.get(path).get_json()
    assert shown == made.get_json()
    assert (shown["nip"], shown["unit"], shown["since"], shown["until"]) == (NIP, "Regu Menteng", "2026-11-01", None)
    fresh = program.change(path, {"nip": NIP, "name": "Dewi L."}).get_json()
    assert fresh == {**shown, "name": "Dewi L."}
    moved = program.change(path, {"unit_id": people.foreign_unit, "on": "2026-11-19"}, "moves").get_json()
    assert (moved["unit_id"], moved["position"]) == (people.foreign_unit, "Penyapu")
    left = program.change(path, {"on": "2026-12-01"}, "leaving").get_json()
    assert left["until"] == "2026-12-01"
    with engine.connect() as conn:
        noted = conn.execute(select(m.Audit.action, m.Audit.address).order_by(m.Audit.id)).all()
    assert [action for action, _ in noted] == ["add_person", "rename_person", "move_person", "leave"]
    assert all(address.endswith("token x") for _, address in noted)


def test_a_unit_is_created_renamed_moved_and_merged(program: Program, people: People) -> None:
    made = program.post("/units", {"name": "Regu Cikini", "parent_id": people.unit}).get_json()
    path = f"/units/{made['id']}"
    assert made == {"id": made["id"], "name": "Regu Cikini", "parent_id": people.unit, "parent": "Regu Menteng",
                    "ended": False}  # fmt: skip
    assert program.change(path, {"name": "Regu Gondangdia"}).get_json()["name"] == "Regu Gondangdia"
    moved = program.change(path, {"parent_id": people.foreign_unit, "on": "2026-11-19"}, "moves")
    assert moved.get_json()["parent"] == "Dinas Pertamanan"
    merged = program.change(path, {"into_id": people.unit, "on": "2026-11-19"}, "merger")
    assert merged.get_json()["ended"] is True


def test_a_vehicle_is_created_changed_moved_and_retired(program: Program, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        base = build.zone(conn, name="Pos Menteng")
    sent = {"call_sign": "AMB-07", "plate": "B 1234 XY", "kind": "ambulance", "unit_id": people.unit}
    made = program.post("/vehicles", {**sent, "capabilities": ["stretcher", "life_support"]})
    path = f"/vehicles/{made.get_json()['id']}"
    assert made.get_json()["capabilities"] == ["life_support", "stretcher"]
    changed = program.change(path, {"base_zone_id": base, "public_view": "hidden"}).get_json()
    assert (changed["base_zone"], changed["public_view"], changed["plate"]) == ("Pos Menteng", "hidden", "B 1234 XY")
    assert program.change(path, {"unit_id": people.foreign_unit}, "moves").get_json()["unit"] == "Dinas Pertamanan"
    assert program.change(path, {}, "retirement").get_json()["retired_at"] == NOW.isoformat()
    problem(program.change(path, {}, "retirement"), 409)


def test_a_zone_is_created_reshaped_and_removed(program: Program) -> None:
    circle = {"lat": -6.2, "lon": 106.8, "radius_m": 150}
    made = program.post("/zones", {"name": "Taman Menteng", "circle": circle}).get_json()
    assert (made["circle"], made["geometry"]) == (circle, None)
    square = [[[106.8, -6.2], [106.81, -6.2], [106.81, -6.21], [106.8, -6.21], [106.8, -6.2]]]
    area = {"geometry": {"type": "Polygon", "coordinates": square}}
    fresh = program.change(f"/zones/{made['id']}", area, "outline").get_json()
    assert fresh["name"] == "Taman Menteng" and fresh["circle"] is None
    assert fresh["geometry"]["type"] == "MultiPolygon" and fresh["id"] != made["id"]
    problem(program.get(f"/zones/{made['id']}"), 404)
    assert program.change(f"/zones/{fresh['id']}", {}, "removal").status_code == 204
    assert program.get("/zones?q=menteng").get_json()["items"] == []


def test_a_shape_that_is_none_is_refused(program: Program) -> None:
    bow = [[[106.8, -6.2], [106.81, -6.21], [106.81, -6.2], [106.8, -6.21], [106.8, -6.2]]]
    area = {"type": "Polygon", "coordinates": bow}
    (fault,) = problem(program.post("/zones", {"name": "x", "geometry": area}), 422)["errors"]
    assert fault["field"] == "geometry" and "crosses" in fault["detail"]
    said = problem(program.post("/zones", {"name": "x"}), 422)
    assert said["errors"][0]["detail"] == "Send either circle or geometry."


def test_a_list_comes_in_pages_that_stay_when_rows_are_added(program: Program, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        for number in range(7):
            build.person(conn, people.unit, f"Orang {number}")
    seen: list[str] = []
    path: str | None = "/people?q=orang&limit=3"
    while path:
        answer = program.get(path)
        seen += [one["name"] for one in answer.get_json()["items"]]
        with engine.begin() as conn:
            if len(seen) == 3:
                build.person(conn, people.unit, "Orang baru")
        link = answer.headers.get("Link")
        assert (link is None) == (answer.get_json()["next"] is None)
        path = link.split(">")[0].removeprefix("<http://localhost/api/v1") if link else None
    assert seen == [*(f"Orang {number}" for number in range(7)), "Orang baru"]


def test_lists_are_narrowed_as_on_the_pages(program: Program, people: People) -> None:
    def names(path: str) -> list[str]:
        return [one["name"] for one in program.get(path).get_json()["items"]]

    assert names("/people?q=siti") == ["Siti Rahayu"]
    assert names(f"/people?unit={people.foreign_unit}") == ["Budi Santoso"]
    assert names("/people?state=left") == [] and len(names("/people?state=any")) == 3
    assert names(f"/units?unit={people.foreign_unit}") == []


@pytest.mark.parametrize(
    "query",
    ["sort=name", "limit=0", "limit=201", "limit=x", "cursor=x", "state=gone", "unit=0", "q=", "q=%00", "q=%20x"],
)
def test_what_a_list_does_not_know_is_refused_by_name(program: Program, query: str) -> None:
    (fault,) = problem(program.get(f"/people?{query}"), 422)["errors"][:1]
    assert (fault["place"], fault["field"]) == ("query", query.split("=")[0])


def test_what_is_wrong_with_a_body_is_said_field_by_field(program: Program, people: People) -> None:
    sent = {"nip": "12a", "name": " ", "unit_id": "1", "since": "1999-01-01", "salary": 1}
    faults = problem(program.post("/people", sent), 422)["errors"]
    assert {(fault["place"], fault["field"]) for fault in faults} == {("body", field) for field in sent}
    deep = {"name": "x", "circle": {"lat": 91, "lon": "x", "radius_m": 5}}
    faults = problem(program.post("/zones", deep), 422)["errors"]
    assert {fault["field"] for fault in faults} == {"circle.lat", "circle.lon", "circle.radius_m"}


NO_CHARACTER = b'{"name": "\\ud800"}'


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b'{"a": NaN}', b"1" * 5000, NO_CHARACTER])
def test_a_body_that_is_no_json_is_refused(program: Program, app: Flask, body: bytes) -> None:
    answer = app.test_client().post("/api/v1/units", data=body, headers=program.signed, content_type="application/json")
    problem(answer, 422 if body == NO_CHARACTER else 400)


def test_every_refusal_under_the_api_has_the_one_shape(program: Program, app: Flask) -> None:
    problem(program.get("/nothing"), 404)
    assert problem(program.ask("DELETE", "/units"), 405) and "Allow" in program.ask("DELETE", "/units").headers
    form = app.test_client().post("/api/v1/units", data={"name": "x"}, headers=program.signed)
    problem(form, 415)
    problem(program.post("/units", {"name": "x" * 300_000, "parent_id": None}), 413)


def test_a_mistake_of_ours_is_a_problem_and_tells_nothing(program: Program, app: Flask, monkeypatch: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("what nobody is to read")

    monkeypatch.setattr("tracker.web.api.units.units_wanted", broken)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert "nobody" not in str(problem(program.get("/units"), 500))


def test_without_a_token_nothing_opens(app: Flask, engine: Engine, people: People, administrator: Browser) -> None:
    for token in (None, "jejak_wrong", token_for(engine, "admin", "reports:read")):
        one = Program(app, token)
        assert one.get("/units").headers["WWW-Authenticate"].startswith("Bearer")
        problem(one.get("/units"), 401)
    problem(administrator.get("/api/v1/units"), 401)


def test_a_token_that_reads_changes_nothing(app: Flask, engine: Engine, people: People) -> None:
    reader = Program(app, token_for(engine, "admin", "register:read"))
    assert reader.get("/units").status_code == 200
    problem(reader.post("/units", {"name": "x", "parent_id": None}), 401)


def test_what_is_not_administered_is_not_there(of_agency: Program, people: People) -> None:
    assert {one["name"] for one in of_agency.get("/people").get_json()["items"]} == {"Rina Marlina", "Siti Rahayu"}
    problem(of_agency.get(f"/people/{people.foreign}"), 404)
    problem(of_agency.ask("PATCH", f"/people/{people.foreign}", {"nip": NIP, "name": "x"}, If_Match="*"), 404)
    said = problem(of_agency.post("/people", new_person(people, unit_id=people.foreign_unit)), 409)
    assert said == problem(of_agency.post("/people", new_person(people, unit_id=2**31 - 1)), 409)
    assert said["errors"][0]["field"] == "unit_id"
    problem(of_agency.get("/zones"), 404)
    problem(of_agency.post("/units", {"name": "x", "parent_id": None}), 404)


def test_who_moves_away_is_out_of_reach(program: Program, of_agency: Program, people: People, engine: Engine) -> None:
    assert of_agency.change(f"/people/{people.own}", {"on": "2026-11-19"}, "leaving").status_code == 204
    problem(of_agency.get(f"/people/{people.own}"), 404)
    assert program.get(f"/people/{people.own}").get_json()["unit_id"] is None


def test_a_tag_spares_reading_the_same_again(program: Program, people: People) -> None:
    path = f"/people/{people.own}"
    tag = program.get(path).headers["ETag"]
    assert not tag.startswith("W/")
    again = program.get(path, If_None_Match=tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert program.change(path, {"nip": NIP, "name": "Siti R."}).headers["ETag"] != tag
    assert program.get(path, If_None_Match=tag).status_code == 200


def test_nothing_is_overwritten_unseen(program: Program, people: People, engine: Engine) -> None:
    path, sent = f"/people/{people.own}", {"nip": NIP, "name": "Siti R."}
    tag = program.get(path).headers["ETag"]
    problem(program.ask("PATCH", path, sent), 428)
    assert program.ask("PATCH", path, sent, If_Match=tag).status_code == 200
    problem(program.ask("PATCH", path, {**sent, "name": "Late"}, If_Match=tag), 412)
    problem(program.ask("POST", f"{path}/leaving", {"on": "2026-12-01"}, If_Match=f"W/{tag}"), 412)
    assert program.get(path).get_json()["name"] == "Siti R."


def test_of_two_that_change_one_version_one_wins(program: Program, people: People) -> None:
    path = f"/people/{people.own}"
    tag = program.get(path).headers["ETag"]
    answers = at_once(
        lambda: program.ask("PATCH", path, {"nip": NIP, "name": "Siti A."}, If_Match=tag).status_code,
        lambda: program.ask("PATCH", path, {"nip": NIP, "name": "Siti B."}, If_Match=tag).status_code,
    )
    assert sorted(answers) == [200, 412]


def at_once(*calls: Any) -> list[Any]:
    """What the calls return that begin at the same moment."""
    begin, found = threading.Barrier(len(calls)), []

    def run(call: Any) -> None:
        begin.wait()
        found.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_a_key_creates_one_thing_however_often_it_is_sent(program: Program, people: People, engine: Engine) -> None:
    sent = new_person(people)
    first, second = (program.post("/people", sent, Idempotency_Key="abc-1") for _ in range(2))
    assert (first.status_code, first.data, first.headers["Location"], first.headers["ETag"]) == (
        second.status_code, second.data, second.headers["Location"], second.headers["ETag"],
    )  # fmt: skip
    other = problem(program.post("/people", {**sent, "name": "x"}, Idempotency_Key="abc-1"), 409)
    assert "Idempotency-Key" in other["detail"]
    problem(program.post("/people", sent, Idempotency_Key="abc-2"), 409)
    problem(program.post("/people", sent, Idempotency_Key="a b"), 422)


def test_a_key_of_what_failed_is_free(program: Program, people: People) -> None:
    problem(program.post("/people", new_person(people, unit_id=2**31 - 1), Idempotency_Key="k"), 409)
    assert program.post("/people", new_person(people), Idempotency_Key="k").status_code == 201


def test_two_with_one_key_at_the_same_time_create_one_thing(program: Program, people: People, engine: Engine) -> None:
    def send() -> Any:
        answer = program.post("/people", new_person(people), Idempotency_Key="twice")
        return answer.status_code, answer.get_json()["id"]

    answers = at_once(send, send, send)
    assert {status for status, _ in answers} == {201} and len({made for _, made in answers}) == 1
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).where(m.Person.nip == NIP)) == 1


def test_keys_are_of_the_account_and_forgotten_after_a_day(
    program: Program, of_agency: Program, people: People, engine: Engine
) -> None:
    assert program.post("/people", new_person(people), Idempotency_Key="k").status_code == 201
    other = new_person(people, nip="199001012020121002")
    assert of_agency.post("/people", other, Idempotency_Key="k").status_code == 201
    with engine.begin() as conn:
        assert forget_creations(conn, NOW + timedelta(hours=24)) == 0
        assert forget_creations(conn, NOW + timedelta(hours=25)) == 2


def test_it_speaks_the_language_that_is_asked_for(program: Program) -> None:
    assert problem(program.get("/units/999"), 404)["title"] == "There is nothing here"
    indonesian = problem(program.get("/units/999", Accept_Language="id"), 404)
    assert indonesian["title"] == "Tidak ada apa-apa di sini"


def test_a_device_is_registered_handed_over_set_up_and_revoked(program: Program, people: People) -> None:
    sent = {"login": "staf-900", "kind": "phone"}
    made = program.post("/devices", sent, Idempotency_Key="k")
    assert made.data == program.post("/devices", sent, Idempotency_Key="k").data and "secret" not in made.get_json()
    path = f"/devices/{made.get_json()['id']}"
    assert program.change(path, {"model": "Pixel 9"}).get_json()["model"] == "Pixel 9"
    first, second = (program.change(path, {}, "secret").get_json()["secret"] for _ in range(2))
    assert first != second and len(first) == 32
    assert "secret" not in program.get(path).get_json()
    assert program.change(path, {"person_id": people.own}, "person").status_code == 200
    assert program.change(path, {}, "revocation").get_json()["revoked_at"]
    problem(program.change(path, {}, "secret"), 409)


def test_a_device_is_shown_with_who_carries_it_at_once(
    program: Program, people: People, engine: Engine, clock: Clock
) -> None:
    with engine.begin() as conn:
        truck = build.vehicle(conn, people.unit)
    sent = {"login": "trk-1", "kind": "tracker", "vehicle_id": truck}
    made = program.post("/devices", sent, Idempotency_Key="d-1")
    assert (made.status_code, made.get_json()["vehicle_id"], made.get_json()["person_id"]) == (201, truck, None)
    both = {"login": "trk-2", "kind": "phone", "vehicle_id": truck, "person_id": people.own}
    problem(program.post("/devices", both), 409)
    clock.now += timedelta(minutes=1)
    swapped = program.change(f"/devices/{made.get_json()['id']}", {"login": "trk-3"}, "swap")
    assert (swapped.get_json()["login"], swapped.get_json()["vehicle_id"]) == ("trk-3", truck)
    assert swapped.get_json()["secret"]


def test_a_vehicle_is_driven_and_parked(program: Program, people: People, engine: Engine, clock: Clock) -> None:
    with engine.begin() as conn:
        truck = build.vehicle(conn, people.unit)
        conn.execute(update(m.ApiToken).values(expires_at=datetime.now(UTC) + timedelta(days=1)))
    clock.now = datetime.now(UTC)  # the answer itself says what has just begun
    begun = program.change(f"/vehicles/{truck}", {"person_id": people.own}, "driver")
    assert begun.get_json()["driver"] == "Siti Rahayu"
    clock.now = datetime.now(UTC)
    assert program.change(f"/vehicles/{truck}", {}, "parking").get_json()["driver"] is None
    problem(program.change(f"/vehicles/{truck}", {}, "parking"), 409)


def test_plans_are_cancelled_and_one_field_is_put_right(program: Program, people: People) -> None:
    person = f"/people/{people.own}"
    assert program.change(person, {"unit_id": people.foreign_unit, "on": "2026-12-01"}, "moves").status_code == 200
    assert program.change(person, {"on": "2026-12-01"}, "plan-cancellation").get_json()["until"] is None
    problem(program.change(person, {"on": "2026-12-01"}, "plan-cancellation"), 409)
    assert program.change(person, {"name": "Siti R."}).get_json()["name"] == "Siti R."
    unit = f"/units/{people.unit}"
    assert program.change(unit, {"parent_id": None, "on": "2026-12-01"}, "moves").status_code == 200
    assert program.change(unit, {"on": "2026-12-01"}, "plan-cancellation").status_code == 200
