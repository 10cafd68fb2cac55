"""Positions over HTTP: every format through the real door, 2xx only after the commit, the secret nowhere."""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import bcrypt
import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from tests import builders as build
from tests.conftest import Database
from tests.services import CHECKOUT, Process, answers, free_port, wait_until
from tests.web.conftest import Clock, Settings
from tracker.storage import models as m
from tracker.storage.devices import add_device, renew_secret, revoke_device
from tracker.web import create_app

NOW = datetime.now(UTC).replace(microsecond=0)
THEN = NOW - timedelta(minutes=1)
SECONDS = int(THEN.timestamp())
LOCATION = {"_type": "location", "tst": SECONDS, "lat": -6.2, "lon": 106.8, "vel": 36, "batt": 80}
QUERY = {"lat": -6.2, "lon": 106.8, "timestamp": SECONDS, "speed": 19.43844, "batt": 80}
TRACCAR_9 = {
    "location": {
        "timestamp": THEN.isoformat(),
        "coords": {"latitude": -6.2, "longitude": 106.8, "accuracy": 5, "speed": 10, "heading": 1, "altitude": 9},
        "battery": {"level": 0.8, "is_charging": False},
        "is_moving": True, "odometer": 1, "activity": {"type": "in_vehicle"}, "extras": {},
    },
}  # fmt: skip
HOPELESS = {"_type": "location", "lat": -6.2, "lon": 106.8}  # without a time


@dataclass(frozen=True)
class Phone:
    """A device in a vehicle, and the requests it makes."""

    app: Flask
    id: int
    login: str
    secret: str

    @property
    def name(self) -> str:
        """What stands in the identifier field of an app that knows no passwords."""
        return f"{self.login}.{self.secret}"

    def pub(self, said: object, **request: Any) -> TestResponse:
        """As OwnTracks sends it."""
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        options = {"headers": self.basic(), "data": data, "content_type": "application/json", **request}
        return self.app.test_client().post(f"/pub?u=x&d={self.login}", **options)

    def osmand(self, query: str = "", method: str = "POST", **request: Any) -> TestResponse:
        return self.app.test_client().open(f"/osmand{query}", method=method, **request)

    def basic(self, secret: str | None = None) -> dict[str, str]:
        shown = f"{self.login}:{self.secret if secret is None else secret}"
        return {"Authorization": f"Basic {base64.b64encode(shown.encode()).decode()}"}


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def phone(app: Flask, engine: Engine) -> Phone:
    with engine.begin() as conn:
        secret = add_device(conn, "truck-07", "tracker", vehicle_id=build.vehicle(conn), since=build.LONG_AGO)
        return Phone(app, conn.scalars(select(m.Device.id)).one(), "truck-07", secret)


def stored(engine: Engine) -> list[tuple[Any, ...]]:
    columns = m.StoredFix.fix_time, m.StoredFix.lat_e7, m.StoredFix.speed_cmps, m.StoredFix.battery_pct
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(*columns))]


def rejections(engine: Engine) -> dict[tuple[int, str], int]:
    """How often whom for what."""
    with engine.connect() as conn:
        rows = conn.execute(select(m.Rejection.device_id, m.Rejection.reason, m.Rejection.count))
        return {(device, reason): count for device, reason, count in rows}


def quarantined(engine: Engine) -> list[tuple[list[str], bytes | None]]:
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(m.Quarantine.reasons, m.Quarantine.payload))]


THE_FIX = [(THEN, -62000000, 1000, 80)]


def test_owntracks_is_stored_and_answered_with_an_array(phone: Phone, engine: Engine) -> None:
    answer = phone.pub(LOCATION)
    assert (answer.status_code, answer.json, answer.mimetype) == (200, [], "application/json")
    assert stored(engine) == THE_FIX


def test_the_identity_is_who_showed_the_secret_not_what_the_payload_says(phone: Phone, engine: Engine) -> None:
    phone.pub({**LOCATION, "topic": "owntracks/00/somebody-else", "tid": "zz"})
    with engine.connect() as conn:
        assert conn.scalars(select(m.StoredFix.device_id)).all() == [phone.id]


FORMS = {
    "query": lambda p: p.osmand(f"?{urlencode({'id': p.name, **QUERY})}", "GET"),
    "query of a POST": lambda p: p.osmand(f"?{urlencode({'id': p.name, **QUERY})}"),
    "form": lambda p: p.osmand(data={"id": p.name, **QUERY}),
    "another field's name": lambda p: p.osmand(data={"deviceid": p.name, **QUERY}),
    "query and form": lambda p: p.osmand(f"?id={p.name}", data=QUERY),
    "a capital of the keyboard": lambda p: p.osmand(data={"id": p.name.capitalize(), **QUERY}),
    "Traccar 9": lambda p: p.osmand(json={**TRACCAR_9, "device_id": p.name}),
    "array": lambda p: p.osmand(json=[{**TRACCAR_9, "device_id": p.name}]),
    "basic, query": lambda p: p.osmand(f"?{urlencode({'id': '123456', **QUERY})}", "GET", headers=p.basic()),
    "basic, JSON": lambda p: p.osmand(json=TRACCAR_9, headers=p.basic()),
}


@pytest.mark.parametrize("form", FORMS)
def test_traccar_and_osmand_are_stored(phone: Phone, engine: Engine, form: str) -> None:
    answer = FORMS[form](phone)
    assert (answer.status_code, answer.data) == (200, b"")
    assert stored(engine) == THE_FIX and rejections(engine) == {}


def test_a_heartbeat_without_a_position_is_heard(phone: Phone, engine: Engine) -> None:
    assert phone.osmand(data={"id": phone.name, "batt": 33}).status_code == 200
    with engine.connect() as conn:
        state = conn.execute(select(m.DeviceState.last_heard_at, m.DeviceState.battery_pct, m.DeviceState.no_fix)).one()
    assert tuple(state) == (NOW, 33, 1)


@pytest.mark.parametrize("hopeless", [HOPELESS, b"\xff\x00 no json", b""])
def test_a_fix_that_will_never_be_good_is_taken_off_the_phone_and_kept(
    phone: Phone, engine: Engine, hopeless: object
) -> None:
    assert phone.pub(hopeless).status_code == 200
    assert len(quarantined(engine)) == 1 and stored(engine) == []


def test_the_secret_is_in_no_quarantine_and_in_no_log(
    phone: Phone, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bad = {"lat": "north", "lon": 106.8, "timestamp": SECONDS}
    repeated = {**TRACCAR_9["location"], "coords": {}, "timestamp": None, "_": f"&id={phone.name}&lat=1"}
    requests = [
        lambda: phone.osmand(f"?{urlencode({'id': phone.name, **bad})}", "GET"),
        lambda: phone.osmand(f"?{urlencode(bad)}&%69d={phone.name}&id={phone.name}", "GET"),
        lambda: phone.osmand(data={"id": phone.name, "note": phone.name, **bad}),
        lambda: phone.osmand(json={"device_id": phone.name, "location": repeated}),
        lambda: phone.osmand(json=[{"id": phone.name}, {"id": phone.name, "location": repeated}]),
        lambda: phone.osmand(data=f"\xff\x00{phone.secret}".encode(), headers=phone.basic()),
        lambda: phone.osmand(f"?id={quote(phone.name)}", data=b'{"id": "' + phone.name.encode()),
        lambda: phone.pub({**HOPELESS, "note": phone.secret}),
    ]
    assert [request().status_code for request in requests] == [200] * len(requests)
    kept = quarantined(engine)
    assert len(kept) == len(requests)
    assert all(phone.secret.encode() not in (payload or b"") for _, payload in kept)
    wrong = f"{phone.login}.{'0' * 32}"
    assert phone.osmand(data={"id": wrong, **QUERY}).status_code == 401
    assert phone.secret not in caplog.text and "0" * 32 not in caplog.text


def test_who_is_refused_cannot_tell_why_and_is_counted(phone: Phone, engine: Engine) -> None:
    with engine.begin() as conn:
        gone = add_device(conn, "gone-1", "tracker")
        revoke_device(conn, "gone-1")
    guesses = [
        phone.pub(LOCATION, headers=phone.basic("0" * 32)),
        phone.pub(LOCATION, headers=phone.basic("x" * 100)),
        phone.osmand(data={"id": "nobody-1." + "0" * 32, **QUERY}),
        phone.osmand(data={"id": "no\0body; DROP." + "0" * 32, **QUERY}),
        phone.osmand(data={"id": f"gone-1.{gone}", **QUERY}),
    ]
    assert {(answer.status_code, answer.data) for answer in guesses} == {(401, guesses[0].data)}
    assert all(answer.headers["WWW-Authenticate"].startswith("Basic realm=") for answer in guesses)
    assert stored(engine) == [] and quarantined(engine) == []
    counts = {reason: count for (_, reason), count in rejections(engine).items()}
    assert counts == {"wrong_secret": 2, "unknown_login": 2, "revoked": 1}


@pytest.mark.parametrize(
    "request_", [
        lambda p: p.pub(LOCATION, headers={}),
        lambda p: p.pub(LOCATION, headers={"Authorization": "Basic !"}),
        lambda p: p.pub(LOCATION, headers={"Authorization": f"Bearer {p.secret}"}),
        lambda p: p.osmand(data=QUERY),
        lambda p: p.osmand(json=[{"id": p.name}, {"id": f"other-1.{p.secret}"}]),
        lambda p: p.osmand(data=b"[" * 60_000),
        lambda p: p.osmand(),
    ],
)  # fmt: skip
def test_nobody_gets_in_without_a_secret(phone: Phone, engine: Engine, request_: Any) -> None:
    answer = request_(phone)
    assert answer.status_code == 401 and "WWW-Authenticate" in answer.headers and "Set-Cookie" not in answer.headers
    assert stored(engine) == []


def test_a_revoked_device_and_an_old_secret_are_refused_at_once(phone: Phone, engine: Engine) -> None:
    assert phone.pub(LOCATION).status_code == 200
    with engine.begin() as conn:
        renewed = Phone(phone.app, phone.id, phone.login, renew_secret(conn, phone.login))
    assert phone.pub(LOCATION).status_code == 401, "its remembered secret is another one's now"
    assert renewed.pub(LOCATION).status_code == 200
    with engine.begin() as conn:
        revoke_device(conn, phone.login)
    assert renewed.pub(LOCATION).status_code == 401


def test_too_much_at_once_is_counted_and_not_kept(phone: Phone, engine: Engine) -> None:
    assert phone.pub(b"x" * 70_000).status_code == 200
    assert phone.osmand(f"?id={phone.name}", data=b"x" * 70_000).status_code == 200
    assert rejections(engine) == {(phone.id, "too_large"): 2}
    assert quarantined(engine) == [(["too_large"], None)] * 2
    assert phone.pub(b"x" * 70_000, headers={}).status_code == 401
    assert phone.osmand(data=b"id=" + b"x" * 70_000).status_code == 413


# ---- 2xx only after the commit ----


@dataclass
class Held:
    """Another transaction holds the store, so that a request cannot commit."""

    holder: Any
    threads: ThreadPoolExecutor
    engine: Engine

    def send(self, phone: Phone, said: object) -> Future[TestResponse]:
        """Send a message; returns when its transaction waits."""
        before = self._waiting()
        answer = self.threads.submit(phone.pub, said)
        wait_until(lambda: len(self._waiting()) > len(before), "the door's transaction waits for the store")
        return answer

    def end_the_waiting(self) -> None:
        for pid in self._waiting():
            self.holder.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    def _waiting(self) -> list[int]:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        with self.engine.connect() as conn:
            return list(conn.scalars(text(query)))


@pytest.fixture
def held(engine: Engine, owner: Engine) -> Iterator[Held]:
    with owner.connect() as holder, ThreadPoolExecutor(4) as threads:
        holder.execute(text("LOCK TABLE late_day IN ACCESS EXCLUSIVE MODE"))
        yield Held(holder, threads, engine)
        holder.rollback()  # before the threads are waited for


def test_no_answer_before_the_commit(phone: Phone, engine: Engine, held: Held) -> None:
    answer = held.send(phone, LOCATION)
    assert not answer.done() and stored(engine) == []
    held.holder.rollback()
    assert answer.result(10).status_code == 200 and stored(engine) == THE_FIX


def test_a_database_that_dies_under_a_request_costs_nothing(phone: Phone, engine: Engine, held: Held) -> None:
    answer = held.send(phone, LOCATION)
    held.end_the_waiting()
    refused = answer.result(10)
    assert refused.status_code == 503 and refused.headers["Retry-After"] == "10" and stored(engine) == []
    held.holder.rollback()
    assert phone.pub(LOCATION).status_code == 200
    assert stored(engine) == THE_FIX


def test_who_waits_is_saved_together(phone: Phone, engine: Engine, held: Held) -> None:
    first = held.send(phone, LOCATION)
    road = phone.app.extensions["door"].road
    others = [held.threads.submit(phone.pub, {**LOCATION, "tst": SECONDS - number}) for number in (1, 2, 3)]
    wait_until(lambda: len(road._waiting) == 3, "three requests wait for the first")
    held.holder.rollback()
    assert [answer.result(10).status_code for answer in (first, *others)] == [200] * 4
    with engine.connect() as conn:
        transactions = conn.execute(text("SELECT xmin::text, count(*) FROM fix GROUP BY 1 ORDER BY 2")).all()
    assert [count for _, count in transactions] == [1, 3]


def test_a_deadlock_with_the_bridge_is_tried_once_more(phone: Phone, engine: Engine) -> None:
    phone.pub(LOCATION)
    # the database ends whichever asks first after both wait: on a busy machine that may be the bridge, then once more
    for turn in range(1, 20):
        if _door_is_ended(phone, engine, turn * 10):
            break
    else:
        pytest.fail("the database ended the bridge each time")
    assert len(stored(engine)) == turn + 1


def _door_is_ended(phone: Phone, engine: Engine, seconds: int) -> bool:
    """Whether the database ended the door's transaction, not the bridge's, when each waited for the other."""
    with engine.connect() as bridge, ThreadPoolExecutor(1) as threads:
        bridge.execute(text("SELECT FROM device_state FOR UPDATE"))
        answer = threads.submit(phone.pub, {**LOCATION, "tst": SECONDS + seconds})
        # so long that it is sure to ask first whether there is a deadlock, which it does after a second
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND clock_timestamp() - waitstart > '0.3 s'")
        with engine.connect() as watcher:
            wait_until(lambda: watcher.scalar(waits), "the door waits for the bridge's row")
        row = "INSERT INTO fix (device_id, fix_time, received_after_s, lat_e7, lon_e7) VALUES (:device, :at, 0, 1, 1)"
        try:  # the door has written it and waits for our row, we wait for its
            bridge.execute(text(row), {"device": phone.id, "at": THEN + timedelta(seconds=seconds)})
            ended = True
        except OperationalError:
            ended = False
        bridge.rollback()
        assert answer.result(10).status_code == 200
    return ended


def test_a_database_that_is_away_is_503_for_every_device(tmp_path: Path) -> None:
    app = create_app(Settings(tmp_path, f"postgresql+psycopg://nobody@/none?host={tmp_path}"))
    phone = Phone(app, 0, "truck-07", "0" * 32)
    for answer in (phone.pub(LOCATION), phone.osmand(data={"id": phone.name, **QUERY})):
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "10"
        assert "send it again" in answer.text


def test_a_phone_costs_bcrypt_once(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    check = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda given, hashed: asked.append(hashed) or check(given, hashed))
    for _ in range(3):
        assert phone.pub(LOCATION).status_code == 200
    assert len(asked) == 1
    phone.osmand(data={"id": "nobody-1." + "0" * 32})
    assert len(asked) == 2, "an unknown login costs as much as a wrong secret"


# ---- the real server ----


@pytest.fixture
def server(database: Database, tmp_path: Path) -> Iterator[HTTPConnection]:
    """One connection to gunicorn as a city runs it."""
    port = free_port()
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path), "DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url,
        "MQTT_URL": "mqtt://bridge:secret@127.0.0.1:1", "DEMO": "0",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--preload", "--workers", "2",
        "--threads", "4", "--no-control-socket",
    ]  # fmt: skip
    gunicorn = Process(command, tmp_path / "web.log", lambda: answers(port), environment, CHECKOUT)
    gunicorn.start()
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    yield connection
    connection.close()
    gunicorn.stop()


def test_a_phone_keeps_its_connection_even_after_too_much(phone: Phone, engine: Engine, server: HTTPConnection) -> None:
    bodies = json.dumps(LOCATION), "x" * 1_000_000, json.dumps({**LOCATION, "tst": SECONDS - 9})
    for body, fixes in zip(bodies, (1, 1, 2), strict=True):
        server.request("POST", "/pub?u=x&d=y", body, phone.basic())
        answer = server.getresponse()
        assert (answer.status, answer.read(), answer.getheader("Set-Cookie")) == (200, b"[]", None)
        assert len(stored(engine)) == fixes
    assert rejections(engine) == {(phone.id, "too_large"): 1}


def test_chunks_without_a_length_are_read_to_the_limit(phone: Phone, engine: Engine, server: HTTPConnection) -> None:
    for chunks in ([json.dumps(LOCATION).encode()], [b"x" * 10_000] * 20):
        server.request("POST", "/pub", iter(chunks), phone.basic(), encode_chunked=True)
        answer = server.getresponse()
        assert (answer.status, answer.read()) == (200, b"[]")
    assert stored(engine) == THE_FIX and rejections(engine) == {(phone.id, "too_large"): 1}
