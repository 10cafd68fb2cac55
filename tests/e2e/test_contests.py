"""A contest in a real browser, from the verdict to the decision, on a phone and at a desk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, select, update

from tests.e2e.site import TOO_SMALL_FOR_A_THUMB, Visitor
from tests.web.test_photos import with_place
from tests.web.test_team import REVISION, SECONDS
from tracker.storage import models as m

SAID = "Saya ada di pos sepanjang hari, ponsel saya rusak."
pytestmark = pytest.mark.parametrize("visitor", ["phone", "desk"], indirect=True)


def test_a_verdict_is_contested_and_decided(visitor: Visitor, engine: Engine, tmp_path: Path) -> None:
    page, site = visitor.page, visitor.site
    with engine.begin() as conn:
        window = conn.execute(select(m.DutyWindow.id, m.DutyWindow.starts_at)).one()
        over = window.starts_at + timedelta(hours=5)
        conn.execute(update(m.DutyWindow).values(ends_at=over, accepts_until=over))
        verdict = {**REVISION, **SECONDS, "status": "UNVERIFIED", "cause": "silent", "observed_s": 0}
        stored = {**verdict, "window_id": window.id, "computed_at": over}
        conn.execute(m.VerdictRevision.__table__.insert().values(**stored))  # type: ignore[attr-defined]
    photo = tmp_path / "pos.jpg"
    photo.write_bytes(with_place())

    visitor.sign_in("pegawai")
    visitor.go(f"/me/days/{site.work_date}")
    page.get_by_role("link", name="Sanggah penilaian ini").click()
    visitor.check()
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    page.get_by_label("Apa yang tidak benar").fill(SAID)
    page.get_by_label("Gambar").set_input_files(photo)
    page.get_by_role("button", name="Kirim").click()
    expect(page.get_by_text("Menunggu keputusan")).to_be_visible()
    visitor.check()
    page.get_by_role("button", name="Keluar").click()

    visitor.sign_in("atasan")
    visitor.go("/team/contests")
    visitor.check()
    page.get_by_role("link", name="Siti Rahayu").click()
    expect(page.get_by_text(SAID)).to_be_visible()
    shown = page.get_by_role("img", name="Gambar 1 pada sanggahan")
    expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate("image => image.naturalWidth") == 48
    visitor.check()
    page.get_by_label("Alasan").fill("Saya melihatnya sendiri di pos.")
    page.get_by_role("button", name="Nyatakan hadir: penilaian berubah").click()
    expect(page.get_by_text("Diputuskan. Orangnya")).to_be_visible()
    page.get_by_role("button", name="Keluar").click()

    visitor.sign_in("pegawai")
    visitor.go("/me/contests")
    expect(page.get_by_text("Saya melihatnya sendiri di pos.")).to_be_visible()
    visitor.check()


def test_absence_is_found_where_nothing_was_heard(visitor: Visitor, engine: Engine) -> None:
    page, site = visitor.page, visitor.site
    with engine.begin() as conn:
        window = conn.scalars(select(m.DutyWindow.id)).one()
        verdict = {**REVISION, **SECONDS, "status": "UNVERIFIED", "cause": "silent", "observed_s": 0}
        stored = {**verdict, "window_id": window}
        conn.execute(m.VerdictRevision.__table__.insert().values(**stored))  # type: ignore[attr-defined]
    visitor.sign_in("atasan")
    visitor.go(f"/team/{site.person_id}/days/{site.work_date}")
    page.locator("summary", has_text="Nyatakan tidak hadir").click()
    visitor.check()
    page.locator("details").get_by_label("Bagaimana Anda mengetahuinya").last.fill("Saya mencarinya di pos.")
    page.locator("form").get_by_role("button", name="Nyatakan tidak hadir").click()
    expect(page.get_by_text("Saya mencarinya di pos.")).to_be_visible()
    visitor.check()
    page.get_by_role("button", name="Tarik kembali").click()
    expect(page.get_by_text("Ditarik kembali. Penilaian dihitung lagi")).to_be_visible()
    page.get_by_role("button", name="Keluar").click()

    visitor.sign_in("pegawai")
    expect(page.get_by_text("Pernyataan bahwa Anda tidak hadir pada")).to_be_visible()
    visitor.check()
