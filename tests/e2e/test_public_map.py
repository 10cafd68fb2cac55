"""What citizens see on the map, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.site import CHROMIUM, SIZES, Site, Visitor, snapshot
from tests.services import DEADLINE_S, wait_until

RENDERED = """() => Object.fromEntries(document.querySelector("#map").map
    .queryRenderedFeatures({layers: ["vehicles"]})
    .map((one) => [one.properties.id, one.geometry.coordinates[0].toFixed(3)]))"""


def rendered(page: Page) -> dict[str, str]:
    """The vehicles that the map has drawn, by public id, with their longitude."""
    found: dict[str, str] = page.evaluate(RENDERED)
    return found


ON_SCREEN = "at => { const {x, y} = document.querySelector('#map').map.project(at); return [x, y]; }"


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
def test_citizens_see_vehicles_move(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/")
    page.wait_for_selector("#map[data-ready]")
    expect(page.locator("#fresh-words")).to_contain_text("Diperbarui")
    wait_until(lambda: sorted(rendered(page)) == ["a1b2c3d4", "b1b2c3d4", "c1b2c3d4"], "all but the stale one")
    assert rendered(page)["a1b2c3d4"] == "106.820"
    visitor.check()
    snapshot(visitor.site.public, lon=106.815)
    wait_until(lambda: rendered(page).get("a1b2c3d4") == "106.815", "the vehicle has glided to its new place")
    stations = "map => map.queryRenderedFeatures({layers: ['station-areas', 'stations']}).map((one) => one.layer.id)"
    on_map = f"() => ({stations})(document.querySelector('#map').map)"
    wait_until(lambda: {"station-areas", "stations"} <= set(page.evaluate(on_map)), "bases are drawn")
    assert page.context.cookies() == []
    assert visitor.complaints == []


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
def test_map_list_and_detail_say_the_same(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/")
    page.wait_for_selector("#map[data-ready]")
    wait_until(lambda: "b1b2c3d4" in rendered(page), "the ambulance is drawn")
    x, y = page.evaluate(ON_SCREEN, [106.81, -6.2])
    page.locator("#map canvas").click(position={"x": x, "y": y})
    expect(page.locator("#detail")).to_contain_text("Ambulans B1B2")
    expect(page.locator("#detail")).to_contain_text("Di pangkalan")
    visitor.check()
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    if page.locator("#sheet-toggle").is_visible():
        page.locator("#sheet-toggle").click()
    expect(page.locator("#list li")).to_have_count(3)
    expect(page.locator("#list li", has_text="Mobil patroli")).to_contain_text("posisi lama")
    visitor.check()
    page.locator("#list button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_contain_text("Ambulans B1B2")


@pytest.mark.parametrize("visitor", SIZES, indirect=True)
def test_the_filter_lives_in_the_address(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/")
    page.wait_for_selector("#map[data-ready]")
    page.get_by_role("checkbox", name="Truk sampah").check()
    wait_until(lambda: list(rendered(page)) == ["a1b2c3d4"], "only the garbage truck is drawn")
    assert "kind=garbage_truck" in page.url
    page.reload()
    page.wait_for_selector("#map[data-ready]")
    wait_until(lambda: list(rendered(page)) == ["a1b2c3d4"], "only the garbage truck is drawn after a reload")
    assert visitor.complaints == []


def test_a_browser_without_webgl_still_tells_where_the_vehicles_are(playwright: Playwright, site: Site) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-3d-apis"])
    page = browser.new_page(locale="en")
    page.set_default_timeout(DEADLINE_S * 1000)
    page.goto(site.address)
    expect(page.get_by_text("This browser cannot draw the map")).to_be_visible()
    expect(page.locator("#list li")).to_have_count(3)
    expect(page.locator("#list li").first).to_contain_text("Ambulance B1B2")
    browser.close()
