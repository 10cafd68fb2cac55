"""The door for an HR system: a file is handed in, checked, approved, and brought in whole."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from tests.web.conftest import JAKARTA, NOW, People
from tests.web.test_api import ALL, Program, problem
from tests.web.test_tokens import token_for
from tracker.imports import runs
from tracker.storage import models as m

GOOD = "NIP,Name,Unit\n199001012020121001,Dewi Lestari,Regu Menteng\n"
BAD = "NIP,Name,Unit\n12a,Dewi Lestari,Regu Menteng\n"


@pytest.fixture
def program(app: Flask, engine: Engine, people: People) -> Program:
    return Program(app, token_for(engine, "admin", *ALL))


@pytest.fixture
def work(engine: Engine) -> Callable[[], bool]:
    """What the process of imports does, once."""
    return lambda: runs.work(engine, JAKARTA, lambda: NOW)


def handed_in(program: Program, text: str, **headers: str) -> str:
    """Where the import is."""
    content = base64.b64encode(text.encode()).decode()
    made = program.post("/imports", {"kind": "people", "file_name": "hr.csv", "content": content}, **headers)
    assert made.status_code == 201, made.text
    return made.headers["Location"].removeprefix("/api/v1")


def nips(engine: Engine) -> set[str]:
    with engine.connect() as conn:
        return set(conn.scalars(select(m.Person.nip)))


def test_a_file_is_checked_approved_and_brought_in(
    program: Program, engine: Engine, work: Callable[[], bool]
) -> None:
    path = handed_in(program, GOOD)
    assert program.get(path).get_json()["state"] == "waiting" and work()
    shown = program.get(path).get_json()
    assert (shown["state"], shown["counts"]["new"], shown["errors"]) == ("checked", 1, [])
    assert "199001012020121001" not in nips(engine)
    assert program.change(path, {}, "approval").get_json()["state"] == "approved" and work()
    assert program.get(path).get_json()["state"] == "done" and "199001012020121001" in nips(engine)
    assert "waiting for a yes" in problem(program.change(path, {}, "approval"), 409)["detail"]


def test_what_is_wrong_with_a_row_is_told(program: Program, engine: Engine, work: Callable[[], bool]) -> None:
    path = handed_in(program, BAD)
    assert work()
    shown = program.get(path).get_json()
    assert (shown["state"], shown["errors"][0]["line"], shown["errors"][0]["column"]) == ("refused", 2, "NIP")
    assert "is no NIP" in shown["errors"][0]["detail"]


def test_a_file_sent_twice_with_one_key_is_one_import(program: Program) -> None:
    assert handed_in(program, GOOD, Idempotency_Key="k1") == handed_in(program, GOOD, Idempotency_Key="k1")
    assert len(program.get("/imports").get_json()["items"]) == 1


def test_what_is_no_file_is_refused_by_field(program: Program) -> None:
    sent = {"kind": "people", "file_name": "hr.csv", "content": "%%%"}
    assert problem(program.post("/imports", sent), 422)["errors"][0]["field"] == "content"
    assert problem(program.post("/imports", {**sent, "kind": "nothing"}), 422)


def test_a_large_file_is_taken_from_who_may_import(program: Program, app: Flask, engine: Engine) -> None:
    rows = "".join(f"{number:018d},Somebody,Regu Menteng\n" for number in range(10_000))  # over the limit of forms
    assert handed_in(program, f"NIP,Name,Unit\n{rows}")
    reading = Program(app, token_for(engine, "admin", "register:read", name="reads"))
    assert problem(reading.post("/imports", {"kind": "people", "file_name": "x", "content": ""}), 401)


def test_a_mistake_of_ours_ends_one_import_and_no_other(
    program: Program, engine: Engine, work: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = handed_in(program, GOOD)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(runs, "check", broken)
        assert work()
    assert program.get(path).get_json()["state"] == "failed"
    handed_in(program, GOOD)
    assert work() and not work()
