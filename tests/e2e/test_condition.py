"""Those who keep the city look at its condition and replay what they ticked, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.site import Visitor

pytestmark = pytest.mark.parametrize("visitor", ["desk"], indirect=True)


def test_what_is_not_well_leads_to_what_to_do(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    page.get_by_role("link", name="Kondisi", exact=True).click()
    visitor.check()
    page.get_by_role("link", name="Penjadwal Tidak bekerja").click()
    expect(page.locator("#scheduler")).to_be_in_viewport()
    expect(page.locator("#scheduler")).to_contain_text("Jalankan python -m reports")
    expect(page.locator("#snapshot")).to_contain_text("Baik")
    page.get_by_role("link", name="Semua perhitungan").click()
    expect(page.get_by_text("Belum ada laporan yang dihitung")).to_be_visible()
    visitor.check()


def test_messages_are_ticked_and_replayed_by_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    visitor.go("/admin/quarantine?sort=oldest")
    visitor.check()
    page.get_by_role("button", name="Putar ulang yang dicentang").press("Enter")
    expect(page.get_by_text("belum ada pesan yang dicentang")).to_be_visible()
    assert page.url.endswith("sort=oldest"), "the order stays"
    page.get_by_role("checkbox").first.press("Space")
    page.get_by_role("button", name="Putar ulang yang dicentang").press("Enter")
    expect(page.get_by_text("1 pesan tetap seperti semula")).to_be_visible()
    visitor.check()
