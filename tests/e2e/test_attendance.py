"""Attendance in a real browser: checking in where the browser is, leave from the wish to the answer, attesting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, delete, select

from reports.batches import Clock
from reports.judging import judge_date
from tests import builders as build
from tests.e2e.site import TOO_SMALL_FOR_A_THUMB, Visitor
from tracker.storage import models as m

INSIDE = {"latitude": -6.2, "longitude": 106.8, "accuracy": 10}


@pytest.fixture
def silent(visitor: Visitor, engine: Engine, owner: Engine) -> int:
    """The duty of which no phone says anything."""
    with owner.begin() as conn:
        conn.execute(delete(m.StoredFix))
    with engine.connect() as conn:
        return conn.scalars(select(m.DutyWindow.id)).one()


def test_a_check_in_at_the_place_of_duty_is_presence(visitor: Visitor, engine: Engine, silent: int) -> None:
    page = visitor.page
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation(INSIDE)
    visitor.sign_in("pegawai")
    visitor.go("/me")
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    page.locator("#check-in").get_by_role("button", name="Masuk").click()
    expect(page.get_by_text("Presensi masuk tercatat.")).to_be_visible()
    expect(page.locator("#check-in")).to_contain_text("dengan tempat")
    visitor.check()
    with engine.begin() as conn:
        window = conn.execute(select(m.DutyWindow.__table__).where(m.DutyWindow.id == silent)).one()
    later = window.accepts_until + timedelta(hours=2)
    judge_date(engine, "no_show", window.work_date, Clock(later, later - timedelta(days=60), timedelta(hours=72)))
    with engine.connect() as conn:
        (verdict,) = conn.execute(select(m.VerdictRevision.__table__)).all()
    assert verdict.status == "PRESENT" and verdict.evidence["moments"][0]["place"] == "inside"
    visitor.go("/me")
    page.get_by_text("Dasar penilaian ini").click()
    visitor.check()


def test_leave_is_asked_for_and_approved(visitor: Visitor, engine: Engine) -> None:
    page = visitor.page
    visitor.sign_in("pegawai")
    visitor.go("/me/leave")
    visitor.check()
    first = str(visitor.site.work_date + timedelta(days=20))
    page.get_by_label("Jenis").select_option("official_trip")
    page.get_by_label("Hari pertama").fill(first)
    page.get_by_label("Hari terakhir").fill(first)
    page.get_by_role("button", name="Ajukan").click()
    expect(page.get_by_role("alert")).to_contain_text("ke mana dinas luar")
    visitor.complaints.clear()  # of an answer that was a refusal
    page.get_by_label("Ke mana").fill("Bogor")
    page.get_by_role("button", name="Ajukan").click()
    expect(page.get_by_text("Menunggu jawaban")).to_be_visible()
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    visitor.check()
    page.get_by_role("button", name="Keluar").click()
    visitor.sign_in("atasan")
    visitor.go("/team/leave")
    visitor.check()
    page.get_by_role("link", name="Siti Rahayu").click()
    visitor.check()
    page.get_by_role("button", name="Setujui").click()
    page.get_by_role("button", name="Keluar").click()
    visitor.sign_in("pegawai")
    visitor.go("/me")
    expect(page.locator("#news")).to_contain_text("disetujui")
    visitor.check()
    page.locator("#news").get_by_role("button").click()
    expect(page.locator("#news")).to_have_count(0)


def test_presence_is_attested_and_a_case_decided(visitor: Visitor, engine: Engine) -> None:
    page, site = visitor.page, visitor.site
    with engine.begin() as conn:
        window = conn.scalars(select(m.DutyWindow.id)).one()
        digest = {"cause": "late_fixes", "proposed": {"status": "PRESENT"}, "proposed_digest": "x"}
        conn.execute(m.DutyCase.__table__.insert().values(window_id=window, opened_at=build.LONG_AGO, **digest))
    visitor.sign_in("atasan")
    visitor.go(f"/team/{site.person_id}/days/{site.work_date}")
    page.locator("summary", has_text="Nyatakan hadir").click()
    page.get_by_label("Bagaimana Anda mengetahuinya").fill("Saya melihatnya sendiri di pos.")
    visitor.check()
    page.locator("form").get_by_role("button", name="Nyatakan hadir").click()
    expect(page.get_by_text("Saya melihatnya sendiri di pos.")).to_be_visible()
    visitor.check()
    visitor.go("/team/cases")
    visitor.check()
    page.get_by_role("link", name="Siti Rahayu").click()
    visitor.check()
    page.get_by_label("Alasan").fill("Posisi terlambat membuktikannya.")
    page.get_by_role("button", name="Pertahankan penilaian").click()
    expect(page.get_by_text("Diputuskan. Orangnya")).to_be_visible()
    visitor.check()
