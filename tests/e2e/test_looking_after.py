"""What administrators look after in a real browser: accounts, devices, quarantine."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.site import Visitor

pytestmark = pytest.mark.parametrize("visitor", ["desk"], indirect=True)


def test_an_administrator_looks_after_accounts(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    page.get_by_role("link", name="Akun", exact=True).click()
    expect(page.get_by_role("navigation", name="Halaman").get_by_role("link", name="Administrasi")).to_be_visible()
    visitor.check()
    page.get_by_role("link", name="Rina Marlina").click()
    visitor.check()
    page.locator("#role").select_option("administrator")
    page.locator("#unit").select_option("Regu Menteng")
    page.get_by_role("button", name="Beri peran ini").click()
    expect(page.get_by_text("Peran telah diberikan")).to_be_visible()
    for question in page.locator("summary").all():
        question.click()
    visitor.check()
    page.get_by_role("button", name="Ya, buat kode").click()
    expect(page.locator(".payload")).to_have_text(re.compile("^([a-z0-9]{5}-){3}[a-z0-9]{5}$"))
    visitor.check()
    page.get_by_role("link", name="Semua akun").click()
    page.get_by_label("NIP (").fill("12")
    page.get_by_role("button", name="Buat akun ini").click()
    expect(page.get_by_text("Tidak ada orang dengan NIP ini")).to_be_visible()
    visitor.complaints.clear()  # the browser itself reports the 422 that is asked for
    visitor.check()
    for path in ("/admin/accounts?q=nowhere", "/admin/corrections", "/admin/audit", "/admin/accounts?lang=en"):
        visitor.go(path)
        visitor.check()


def test_an_administrator_finds_what_is_wrong_and_replays_it(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    visitor.check()
    page.get_by_role("link", name="1 perangkat menulis di tempat terlarang").click()
    expect(page.locator("#device-truck-menteng-01 .problems")).to_contain_text("Menulis di tempat terlarang")
    visitor.check()
    page.locator("#device-truck-menteng-01").get_by_role("link", name="tanpa waktu").click()
    page.wait_for_url("**device=truck-menteng-01")
    visitor.check()
    page.locator(".person-name").first.click()
    expect(page.locator(".payload")).to_contain_text("f0 f1 f2")
    visitor.check()
    visitor.go("/admin/quarantine")
    page.get_by_text("Putar ulang 3 pesan").click()
    visitor.check()
    page.get_by_role("button", name="Ya, putar ulang").click()
    expect(page.get_by_text("3 pesan tetap seperti semula")).to_be_visible()
    visitor.check()
    for empty in ("/admin/devices?q=nowhere", "/admin/quarantine?device=nowhere"):
        visitor.go(empty)
        visitor.check()
