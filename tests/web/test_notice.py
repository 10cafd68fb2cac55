"""The privacy notice: read before anything else, once for each version."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import ProgrammingError

from tests.web.conftest import NOW, PASSWORD, WORK_DATE, Browser, People, signed_in
from tracker.storage import models as m
from tracker.storage import notices


@pytest.fixture
def newcomer(app: Flask, engine: Engine, owner: Engine, people: People) -> Browser:
    """`own`, who has not read the notice."""
    with owner.begin() as conn:
        conn.execute(m.NoticeAcknowledgement.__table__.delete())
    return signed_in(app, engine, "pegawai")


def acknowledged(engine: Engine) -> list[tuple[int, int, datetime]]:
    columns = (m.NoticeAcknowledgement.person_id, m.NoticeAcknowledgement.version, m.NoticeAcknowledgement.at)
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(*columns))]


def version() -> str:
    return str(notices.NOTICE_VERSION)


@pytest.mark.parametrize("path", ["/me", f"/me/days/{WORK_DATE}", "/me/data?page=2"])
def test_a_newcomer_reads_the_notice_and_comes_back_to_where_they_wanted_to_go(
    newcomer: Browser, people: People, engine: Engine, path: str
) -> None:
    stopped = newcomer.get(path)
    assert stopped.status_code == 303 and stopped.headers["Location"].startswith("/me/notice")
    page = newcomer.get(stopped.headers["Location"])
    assert page.status_code == 200 and f'name="next" value="{path}"' in page.text
    assert newcomer.post("/me/notice", version=version(), next=path).headers["Location"] == path
    assert newcomer.get(path).status_code == 200
    assert acknowledged(engine) == [(people.own, notices.NOTICE_VERSION, NOW)]


def test_whoever_has_read_it_can_read_it_again_and_signs_nothing_twice(employee: Browser, engine: Engine) -> None:
    before = acknowledged(engine)
    page = employee.get("/me/notice").text
    assert "Anda telah membaca ini" in page and "Saya sudah membaca" not in page
    employee.post("/me/notice", version=version())
    assert acknowledged(engine) == before


def test_a_new_version_is_read_again(employee: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert employee.get("/me").status_code == 200
    for module in ("tracker.storage.notices", "tracker.web.notice"):
        monkeypatch.setattr(f"{module}.NOTICE_VERSION", notices.NOTICE_VERSION + 1)
    assert employee.get("/me").headers["Location"].startswith("/me/notice")


def test_a_page_of_an_older_version_acknowledges_nothing(newcomer: Browser, engine: Engine) -> None:
    newcomer.get("/me/notice")
    answer = newcomer.post("/me/notice", version="0", next="/me/data")
    assert answer.headers["Location"] == "/me/notice?next=/me/data" and acknowledged(engine) == []


def test_a_supervisor_is_an_employee_and_reads_it_too_and_an_administrator_without_a_person_does_not(
    app: Flask, engine: Engine, newcomer: Browser
) -> None:
    assert signed_in(app, engine, "atasan").get("/team").headers["Location"] == "/me/notice?next=/team"
    assert signed_in(app, engine, "admin").get("/admin/devices").status_code == 200


def test_what_was_written_before_a_new_notice_is_not_lost(newcomer: Browser, people: People) -> None:
    newcomer.get("/me/notice")
    answer = newcomer.post(f"/me/days/{WORK_DATE}/submit")
    assert answer.headers["Location"] == f"/me/days/{WORK_DATE}"


def test_a_newcomer_can_sign_out(newcomer: Browser) -> None:
    newcomer.get("/me/notice")
    assert newcomer.post("/sign-out").headers["Location"] == "/sign-in"


def test_a_fragment_sends_the_whole_page_there(newcomer: Browser) -> None:
    answer = newcomer.get("/me", **{"HX-Request": "true"})
    assert answer.status_code == 200 and answer.headers["HX-Redirect"] == "/me/notice"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", ""])
def test_the_notice_never_leads_to_a_foreign_site(newcomer: Browser, target: str) -> None:
    newcomer.get("/me/notice")
    assert newcomer.post("/me/notice", version=version(), next=target).headers["Location"] == "/me"


def test_from_the_password_to_ones_day(nobody: Browser, newcomer: Browser) -> None:
    nobody.get("/sign-in")
    address = nobody.post("/sign-in", username="pegawai", password=PASSWORD, next="/me/data").headers["Location"]
    notice = nobody.get(address).headers["Location"]
    nobody.get(notice)
    assert nobody.post("/me/notice", version=version(), next=address).headers["Location"] == "/me/data"


def test_the_notice_says_it_in_both_languages(newcomer: Browser) -> None:
    assert "60 hari" in newcomer.get("/me/notice").text
    assert "positions, those of check-ins too, 60 days" in newcomer.get("/me/notice?lang=en").text


@pytest.mark.parametrize(
    "statement", ["UPDATE notice_acknowledgement SET at = now()", "DELETE FROM notice_acknowledgement"]
)
def test_an_acknowledgement_is_never_changed(engine: Engine, people: People, statement: str) -> None:
    with engine.begin() as conn, pytest.raises(ProgrammingError, match="permission denied"):
        conn.execute(text(statement.format("notice_acknowledgement")))


def test_every_version_is_kept(engine: Engine, people: People) -> None:
    later = {"person_id": people.own, "version": notices.NOTICE_VERSION + 1, "at": NOW}
    with engine.begin() as conn:
        conn.execute(insert(m.NoticeAcknowledgement).values(later))
    assert len([row for row in acknowledged(engine) if row[0] == people.own]) == 2
