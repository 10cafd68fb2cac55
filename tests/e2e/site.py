"""A running city for browser tests, and a visitor whose browser's complaints are failures."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Page
from sqlalchemy import Connection, Engine, insert
from sqlalchemy.orm import Session

from tests import builders as build
from tests.conftest import Database
from tests.services import Process, answers, free_port
from tracker.domain.observation import NoFix, Status
from tracker.storage import models as m
from tracker.storage.accounts import create_account
from tracker.storage.fixes import Received, save_batch
from tracker.storage.quarantine import RejectedMessage
from tracker.wire.topics import position_topic

CHECKOUT = Path(__file__).parents[2]
AXE = CHECKOUT / "node_modules/axe-core/axe.min.js"
# the shell is made for tests: the whole browser, beside programs that compute, may draw nothing for half a minute
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), "/usr/bin/chromium")
WITHOUT_A_SCREEN = [
    "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader",  # maps alone are drawn by WebGL
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
OF_THE_MACHINE = "GPU stall due to ReadPixels"  # what a browser without a GPU says of a map, whatever we do
SIZES = {"phone": (360, 800), "desk": (1280, 800)}
JAKARTA = ZoneInfo("Asia/Jakarta")
BAY = (  # an area with a bay in the west, and a hole
    ((106.81, -6.21), (106.85, -6.21), (106.85, -6.18), (106.81, -6.18), (106.83, -6.195), (106.81, -6.21)),
    ((106.84, -6.2), (106.845, -6.2), (106.84, -6.19), (106.84, -6.2)),
)
PASSWORD = "sandi-rahasia-1"
TOO_SMALL_FOR_A_THUMB = """() => [...document.querySelectorAll("a:not(.skip), button, input, select, summary")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44 && innerWidth < 500)
    .map((one) => one.outerHTML)"""
# what it finds in order stays in the browser: to bring that over takes longer than to look for it
WHAT_AXE_FINDS = """tags => axe.run({runOnly: tags, resultTypes: ["violations"]}).then((found) =>
    found.violations.map((one) => [one.id, ...one.nodes.map((node) => node.html.slice(0, 160))]))"""
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Site:
    """A running city: its address, its public folder, and the person whose day is looked at."""

    address: str
    public: Path
    person_id: int
    work_date: date


@contextmanager
def served(database: Database, folder: Path, **settings: str) -> Iterator[str]:
    """The address of the pages over a database, as a real server serves them, with other `settings` if need be."""
    port = free_port()
    environment = {
        **os.environ,
        "DATA_DIR": str(folder), "DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url,
        "MQTT_URL": "mqtt://bridge:secret@127.0.0.1:1", "DEMO": "0", "SECOND_FACTOR": "0",
        **settings,
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--threads", "8", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    server = Process([*command, "wsgi:app"], folder / "web.log", lambda: answers(port), environment, CHECKOUT)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


class Standing:
    """The pages, served on from test to test as a database goes from test to test; where another comes, anew."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._database_url, self._address, self._server = folder, "", "", ExitStack()

    def over(self, database: Database) -> tuple[str, Path]:
        """The address of the pages over a database, and their public folder, which is empty."""
        if database.app_url != self._database_url:
            self.end()
            self._address = self._server.enter_context(served(database, self._folder))
            self._database_url = database.app_url
        public = self._folder / "public"
        shutil.rmtree(public, ignore_errors=True)
        return self._address, public

    def end(self) -> None:
        self._server.close()
        self._database_url = ""


def small_city(engine: Engine) -> tuple[int, date]:
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


def snapshot(folder: Path, lon: float = 106.82) -> None:
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
        """On a phone and on a desk nobody complains, nothing is wider than the screen, and axe finds nothing."""
        self.page.wait_for_load_state()
        own = self.page.viewport_size
        assert own is not None
        for width, height in SIZES.values():
            self.page.set_viewport_size({"width": width, "height": height})
            self._check()
        self.page.set_viewport_size(own)

    def _check(self) -> None:
        assert self.complaints == []
        wider = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider == 0, f"{self.page.url} is {wider} px wider than the screen"
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())  # through the debugger: the page's own policy would refuse it
        assert self.page.evaluate(WHAT_AXE_FINDS, WCAG) == [], self.page.url
