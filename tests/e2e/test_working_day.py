"""A working day in a real browser: from the first entry to the approval."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, select

from tests.e2e.site import TOO_SMALL_FOR_A_THUMB, Visitor
from tests.services import wait_until
from tests.web.test_team import judge
from tracker.storage import models as m
from tracker.storage.figures import count_day

DRAWN = """at => { const {map} = document.querySelector("#map");
    return map.queryRenderedFeatures(map.project(at), {layers: ["zones"]}).map((one) => one.properties.name); }"""
PLACES = {
    (106.8, -6.2): ["Taman Suropati"],  # a circle
    (106.835, -6.205): ["Kelurahan Menteng"],
    (106.815, -6.195): [],  # in the bay
    (106.842, -6.197): [],  # in the hole
}


def drawn_at(page: Page, at: tuple[float, float]) -> list[str]:
    """The names of the zones that the map has drawn there."""
    names: list[str] = page.evaluate(DRAWN, at)
    return names


def test_a_day_from_the_first_entry_to_the_approval(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("pegawai")
    expect(page.locator("#heard")).to_contain_text("Ponsel Anda terdengar")
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    visitor.check()
    page.get_by_role("radio", name="Pekerjaan 3").check()
    expect(page.locator("[data-volume-unit]")).to_have_text("(meter)")
    page.get_by_role("button", name="Tambah").last.click()
    page.get_by_role("button", name="Simpan").click()
    expect(page.locator(".entries li")).to_contain_text("2 meter")
    visitor.check()
    page.get_by_role("link", name="Ubah").click()
    visitor.check()
    page.get_by_label("Volume").fill("5")
    page.get_by_role("button", name="Simpan").click()
    expect(page.locator(".entries li")).to_contain_text("5 meter")
    page.get_by_text("Kirim laporan hari ini").click()
    page.get_by_role("button", name="Ya, kirim").click()
    expect(page.locator("#log")).to_contain_text("Menunggu tinjauan")
    visitor.check()
    page.get_by_role("button", name="Keluar").click()

    visitor.sign_in("atasan")
    visitor.check()
    page.get_by_role("link", name="Tinjauan", exact=True).click()
    visitor.check()
    page.get_by_role("link", name="Siti Rahayu").click()
    page.wait_for_selector("#map[data-ready]")
    expect(page.locator("#map .stay-mark.on_site").first).to_have_text("1")
    wait_until(lambda: [drawn_at(page, at) for at in PLACES] == list(PLACES.values()), "zones are drawn as they are")
    visitor.check()
    page.locator("#time").fill("3600")
    expect(page.locator("#segments .cursor").first).to_have_attribute("x1", "125")
    page.get_by_text("Sama dalam bentuk tabel").click()
    visitor.check()
    page.get_by_role("button", name="Setujui").click()
    expect(page.get_by_text("Tidak ada yang menunggu")).to_be_visible()
    visitor.check()
    with_decision = f"/team/{visitor.site.person_id}/days/{visitor.site.work_date}"
    visitor.go(with_decision)
    expect(page.locator("#log")).to_contain_text("Disetujui")


def test_the_team_is_narrowed_while_typing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("atasan")
    visitor.go(f"/team?date={visitor.site.work_date}")
    expect(page.locator(".person-name")).to_have_count(2)
    page.get_by_label("Nama atau NIP").press_sequentially("siti")
    expect(page.locator(".person-name")).to_have_count(1)
    page.wait_for_url("**q=siti**")
    visitor.check()


def test_staff_pages_are_accessible(visitor: Visitor) -> None:
    visitor.sign_in("atasan")
    for path in ("/me", "/me/data", "/team/reports/no-show", "/team/reports/idle", "/team/deputies", "/me/summary"):
        visitor.go(path)
        visitor.check()


def test_figures_lead_from_a_number_to_the_day(visitor: Visitor, engine: Engine) -> None:
    page, day = visitor.page, visitor.site.work_date
    with engine.begin() as conn:
        (window,) = conn.scalars(select(m.DutyWindow.id))
    judge(engine, window, "UNVERIFIED", observed_s=7200, cause="partial")
    with engine.begin() as conn:
        count_day(conn, day, datetime.now(UTC))
    visitor.sign_in("atasan")
    visitor.go(f"/team/reports/summary?period=weekly&date={day}")
    expect(page.get_by_role("img", name="Tugas yang dinilai tiap hari")).to_be_visible()
    visitor.check()
    page.locator(".number-tile > a").first.click()
    expect(page.get_by_role("heading", name="Laporan kehadiran")).to_be_visible()
    visitor.check()
    visitor.go(f"/team/reports/people?period=monthly&date={day}")
    visitor.check()
    page.get_by_role("link", name="Siti Rahayu").click()
    expect(page.get_by_role("img", name="Bagian yang teramati tiap hari")).to_be_visible()
    visitor.check()
    page.locator("#duties .person-name").click()
    expect(page.get_by_role("heading", name="Siti Rahayu")).to_be_visible()
    page.get_by_role("button", name="Keluar").click()
    visitor.sign_in("pegawai")
    visitor.go(f"/me/summary?period=weekly&date={day}")
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    visitor.check()


def test_an_auditor_says_why_and_the_day_opens(visitor: Visitor) -> None:
    visitor.sign_in("pemeriksa")
    visitor.page.get_by_role("link", name="Siti Rahayu").click()
    expect(visitor.page.get_by_role("heading", name="Mengapa Anda melihat?")).to_be_visible()
    visitor.check()
    visitor.page.get_by_label("Alasan").fill("Pemeriksaan berkala")
    visitor.page.get_by_role("button", name="Buka hari itu").click()
    expect(visitor.page.get_by_role("heading", name="Siti Rahayu")).to_be_visible()
