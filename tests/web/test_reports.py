"""The reports of supervisors: rows, filters and downloads."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, update

from tests import builders as build
from tests.web.conftest import WORK_DATE, Browser, People, at
from tests.web.test_team import REVISION, judge
from tracker.exports.csv_text import harmless
from tracker.storage import models as m


def table(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff"), "spreadsheets need the mark to read UTF-8"
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_page_and_the_download_say_the_same(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "UNVERIFIED", observed_s=7200, cause="partial", off_site_s=7200, unknown_s=21600)
    page = supervisor.get(f"/team/reports/no-show?from={WORK_DATE}&to={WORK_DATE}").text
    assert "Siti Rahayu" in page and "Belum terbukti" in page and "terlihat sebagian" in page and "25 %" in page
    (row,) = table(supervisor.get(f"/team/reports/no-show.csv?from={WORK_DATE}&to={WORK_DATE}").text)
    assert row["name"] == "Siti Rahayu" and row["status"] == "UNVERIFIED" and row["cause"] == "partial"
    assert row["coverage_pct"] == "25" and row["off_site_min"] == "120.0"
    assert row["duty_start"] == f"{WORK_DATE}T08:00+07:00"


def test_idle_minutes_carry_their_measure_and_coverage(supervisor: Browser, people: People, engine: Engine) -> None:
    values = {**REVISION, "window_id": people.window, "measure": "idle", "counted_s": 2700, "observed_s": 28800}
    with engine.begin() as conn:
        conn.execute(insert(m.IdleRevision).values(values))
    page = supervisor.get("/team/reports/idle").text
    assert "45 mnt" in page and "100 %" in page
    (row,) = table(supervisor.get("/team/reports/idle.csv").text)
    assert (row["measure"], row["counted_min"], row["coverage_pct"]) == ("idle", "45.0", "100")


@pytest.mark.parametrize("report", ["no-show", "idle"])
def test_nothing_was_to_be_observed_of_an_excused_duty(
    supervisor: Browser, people: People, engine: Engine, report: str
) -> None:
    idle = {**REVISION, "window_id": people.window, "measure": "idle", "counted_s": 0, "observed_s": 0}
    with engine.begin() as conn:
        conn.execute(update(m.DutyWindow).where(m.DutyWindow.id == people.window).values(excuse="sick"))
        conn.execute(insert(m.IdleRevision).values(idle))
    judge(engine, people.window, "EXCUSED", excused_s=28800, unknown_s=0)
    (row,) = table(supervisor.get(f"/team/reports/{report}.csv").text)
    assert row["coverage_pct"] == "", "as the summary counts it"
    day = f"/team/{people.own}/days/{WORK_DATE}"
    pages = (f"/team/reports/{report}", "/team/reports/summary", f"/team/{people.own}/summary", day)
    for page in (*pages, f"{day}/duties/{people.window}"):
        said = supervisor.get(f"{page}?lang=en").text
        assert "Siti" in said or "Summary" in said
        assert not re.search(r"\b0 %\s*(<[^>]*>\s*)*(observed|of the duty)", said), page


def test_a_download_has_all_rows_of_the_filter_and_no_others(
    supervisor: Browser, stranger: Browser, people: People, engine: Engine
) -> None:
    for number in range(70):
        day = WORK_DATE - timedelta(days=number)
        with engine.begin() as conn:
            window = build.window(conn, people.own, at(6, 0, day), at(7, 0, day), work_date=day)
        judge(engine, window, "PRESENT")
    address = f"/team/reports/no-show.csv?from={WORK_DATE - timedelta(days=64)}&to={WORK_DATE}"
    assert len(table(supervisor.get(address).text)) == 65
    assert table(supervisor.get(f"{address}&status=NO_SHOW").text) == []
    assert table(stranger.get(address).text) == []


def test_names_cannot_become_formulas(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "PRESENT")
    with engine.begin() as conn:
        conn.execute(update(m.Person).where(m.Person.id == people.own).values(name='=HYPERLINK("x")'))
    (row,) = table(supervisor.get("/team/reports/no-show.csv").text)
    assert row["name"] == '\'=HYPERLINK("x")'


@pytest.mark.parametrize(("cell", "safe"), [("+1", "'+1"), ("@x", "'@x"), ("-1", "'-1"), (-1, -1), ("a=b", "a=b")])
def test_only_text_that_begins_like_a_formula_is_marked(cell: object, safe: object) -> None:
    assert harmless(cell) == safe


def test_who_waits_for_a_verdict_is_found_behind_the_number(
    supervisor: Browser, stranger: Browser, people: People, engine: Engine
) -> None:
    with engine.begin() as conn:
        tomorrow = WORK_DATE + timedelta(days=1)
        build.window(conn, people.own, at(8, 0, tomorrow), at(9, 0, tomorrow), work_date=tomorrow)
        yesterday = WORK_DATE - timedelta(days=1)
        judged = build.window(conn, people.own, at(8, 0, yesterday), at(9, 0, yesterday), work_date=yesterday)
    judge(engine, judged, "PRESENT")
    days = f"from={yesterday}&to={tomorrow}&lang=en"
    address = f"/team/reports/no-show?status=NOT_JUDGED&{days}"
    page = supervisor.get(address).text
    assert re.findall(r"<b>(\d+)</b> (Present|Not judged yet)", page) == [("1", "Present"), ("1", "Not judged yet")]
    assert f"/team/{people.own}/days/{WORK_DATE}" in page and "1 row<" in page, "not who begins tomorrow"
    assert "Download" not in page and ".csv" not in page
    assert f"/team/{people.own}/days/{WORK_DATE}" not in supervisor.get(f"/team/reports/no-show?{days}").text
    refused = supervisor.get(address.replace("no-show?", "no-show.csv?"))
    assert refused.status_code == 422 and "Files hold judged duties." in refused.text
    assert "Siti" not in stranger.get(address).text
    judge(engine, people.window, "PRESENT")
    assert "Every duty of these days that has begun is judged" in supervisor.get(address).text


def test_a_report_without_rows_says_why(supervisor: Browser) -> None:
    assert "Tidak ada tugas yang dinilai" in supervisor.get("/team/reports/no-show").text


def test_there_are_no_other_reports(supervisor: Browser) -> None:
    assert supervisor.get("/team/reports/salaries").status_code == 404
