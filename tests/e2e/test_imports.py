"""An import in a real browser: a file with errors, then the corrected one, looked at, approved and brought in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from tests.e2e.site import JAKARTA, Visitor
from tracker.imports.runs import work

pytestmark = pytest.mark.parametrize("visitor", ["desk"], indirect=True)

WRONG = "NIP,Nama,Unit\n1.98E+17,Ayu Wulandari,Regu Menteng\n77,Eko Prasetyo,Regu Mars\n"
RIGHT = "NIP,Nama,Unit\n198001012005019991,Ayu Wulandari,Regu Menteng\n77,Eko Prasetyo,Regu Menteng\n"


def test_a_file_is_corrected_looked_at_and_brought_in(visitor: Visitor, engine: Engine) -> None:
    page = visitor.page

    def send(content: str) -> None:
        page.get_by_label("Isi berkas").select_option("people")
        file = {"name": "pegawai.csv", "mimeType": "text/csv", "buffer": content.encode()}
        page.locator("#file").set_input_files([file])  # type: ignore[list-item]
        page.get_by_role("button", name="Periksa berkas").click()
        expect(page.get_by_text("Menunggu pemeriksaan")).to_be_visible()
        assert work(engine, JAKARTA, lambda: datetime.now(UTC))

    visitor.sign_in("admin")
    page.get_by_role("link", name="Impor", exact=True).click()
    visitor.check()
    send(WRONG)
    expect(page.get_by_text("Ditolak: ada kesalahan")).to_be_visible()
    expect(page.get_by_text("angka terakhirnya hilang")).to_be_visible()
    visitor.check()
    page.locator("main").get_by_role("link", name="Impor", exact=True).last.click()
    send(RIGHT)
    expect(page.get_by_text("Ayu Wulandari")).to_be_visible()
    visitor.check()
    page.get_by_role("button", name="Ya, impor semuanya").click()
    expect(page.get_by_text("Menunggu diimpor")).to_be_visible()
    assert work(engine, JAKARTA, lambda: datetime.now(UTC))
    expect(page.get_by_text("Sudah diimpor")).to_be_visible()
    visitor.check()
    page.locator("main").get_by_role("link", name="Impor", exact=True).last.click()
    visitor.check()
