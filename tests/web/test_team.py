"""The team's list: what each row says, how it is narrowed, and that pages survive in the address."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from tests import builders as build
from tests.web.conftest import NOW, WORK_DATE, Browser, Clock, People, at, move_to
from tracker.storage import models as m

REVISION = {
    "revision": 1, "reason": "first", "computed_at": NOW, "rule_version": "1", "inputs_digest": "0",
    "expected_s": 28800, "evidence": {},
}  # fmt: skip
SECONDS = {"on_site_s": 0, "off_site_s": 0, "moving_s": 0, "unknown_s": 28800}


def judge(engine: Engine, window_id: int, status: str, observed_s: int = 0, **values: Any) -> None:
    """Store a verdict on a window."""
    row = {**REVISION, **SECONDS, "window_id": window_id, "status": status, "observed_s": observed_s, **values}
    with engine.begin() as conn:
        conn.execute(insert(m.VerdictRevision).values(row))


def row_of(page: str, name: str) -> str:
    """The text of a person's table row."""
    rows = [row for row in re.findall(r"<tr>.*?</tr>", page, re.S) if name in row]
    assert len(rows) == 1, f"{len(rows)} rows of {name}"
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", rows[0]))


@pytest.mark.parametrize(
    ("status", "values", "shown"),
    [
        ("PRESENT", {"late_min": 0}, "Hadir"),
        ("PRESENT", {"late_min": 40}, "Hadir, terlambat · 40 mnt pertama di tempat lain"),
        ("PRESENT", {"late_min": None}, "Hadir"),
        ("NO_SHOW", {}, "Tidak di tempat tugas"),
        ("UNVERIFIED", {"cause": "silent"}, "Belum terbukti · ponsel diam"),
        ("EXCUSED", {}, "Berizin"),
    ],
)
def test_a_verdict_is_shown_with_its_cause(
    supervisor: Browser, people: People, engine: Engine, status: str, values: dict[str, Any], shown: str
) -> None:
    judge(engine, people.window, status, **values)
    assert shown in row_of(supervisor.get("/team").text, "Siti Rahayu")


def test_coverage_stands_beside_the_verdict_and_is_never_rounded_up(
    supervisor: Browser, people: People, engine: Engine
) -> None:
    judge(engine, people.window, "PRESENT", observed_s=28799)
    assert "99 %" in row_of(supervisor.get("/team").text, "Siti Rahayu")


def test_the_newest_revision_counts(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "UNVERIFIED", cause="silent")
    judge(engine, people.window, "PRESENT", revision=2, reason="late_fixes")
    row = row_of(supervisor.get("/team").text, "Siti Rahayu")
    assert "Hadir" in row and "Belum terbukti" not in row


def test_duty_without_a_verdict_says_where_it_stands(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    expected = {7: "Belum mulai", 8: "Sedang bertugas", 12: "Bertugas, ponsel diam", 17: "Belum dinilai"}
    for hour, shown in expected.items():
        move_to(clock, engine, at(hour, 10))
        assert shown in row_of(supervisor.get("/team").text, "Siti Rahayu")
    assert "Tidak bertugas" in row_of(supervisor.get("/team").text, "Rina Marlina")


def test_a_phone_that_is_heard_is_not_silent(supervisor: Browser, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        phone = build.device(conn, person_id=people.own)
        conn.execute(insert(m.DeviceState).values(device_id=phone, last_heard_at=NOW - timedelta(minutes=4)))
    row = row_of(supervisor.get("/team").text, "Siti Rahayu")
    assert "Sedang bertugas" in row and "4 menit lalu" in row


@pytest.mark.parametrize("hour", [7, 17])
def test_nobody_sees_when_a_phone_was_heard_off_duty(
    supervisor: Browser, people: People, engine: Engine, clock: Clock, hour: int
) -> None:
    move_to(clock, engine, at(hour))
    with engine.begin() as conn:
        for person in (people.own, people.boss):
            phone = build.device(conn, person_id=person)
            conn.execute(insert(m.DeviceState).values(device_id=phone, last_heard_at=clock.now))
    page = supervisor.get("/team").text
    for name in ("Siti Rahayu", "Rina Marlina"):
        row = row_of(page, name)
        assert "baru saja" not in row and "belum pernah" not in row


def test_a_night_shift_stays_on_todays_list_until_it_ends(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    friday = WORK_DATE + timedelta(days=1)
    with engine.begin() as conn:
        build.window(conn, people.boss, at(18, 30), at(2, 30, friday), work_date=WORK_DATE)
    move_to(clock, engine, at(2, 0, friday))
    row = row_of(supervisor.get("/team").text, "Rina Marlina")
    assert "18.30–02.30" in row and "ponsel diam" in row
    clock.now = at(2, 30, friday)
    assert "Tidak bertugas" in row_of(supervisor.get("/team").text, "Rina Marlina")


def test_a_chosen_date_changes_the_headline_and_a_refresh_keeps_the_focus(supervisor: Browser) -> None:
    page = supervisor.get("/team").text
    assert 'hx-select-oob="#day-nav"' in page and page.index('id="day-nav"') < page.index("<h1>")
    refreshed = page[page.index('<div id="team"') : page.index('<nav class="pager"')]
    assert all(' id="' in link for link in re.findall(r"<a [^>]*>", refreshed)), "focus returns to the link of that id"


def test_flags_come_first(supervisor: Browser, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        absent = build.person(conn, people.unit, "Zainal Arifin")
        window = build.window(conn, absent, at(8), at(16), work_date=WORK_DATE)
    judge(engine, people.window, "PRESENT")
    judge(engine, window, "NO_SHOW")
    names = re.findall(r'class="person-name"[^>]*>([^<]+)', supervisor.get("/team").text)
    assert names == ["Zainal Arifin", "Siti Rahayu", "Rina Marlina"]


def test_the_list_is_narrowed_by_search_unit_status_and_log(supervisor: Browser, people: People) -> None:
    def names(query: str) -> list[str]:
        return re.findall(r'class="person-name"[^>]*>([^<]+)', supervisor.get(f"/team?{query}").text)

    assert names("q=rahayu") == ["Siti Rahayu"]
    assert names("q=%25") == []
    assert names(f"unit={people.unit}") == ["Siti Rahayu"]
    assert names("status=off") == ["Rina Marlina"]
    assert names("log=approved") == []
    assert names("status=nonsense&page=first&date=yesterday") == ["Siti Rahayu", "Rina Marlina"]


def test_an_empty_list_says_what_to_do(supervisor: Browser) -> None:
    page = supervisor.get("/team?q=nobody").text
    assert "Tidak ada yang cocok" in page and f"/team?date={WORK_DATE}" in page


def test_pages_live_in_the_address_and_keep_the_filter(supervisor: Browser, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        for number in range(60):
            build.person(conn, people.unit, f"Pegawai {number:02d}")
    first = supervisor.get("/team?q=pegawai")
    assert "60 baris" in first.text and "halaman 1 dari 2" in first.text
    assert "q=pegawai&amp;page=2" in first.text or "page=2&amp;q=pegawai" in first.text
    second = supervisor.get("/team?q=pegawai&page=2").text
    assert second.count('class="person-name"') == 10 and "Pegawai 59" in second
    assert supervisor.get("/team?q=pegawai&page=99").text.count('class="person-name"') == 10
