"""Zones in a real browser: drawn with the mouse on the real map, and by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.site import SIZES, Visitor
from tests.services import wait_until

pytestmark = pytest.mark.parametrize("visitor", SIZES, indirect=True)

ON_SCREEN = "at => { const {x, y} = document.querySelector('#map').map.project(at); return [x, y]; }"
CORNERS = [(106.82, -6.2), (106.83, -6.2), (106.83, -6.19), (106.82, -6.19)]
DRAWN = """() => document.querySelector("#map").map.queryRenderedFeatures({layers: ["drawn"]}).length"""
NAMES = """at => { const {map} = document.querySelector("#map");
    return map.queryRenderedFeatures(map.project(at), {layers: ["own"]}).map((one) => one.properties.name); }"""


def ready(page: Page) -> None:
    page.wait_for_selector("#map[data-ready]")


def click_at(page: Page, at: tuple[float, float]) -> None:
    x, y = page.evaluate(ON_SCREEN, at)
    page.locator("#map canvas").click(position={"x": x, "y": y})


def corners(page: Page) -> int:
    return len(page.get_by_label("Sudut (").input_value().split("\n"))


def test_an_area_is_drawn_with_the_mouse_and_gets_another_shape(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    page.get_by_role("link", name="Zona", exact=True).click()
    ready(page)
    visitor.check()
    page.get_by_role("link", name="Tambah zona").click()
    ready(page)
    visitor.check()
    page.get_by_role("radio", name="Area").check()
    for at in CORNERS:
        click_at(page, at)
    assert corners(page) == 4
    wait_until(lambda: page.evaluate(DRAWN), "the area is drawn")
    click_at(page, (106.825, -6.2005))
    assert corners(page) == 5  # between its two neighbours
    page.get_by_role("button", name="Urungkan").click()
    assert corners(page) == 4
    page.get_by_role("button", name="Sudut 4").press("Delete")
    assert corners(page) == 3
    page.get_by_role("button", name="Urungkan").click()
    visitor.check()
    page.get_by_label("Nama").fill("Taman Baru")
    page.get_by_role("button", name="Tambah zona ini").click()
    expect(page.get_by_text("Zona Taman Baru ditambahkan.")).to_be_visible()
    ready(page)
    wait_until(lambda: page.evaluate(NAMES, (106.825, -6.195)) == ["Taman Baru"], "it is on the map")
    visitor.check()
    page.get_by_role("link", name="Ubah bentuk").click()
    ready(page)
    width = page.locator("#map").evaluate("map => map.clientWidth")
    page.get_by_role("button", name="Sudut 3").drag_to(page.locator("#map"), target_position={"x": width - 70, "y": 30})
    visitor.check()
    page.get_by_role("button", name="Pakai bentuk ini").click()
    expect(page.get_by_text("Bentuknya diubah.")).to_be_visible()
    expect(page.get_by_role("heading", name="Bentuk sebelumnya")).to_be_visible()


def test_a_circle_is_added_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    visitor.go("/admin/zones/new")
    ready(page)
    page.get_by_label("Nama").focus()
    for key in ("Pos Baru", "Tab", "Tab", "-6.2", "Tab", "106.8", "Tab"):
        page.keyboard.press(key) if key == "Tab" else page.keyboard.type(key)
    expect(page.get_by_label("Radius dalam meter")).to_be_focused()
    wait_until(lambda: page.evaluate(DRAWN), "the map follows the fields")
    page.keyboard.press("Control+A")
    page.keyboard.type("75")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Lingkaran 75 m")).to_be_visible()
    page.get_by_text("Hapus", exact=True).click()
    page.get_by_role("button", name="Ya, hapus").click()
    expect(page.get_by_text("Zona Pos Baru dihapus.")).to_be_visible()


def test_what_is_wrong_keeps_the_drawing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    visitor.go("/admin/zones/new")
    ready(page)
    page.get_by_role("radio", name="Area").check()
    page.get_by_label("Nama").fill("Silang")
    page.get_by_label("Sudut (").fill("-6.2, 106.82\n-6.19, 106.83\n-6.2, 106.83\n-6.19, 106.82")
    page.get_by_role("button", name="Tambah zona ini").click()
    expect(page.get_by_text("Garis batas memotong atau menyentuh dirinya sendiri")).to_be_visible()
    visitor.complaints.clear()  # the browser itself reports the 422 that is asked for
    ready(page)
    assert corners(page) == 4
    visitor.check()
