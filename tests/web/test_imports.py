"""The pages of imports: a file is checked, looked at, and brought in by a yes; each sees their own."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, func, insert, select, update

from tests import builders as build
from tests.web.conftest import JAKARTA, NOW, Browser, People, signed_in
from tracker.imports.runs import work
from tracker.storage import models as m

PAGE = "/admin/imports"
GOOD = "NIP,Nama,Unit\n77,Dewi Lestari,Regu Menteng\n"


@pytest.fixture
def of_agency(app: Flask, engine: Engine, people: People) -> Browser:
    with engine.begin() as conn:
        conn.execute(insert(m.Account).values(username="admin-dinas"))
        agency = conn.scalars(select(m.Unit.id).where(m.Unit.name == "Dinas Kebersihan")).one()
        build.grant(conn, "admin-dinas", "administrator", agency)
    browser = signed_in(app, engine, "admin-dinas")
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    browser.get(PAGE)
    return browser


def upload(browser: Browser, content: str | bytes, kind: str = "people", name: str = "pegawai.csv") -> str:
    """Send a file; returns the address of its run."""
    file = (io.BytesIO(content.encode() if isinstance(content, str) else content), name)
    answer = browser.post(PAGE, kind=kind, file=file)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def worked(engine: Engine) -> bool:
    return work(engine, JAKARTA, lambda: NOW)


def called(engine: Engine, name: str) -> int:
    with engine.connect() as conn:
        return conn.scalar(select(func.count()).where(m.Person.name == name)) or 0


def test_a_file_is_looked_at_before_it_is_brought_in(admin: Browser, engine: Engine) -> None:
    run = upload(admin, GOOD)
    waiting = admin.get(run)
    assert waiting.headers["Refresh"] and "Waiting for its check" in waiting.text
    worked(engine)
    page = admin.get(run)
    assert "Refresh" not in page.headers and "Dewi Lestari" in page.text and not called(engine, "Dewi Lestari")
    admin.post(f"{run}/approve")
    worked(engine)
    assert "Imported" in admin.get(run).text and called(engine, "Dewi Lestari") == 1


def test_what_is_wrong_is_said_by_line_and_as_a_file(admin: Browser, engine: Engine) -> None:
    run = upload(admin, "NIP,Nama,Unit\n1.98E+17,Dewi,Regu Menteng\n78,Eko,Regu Mars\n")
    worked(engine)
    page = admin.get(run).text
    assert "lost its last digits" in page and "no unit named “Regu Mars”" in page and "Yes, import" not in page
    table = admin.get(f"{run}/errors.csv").text.splitlines()
    assert table[0].endswith("Line,Column,What is wrong") and [line[:2] for line in table[1:]] == ["2,", "3,"]


def test_a_run_that_was_given_up_changes_nothing(admin: Browser, engine: Engine) -> None:
    run = upload(admin, GOOD)
    worked(engine)
    admin.get(run)
    admin.post(f"{run}/cancel")
    admin.post(f"{run}/approve")
    assert not worked(engine) and not called(engine, "Dewi Lestari") and "Given up" in admin.get(run).text


def test_each_sees_their_own_and_zones_are_the_citys(admin: Browser, of_agency: Browser, engine: Engine) -> None:
    run = upload(admin, GOOD)
    assert of_agency.get(run).status_code == 404 and of_agency.post(f"{run}/approve").status_code == 404
    theirs = upload(of_agency, GOOD)
    assert admin.get(theirs).status_code == 200
    assert of_agency.get(f"{PAGE}/templates/zones.geojson").status_code == 404
    answer = of_agency.post(PAGE, kind="holidays", file=(io.BytesIO(b"x"), "x.csv"))
    assert answer.status_code == 422 and "Choose what the file holds." in answer.text


def test_files_may_be_larger_than_forms_only_for_who_may_import(
    admin: Browser, app: Flask, engine: Engine, supervisor: Browser
) -> None:
    large = GOOD + "\n" * 400_000
    assert upload(admin, large)
    supervisor.get("/team")
    refused = supervisor.post(PAGE, kind="people", file=(io.BytesIO(large.encode()), "x.csv"))
    assert refused.status_code in (404, 413)
    too_much = admin.post("/admin/units/new", name="x" * 300_000)
    assert too_much.status_code == 413 and "Sign out" in too_much.text, "whose browser it is is known, however early"
    expired = admin.client.post("/admin/units/new", data={"csrf_token": "x"})
    assert expired.status_code == 403 and "Sign out" in expired.text
    assert admin.post("/admin/zones/new", name="x" * 300_000).status_code == 422  # outlines may be large


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "id"])
def test_the_templates_fit_each_other(admin: Browser, engine: Engine, suffix: str, language: str) -> None:
    """What is written in them can be brought in as it is, one file after the other, in both languages."""
    for kind in ("units", "people", "zones", "vehicles", "devices", "holidays", "leave"):
        name = f"{kind}.{'geojson' if kind == 'zones' else suffix}"
        run = upload(admin, admin.get(f"{PAGE}/templates/{name}?lang={language}").data, kind, name)
        worked(engine)
        admin.post(f"{run}/approve")
        worked(engine)
        with engine.connect() as conn:
            newest = select(m.ImportRun.state, m.ImportRun.outcome).order_by(m.ImportRun.id.desc()).limit(1)
            state, outcome = conn.execute(newest).one()
        assert (state, outcome["counts"]["errors"], outcome["notes"]) == ("done", 0, []), (kind, outcome)


def test_what_was_approved_is_done_and_nothing_else(admin: Browser, engine: Engine, people: People) -> None:
    """Somebody else renames the person after the check: the file would do something that nobody has seen."""
    with engine.begin() as conn:
        conn.execute(update(m.Person).where(m.Person.id == people.own).values(nip="77"))
    run = upload(admin, GOOD)
    worked(engine)
    with engine.begin() as conn:
        conn.execute(update(m.Person).where(m.Person.id == people.own).values(name="Siti R."))
    admin.post(f"{run}/approve")
    worked(engine)
    page = admin.get(run).text
    assert "changed since this file was checked" in page and "Siti R." in page and called(engine, "Dewi Lestari") == 0
    admin.post(f"{run}/approve")
    worked(engine)
    assert "Imported" in admin.get(run).text and called(engine, "Dewi Lestari") == 1


def test_a_column_that_nobody_knows_is_named(admin: Browser, engine: Engine) -> None:
    run = upload(admin, "NIP,Nama,Unit,Gaji\n77,Dewi Lestari,regu menteng,5\n")
    worked(engine)
    page = admin.get(run).text
    assert "The column “Gaji” is not known and is left alone." in page and "Waits for your yes" in page


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"%PDF-1.7 ...", "people", "another kind: PDF. Save it as CSV, XLSX"),
        (b'{"type": "FeatureCollection"}', "people", "another kind: JSON. Save it as CSV, XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "people", "another kind: XLS / DOC (97-2003)."),
        (b"PK\x03\x04", "people", "The file is no XLSX that can be read."),
        (b"name,parent\nMenteng,Jakarta", "zones", "another kind: CSV. Save it as GeoJSON"),
        (b'{"type": "FeatureCollection",\n "features": [', "zones", "in line 2 it goes wrong"),
        (b"", "people", "There are no rows in the file."),
        (b"NIP,Name,Unit\n", "people", "There are no rows in the file."),
    ],
)
def test_a_file_of_another_kind_is_said_to_be_one(
    admin: Browser, engine: Engine, content: bytes, kind: str, said: str
) -> None:
    run = upload(admin, content, kind, "x")
    worked(engine)
    page = admin.get(run).text
    assert said in page and "Refused" in page


def test_a_spreadsheets_unicode_text_is_read(admin: Browser, engine: Engine) -> None:
    run = upload(admin, GOOD.replace(",", "\t").encode("utf-16"))
    worked(engine)
    assert "Waits for your yes" in admin.get(run).text


def test_what_is_withdrawn_and_not_there_is_named(admin: Browser, engine: Engine) -> None:
    run = upload(admin, "Date,Name,Kind\n2027-01-01,X,withdrawn\n", "holidays", "x.csv")
    worked(engine)
    assert "Line 2 withdraws what is not there" in admin.get(run).text


def test_words_that_are_not_known_are_refused_with_those_of_the_reader(admin: Browser, engine: Engine) -> None:
    run = upload(admin, "call sign,plate,kind,unit\nTS-1,B 1,bus,Regu Menteng\n", "vehicles", "x.csv")
    worked(engine)
    assert "ambulance, fire truck, garbage truck" in admin.get(run).text
    indonesian = admin.get(f"{run}?lang=id").text
    assert "alat berat, ambulans, mobil patroli, mobil pemadam" in indonesian and "garbage truck" not in indonesian


def test_who_has_ten_files_waiting_sends_no_other(admin: Browser, of_agency: Browser, engine: Engine) -> None:
    waiting = [upload(admin, GOOD) for _ in range(10)]
    answer = admin.post(PAGE, kind="people", file=(io.BytesIO(GOOD.encode()), "x.csv"))
    assert answer.status_code == 422 and "Ten of your files wait already." in answer.text
    assert upload(of_agency, GOOD)
    worked(engine)
    admin.post(f"{waiting[0]}/cancel")
    assert upload(admin, GOOD)


def test_a_checked_file_that_nobody_approves_is_given_up(admin: Browser, engine: Engine) -> None:
    from sqlalchemy.orm import Session

    from tracker.imports.runs import clear

    upload(admin, GOOD)
    worked(engine)
    with Session(engine) as session:
        clear(session, NOW + timedelta(days=8))
        session.commit()
        run = session.scalars(select(m.ImportRun)).one()
        assert (run.state, run.content) == ("cancelled", None)
