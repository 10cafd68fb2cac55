"""Figures of a day, week or month: of units, of people, of oneself; and the way from a number to the evidence."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select

from tests import builders as build
from tests.web.conftest import NOW, WORK_DATE, Browser, Clock, People, at, move_to, signed_in
from tests.web.test_team import REVISION, judge
from tracker.domain.periods import Cadence, period_of
from tracker.storage import figures
from tracker.storage import models as m
from tracker.web.period_words import period_name

WEEK = f"period=weekly&date={WORK_DATE}"
MONDAY = WORK_DATE - timedelta(days=WORK_DATE.weekday())
WHY = "Pemeriksaan berkala triwulan IV"


def count(engine: Engine, *days: date) -> None:
    for day in days:
        with engine.begin() as conn:
            figures.count_day(conn, day, NOW)


@pytest.fixture
def judged(people: People, engine: Engine) -> People:
    """Siti missed Thursday's duty and came late on Monday's; Rina and Budi were there."""
    with engine.begin() as conn:
        monday = build.window(conn, people.own, at(8, 0, MONDAY), at(16, 0, MONDAY), work_date=MONDAY)
        others = [build.window(conn, one, at(8, 0, MONDAY), at(16, 0, MONDAY), work_date=MONDAY)
                  for one in (people.boss, people.foreign)]  # fmt: skip
    judge(engine, people.window, "NO_SHOW", observed_s=14400, off_site_s=28800, unknown_s=0)
    judge(engine, monday, "PRESENT", observed_s=28800, late_min=25, on_site_s=28800, unknown_s=0)
    for window in others:
        judge(engine, window, "PRESENT", observed_s=28800, on_site_s=28800, unknown_s=0)
    count(engine, MONDAY, WORK_DATE)
    return people


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def links(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'href="([^"]+)"', page)]


def test_a_number_leads_to_its_people_and_to_the_evidence(supervisor: Browser, judged: People) -> None:
    page = supervisor.get(f"/team/reports/summary?{WEEK}").text
    assert "Minggu 47, 16–22 November 2026" in page
    text = plain(page)
    assert "1 Tidak di tempat tugas 33,3 %" in text and "83 % teramati" in text, "coverage is beside the number"
    assert "1 Terlambat 33,3 % · 25 mnt" in text and "Aturan 1, dihitung Kam, 19 Nov, 15.00" in text
    (rows,) = {one for one in links(page) if "status=NO_SHOW" in one and f"unit={judged.unit}" not in one}
    listed = supervisor.get(rows).text
    assert "Siti Rahayu" in listed and "Rina Marlina" not in listed
    day = f"/team/{judged.own}/days/{WORK_DATE}"
    assert day in links(listed) and supervisor.get(day).status_code == 200
    (late,) = {one for one in links(page) if "elsewhere=late" in one and f"unit={judged.unit}" not in one}
    assert f"/team/{judged.own}/days/{MONDAY}" in links(supervisor.get(late).text)
    assert f"/team/{judged.own}/days/{WORK_DATE}" not in links(supervisor.get(late).text)


def test_parts_lead_down_and_sum_up(supervisor: Browser, judged: People) -> None:
    text = plain(supervisor.get(f"/team/reports/summary?{WEEK}").text)
    assert "Dinas Kebersihan" in text and "Regu Menteng 2 1 50 %" in text and "Pegawai unit ini sendiri 1 0" in text
    assert "Jumlah 3 1 33,3 %" in text
    below = plain(supervisor.get(f"/team/reports/summary?{WEEK}&unit={judged.unit}").text)
    assert "Naik ke Dinas Kebersihan" in below and "Pegawai unit ini sendiri 2 1 50 %" in below


def test_nobody_sees_numbers_out_of_their_rights(
    supervisor: Browser, stranger: Browser, judged: People, app: Flask, engine: Engine
) -> None:
    for path in ("summary", "people"):
        assert supervisor.get(f"/team/reports/{path}?{WEEK}&unit={judged.foreign_unit}").status_code == 404
        text = plain(stranger.get(f"/team/reports/{path}?{WEEK}").text)
        assert "Siti" not in text and "Menteng" not in text
    assert "Jumlah 1 0" in plain(stranger.get(f"/team/reports/summary?{WEEK}").text)
    assert stranger.get(f"/team/{judged.own}/summary?{WEEK}").status_code == 404
    team = signed_in(app, engine, "regu")
    assert "Jumlah 2 1 50 %" in plain(team.get(f"/team/reports/summary?{WEEK}").text)
    city = plain(signed_in(app, engine, "auditor").get(f"/team/reports/summary?{WEEK}").text)
    assert "Jumlah 4 1 25 %" in city and "Dinas Pertamanan 1 0" in city


def test_the_trend_says_the_same_in_the_plot_and_in_the_table(supervisor: Browser, judged: People) -> None:
    page = supervisor.get(f"/team/reports/summary?{WEEK}").text
    assert page.count('<rect class="no_show" x=') == 1 and page.count('<rect class="present" x=') == 1
    assert 'role="img" aria-labelledby="bars-title bars-desc"' in page
    assert "Kam, 19 Nov 1 dari 1 0 0 0 1 0 0 mnt 50 % teramati" in plain(page)
    month = plain(supervisor.get(f"/team/reports/summary?period=monthly&date={WORK_DATE}").text)
    assert "November 2026" in month and "Min, 1 Nov" in month and "Jum, 20 Nov" not in month, "that is to come"
    day = plain(supervisor.get(f"/team/reports/summary?period=daily&date={WORK_DATE}").text)
    assert "Kamis, 19 November 2026" in day and "Jum, 6 Nov" in day


def test_the_difference_to_the_period_before_is_shown(supervisor: Browser, judged: People, engine: Engine) -> None:
    before = MONDAY - timedelta(days=3)
    with engine.begin() as conn:
        window = build.window(conn, judged.own, at(8, 0, before), at(16, 0, before), work_date=before)
    judge(engine, window, "PRESENT", observed_s=28800, on_site_s=28800, unknown_s=0)
    count(engine, before)
    text = plain(supervisor.get(f"/team/reports/summary?{WEEK}").text)
    assert "1 Tidak di tempat tugas 33,3 % +33,3 poin terhadap periode sebelumnya" in text
    assert "2 Hadir 66,7 % −33,3 poin terhadap periode sebelumnya" in text


def test_days_that_are_counted_again_say_so(supervisor: Browser, judged: People, engine: Engine) -> None:
    assert "dihitung ulang" not in supervisor.get(f"/team/reports/summary?{WEEK}").text
    with engine.begin() as conn:
        figures.mark_days(conn, [MONDAY], NOW)
    text = plain(supervisor.get(f"/team/reports/summary?{WEEK}").text)
    assert "1 hari dalam periode ini sedang dihitung ulang" in text and "Sen, 16 Nov (sedang dihitung ulang)" in text


def test_people_come_by_name_or_by_their_figures(supervisor: Browser, judged: People) -> None:
    def names(query: str) -> list[str]:
        page = supervisor.get(f"/team/reports/people?{WEEK}{query}").text
        return re.findall(r'class="person-name" href="[^"]+">([^<]+)<', page)

    assert names("") == ["Rina Marlina", "Siti Rahayu"]
    assert names("&sort=no_show") == ["Siti Rahayu", "Rina Marlina"]
    assert names("&q=rina") == ["Rina Marlina"] and names(f"&unit={judged.unit}") == ["Siti Rahayu"]


def test_a_person_is_shown_with_their_duties_and_places_and_knows_of_it(
    supervisor: Browser, employee: Browser, judged: People, engine: Engine
) -> None:
    place = {"lat": -6.2, "lon": 106.8, "start": at(9).isoformat(), "end": at(10).isoformat(), "seconds": 3600}
    idle = {**REVISION, "observed_s": 28800, "window_id": judged.window, "measure": "idle", "counted_s": 3600}
    with engine.begin() as conn:
        conn.execute(insert(m.IdleRevision).values(**(idle | {"evidence": {"places": [place]}})))
    path = f"/team/{judged.own}/summary?{WEEK}"
    text = plain(supervisor.get(path).text)
    assert "Siti Rahayu · Regu Menteng" in text and "1 Tidak di tempat tugas" in text
    assert "-6.2000, 106.8000 1 j" in text
    shown = supervisor.get(f"{path}&show=no_show").text
    duties = [one for one in links(shown[shown.index('id="duties"') :]) if "/days/" in one]
    assert duties == [f"/team/{judged.own}/days/{WORK_DATE}"]
    assert "membuka angka tugas Anda" in plain(employee.get("/me/data").text)
    with engine.connect() as conn:
        looks = conn.execute(select(m.Audit.action, m.Audit.people)).all()
    assert looks == [("view_summary", [judged.own])] * 2


def test_an_employee_sees_their_own_with_the_way_to_each_day(employee: Browser, judged: People, engine: Engine) -> None:
    assert "/me/summary?period=monthly" in employee.get("/me").text
    page = employee.get(f"/me/summary?{WEEK}").text
    assert "1 Terlambat 50 % · 25 mnt" in plain(page) and f"/me/days/{MONDAY}" in links(page)
    assert "/team/" not in page.split("<main")[1]
    with engine.connect() as conn:
        assert conn.execute(select(m.Audit.id)).all() == [], "one's own is no look"


def test_an_auditor_says_why(app: Flask, engine: Engine, judged: People) -> None:
    auditor, path = signed_in(app, engine, "auditor"), f"/team/{judged.own}/summary?{WEEK}"
    page = auditor.get(path).text
    assert "Mengapa Anda melihat?" in page and 'aria-current="page">Laporan</a>' in page and "Buka angka" in page
    assert auditor.post(path, why="ingin").status_code == 422
    onward = auditor.post(path, why=WHY).headers["Location"]
    assert "Mengapa Anda melihat?" not in auditor.get(onward).text
    assert "Mengapa Anda melihat?" in auditor.get(path.replace("weekly", "monthly")).text, "more days, another reason"
    with engine.connect() as conn:
        assert [tuple(row) for row in conn.execute(select(m.Audit.action, m.Audit.why))] == [("view_summary", WHY)]


def test_pages_without_figures_say_so(supervisor: Browser, stranger: Browser) -> None:
    assert "Tidak ada tugas pada hari-hari ini" in supervisor.get("/team/reports/summary?date=2020-01-01").text
    assert "Hari-hari ini belum tiba" in supervisor.get("/team/reports/summary?date=2027-01-01").text
    assert supervisor.get("/team/reports/summary?date=2100-12-31&period=monthly").status_code == 200
    assert supervisor.get("/team/reports/people?date=2000-01-01&period=monthly").status_code == 200


@pytest.mark.parametrize(
    ("cadence", "day", "indonesian", "english"),
    [
        (Cadence.DAILY, date(2026, 11, 23), "Senin, 23 November 2026", "Monday, 23 November 2026"),
        (Cadence.WEEKLY, date(2026, 11, 25), "Minggu 48, 23–29 November 2026", "Week 48, 23–29 November 2026"),
        (Cadence.WEEKLY, date(2026, 12, 2), "Minggu 49, 30 November – 6 Desember 2026",
         "Week 49, 30 November – 6 December 2026"),
        (Cadence.WEEKLY, date(2027, 1, 1), "Minggu 53, 28 Desember 2026 – 3 Januari 2027",
         "Week 53, 28 December 2026 – 3 January 2027"),
        (Cadence.MONTHLY, date(2026, 8, 17), "Agustus 2026", "August 2026"),
    ],
)  # fmt: skip
def test_periods_have_names_in_both_languages(
    app: Flask, cadence: Cadence, day: date, indonesian: str, english: str
) -> None:
    for language, name in (("id", indonesian), ("en", english)):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert period_name(period_of(cadence, day)) == name


def test_where_idle_time_was_spent_is_forgotten_and_it_says_so(
    employee: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    def says_so(day: str) -> bool:
        page = employee.get(f"/me/summary?period=weekly&date={day}", **{"Accept-Language": "en"}).text
        return "is forgotten with the positions, after 60 days" in page

    assert not says_so(str(WORK_DATE))
    move_to(clock, engine, NOW + timedelta(days=70))
    assert says_so(str(WORK_DATE)) and not says_so("2026-01-05"), "nothing was there to forget"
