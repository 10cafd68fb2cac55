"""Fixtures of browser tests: a real server over a small city, a real browser at two widths."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Playwright, Request, expect, sync_playwright
from sqlalchemy import Engine

from tests.conftest import Database
from tests.e2e.site import (
    CHROMIUM,
    OF_THE_MACHINE,
    SIZES,
    WITHOUT_A_SCREEN,
    Site,
    Standing,
    Visitor,
    small_city,
    snapshot,
)
from tests.services import DEADLINE_S


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=DEADLINE_S * 1000)
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=WITHOUT_A_SCREEN)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    standing = Standing(tmp_path_factory.mktemp("site"))
    yield standing
    standing.end()


@pytest.fixture
def site(database: Database, engine: Engine, standing: Standing) -> Site:
    address, public = standing.over(database)
    person_id, work_date = small_city(engine)
    snapshot(public)
    return Site(address, public, person_id, work_date)


@pytest.fixture
def visitor(request: pytest.FixtureRequest, chromium: Browser, site: Site) -> Iterator[Visitor]:
    """Somebody with a phone; a module whose pages are worked with elsewhere, too, names its sizes as parameters."""
    width, height = SIZES[getattr(request, "param", "phone")]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="id-ID")
    context.set_default_timeout(DEADLINE_S * 1000)
    page = context.new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and OF_THE_MACHINE not in message.text:
            complaints.append(message.text)

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # typing on replaces a search that is under way
            complaints.append(f"{request.url}: {request.failure}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", failed)
    yield Visitor(page, site, complaints)
    context.close()
