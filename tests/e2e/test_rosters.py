"""Rosters in a real browser, from an empty list of shifts to a unit's month; each page looked at on phone and desk."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.e2e.site import JAKARTA, Visitor

pytestmark = pytest.mark.parametrize("visitor", ["desk"], indirect=True)


def test_a_city_sets_its_rosters_up(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    for empty in ("rosters", "shifts", "rotations", "rule-sets", "roster-gaps"):
        visitor.go(f"/admin/{empty}")
        visitor.check()
    _add_shift(visitor)
    _add_rotation(visitor)
    visitor.go("/admin/rosters?unit=Regu+Menteng")
    page.get_by_role("link", name="Siti Rahayu").click()
    page.get_by_text("Tetapkan rotasi").click()
    page.get_by_role("combobox", name="Rotasi").select_option("Jaga tiga hari")
    page.get_by_label("Zona 1").first.fill("Taman Suropati")
    page.get_by_role("button", name="Tetapkan", exact=True).click()
    expect(page.get_by_text("Rotasi ditetapkan.")).to_be_visible()
    page.get_by_text("Ubah satu hari").click()
    visitor.check()
    visitor.go("/admin/rosters?unit=Regu+Menteng")
    expect(page.locator(".month .duty").first).to_be_visible()
    visitor.check()
    page.get_by_role("checkbox", name="Rina Marlina").check()
    page.get_by_role("button", name="Lanjut").click()
    visitor.check()
    page.get_by_role("button", name="Ya, tetapkan").click()
    expect(page.get_by_text("1 orang mendapat rotasi itu.")).to_be_visible()
    assert page.url.endswith("/admin/rosters?unit=Regu+Menteng")


def _add_shift(visitor: Visitor) -> None:
    """Of 24 hours; a break outside of it is refused first."""
    page = visitor.page
    visitor.go("/admin/shifts/new")
    page.get_by_label("Nama").fill("Jaga 24 jam")
    page.get_by_label("Dari", exact=True).fill("07:00")
    page.get_by_label("Sampai", exact=True).fill("07:00")
    page.get_by_label("Istirahat 1 mulai").fill("12:00")
    page.get_by_role("button", name="Tambahkan sif itu").click()
    expect(page.locator(".field-error")).to_contain_text("Tulis kapan tiap istirahat mulai")
    visitor.complaints.clear()  # the browser itself reports the 422 that is asked for
    visitor.check()
    page.get_by_label("Berapa menit").first.fill("60")
    page.get_by_role("button", name="Tambahkan sif itu").click()
    page.get_by_role("link", name="Jaga 24 jam").click()
    visitor.check()


def _add_rotation(visitor: Visitor) -> None:
    """Its length first, then a shift for each day."""
    page = visitor.page
    visitor.go("/admin/rotations/new")
    page.get_by_label("Jumlah hari siklus").fill("3")
    page.get_by_role("button", name="Lanjut").click()
    page.get_by_label("Nama").fill("Jaga tiga hari")
    page.get_by_label("Hari ke-1").select_option("Jaga 24 jam")
    visitor.check()
    page.get_by_role("button", name="Tambahkan rotasi itu").click()
    page.get_by_role("link", name="Jaga tiga hari").click()
    visitor.check()


def test_holidays_rules_and_posts(visitor: Visitor) -> None:
    page, today = visitor.page, datetime.now(JAKARTA).date()
    visitor.sign_in("admin")
    visitor.go("/admin/holidays?year=2026")
    visitor.check()
    page.get_by_role("button", name="Tegaskan seluruh rancangan").click()
    expect(page.get_by_text("hari ditegaskan atau diubah.")).to_be_visible()
    visitor.check()
    visitor.go("/admin/rule-sets/new")
    page.get_by_label("Nama").fill("Ramadan")
    page.get_by_label("Hari pertama").fill(str(today))
    page.get_by_label("Dari", exact=True).first.fill("07:00")
    page.get_by_label("Sampai", exact=True).first.fill("13:00")
    visitor.check()
    page.get_by_role("button", name="Tambahkan aturan itu").click()
    page.get_by_role("link", name="Ramadan", exact=True).click()
    visitor.check()
    visitor.go("/admin/roster-gaps")
    page.get_by_text("Tambahkan pos jaga", exact=True).click()
    page.get_by_label("Unit").last.fill("Regu Menteng")
    page.get_by_label("Zona", exact=True).fill("Taman Suropati")
    page.get_by_role("button", name="Tambahkan pos jaga itu").click()
    expect(page.get_by_text("0 dari 1 orang").first).to_be_visible()
    visitor.check()
