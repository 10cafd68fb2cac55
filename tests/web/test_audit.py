"""What is written down, who reads it, and how an operator proves that it is whole."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text

from tests.web.actions import add, decide, submit, team_path
from tests.web.conftest import PASSWORD, WORK_DATE, Browser, People
from tests.web.test_commands import run
from tests.web.test_exports import ADDRESS
from tests.web.test_team import judge
from tracker.domain.audit_chain import Wrong
from tracker.storage import models as m
from tracker.storage.audit import Action, record
from tracker.storage.audit import Actor as Who
from tracker.web import words
from tracker.web.audit_commands import SENTENCE
from tracker.web.city import db

# what is done with nobody's data: nobody finds it in a list of their own
ABOUT_NOBODY = {
    Action.VIEW_MESSAGE, Action.REPLAY_MESSAGES, Action.ADD_UNIT, Action.RENAME_UNIT, Action.ADD_VEHICLE,
    Action.CHANGE_VEHICLE, Action.MOVE_VEHICLE, Action.ADD_ZONE, Action.REMOVE_ZONE, Action.ADD_SHIFT,
    Action.CHANGE_SHIFT, Action.RETIRE_SHIFT, Action.ADD_ROTATION, Action.CHANGE_ROTATION, Action.RETIRE_ROTATION,
    Action.ADD_RULE_SET, Action.CHANGE_RULE_SET, Action.REMOVE_RULE_SET, Action.CONFIRM_HOLIDAYS,
    Action.REMOVE_HOLIDAY, Action.ADD_POST, Action.END_POST,
}  # fmt: skip


def rows(engine: Engine) -> list[Any]:
    columns = m.Account.username, m.Audit.address, m.Audit.action, m.Audit.people, m.Audit.why, m.Audit.detail
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(*columns).outerjoin(m.Audit.account).order_by(m.Audit.id))]


def sign_in(browser: Browser, password: str) -> int:
    browser.get("/sign-in")
    return browser.post("/sign-in", username="Pegawai", password=password).status_code


def test_signing_in_and_out_and_failing_to_is_written_down(nobody: Browser, people: People, engine: Engine) -> None:
    assert [sign_in(nobody, word) for word in ("wrong", PASSWORD)] == [401, 303]
    nobody.get("/me")
    nobody.post("/sign-out")
    own = [people.own]
    assert rows(engine) == [
        (None, "127.0.0.1", "sign_in_failed", own, "", {"account": "pegawai", "shown": "password"}),
        ("pegawai", "127.0.0.1", "sign_in", own, "", {}),
        ("pegawai", "127.0.0.1", "sign_out", own, "", {}),
    ]


def test_guessing_on_does_not_fill_the_audit(nobody: Browser, people: People, engine: Engine) -> None:
    for _ in range(7):
        sign_in(nobody, "wrong")
    assert len(rows(engine)) == 5  # then the account pauses here, and nothing is tried


def test_names_that_nobody_has_are_not_written_down(nobody: Browser, people: People, engine: Engine) -> None:
    nobody.get("/sign-in")
    nobody.post("/sign-in", username="whoever", password=PASSWORD)
    nobody.post("/sign-out")
    assert rows(engine) == []


def test_a_decision_is_written_down_with_its_reason_and_a_refused_one_is_not(
    employee: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    add(employee, people.sweeping, "08:00", "10:00")
    submit(employee)
    assert decide(supervisor, people.own, "returned", reason="").status_code == 422
    assert decide(supervisor, people.own, "returned", reason="Volume kurang.").status_code == 303
    decided = {"work_date": str(WORK_DATE), "role": "supervisor", "decision": "returned"}
    found = [row for row in rows(engine) if row[2] == "decide"]
    assert found == [("atasan", "127.0.0.1", "decide", [people.own], "Volume kurang.", decided)]
    page = employee.get("/me/data").text
    assert "mengembalikan laporan Anda tanggal Kamis, 19 November 2026: “<bdi>Volume kurang.</bdi>”" in page


def test_everybody_in_a_file_sees_that_it_was_taken(
    supervisor: Browser, employee: Browser, stranger: Browser, people: People, engine: Engine
) -> None:
    judge(engine, people.window, "PRESENT")
    assert "Siti Rahayu" in supervisor.get(ADDRESS).text
    assert "mengunduh laporan yang memuat data Anda" in employee.get("/me/data").text
    assert "mengunduh" not in stranger.get("/me/data").text


def test_who_is_judged_after_a_file_was_written_down_is_not_in_it(
    supervisor: Browser, people: People, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = db.session.commit

    def judged_meanwhile() -> None:
        commit()
        judge(engine, people.window, "PRESENT")

    monkeypatch.setattr(db.session, "commit", judged_meanwhile)
    assert "Siti Rahayu" not in supervisor.get(ADDRESS).text
    assert [row[3] for row in rows(engine)] == [[]]


def test_commands_write_down_what_they_change_and_for_whom(app: Flask, engine: Engine) -> None:
    nip, unit = "198001012005010001", "Dinas Kebersihan"
    for arguments in (
        ("unit", "add", unit), ("person", "add", nip, "Siti", "--unit", unit, "--supervises", unit),
        ("vehicle", "add", "TS-01", "B 9001 TS", "garbage_truck", "--unit", unit),
        ("device", "add", "phone-1", "--person", nip), ("device", "secret", "phone-1"), ("device", "key", "phone-1"),
        ("device", "revoke", "phone-1"), ("device", "add", "ts-01", "--vehicle", "TS-01"),
        ("device", "secret", "ts-01"),
        ("administrator", "add", "Kepala"), ("account", "reset", nip), ("account", "close", nip),
        ("quarantine", "replay", "--device", "ts-01"),
    ):  # fmt: skip
        assert run(app, *arguments)[0] == 0, arguments
    with engine.connect() as conn:
        siti = list(conn.scalars(select(m.Person.id)))
    found = rows(engine)
    assert {row[:2] for row in found} == {(None, "command line")}
    assert [(row[2], row[3]) for row in found] == [
        ("add_unit", []), ("add_person", siti), ("add_account", siti), ("grant_role", siti),
        ("add_vehicle", []), ("add_device", siti), ("renew_secret", siti), ("renew_secret", siti),
        ("set_device_key", siti), ("revoke_device", siti),
        ("add_device", []), ("renew_secret", []), ("renew_secret", []),
        ("add_account", []), ("grant_role", []), ("reset_account", siti),
        ("close_account", siti), ("replay_messages", []),
    ]  # fmt: skip
    assert not re.search(r"secret|password|key", str([row[5] for row in found]).replace("secret_", ""))


def test_what_failed_is_not_written_down(app: Flask, engine: Engine) -> None:
    assert run(app, "device", "revoke", "x1")[0] != 0
    assert run(app, "unit", "add", "Regu", "--below", "Nowhere")[0] != 0
    assert rows(engine) == []


def test_everything_that_may_concern_a_person_has_its_sentence() -> None:
    assert set(words.AUDIT_ACTION) == set(Action) - ABOUT_NOBODY - {Action.DECIDE}
    assert set(words.ACTION) == set(Action)
    assert set(words.AUDIT_DECISION) == set(words.DECIDED)
    assert set(SENTENCE) == set(Wrong)


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_sentence_can_be_read_in_both_languages(
    app: Flask, employee: Browser, people: People, language: str
) -> None:
    day = str(WORK_DATE)
    detail = {"work_date": day, "first": day, "last": day}
    detail |= {"on": day, "device": "phone-1", "unit": "Regu", "vehicle": "TS-01", "zone": "Pos", "role": "auditor"}
    with app.app_context():
        for action in (Action(name) for name in words.AUDIT_ACTION):
            record(db.session(), Who(None, "10.1.2.3"), action, detail, people=[people.own])
        for decision in words.AUDIT_DECISION:
            said = {**detail, "decision": decision}
            record(db.session(), Who(None, "command line"), Action.DECIDE, said, people=[people.own], why="Sebab <x>")
        db.session.commit()
    looks = [employee.get(f"/me/data?lang={language}&page={number}").text.split('id="looks"')[1] for number in (1, 2)]
    page = "".join(one.split("</section>")[0] for one in looks)
    assert not [name for name in Action if "_" in name and name in page] and "%(" not in page
    for value in ("phone-1", "10.1.2.3", "2026", "“<bdi>Sebab &lt;x&gt;</bdi>”"):
        assert value in page


def test_an_operator_proves_that_the_audit_is_whole(
    app: Flask, supervisor: Browser, people: People, engine: Engine, owner: Engine
) -> None:
    for ago in range(3):
        supervisor.get(team_path(people.own, WORK_DATE - timedelta(days=ago)))
    code, output = run(app, "audit", "verify")
    head = re.search(r"^head: (3:[0-9a-f]{64}) ", output, re.M)
    assert code == 0 and "rows: 3" in output and head
    supervisor.get(team_path(people.own))
    assert run(app, "audit", "verify", "--expect", head[1])[0] == 0
    with owner.begin() as conn:
        conn.execute(text("UPDATE audit SET account_id = NULL WHERE id = 2"))
        conn.execute(text("DELETE FROM audit WHERE id > 2"))
        conn.execute(text("DELETE FROM audit_chain WHERE seq > 2"))
    code, output = run(app, "audit", "verify", "--expect", head[1])
    assert code == 1 and re.search("row 2 is not what was written.*number 3, which was noted, is gone", output, re.S)
    assert run(app, "audit", "verify", "--expect", "3:xyz")[0] == 2


def test_an_operator_reads_the_audit(app: Flask, supervisor: Browser, stranger: Browser, people: People) -> None:
    supervisor.get(team_path(people.own))
    stranger.get(team_path(people.foreign))
    with app.app_context():
        nips = dict(db.session.execute(select(m.Person.id, m.Person.nip)).all())
        # a day of the city's that has not begun, whatever the hour is there
        later = db.session.scalar(select(func.to_char(func.now() + timedelta(days=2), "YYYY-MM-DD")))
    both = run(app, "audit", "list")[1].splitlines()
    said = f'atasan  127.0.0.1  view_track  people {people.own}  {{"role": "supervisor", "work_date"'
    assert len(both) == 2 and said in both[0]
    assert run(app, "audit", "list", "--person", nips[people.foreign])[1].splitlines() == both[1:]
    assert run(app, "audit", "list", "--account", "Atasan")[1].splitlines() == both[:1]
    assert run(app, "audit", "list", "--since", later)[1] == ""
    for unknown in (("--person", "1"), ("--account", "x")):
        code, output = run(app, "audit", "list", *unknown)
        assert code == 1 and "Error: " in output


def test_a_reason_cannot_pass_for_a_row_of_its_own(app: Flask, people: People) -> None:
    with app.app_context():
        why = "x\n1  2026-01-01  admin  view_track \x1b[2J"
        record(db.session(), Who(None, ""), Action.DECIDE, {}, people=range(1, 30), why=why)
        db.session.commit()
    (line,) = run(app, "audit", "list")[1].splitlines()
    assert "and 19 more" in line and "\x1b" not in line
