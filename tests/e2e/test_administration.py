"""Many people and vehicles at once in a real browser: ticked, asked about once more, done or refused by name."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.site import JAKARTA, Visitor

pytestmark = pytest.mark.parametrize("visitor", ["desk"], indirect=True)


def test_many_are_chosen_by_keyboard_and_refused_or_moved(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    visitor.go("/admin/people?sort=nip")
    visitor.check()
    for name in ("Siti Rahayu", "Dewi Lestari"):
        page.get_by_role("checkbox", name=name).focus()
        page.keyboard.press("Space")
    page.get_by_label("Untuk yang dicentang").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pindahkan ke unit: 2 orang")).to_be_visible()
    visitor.check()
    page.get_by_label("Unit").fill("Regu Senen")
    page.keyboard.press("Enter")
    expect(page.locator(".field-error")).to_contain_text("Anda tidak mengelola unit")
    visitor.complaints.clear()  # the browser itself reports the 422 that is asked for
    visitor.check()
    page.get_by_label("Unit").fill("Regu Gambir")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 orang dipindahkan.")).to_be_visible()
    assert page.url.endswith("/admin/people?sort=nip")
    page.get_by_role("checkbox", name="Siti Rahayu").check()
    page.get_by_label("Untuk yang dicentang").select_option("leave")
    page.get_by_role("button", name="Lanjut").click()
    page.get_by_label("Mulai hari apa").fill(str(datetime.now(JAKARTA).date() - timedelta(days=30)))
    page.get_by_role("button", name="Ya, mereka keluar").click()
    expect(page.get_by_role("alert")).to_contain_text("Siti Rahayu")  # who was moved from today on
    visitor.complaints.clear()
    visitor.check()


def test_vehicles_are_retired_together_and_a_wrong_unit_is_said(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    visitor.go("/admin/vehicles?unit=Regu+Senen")
    expect(page.locator(".field-error")).to_be_visible()
    visitor.check()
    page.get_by_label("Unit").fill("")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox")).to_have_count(3)
    for box in page.get_by_role("checkbox").all()[:2]:
        box.check()
    page.get_by_label("Untuk yang dicentang").select_option("retire")
    page.get_by_role("button", name="Lanjut").click()
    visitor.check()
    page.get_by_role("button", name="Ya, hentikan").click()
    expect(page.get_by_text("2 kendaraan tidak beroperasi lagi.")).to_be_visible()
    visitor.go("/admin/vehicles?state=retired")
    expect(page.locator(".person-name")).to_have_count(2)
    visitor.check()
