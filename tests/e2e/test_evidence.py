"""The evidence of a verdict in a real browser: found from the day, readable by everybody, and taken away as PDF."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import Engine, select

from reports.batches import Clock
from reports.judging import judge_date
from tests.e2e.site import Visitor
from tracker.storage import models as m


def test_the_evidence_is_found_read_and_taken_away(visitor: Visitor, engine: Engine) -> None:
    with engine.begin() as conn:
        window = conn.execute(select(m.DutyWindow.__table__)).one()
    later = window.accepts_until + timedelta(hours=2)
    judge_date(engine, "no_show", window.work_date, Clock(later, later - timedelta(days=60), timedelta(hours=72)))
    page = visitor.page
    visitor.sign_in("atasan")
    visitor.go(f"/team/{visitor.site.person_id}/days/{visitor.site.work_date}")
    page.get_by_role("link", name="Bukti selengkapnya").click()
    expect(page.get_by_role("heading", name="Dasar penilaian ini")).to_be_visible()
    expect(page.get_by_role("img", name="Peta hari ini")).to_be_visible()
    expect(page.get_by_role("region", name="Dari, Sampai, Di mana")).to_contain_text("Di tempat tugas")
    visitor.check()
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    visitor.go("/team/reports/no-show")
    visitor.check()
    with page.expect_download() as download:
        page.get_by_role("link", name="XLSX").click()
    assert download.value.suggested_filename.endswith(".xlsx")
