"""From an empty city to one that works, as its first administrator does it: a unit, a person, a phone, a zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests import builders as build
from tests.conftest import Database
from tests.e2e.site import PASSWORD, Site, Visitor, served
from tests.e2e.test_zones import CORNERS, click_at, ready
from tracker.storage.accounts import create_account

pytestmark = pytest.mark.parametrize("visitor", ["desk"], indirect=True)


@pytest.fixture
def site(database: Database, engine: Engine, tmp_path: Path) -> Iterator[Site]:
    """Nothing but the first administrator."""
    with Session(engine) as session:
        create_account(session, "admin", PASSWORD)
        session.flush()
        build.grant(session.connection(), "admin", "system_administrator")
        session.commit()
    with served(database, tmp_path) as address:
        yield Site(address, tmp_path / "public", 0, datetime.now(UTC).date())


def test_a_city_is_set_up_from_nothing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    expect(page.get_by_role("heading", name="Menyiapkan kota")).to_be_visible()
    visitor.check()
    page.get_by_role("link", name=re.compile(r"Tambah\s*: Unit")).click()
    visitor.check()
    page.get_by_label("Nama").fill("Dinas Kebersihan")
    page.get_by_role("button", name="Tambah unit ini").click()
    expect(page.get_by_text("Unit Dinas Kebersihan ditambahkan.")).to_be_visible()
    visitor.check()
    page.get_by_role("link", name="Dinas Kebersihan").click()
    visitor.check()
    page.get_by_role("link", name="Orang", exact=True).last.click()
    visitor.check()
    page.get_by_label("Nama").focus()
    page.keyboard.type("Siti Rahayu")
    page.keyboard.press("Tab")
    page.keyboard.type("198001012005010001")
    page.keyboard.press("Enter")
    expect(page.locator(".payload")).to_have_count(1)
    visitor.check()
    page.get_by_role("link", name="Tambah ponsel").click()
    expect(page.get_by_label("NIP orang")).to_have_value("198001012005010001")
    page.get_by_role("button", name="Tambah dan tampilkan kode QR").click()
    expect(page.get_by_role("img", name="Kode QR setelan OwnTracks lewat MQTT")).to_be_visible()
    visitor.check()
    visitor.go("/admin")
    visitor.check()
    page.get_by_role("link", name=re.compile(r"Tambah\s*: Zona")).click()
    ready(page)
    page.get_by_role("radio", name="Area").check()
    page.get_by_label("Nama").fill("Kelurahan Menteng")
    for at in CORNERS:
        click_at(page, at)
    page.get_by_role("button", name="Tambah zona ini").click()
    expect(page.get_by_text("Zona Kelurahan Menteng ditambahkan.")).to_be_visible()
    for path in ("/admin", "/admin/people", "/admin/vehicles", "/admin/vehicles/new", "/admin/imports"):
        visitor.go(path)
        visitor.check()
