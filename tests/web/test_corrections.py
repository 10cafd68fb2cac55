"""Requests for correction: asked on one's own page, answered once by an administrator, never by oneself."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from tests.web.conftest import NOW, Browser, People, at, signed_in
from tracker.domain.correction import MOST_OPEN
from tracker.storage import models as m

TEXT = "Nama saya ditulis Siti Rahaju."
ANSWER = "Sudah kami perbaiki, terima kasih."


def ask(browser: Browser, wrong: str = TEXT, about: str = "register") -> Any:
    browser.get("/me/data")
    return browser.post("/me/data", about=about, text=wrong)


def answer(browser: Browser, request_id: int, outcome: str = "corrected", said: str = ANSWER) -> Any:
    browser.get(f"/admin/corrections/{request_id}")
    return browser.post(f"/admin/corrections/{request_id}", outcome=outcome, answer=said)


def stored(engine: Engine) -> list[Any]:
    with engine.connect() as conn:
        return list(conn.execute(select(*m.CorrectionRequest.__table__.columns).order_by(m.CorrectionRequest.id)))


@pytest.fixture
def asked(employee: Browser, engine: Engine) -> int:
    """A request of `own` about the register."""
    assert ask(employee).status_code == 303
    return int(stored(engine)[0].id)


def test_a_request_is_stored_and_shown_as_open(employee: Browser, people: People, engine: Engine, asked: int) -> None:
    (row,) = stored(engine)
    assert (row.person_id, row.about, row.text, row.at) == (people.own, "register", TEXT, NOW)
    page = employee.get("/me/data").text
    assert TEXT in page and "Menunggu jawaban" in page and "Terkirim." in page


def test_an_answer_is_seen_by_the_person_and_written_down(
    employee: Browser, administrator: Browser, people: People, engine: Engine, asked: int
) -> None:
    assert TEXT in administrator.get(f"/admin/corrections/{asked}").text
    assert answer(administrator, asked).headers["Location"] == "/admin/corrections"
    page = employee.get("/me/data").text
    assert ANSWER in page and "Diperbaiki" in page and "menjawab permintaan perbaikan Anda" in page
    with engine.connect() as conn:
        noted = conn.execute(select(m.Audit.people, m.Audit.action, m.Audit.detail)).all()
    detail = {"request_id": asked, "about": "register", "outcome": "corrected"}
    assert [tuple(row) for row in noted] == [([people.own], "answer_correction", detail)]


@pytest.mark.parametrize(
    ("about", "wrong", "sentence"),
    [
        ("", TEXT, "Pilih permintaan ini tentang apa"),
        ("password", TEXT, "Pilih permintaan ini tentang apa"),
        ("register", "x" * 9, "10 sampai 2.000"),
        ("register", "x" * 2001, "10 sampai 2.000"),
        ("register", " " * 30, "10 sampai 2.000"),
    ],
)
def test_what_cannot_be_sent_is_said_and_kept_in_the_form(
    employee: Browser, engine: Engine, about: str, wrong: str, sentence: str
) -> None:
    refused = ask(employee, wrong, about)
    assert refused.status_code == 422 and sentence in refused.text and wrong.strip() in refused.text
    assert stored(engine) == []


@pytest.mark.parametrize("wrong", ["x" * 10, "x" * 2000, "\r\n".join(["x"] * 1000) + "y"])
def test_the_limits_of_the_text_are_those_the_browser_counts(employee: Browser, engine: Engine, wrong: str) -> None:
    assert ask(employee, wrong).status_code == 303
    assert stored(engine)[0].text == wrong.replace("\r\n", "\n")


def test_at_most_five_wait_and_an_answer_makes_room(employee: Browser, administrator: Browser, engine: Engine) -> None:
    for number in range(MOST_OPEN):
        assert ask(employee, f"{TEXT} {number}").status_code == 303
    refused = ask(employee, f"{TEXT} one more")
    assert refused.status_code == 422 and "Sudah ada 5 permintaan" in refused.text and "one more" in refused.text
    assert len(stored(engine)) == MOST_OPEN
    answer(administrator, stored(engine)[0].id)
    assert ask(employee, f"{TEXT} one more").status_code == 303


def test_parallel_requests_are_not_more_than_five(app: Flask, engine: Engine, people: People) -> None:
    browsers = [signed_in(app, engine, "pegawai") for _ in range(MOST_OPEN + 2)]
    threads = [threading.Thread(target=ask, args=(one, f"{TEXT} {number}")) for number, one in enumerate(browsers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored(engine)) == MOST_OPEN


def test_a_repeated_request_asks_nothing_twice(employee: Browser, engine: Engine) -> None:
    assert [ask(employee).status_code for _ in range(2)] == [303, 303]
    assert len(stored(engine)) == 1


def test_nobody_sees_the_requests_of_others(app: Flask, engine: Engine, asked: int) -> None:
    assert TEXT not in signed_in(app, engine, "stranger").get("/me/data").text


@pytest.mark.parametrize(
    ("outcome", "said", "sentence"),
    [("", ANSWER, "Pilih hasil"), ("done", ANSWER, "Pilih hasil"), ("refused", "x" * 9, "Tulis jawaban 10")],
)
def test_an_answer_that_says_too_little_is_refused_and_kept_in_the_form(
    administrator: Browser, engine: Engine, asked: int, outcome: str, said: str, sentence: str
) -> None:
    refused = answer(administrator, asked, outcome, said)
    assert refused.status_code == 422 and sentence in refused.text and said in refused.text
    assert stored(engine)[0].answer is None


def test_the_first_of_two_answers_stands(administrator: Browser, engine: Engine, asked: int) -> None:
    answer(administrator, asked)
    late = administrator.post(f"/admin/corrections/{asked}", outcome="refused", answer="Ternyata tidak bisa.")
    assert late.status_code == 422 and "sudah dijawab orang lain" in late.text and ANSWER in late.text
    assert stored(engine)[0].outcome == "corrected"
    with engine.connect() as conn:
        assert len(conn.execute(select(m.Audit.id)).all()) == 1, "an answer that was not given is not written down"


def test_nobody_answers_their_own_request(administrator: Browser, people: People, engine: Engine, asked: int) -> None:
    with engine.begin() as conn:
        conn.execute(update(m.Account).where(m.Account.username == "pegawai").values(person_id=None))
        conn.execute(update(m.Account).where(m.Account.username == "admin").values(person_id=people.own))
    page = administrator.get(f"/admin/corrections/{asked}").text
    assert "Tidak seorang pun menjawab permintaannya sendiri" in page and 'name="answer"' not in page
    refused = administrator.post(f"/admin/corrections/{asked}", outcome="corrected", answer=ANSWER)
    assert refused.status_code == 422 and stored(engine)[0].answer is None


def test_the_list_has_open_ones_oldest_first_and_answered_ones_newest_first(
    administrator: Browser, people: People, engine: Engine
) -> None:
    _many(engine, people.own, 51)
    first, second = administrator.get("/admin/corrections"), administrator.get("/admin/corrections?state=open&page=2")
    assert 'href="/admin/corrections/1"' in first.text
    assert 'href="/admin/corrections/51"' in second.text and 'href="/admin/corrections/1"' not in second.text
    assert "/admin/corrections?page=2" in first.text and "Terbuka (51)" in first.text
    assert "Belum ada permintaan yang dijawab" in administrator.get("/admin/corrections?state=answered").text
    for request_id in (1, 2):
        answer(administrator, request_id)
    answered = administrator.get("/admin/corrections?state=answered").text
    assert "Terjawab (2)" in answered and answered.index("corrections/2") < answered.index("corrections/1")


def _many(engine: Engine, person_id: int, count: int) -> None:
    with engine.begin() as conn:
        for number in range(count):
            asked_at = at(8) + timedelta(minutes=number)
            row = {"person_id": person_id, "at": asked_at, "about": "register", "text": TEXT}
            conn.execute(insert(m.CorrectionRequest).values(row))


def test_a_list_without_requests_says_so(administrator: Browser, people: People) -> None:
    assert "Tidak ada permintaan yang menunggu" in administrator.get("/admin/corrections").text


def test_what_is_not_there_does_not_exist(administrator: Browser, people: People) -> None:
    assert administrator.get("/admin/corrections/1").status_code == 404


@pytest.mark.parametrize(
    "statement", ["UPDATE correction_request SET text = 'something else'", "DELETE FROM correction_request"]
)
def test_what_was_asked_is_never_changed(engine: Engine, asked: int, statement: str) -> None:
    with engine.begin() as conn, pytest.raises(ProgrammingError, match="permission denied"):
        conn.execute(text(statement.format("correction_request")))
