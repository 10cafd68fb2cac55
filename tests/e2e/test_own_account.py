"""What everybody finds about themselves, in a real browser: notice, data, account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import expect

from tests.e2e.site import PASSWORD, TOO_SMALL_FOR_A_THUMB, Visitor


@pytest.mark.parametrize("path", ["/about", "/sign-in", "/activate", "/no-such-page"])
def test_open_pages_are_accessible(visitor: Visitor, path: str) -> None:
    visitor.go(path)
    if path == "/no-such-page":
        (missing,) = visitor.complaints  # the browser itself reports the 404 that is asked for
        assert "404" in missing
        visitor.complaints.clear()
    visitor.check()


def test_a_newcomer_reads_the_notice_first_and_goes_on(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("baru")
    expect(page.get_by_role("heading", name="Apa yang dicatat tentang Anda")).to_be_visible()
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 800
    visitor.check()
    page.get_by_role("button", name="Saya sudah membaca").click()
    page.wait_for_url("**/me")
    visitor.go("/me/notice")
    expect(page.get_by_text("Anda telah membaca ini")).to_be_visible()
    visitor.check()


def test_a_request_for_correction_from_the_form_to_its_answer(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("pegawai")
    visitor.go("/me/data")
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    visitor.check()
    page.get_by_label("Tentang apa?").select_option("register")
    page.get_by_label("Apa yang keliru").fill("Nama saya ditulis Siti Rahaju,\nseharusnya Siti Rahayu.")
    page.get_by_role("button", name="Kirim", exact=True).click()
    expect(page.locator(".request")).to_contain_text("Menunggu jawaban")
    visitor.check()
    page.get_by_role("button", name="Keluar").click()

    visitor.sign_in("admin")
    page.get_by_role("link", name="Perbaikan", exact=True).click()
    visitor.check()
    page.get_by_role("link", name="Siti Rahayu").click()
    visitor.check()
    page.get_by_label("Apa hasilnya?").select_option("corrected")
    page.get_by_label("Jawaban Anda").fill("Sudah kami perbaiki, terima kasih.")
    page.get_by_role("button", name="Jawab").click()
    expect(page.get_by_text("Tidak ada permintaan yang menunggu")).to_be_visible()
    visitor.check()
    page.get_by_role("link", name="Terjawab (1)").click()
    visitor.check()
    page.get_by_role("link", name="Siti Rahayu").click()
    expect(page.locator(".answer")).to_contain_text("Sudah kami perbaiki")
    visitor.check()


def test_an_employee_sets_up_a_second_factor_and_signs_in_with_it(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("pegawai")
    for path in ("/account", "/account/password", "/account/mail", "/account/second-factor"):
        visitor.go(path)
        assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
        visitor.check()
    expect(page.locator(".qr-frame svg")).to_be_visible()
    app = pyotp.TOTP(page.locator("main code").inner_text().replace(" ", ""))
    page.get_by_label("Kode dari aplikasi").fill(app.now())
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Pakai faktor kedua ini").click()
    expect(page.get_by_text("Mulai sekarang kode diminta")).to_be_visible()
    visitor.go("/account/second-factor")
    visitor.check()
    page.get_by_role("button", name="Keluar").click()
    visitor.sign_in("pegawai")
    expect(page.get_by_role("heading", name="Langkah kedua")).to_be_visible()
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    visitor.check()
    next_code = app.at(datetime.now(UTC) + timedelta(seconds=app.interval))  # that of the enrolment is used
    page.get_by_label("Kode dari aplikasi").fill(next_code)
    page.get_by_role("main").get_by_role("button", name="Masuk").click()
    page.wait_for_url("**/me")


def test_a_supervisor_makes_a_token(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("atasan")
    page.get_by_role("link", name="atasan").click()
    page.get_by_role("link", name="Token untuk mesin").click()
    visitor.check()
    page.get_by_label("Nama (program)").fill("papan-pengumuman-" + "x" * 60)
    page.get_by_label("Kata sandi Anda").fill(PASSWORD)
    page.get_by_role("button", name="Buat token").click()
    expect(page.locator(".payload")).to_contain_text("jejak_")
    visitor.check()
