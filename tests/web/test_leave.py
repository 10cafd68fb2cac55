"""Leave: asked for, answered once, withdrawn; by whom, and by nobody else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select
from sqlalchemy.dialects.postgresql import Range

from tests.web.conftest import WORK_DATE, Browser, Clock, People, at, move_to, signed_in
from tests.web.test_attendance import ENGLISH, audited
from tracker.storage import models as m
from tracker.web.attendance_words import LEAVE_KIND, LEAVE_STATE, PART

FIRST, LAST = WORK_DATE + timedelta(days=10), WORK_DATE + timedelta(days=11)


def ask(browser: Browser, **fields: Any) -> Any:
    browser.get("/me/leave")
    wanted = {"leave_kind": "leave", "part": "full", "first": str(FIRST), "last": str(LAST), **fields}
    return browser.post("/me/leave", **wanted)


def requests(engine: Engine) -> list[tuple[Any, ...]]:
    table = m.LeaveRequest
    with engine.connect() as conn:
        query = select(table.person_id, table.kind, table.part, table.state, table.reason).order_by(table.id)
        return [tuple(row) for row in conn.execute(query)]


def granted(engine: Engine) -> list[tuple[Any, ...]]:
    table = m.LeavePeriod
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(table.person_id, table.kind, table.place, table.period))]


def number(engine: Engine) -> int:
    with engine.connect() as conn:
        return conn.scalars(select(m.LeaveRequest.id).order_by(m.LeaveRequest.id.desc()).limit(1)).one()


def decide(browser: Browser, engine: Engine, decision: str, reason: str = "") -> Any:
    path = f"/team/leave/{number(engine)}"
    browser.get(path)
    return browser.post(path, decision=decision, reason=reason)


def due_from(engine: Engine) -> list[tuple[date | None, str | None]]:
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(m.Publication.due_from, m.Publication.due_reason))]


@pytest.fixture
def rostered(engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        conn.execute(insert(m.Publication).values(person_id=people.own, until=LAST))


def test_leave_is_asked_for_approved_and_becomes_leave(
    employee: Browser, supervisor: Browser, people: People, engine: Engine, rostered: None
) -> None:
    assert [ask(employee, leave_kind="official_trip", place="Bogor").status_code for _ in range(2)] == [303, 303]
    assert requests(engine) == [(people.own, "official_trip", "full", "open", "")]
    assert "(1)" in supervisor.get("/team", **ENGLISH).text
    page = supervisor.get("/team/leave", **ENGLISH).text
    assert "Siti Rahayu" in page and "Official trip" in page and "Bogor" in page
    assert decide(supervisor, engine, "approved").status_code == 303
    assert granted(engine) == [(people.own, "official_trip", "Bogor", Range(FIRST, LAST + timedelta(days=1)))]
    assert due_from(engine) == [(FIRST, "leave")]
    assert audited(engine, "decide_leave")[0][0] == [people.own]
    page = employee.get("/me/leave", **ENGLISH).text
    assert "Approved" in page and "Rina Marlina" in page
    news = employee.get("/me", **ENGLISH).text
    assert "was approved" in news and 'href="/me/leave"' in news
    assert "cuti yang Anda ajukan" in employee.get("/me/data").text


def test_a_refusal_needs_its_reason_which_the_person_reads(
    employee: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    ask(employee)
    assert decide(supervisor, engine, "refused", "no").status_code == 422
    assert decide(supervisor, engine, "x").status_code == 422
    assert requests(engine)[0][3] == "open"
    assert decide(supervisor, engine, "refused", "Regu kekurangan orang.").status_code == 303
    assert requests(engine)[0][3:] == ("refused", "Regu kekurangan orang.") and granted(engine) == []
    assert "Regu kekurangan orang." in employee.get("/me/leave").text
    assert "Regu kekurangan orang." in employee.get("/me").text
    answer = decide(supervisor, engine, "approved")
    assert answer.status_code == 422 and granted(engine) == [], "the first of two decisions stands"


@pytest.mark.parametrize(
    "fields",
    [
        {"last": str(FIRST - timedelta(days=1))},
        {"last": str(FIRST + timedelta(days=400))},
        {"first": str(WORK_DATE + timedelta(days=400)), "last": str(WORK_DATE + timedelta(days=400))},
        {"first": str(WORK_DATE - timedelta(days=31))},
        {"leave_kind": "official_trip"},
        {"leave_kind": "x"},
        {"first": ""},
        {"part": "third"},
        {"note": "x" * 501},
    ],
)
def test_what_cannot_be_asked_for_is_said_and_kept_in_the_form(
    employee: Browser, people: People, engine: Engine, fields: dict[str, str]
) -> None:
    answer = ask(employee, **{"note": "Acara keluarga", **fields})
    assert answer.status_code == 422 and requests(engine) == []
    assert 'role="alert"' in answer.text or "field-error" in answer.text
    assert fields.get("note", "Acara keluarga") in answer.text


def test_leave_over_the_end_of_the_year_names_the_other_year(
    employee: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    ask(employee, first="2026-12-31", last="2027-01-02")
    for page in (employee.get("/me/leave", **ENGLISH), supervisor.get("/team/leave", **ENGLISH)):
        assert "Thu, 31 Dec – Sat, 2 Jan 2027" in page.text


def test_two_halves_fit_on_a_day_and_nothing_overlaps(employee: Browser, people: People, engine: Engine) -> None:
    day = {"first": str(FIRST), "last": str(FIRST)}
    halves = [ask(employee, part=part, **day).status_code for part in ("first_half", "second_half", "full")]
    assert halves == [303, 303, 422]


def test_a_request_is_withdrawn_and_granted_leave_before_it_begins(
    employee: Browser, supervisor: Browser, people: People, engine: Engine, clock: Clock, rostered: None
) -> None:
    employee.client.set_cookie("lang", "en")
    ask(employee)
    employee.post(f"/me/leave/{number(engine)}/withdraw")
    assert requests(engine)[0][3] == "withdrawn"
    assert decide(supervisor, engine, "approved").status_code == 422
    ask(employee)
    decide(supervisor, engine, "approved")
    employee.get("/me/leave")
    employee.post(f"/me/leave/{number(engine)}/withdraw")
    assert requests(engine)[1][3] == "withdrawn" and granted(engine) == [] and due_from(engine) == [(FIRST, "leave")]
    ask(employee)
    decide(supervisor, engine, "approved")
    move_to(clock, engine, at(8, day=FIRST))
    employee.get("/me/leave")
    employee.post(f"/me/leave/{number(engine)}/withdraw")
    assert requests(engine)[2][3] == "approved" and "has begun" in employee.get("/me/leave", **ENGLISH).text


def test_a_supervisor_ends_leave_before_a_day_to_come_with_a_reason(
    employee: Browser, supervisor: Browser, stranger: Browser, people: People, engine: Engine, clock: Clock,
    rostered: None,
) -> None:  # fmt: skip
    ask(employee)
    decide(supervisor, engine, "approved")
    move_to(clock, engine, at(8, day=FIRST))
    path, why = f"/team/leave/{number(engine)}", "Sudah sehat dan masuk lagi."
    assert "End this leave early" in supervisor.get(path, **ENGLISH).text

    stranger.get("/team")

    def end(browser: Browser, on: date, reason: str = why) -> int:
        return browser.post(f"{path}/end", on=str(on), reason=reason).status_code

    assert end(supervisor, FIRST) == 422, "a day that has begun stays as it was"
    assert [end(supervisor, LAST + timedelta(days=1)), end(supervisor, LAST, "pendek"), end(stranger, LAST)] == [
        422, 422, 404,
    ]  # fmt: skip
    assert end(supervisor, LAST) == 303 and end(supervisor, LAST) == 422
    assert granted(engine) == [(people.own, "leave", "", Range(FIRST, LAST))]
    assert requests(engine) == [(people.own, "leave", "full", "approved", why)]
    assert due_from(engine) == [(FIRST, "leave")]
    assert audited(engine, "end_leave")[0][0] == [people.own]
    news = employee.get("/me", **ENGLISH).text
    assert "was ended early" in news and why in news and why in employee.get("/me/leave").text
    assert end(supervisor, LAST) == 422


def test_leave_that_is_ended_before_it_begins_is_no_more(
    employee: Browser, supervisor: Browser, people: People, engine: Engine, rostered: None
) -> None:
    ask(employee)
    path = f"/team/leave/{number(engine)}/end"
    supervisor.get("/team/leave")
    typed = {"on": str(FIRST), "reason": "Keliru disetujui, mohon maaf."}
    assert supervisor.post(path, **typed).status_code == 422, "nothing is granted yet"
    decide(supervisor, engine, "approved")
    assert supervisor.post(path, **typed).status_code == 303
    assert granted(engine) == [] and requests(engine)[0][3] == "refused"
    assert ask(employee).status_code == 303, "the days are free again"


def test_nobody_decides_or_withdraws_what_is_not_theirs(
    app: Flask, employee: Browser, supervisor: Browser, stranger: Browser, people: People, engine: Engine
) -> None:
    ask(employee)
    theirs = number(engine)
    assert decide(stranger, engine, "approved").status_code == 404
    assert "Siti Rahayu" not in stranger.get("/team/leave?state=any").text
    supervisor.get("/me/leave")
    assert supervisor.post(f"/me/leave/{theirs}/withdraw").status_code == 404
    ask(supervisor)
    assert decide(supervisor, engine, "approved").status_code == 404, "one's own"
    assert "Rina Marlina" not in supervisor.get("/team/leave").text.split("<main")[1]
    assert employee.get("/team/leave").status_code == 404
    assert {row[3] for row in requests(engine)} == {"open"}


def test_leave_that_a_file_brought_meanwhile_is_not_granted_twice(
    employee: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    ask(employee)
    with engine.begin() as conn:
        days = Range(FIRST, FIRST + timedelta(days=1))
        conn.execute(insert(m.LeavePeriod).values(person_id=people.own, part="full", kind="sick", period=days))
    assert decide(supervisor, engine, "approved").status_code == 422
    assert requests(engine)[0][3] == "open" and len(granted(engine)) == 1


def test_the_list_is_narrowed_by_state(employee: Browser, supervisor: Browser, people: People, engine: Engine) -> None:
    ask(employee)
    decide(supervisor, engine, "approved")
    assert "Siti Rahayu" not in supervisor.get("/team/leave").text
    assert "Siti Rahayu" in supervisor.get("/team/leave?state=approved").text
    assert "Siti Rahayu" in supervisor.get("/team/leave?state=any").text
    assert supervisor.get("/team/leave?state=x").status_code == 200


def test_a_deputy_decides_in_the_place_of_the_supervisor(
    app: Flask, employee: Browser, people: People, engine: Engine
) -> None:
    ask(employee)
    with engine.begin() as conn:
        ids = dict(conn.execute(select(m.Account.username, m.Account.id)).all())
        days = Range(WORK_DATE, WORK_DATE + timedelta(days=1))
        conn.execute(insert(m.Deputy).values(principal_id=ids["regu"], deputy_id=ids["stranger"], period=days))
    assert decide(signed_in(app, engine, "stranger"), engine, "approved").status_code == 303


def test_every_kind_part_and_state_has_words() -> None:
    assert (set(LEAVE_KIND), set(LEAVE_STATE)) == (set(m.LEAVE_KINDS), set(m.REQUEST_STATES))
    assert set(PART) == {"full", "first_half", "second_half"}
