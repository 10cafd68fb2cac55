"""A small city behind the pages: one agency with two units, a person in each, and an account for every role."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import builders as build
from tests.databases import Database
from tracker.storage import models as m
from tracker.storage.accounts import HASHER
from tracker.storage.sessions import open_session
from tracker.web import create_app, door
from tracker.web.city import City, db
from tracker.web.cookies import SESSION

JAKARTA = ZoneInfo("Asia/Jakarta")
WORK_DATE = date(2026, 11, 19)  # a Thursday
NOW = datetime(2026, 11, 19, 15, 0, tzinfo=JAKARTA).astimezone(UTC)
PASSWORD = "sandi-rahasia-1"


def at(hour: int, minute: int = 0, day: date = WORK_DATE) -> datetime:
    """A local time of the work date, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JAKARTA).astimezone(UTC)


@dataclass
class Clock:
    """The time the application believes in; a test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Settings:
    data_dir: Path
    database_url: str
    timezone: ZoneInfo = JAKARTA
    secret_key: str = "for tests"
    demo: bool = False
    secure_cookies: bool = False
    metrics_token: str = "t" * 64
    second_factor: bool = False
    trusted_proxies: int = 0
    retention_days: int = 60
    attendance_years: int = 5
    lock: timedelta = timedelta(hours=72)
    contest_days: int = 14
    public_url: str = ""
    mqtt_public_url: str = "mqtts://broker.example.go.id:8883"
    self_enrolment: bool = True
    smtp_url: str = "smtps://mail.example.go.id"


@dataclass(frozen=True)
class People:
    """The ids of the small city. `own` is supervised by `supervisor`, `foreign` by `stranger`."""

    unit: int
    foreign_unit: int
    own: int
    foreign: int
    boss: int
    window: int
    sweeping: int
    meeting: int


@dataclass
class Browser:
    """One browser: keeps cookies, sends the form token of the page it looks at and which submission it shows."""

    client: FlaskClient
    token: str = field(default="")
    shown: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> TestResponse:
        response = self.client.get(path, headers=headers, buffered=True)
        found = re.search(rb'name="csrf_token" value="([^"]+)"', response.data)
        self.token = found.group(1).decode() if found else self.token
        self.shown = dict(re.findall(r'name="(submitted_at)" value="([^"]+)"', response.text) if found else [])
        return response

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **self.shown, **fields}, buffered=True)


class Compiled(BytecodeCache):
    """The templates as one application compiled them, for all that a worker makes."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


@functools.lru_cache(1)  # a database goes from test to test; where another takes its place, so does another application
def application(database_url: str) -> Flask:
    """Its routes and its statements are compiled once: that takes longer than most tests do."""
    app = create_app(Settings(Path(), database_url))
    app.testing = True
    app.jinja_env.bytecode_cache = COMPILED
    return app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """The application over this test's database, folder and clock; it knows nothing of the test before.

    Who adds a route takes `own_app`: one that has answered allows that no more.
    """
    app = application(database.app_url)
    configured = dict(app.config)
    app.extensions["city"] = City(Settings(tmp_path, database.app_url), clock)
    door.init_app(app)
    yield app
    app.config.clear()
    app.config.update(configured)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def own_app(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """An application that nobody else had."""
    app = create_app(Settings(tmp_path, database.app_url), clock)
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def people(engine: Engine) -> People:
    """Units, people, a duty window from 8 to 16 for `own`, activity types, and an account for every role."""
    with engine.begin() as conn:
        agency = build.unit(conn, "Dinas Kebersihan")
        unit, foreign_unit = build.unit(conn, "Regu Menteng", agency), build.unit(conn, "Dinas Pertamanan")
        own, foreign = build.person(conn, unit, "Siti Rahayu"), build.person(conn, foreign_unit, "Budi Santoso")
        boss = build.person(conn, agency, "Rina Marlina")
        build.has_read_notice(conn, own, foreign, boss)
        window = build.window(conn, own, at(8), at(16), work_date=WORK_DATE, zones=[build.zone(conn)])
        types = [("Penyapuan jalan", "Street sweeping", "meter", 60), ("Rapat", "Meeting", "rapat", 45)]
        columns = ("name_id", "name_en", "volume_unit", "standard_min")
        rows = [dict(zip(columns, row, strict=True)) for row in types]
        sweeping, meeting = conn.scalars(insert(m.ActivityType).returning(m.ActivityType.id), rows).all()
    ids = People(unit, foreign_unit, own, foreign, boss, window, sweeping, meeting)
    with engine.begin() as conn:
        for username, person_id, role, unit_id in (
            ("pegawai", own, None, None),
            ("atasan", boss, "supervisor", agency),
            ("regu", None, "supervisor", unit),
            ("stranger", foreign, "supervisor", foreign_unit),
            ("auditor", None, "auditor", None),
            ("admin", None, "system_administrator", None),
        ):
            values = {"username": username, "person_id": person_id, "password_argon2": password_hash()}
            conn.execute(insert(m.Account).values(values))
            if role:
                build.grant(conn, username, role, unit_id)
    return ids


@functools.cache
def password_hash() -> str:
    """The hash of `PASSWORD`, made once: it is slow on purpose."""
    return HASHER.hash(PASSWORD)


@pytest.fixture
def nobody(app: Flask) -> Browser:
    return Browser(app.test_client())


def signed_in(app: Flask, engine: Engine, username: str, now: datetime = NOW) -> Browser:
    """A browser that is signed in, without the cost of a password check."""
    with Session(engine) as session:
        account = session.query(m.Account).filter_by(username=username).one()
        token, _ = open_session(session, account, now, now.astimezone(JAKARTA).date())
        session.commit()
    client = app.test_client()
    client.set_cookie(SESSION, token)
    return Browser(client)


def move_to(clock: Clock, engine: Engine, now: datetime) -> None:
    """Move the clock while everybody stays signed in, as if they had signed in anew."""
    clock.now = now
    with engine.begin() as conn:
        anew = {"created_at": now, "last_seen_at": now, "expires_at": now + timedelta(hours=1)}
        conn.execute(update(m.WebSession).values(**anew))


@pytest.fixture
def employee(app: Flask, engine: Engine, people: People) -> Browser:
    return signed_in(app, engine, "pegawai")


@pytest.fixture
def supervisor(app: Flask, engine: Engine, people: People) -> Browser:
    return signed_in(app, engine, "atasan")


@pytest.fixture
def stranger(app: Flask, engine: Engine, people: People) -> Browser:
    return signed_in(app, engine, "stranger")


@pytest.fixture
def administrator(app: Flask, engine: Engine, people: People) -> Browser:
    return signed_in(app, engine, "admin")


def reader(app: Flask, engine: Engine, username: str) -> Browser:
    """Somebody who administers, reads English and looks at a form."""
    browser = signed_in(app, engine, username)
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    browser.get("/admin/units/new")
    return browser


@pytest.fixture
def admin(app: Flask, engine: Engine, people: People) -> Browser:
    """A system administrator who reads English."""
    return reader(app, engine, "admin")


@pytest.fixture
def local(app: Flask, engine: Engine, people: People) -> Browser:
    """An administrator of the agency with the team Regu Menteng, who reads English."""
    with engine.begin() as conn:
        agency = conn.scalars(select(m.UnitPlace.parent_id).where(m.UnitPlace.unit_id == people.unit)).one()
        conn.execute(insert(m.Account).values(username="admin-dinas"))
        build.grant(conn, "admin-dinas", "administrator", agency)
    return reader(app, engine, "admin-dinas")


def one(engine: Engine, table: Any, **where: Any) -> Any:
    """The one row that is like this."""
    with engine.connect() as conn:
        return conn.execute(select(table.__table__).filter_by(**where)).one()


def said(browser: Browser, address: str, **typed: Any) -> str:
    """What a refused form says; nothing where it was taken."""
    answer = browser.post(address, **typed)
    if answer.status_code == 303:
        return ""
    assert answer.status_code == 422, answer.status_code
    found = re.findall(r'class="field-error"[^>]*>([^<]+)<|class="notice bad">.*?<p>([^<]+)', answer.text)
    return " ".join(a or b for a, b in found)
