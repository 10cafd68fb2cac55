"""The pages as people use them: a real server, a real browser, and axe on every page."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyotp
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, expect, sync_playwright
from sqlalchemy import Connection, Engine, insert
from sqlalchemy.orm import Session

from tests import builders as build
from tests.conftest import Database
from tests.services import Process, answers, free_port, wait_until
from tracker.domain.observation import NoFix, Status
from tracker.storage import models as m
from tracker.storage.accounts import create_account
from tracker.storage.fixes import Received, save_batch
from tracker.storage.quarantine import RejectedMessage
from tracker.wire.topics import position_topic

CHECKOUT = Path(__file__).parents[2]
AXE = CHECKOUT / "node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or "/usr/bin/chromium"
WITHOUT_A_SCREEN = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist", "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
SIZES = {"phone": (360, 800), "desk": (1280, 800)}
JAKARTA = ZoneInfo("Asia/Jakarta")
BAY = (  # an area with a bay in the west, and a hole
    ((106.81, -6.21), (106.85, -6.21), (106.85, -6.18), (106.81, -6.18), (106.83, -6.195), (106.81, -6.21)),
    ((106.84, -6.2), (106.845, -6.2), (106.84, -6.19), (106.84, -6.2)),
)
PASSWORD = "sandi-rahasia-1"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Site:
    """A running city: its address, its public folder, and the person whose day is looked at."""

    address: str
    public: Path
    person_id: int
    work_date: date


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=WITHOUT_A_SCREEN)
    yield browser
    browser.close()


@pytest.fixture
def site(database: Database, engine: Engine, tmp_path: Path) -> Iterator[Site]:
    person_id, work_date = _city(engine)
    _snapshot(tmp_path / "public")
    port = free_port()
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path), "DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url,
        "MQTT_URL": "mqtt://bridge:secret@127.0.0.1:1", "DEMO": "0", "SECOND_FACTOR": "0",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--threads", "8", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    server = Process([*command, "wsgi:app"], tmp_path / "web.log", lambda: answers(port), environment, CHECKOUT)
    server.start()
    yield Site(f"http://127.0.0.1:{port}", tmp_path / "public", person_id, work_date)
    server.stop()


def _city(engine: Engine) -> tuple[int, date]:
    """An employee on duty since six hours, with a track; her supervisor; activity types."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    start = now - timedelta(hours=6)
    with engine.begin() as conn:
        unit = build.unit(conn, "Regu Menteng")
        own, boss = build.person(conn, unit, "Siti Rahayu"), build.person(conn, unit, "Rina Marlina")
        build.has_read_notice(conn, own, boss)
        newcomer = build.person(conn, build.unit(conn, "Regu Gambir"), "Dewi Lestari")
        zone = build.zone(conn, name="Taman Suropati")
        area = build.area(conn, *BAY, name="Kelurahan Menteng")
        for base in (zone, area):
            build.vehicle(conn, base=base)
        day = start.astimezone(JAKARTA).date()
        build.window(conn, own, start, start + timedelta(hours=8), work_date=day, zones=[zone, area])
        phone = build.device(conn, person_id=own)
        conn.execute(insert(m.DeviceState).values(device_id=phone, last_heard_at=now, battery_pct=80))
        conn.execute(insert(m.StoredFix), [_fix(phone, start, minute) for minute in range(0, 350, 2)])
        conn.execute(insert(m.ActivityType), [_activity_type(number) for number in range(8)])
        _troubled_devices(conn, phone, now)
    with Session(engine) as session:
        people = {"pegawai": own, "atasan": boss, "admin": None, "pemeriksa": None, "baru": newcomer}
        for username, person_id in people.items():
            create_account(session, username, PASSWORD, person_id)
        session.flush()
        build.grant(session.connection(), "atasan", "supervisor", unit)
        build.grant(session.connection(), "admin", "system_administrator")
        build.grant(session.connection(), "pemeriksa", "auditor")
        session.commit()
    return own, day


def _troubled_devices(conn: Connection, phone: int, now: datetime) -> None:
    """A truck with everything that can be wrong, messages of it and of the phone in quarantine, one of a stranger."""
    truck = build.device(conn, "truck-menteng-01", vehicle_id=build.vehicle(conn))
    topic = position_topic("truck-menteng-01")
    save_batch(
        conn,
        [
            Received(truck, now, NoFix("ping", 9, False, "mobile")),
            Received(truck, now, Status(permission="never", power_save=True)),
        ],
        [
            RejectedMessage(now, topic, truck, ("no_time", "impossible_coordinates"), b'{"lat": 91, "note": "<b>"}'),
            RejectedMessage(now, topic, truck, ("not_json",), bytes(range(256))),
            RejectedMessage(now, "owntracks/01/phone", phone, ("no_time",), b"{}"),
            RejectedMessage(now, "owntracks/99/a-login-that-nobody-has-registered", None, ("unknown_device",), b"{}"),
        ],
    )
    state = m.DeviceState.__table__
    denied = {"denied": 12, "denied_at": now, "denied_topic": "owntracks/99/a-wrong-login-that-is-long/event"}
    conn.execute(state.update().where(state.c.device_id == truck).values(**denied))


def _fix(device_id: int, start: datetime, minute: int) -> dict[str, Any]:
    """At the zone for three hours, then away to the east."""
    lon = 106.8 + max(0, minute - 180) * 5e-4
    at = start + timedelta(minutes=minute)
    place = {"lat_e7": -62000000, "lon_e7": round(lon * 1e7), "accuracy_m": 8}
    return {"device_id": device_id, "fix_time": at, "received_after_s": 0, **place}


def _activity_type(number: int) -> dict[str, Any]:
    names = {"name_id": f"Pekerjaan {number}", "name_en": f"Work {number}"}
    return {**names, "volume_unit": "meter", "standard_min": 60}


def _snapshot(folder: Path, lon: float = 106.82) -> None:
    now = datetime.now(UTC)
    vehicles = [
        _vehicle("a1b2c3d4", "garbage_truck", lon, now, "moving"),
        _vehicle("b1b2c3d4", "ambulance", 106.81, now, "at_base"),
        _vehicle("c1b2c3d4", "patrol_car", 106.80, now - timedelta(minutes=10), "still"),
        _vehicle("d1b2c3d4", "fire_truck", 106.79, now - timedelta(hours=3), "still"),
    ]
    folder.mkdir(exist_ok=True)
    fresh = folder / "fresh"
    fresh.write_text(json.dumps({"type": "FeatureCollection", "generated_at": now.isoformat(), "features": vehicles}))
    fresh.replace(folder / "vehicles.geojson")


def _vehicle(public_id: str, kind: str, lon: float, seen: datetime, state: str) -> dict[str, Any]:
    properties = {
        "kind": kind, "agency": f"Dinas {kind}", "fix_time": seen.isoformat(), "course_deg": 90, "state": state,
        "old_after_s": 180, "stale_after_s": 3600,
    }  # fmt: skip
    geometry = {"type": "Point", "coordinates": [lon, -6.2]}
    return {"type": "Feature", "id": public_id, "geometry": geometry, "properties": properties}


@dataclass
class Visitor:
    """A page whose complaints are collected; `check` fails on any, and on what axe finds."""

    page: Page
    site: Site
    complaints: list[str]

    def go(self, path: str) -> None:
        self.page.goto(self.site.address + path)

    def sign_in(self, username: str) -> None:
        self.go("/sign-in?lang=id")
        self.page.get_by_label("Nama pengguna").fill(username)
        self.page.get_by_label("Kata sandi").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Masuk").click()
        self.page.wait_for_url(lambda address: not address.endswith("/sign-in?lang=id"))

    def check(self) -> None:
        """Nothing was complained about, nothing is wider than the screen, axe finds nothing."""
        self.page.wait_for_load_state()
        assert self.complaints == []
        wider = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, f"{self.page.url} is {wider} px wider than the screen"
        self.page.evaluate(AXE.read_text())  # through the debugger: the page's own policy would refuse it
        found = self.page.evaluate("tags => axe.run({runOnly: tags})", WCAG)
        said = [(v["id"], [node["html"][:160] for node in v["nodes"]]) for v in found["violations"]]
        assert said == [], self.page.url


@pytest.fixture(params=SIZES)
def visitor(request: pytest.FixtureRequest, chromium: Browser, site: Site) -> Iterator[Visitor]:
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="id-ID")
    page = context.new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # typing on replaces a search that is under way
            complaints.append(f"{request.url}: {request.failure}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", failed)
    yield Visitor(page, site, complaints)
    context.close()


RENDERED = """() => Object.fromEntries(document.querySelector("#map").map
    .queryRenderedFeatures({layers: ["vehicles"]})
    .map((one) => [one.properties.id, one.geometry.coordinates[0].toFixed(3)]))"""


def rendered(page: Page) -> dict[str, str]:
    """The vehicles that the map has drawn, by public id, with their longitude."""
    found: dict[str, str] = page.evaluate(RENDERED)
    return found


ON_SCREEN = "at => { const {x, y} = document.querySelector('#map').map.project(at); return [x, y]; }"


def test_citizens_see_vehicles_move(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/")
    page.wait_for_selector("#map[data-ready]")
    expect(page.locator("#fresh-words")).to_contain_text("Diperbarui")
    wait_until(lambda: sorted(rendered(page)) == ["a1b2c3d4", "b1b2c3d4", "c1b2c3d4"], "all but the stale one")
    assert rendered(page)["a1b2c3d4"] == "106.820"
    visitor.check()
    _snapshot(visitor.site.public, lon=106.815)
    wait_until(lambda: rendered(page).get("a1b2c3d4") == "106.815", "the vehicle has glided to its new place")
    stations = "map => map.queryRenderedFeatures({layers: ['station-areas', 'stations']}).map((one) => one.layer.id)"
    on_map = f"() => ({stations})(document.querySelector('#map').map)"
    wait_until(lambda: {"station-areas", "stations"} <= set(page.evaluate(on_map)), "bases are drawn")
    assert page.context.cookies() == []
    assert visitor.complaints == []


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
    page.goto(site.address)
    expect(page.get_by_text("This browser cannot draw the map")).to_be_visible()
    expect(page.locator("#list li")).to_have_count(3)
    expect(page.locator("#list li").first).to_contain_text("Ambulance B1B2")
    browser.close()


TOO_SMALL_FOR_A_THUMB = """() => [...document.querySelectorAll("a:not(.skip), button, input, select, summary")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44 && innerWidth < 500)
    .map((one) => one.outerHTML)"""


DRAWN = """at => { const {map} = document.querySelector("#map");
    return map.queryRenderedFeatures(map.project(at), {layers: ["zones"]}).map((one) => one.properties.name); }"""
PLACES = {
    (106.8, -6.2): ["Taman Suropati"],  # a circle
    (106.835, -6.205): ["Kelurahan Menteng"],
    (106.815, -6.195): [],  # in the bay
    (106.842, -6.197): [],  # in the hole
}


def drawn_at(page: Page, at: tuple[float, float]) -> list[str]:
    """The names of the zones that the map has drawn there."""
    names: list[str] = page.evaluate(DRAWN, at)
    return names


def test_a_day_from_the_first_entry_to_the_approval(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("pegawai")
    expect(page.locator("#heard")).to_contain_text("Ponsel Anda terdengar")
    assert page.evaluate(TOO_SMALL_FOR_A_THUMB) == []
    visitor.check()
    page.get_by_role("radio", name="Pekerjaan 3").check()
    expect(page.locator("[data-volume-unit]")).to_have_text("(meter)")
    page.get_by_role("button", name="Tambah").last.click()
    page.get_by_role("button", name="Simpan").click()
    expect(page.locator(".entries li")).to_contain_text("2 meter")
    visitor.check()
    page.get_by_role("link", name="Ubah").click()
    visitor.check()
    page.get_by_label("Volume").fill("5")
    page.get_by_role("button", name="Simpan").click()
    expect(page.locator(".entries li")).to_contain_text("5 meter")
    page.get_by_text("Kirim laporan hari ini").click()
    page.get_by_role("button", name="Ya, kirim").click()
    expect(page.locator("#log")).to_contain_text("Menunggu tinjauan")
    visitor.check()
    page.get_by_role("button", name="Keluar").click()

    visitor.sign_in("atasan")
    visitor.check()
    page.get_by_role("link", name="Tinjauan", exact=True).click()
    visitor.check()
    page.get_by_role("link", name="Siti Rahayu").click()
    page.wait_for_selector("#map[data-ready]")
    expect(page.locator("#map .stay-mark.on_site").first).to_have_text("1")
    wait_until(lambda: [drawn_at(page, at) for at in PLACES] == list(PLACES.values()), "zones are drawn as they are")
    visitor.check()
    page.locator("#time").fill("3600")
    expect(page.locator("#segments .cursor").first).to_have_attribute("x1", "125")
    page.get_by_text("Sama dalam bentuk tabel").click()
    visitor.check()
    page.get_by_role("button", name="Setujui").click()
    expect(page.get_by_text("Tidak ada yang menunggu")).to_be_visible()
    visitor.check()
    with_decision = f"/team/{visitor.site.person_id}/days/{visitor.site.work_date}"
    visitor.go(with_decision)
    expect(page.locator("#log")).to_contain_text("Disetujui")


def test_the_team_is_narrowed_while_typing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("atasan")
    visitor.go(f"/team?date={visitor.site.work_date}")
    expect(page.locator(".person-name")).to_have_count(2)
    page.get_by_label("Nama atau NIP").press_sequentially("siti")
    expect(page.locator(".person-name")).to_have_count(1)
    page.wait_for_url("**q=siti**")
    visitor.check()


@pytest.mark.parametrize("path", ["/about", "/sign-in", "/activate", "/no-such-page"])
def test_open_pages_are_accessible(visitor: Visitor, path: str) -> None:
    visitor.go(path)
    if path == "/no-such-page":
        (missing,) = visitor.complaints  # the browser itself reports the 404 that is asked for
        assert "404" in missing
        visitor.complaints.clear()
    visitor.check()


def test_staff_pages_are_accessible(visitor: Visitor) -> None:
    visitor.sign_in("atasan")
    for path in ("/me", "/me/data", "/team/reports/no-show", "/team/reports/idle", "/team/deputies"):
        visitor.go(path)
        visitor.check()


def test_an_auditor_says_why_and_the_day_opens(visitor: Visitor) -> None:
    visitor.sign_in("pemeriksa")
    visitor.page.get_by_role("link", name="Siti Rahayu").click()
    expect(visitor.page.get_by_role("heading", name="Mengapa Anda melihat?")).to_be_visible()
    visitor.check()
    visitor.page.get_by_label("Alasan").fill("Pemeriksaan berkala")
    visitor.page.get_by_role("button", name="Buka hari itu").click()
    expect(visitor.page.get_by_role("heading", name="Siti Rahayu")).to_be_visible()


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
    for path in ("/account", "/account/password", "/account/second-factor"):
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


def test_an_administrator_looks_after_accounts(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    page.get_by_role("link", name="Akun", exact=True).click()
    expect(page.get_by_role("navigation", name="Halaman").get_by_role("link", name="Administrasi")).to_be_visible()
    visitor.check()
    page.get_by_role("link", name="Rina Marlina").click()
    visitor.check()
    page.locator("#role").select_option("administrator")
    page.locator("#unit").select_option("Regu Menteng")
    page.get_by_role("button", name="Beri peran ini").click()
    expect(page.get_by_text("Peran telah diberikan")).to_be_visible()
    for question in page.locator("summary").all():
        question.click()
    visitor.check()
    page.get_by_role("button", name="Ya, buat kode").click()
    expect(page.locator(".payload")).to_have_text(re.compile("^([a-z0-9]{5}-){3}[a-z0-9]{5}$"))
    visitor.check()
    page.get_by_role("link", name="Semua akun").click()
    page.get_by_label("NIP (").fill("12")
    page.get_by_role("button", name="Buat akun ini").click()
    expect(page.get_by_text("Tidak ada orang dengan NIP ini")).to_be_visible()
    visitor.complaints.clear()  # the browser itself reports the 422 that is asked for
    visitor.check()
    for path in ("/admin/accounts?q=nowhere", "/admin/corrections", "/admin/audit", "/admin/accounts?lang=en"):
        visitor.go(path)
        visitor.check()


def test_an_administrator_finds_what_is_wrong_and_replays_it(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    visitor.check()
    expect(page.locator("#device-truck-menteng-01 .problems")).to_contain_text("Menulis di tempat terlarang")
    visitor.check()
    page.locator("#device-truck-menteng-01").get_by_role("link", name="tanpa waktu").click()
    page.wait_for_url("**device=truck-menteng-01")
    visitor.check()
    page.locator(".person-name").first.click()
    expect(page.locator(".payload")).to_contain_text("f0 f1 f2")
    visitor.check()
    visitor.go("/admin/quarantine")
    page.get_by_text("Putar ulang 3 pesan").click()
    visitor.check()
    page.get_by_role("button", name="Ya, putar ulang").click()
    expect(page.get_by_text("3 pesan tetap seperti semula")).to_be_visible()
    visitor.check()
    for empty in ("/admin/devices?q=nowhere", "/admin/quarantine?device=nowhere"):
        visitor.go(empty)
        visitor.check()
