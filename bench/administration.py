"""`python -m bench.administration`: how long the pages about units, people, vehicles and devices take in a large city.

100,000 people in 2,000 units with 100,000 phones, 3,000 vehicles with trackers. Each page is asked in turn by a system
administrator and by one of an agency; the time is what the application takes to answer, database and template with it.
Prints `name p50 p95 unit, size` lines; at the end how long it takes to move 500 people together, and to make their
accounts.
"""

from __future__ import annotations

import argparse
import gc
import re
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from tests.databases import TEMPLATE, templated_server
from tests.services import server_folder
from tests.web.conftest import Settings
from tracker.storage.engine import make_engine
from tracker.storage.models import Account
from tracker.storage.sessions import open_session
from tracker.web import create_app
from tracker.web.choosing import MOST_AT_ONCE
from tracker.web.cookies import SESSION

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
ALWAYS = "daterange(NULL, NULL)"
# an agency for each hundredth unit, ten offices below each, and nine teams or so below each of these
CITY = f"""
INSERT INTO unit (name) SELECT 'Unit ' || n FROM generate_series(1, 2000) n;
INSERT INTO unit_place (unit_id, parent_id, period)
    SELECT n, CASE WHEN n <= 20 THEN NULL WHEN n <= 220 THEN (n - 21) / 10 + 1 ELSE (n - 221) % 200 + 21 END, {ALWAYS}
    FROM generate_series(1, 2000) n;
INSERT INTO person (nip, name) SELECT 198001010000000000 + n, 'Pegawai ' || n FROM generate_series(1, 100000) n;
INSERT INTO membership (person_id, unit_id, position, period)
    SELECT n, n % 2000 + 1, 'Petugas', daterange(NULL, '2025-01-01') FROM generate_series(1, 100000) n;
INSERT INTO membership (person_id, unit_id, position, period)
    SELECT n, (n + 7) % 2000 + 1, 'Petugas', daterange('2025-01-01', NULL) FROM generate_series(1, 100000) n;
INSERT INTO account (username, person_id) SELECT nip, id FROM person WHERE id % 10 > 0;
INSERT INTO vehicle (call_sign, plate, kind, unit_id)
    SELECT 'V-' || n, 'B ' || n || ' XY', 'garbage_truck', n % 2000 + 1 FROM generate_series(1, 3000) n;
INSERT INTO device (login, kind, secret_bcrypt) SELECT 'phone-' || n, 'phone', 'x' FROM generate_series(1, 100000) n;
INSERT INTO device (login, kind, secret_bcrypt) SELECT 'tracker-' || n, 'tracker', 'x' FROM generate_series(1, 3000) n;
INSERT INTO assignment (device_id, person_id, period)
    SELECT n, n, tstzrange('2025-01-01', NULL) FROM generate_series(1, 100000) n WHERE n % 20 > 0;
INSERT INTO assignment (device_id, vehicle_id, period)
    SELECT 100000 + n, n, tstzrange('2025-01-01', NULL) FROM generate_series(1, 3000) n WHERE n % 20 > 0;
INSERT INTO device_state (device_id, last_heard_at, battery_pct)
    SELECT id, now() - id % 100 * interval '30 minutes', id % 100 FROM device;
INSERT INTO account (username) VALUES ('city'), ('agency');
INSERT INTO role_grant (account_id, role, unit_id, period)
    SELECT id, CASE username WHEN 'city' THEN 'system_administrator' ELSE 'administrator' END,
        CASE username WHEN 'agency' THEN 1 END, {ALWAYS}
    FROM account WHERE username IN ('city', 'agency');
"""
PAGES = {
    "overview": "/admin",
    "units": "/admin/units",
    "units.search": "/admin/units?q=unit+19",
    "units.below": "/admin/units?unit=Unit+1&sort=people",
    "units.empty": "/admin/units?state=empty",
    "unit": "/admin/units/1",
    "unit.new": "/admin/units/new",
    "people": "/admin/people",
    "people.last": "/admin/people?page=1000000&sort=unit",
    "people.search": "/admin/people?q=pegawai+99",
    "people.unit": "/admin/people?unit=Unit+1",
    "people.no_phone": "/admin/people?state=no_phone",
    "people.no_account": "/admin/people?state=no_account",
    "people.left": "/admin/people?state=left",
    "person": "/admin/people/33",
    "person.new": "/admin/people/new",
    "vehicles": "/admin/vehicles",
    "vehicles.no_tracker": "/admin/vehicles?state=no_tracker&sort=unit",
    "vehicle": "/admin/vehicles/40",
    "devices": "/admin/devices",
    "devices.search": "/admin/devices?q=pegawai+99",
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.administration", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often each page is asked")
    asked = parser.parse_args(arguments)
    with server_folder() as folder, TemporaryDirectory() as data, templated_server(folder) as server:
        server.create("city", TEMPLATE)
        owner, engine = (make_engine(server.url(role, "city")) for role in ("jejak_owner", "jejak_app"))
        with owner.begin() as conn:
            conn.execute(text(CITY))
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text("VACUUM ANALYZE"))
        app = create_app(Settings(Path(data), server.url("jejak_app", "city")))
        gc.freeze()  # as wsgi.py does
        for username in ("city", "agency"):
            measure(browser_of(app, engine, username), username, asked.rounds)
        together(browser_of(app, engine, "city"))
        for one in (owner, engine):
            one.dispose()


def browser_of(app: Flask, engine: Engine, username: str) -> FlaskClient:
    """A signed-in browser."""
    now = datetime.now(UTC)
    with Session(engine) as session:
        account = session.scalars(select(Account).where(Account.username == username)).one()
        token, _ = open_session(session, account, now, now.date())
        session.commit()
    browser = app.test_client()
    browser.set_cookie(SESSION, token)
    return browser


def measure(browser: FlaskClient, who: str, rounds: int) -> None:
    """Ask each page and print how long it took; one that is not for them is left out."""
    for name, path in PAGES.items():
        answer = browser.get(path)  # compiles the template
        if answer.status_code == 404:
            continue
        assert answer.status_code == 200, (path, answer.status_code)
        took = [timed(browser, path) for _ in range(rounds)]
        p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        print(f"{who}.{name} {p50 * 1000:.0f} {p95 * 1000:.0f} ms, {len(answer.data) / 1024:.0f} kB", flush=True)


def together(browser: FlaskClient) -> None:
    """What is done with as many as can be chosen at once."""
    token = TOKEN.search(browser.get("/admin/people").text)
    assert token is not None
    shared = {"csrf_token": token[1], "confirmed": "1", "unit": "Unit 1", "on": str(datetime.now(UTC).date())}
    for action, chosen in (
        ("move", range(1, MOST_AT_ONCE + 1)),
        ("accounts", range(10, 10 * MOST_AT_ONCE + 1, 10)),  # who have none
    ):
        began = time.monotonic()
        answer = browser.post("/admin/people/chosen", data={**shared, "action": action, "chosen": list(chosen)})
        assert answer.status_code in (200, 303), answer.status_code
        print(f"together.{action} {time.monotonic() - began:.1f} s for {MOST_AT_ONCE}")


def timed(browser: FlaskClient, path: str) -> float:
    began = time.monotonic()
    browser.get(path)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
