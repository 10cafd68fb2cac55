"""The reports as XLSX and PDF: the same rows, harmless cells, and the same rights, reasons and notes as the CSV."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, insert, select, update
from werkzeug.test import TestResponse

from tests import builders as build
from tests.web.conftest import WORK_DATE, Browser, People, at, signed_in
from tests.web.test_team import REVISION, judge
from tracker.exports.day_plot import draw_days
from tracker.storage import models as m
from tracker.web import exporting, report_pdf, team_reports

ENGLISH = {"Accept-Language": "en"}
DAYS = f"?from={WORK_DATE - timedelta(days=30)}&to={WORK_DATE}"


def sheets(answer: TestResponse) -> dict[str, list[list[Any]]]:
    assert answer.status_code == 200, answer.text
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def text_of(answer: TestResponse) -> str:
    assert answer.status_code == 200 and answer.mimetype == "application/pdf", answer.text
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)


def audited(engine: Engine) -> list[Any]:
    query = select(m.Audit.people, m.Audit.why, m.Audit.detail).where(m.Audit.action == "export_report")
    with engine.connect() as conn:
        return list(conn.execute(query))


def test_a_workbook_has_real_days_times_and_numbers(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "UNVERIFIED", observed_s=7200, cause="partial", off_site_s=7200, unknown_s=21600)
    answer = supervisor.get(f"/team/reports/no-show.xlsx{DAYS}", **ENGLISH)
    assert answer.content_length == len(answer.data) and ".xlsx" in answer.headers["Content-Disposition"]
    found = sheets(answer)
    head, row = found["Presence report"]
    told = dict(zip(head, row, strict=True))
    assert told["Day"] == WORK_DATE and isinstance(told["Day"], date)
    assert told["Start of duty"] == datetime(WORK_DATE.year, WORK_DATE.month, WORK_DATE.day, 8)  # noqa: DTZ001
    assert told["Name"] == "Siti Rahayu" and told["Status"] == "Unverified" and told["Cause"] == "seen for a part"
    assert told["Observed"] == 0.25 and told["Stopped elsewhere (min)"] == 120 and told["Rules"] == "1"
    about = dict(found["About"])
    assert "atasan" in about["Made"] and about["Rules"] == "1" and "2026" in about["Period"]


def test_the_sums_of_a_document_are_of_one_moment(
    supervisor: Browser, people: People, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged_meanwhile(*args: Any) -> None:
        revised = {"revision": 2, "reason": "late_fixes", "late_min": 0, "on_site_s": 28800}
        judge(engine, people.window, "PRESENT", 28800, unknown_s=0, **revised)
        draw_days(*args)

    judge(engine, people.window, "UNVERIFIED", observed_s=7200, cause="partial", off_site_s=7200, unknown_s=21600)
    monkeypatch.setattr(report_pdf, "draw_days", judged_meanwhile)
    text = text_of(supervisor.get(f"/team/reports/no-show.pdf{DAYS}", **ENGLISH))
    assert "Unverified: 1" in text and "seen for a part" in text, "the duty is listed as it was counted"
    monkeypatch.undo()
    assert "Present: 1" in text_of(supervisor.get(f"/team/reports/no-show.pdf{DAYS}", **ENGLISH))


def test_more_duties_than_a_file_may_hold_are_refused_and_a_csv_has_them(
    supervisor: Browser, people: People, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(engine, people.window, "PRESENT")
    monkeypatch.setattr(team_reports, "MOST_ROWS", 0)
    for form in ("xlsx", "pdf"):
        answer = supervisor.get(f"/team/reports/no-show.{form}{DAYS}", **ENGLISH)
        assert answer.status_code == 422 and "at most 0 duties, and these are 1." in answer.text
    assert audited(engine) == []
    assert "Siti Rahayu" in supervisor.get(f"/team/reports/no-show.csv{DAYS}").text


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "https://x.example", "mailto:a@b.example"])
def test_a_cell_is_never_a_formula_or_a_link(
    supervisor: Browser, people: People, engine: Engine, name: str
) -> None:
    judge(engine, people.window, "PRESENT")
    with engine.begin() as conn:
        conn.execute(update(m.Person).where(m.Person.id == people.own).values(name=name))
    answer = supervisor.get("/team/reports/no-show.xlsx", **ENGLISH)
    (head, row), *_ = sheets(answer).values()
    assert dict(zip(head, row, strict=True))["Name"] == name
    with zipfile.ZipFile(io.BytesIO(answer.data)) as parts:
        written = "".join(parts.read(one).decode() for one in parts.namelist() if one.endswith((".xml", ".rels")))
    assert "<f>" not in written and "hyperlink" not in written.lower().replace("hyperlinkschanged", "")


def test_a_document_says_names_sums_rules_and_pages(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "UNVERIFIED", observed_s=7200, cause="partial", off_site_s=7200, unknown_s=21600)
    text = text_of(supervisor.get(f"/team/reports/no-show.pdf{DAYS}", **ENGLISH))
    for part in ("Presence report", "Siti Rahayu", "Regu Menteng", "Unverified: 1", "By duty", "25 %", "Page 1",
                 "seen for a part", "Rules", "by atasan"):  # fmt: skip
        assert part in text, part
    assert "Belum terbukti: 1" in text_of(supervisor.get(f"/team/reports/no-show.pdf{DAYS}"))


def test_many_duties_are_summed_and_not_listed(
    supervisor: Browser, people: People, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        day = WORK_DATE - timedelta(days=1 + number)
        with engine.begin() as conn:
            window = build.window(conn, people.own, at(8, day=day), at(16, day=day), work_date=day)
        judge(engine, window, "PRESENT", observed_s=28800, late_min=10)
    monkeypatch.setattr(report_pdf, "MOST_DUTIES", 2)
    text = text_of(supervisor.get(f"/team/reports/no-show.pdf{DAYS}", **ENGLISH))
    assert "By employee" in text and "By duty" not in text and "Present: 3" in text
    assert "30" in text.split("Siti Rahayu")[1].split("\n", 1)[1][:60], "late minutes of the period"


def test_idle_minutes_come_as_files_too(supervisor: Browser, people: People, engine: Engine) -> None:
    values = {**REVISION, "window_id": people.window, "measure": "idle", "counted_s": 2700, "observed_s": 28800}
    with engine.begin() as conn:
        conn.execute(insert(m.IdleRevision).values(values))
    (head, row), *_ = sheets(supervisor.get("/team/reports/idle.xlsx", **ENGLISH)).values()
    told = dict(zip(head, row, strict=True))
    assert (told["Measure"], told["Length (min)"], told["Observed"]) == ("Idle", 45, 1)
    text = text_of(supervisor.get("/team/reports/idle.pdf", **ENGLISH))
    assert "Idle report" in text and "45 min" in text and "100 %" in text


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_a_file_shows_and_notes_nobody_but_whom_the_reader_may_see(
    supervisor: Browser, stranger: Browser, people: People, engine: Engine, form: str
) -> None:
    judge(engine, people.window, "PRESENT")
    address = f"/team/reports/no-show.{form}{DAYS}"
    theirs = stranger.get(address)
    assert b"Siti Rahayu" not in theirs.data
    assert form == "pdf" and "Siti" not in text_of(theirs) or form == "xlsx" and "Siti" not in str(sheets(theirs))
    supervisor.get(f"{address}&q=siti")
    (_, other), (seen, own) = [(row.people, row.detail) for row in audited(engine)]
    assert seen == [people.own] and own["format"] == form and own["search"] == "siti" and other["format"] == form


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_an_auditor_says_why_first(app: Flask, engine: Engine, people: People, form: str) -> None:
    judge(engine, people.window, "PRESENT")
    auditor = signed_in(app, engine, "auditor")
    address = f"/team/reports/no-show.{form}{DAYS}"
    assert auditor.get(address).status_code == 422 and audited(engine) == []
    auditor.get(f"/team/reports/no-show{DAYS}")
    answer = auditor.post(address, why="Pemeriksaan triwulan")
    assert answer.status_code == 200
    (row,) = audited(engine)
    assert row.why == "Pemeriksaan triwulan" and row.people == [people.own]


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_a_file_of_more_than_a_quarter_is_refused(supervisor: Browser, people: People, form: str) -> None:
    first = WORK_DATE - timedelta(days=92)
    refused = supervisor.get(f"/team/reports/no-show.{form}?from={first}&to={WORK_DATE}", **ENGLISH)
    assert refused.status_code == 422 and "at most 92 days" in refused.text
    assert supervisor.get(f"/team/reports/salaries.{form}").status_code == 404


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_more_files_at_once_than_there_is_room_for_are_asked_to_wait(
    supervisor: Browser, people: People, engine: Engine, form: str
) -> None:
    address = f"/team/reports/no-show.{form}{DAYS}"
    with exporting.slot(), exporting.slot():
        refused = supervisor.get(address, **ENGLISH)
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "30" and "Try again" in refused.text
        assert audited(engine) == []
    assert supervisor.get(address).status_code == 200


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_a_report_without_rows_is_a_file_that_says_so(supervisor: Browser, form: str) -> None:
    answer = supervisor.get(f"/team/reports/idle.{form}", **ENGLISH)
    if form == "pdf":
        assert "No judged duty in these days" in text_of(answer)
    else:
        rows, *_ = sheets(answer).values()
        assert [row[0] for row in rows] == ["Day"]
