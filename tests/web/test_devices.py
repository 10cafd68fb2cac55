"""How devices are, for administrators: what is wrong stands out, and no position is shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, insert

from tests import builders as build
from tests.web.conftest import Browser, Clock, People, signed_in
from tracker.domain.fix import Fix
from tracker.domain.observation import Lost, Status
from tracker.storage import models as m
from tracker.storage.devices import revoke_device
from tracker.storage.fixes import Received, save_batch
from tracker.storage.quarantine import RejectedMessage, count_refusal

NOW = datetime.now(UTC).replace(microsecond=0)
PAGE = "/admin/devices"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def administrator(app: Flask, engine: Engine, people: People) -> Browser:
    return signed_in(app, engine, "admin", NOW)


def truck(engine: Engine, login: str, minutes_ago: float | None = 1, **fix: Any) -> int:
    """A device of a vehicle that was heard so long ago, or never."""
    with engine.begin() as conn:
        device_id = build.device(conn, login, vehicle_id=build.vehicle(conn))
        if minutes_ago is not None:
            at = NOW - timedelta(minutes=minutes_ago)
            save_batch(conn, [Received(device_id, at, Fix(at - timedelta(seconds=12), -6.2, 106.8, **fix))], [])
    return device_id


def hear(engine: Engine, device_id: int, said: Any, at: datetime = NOW) -> None:
    with engine.begin() as conn:
        save_batch(conn, [Received(device_id, at, said)], [])


def logins(browser: Browser, query: str = "") -> list[str]:
    return re.findall(r'<tr id="device-([^"]+)"', browser.get(f"{PAGE}?{query}").text)


def card(browser: Browser, login: str) -> str:
    """What the list says of one device, in English."""
    page = browser.get(f"{PAGE}?q={login}&lang=en").text
    row = re.search(rf'<tr id="device-{login}">(.*?)</tr>', page, re.DOTALL)
    assert row
    return " ".join(re.sub(r"<[^>]+>|&nbsp;", " ", row.group(1)).split())


def test_a_healthy_device_is_told_in_facts_and_without_a_position(administrator: Browser, engine: Engine) -> None:
    device_id = truck(engine, "truck-1", 3, battery_pct=77, charging=True, connectivity="mobile")
    hear(engine, device_id, Status("always", False, "2.5.6", "Android 14"), NOW - timedelta(minutes=3))
    said = card(administrator, "truck-1")
    for fact in ("Tracker", "3 minutes ago", "12 s on its way", "77 % charging", "mobile data", "Android 14 2.5.6",
                 "Location permitted: always", "1 stored"):  # fmt: skip
        assert fact in said, fact
    page = administrator.get(PAGE).text
    assert not re.search(r"6[.,]2|106[.,]8", page), "no position"


def test_what_is_wrong_with_a_device_is_named_with_what_to_do(administrator: Browser, engine: Engine) -> None:
    device_id = truck(engine, "truck-1", 1, battery_pct=7)
    hear(engine, device_id, Status("never", True, None, None))
    hear(engine, device_id, Lost(), NOW + timedelta(seconds=1))
    with engine.begin() as conn:
        save_batch(conn, [], [RejectedMessage(NOW, "owntracks/00/truck-1", device_id, ("no_time",), b"x")])
        count_refusal(conn, device_id, "wrong_secret", NOW)
        denied = {"denied": 3, "denied_at": NOW - timedelta(hours=2), "denied_topic": "owntracks/99/<b>truck"}
        conn.execute(m.DeviceState.__table__.update().values(**denied))
    said = card(administrator, "truck-1")
    for problem in ("Writes where it may not", "owntracks/99/&lt;b&gt;truck", "2 hours ago (3 times)",
                    "Check shard and login in its topic", "Shows a wrong secret",
                    "No permission for the location", "Battery saver", "Connection broke", "1 × no time", "Battery low",
                    "1 rejected", "3 not permitted"):  # fmt: skip
        assert problem in said, problem


def test_the_newest_status_counts(administrator: Browser, engine: Engine) -> None:
    device_id = truck(engine, "truck-1")
    hear(engine, device_id, Status(permission="limited"), NOW - timedelta(hours=1))
    assert "Location only while the app is open" in card(administrator, "truck-1")
    hear(engine, device_id, Status(permission="always"), NOW - timedelta(minutes=1))
    assert "only while the app is open" not in card(administrator, "truck-1")


def test_who_is_silent_was_never_heard_or_has_no_holder(administrator: Browser, engine: Engine) -> None:
    truck(engine, "truck-old", 61)
    truck(engine, "truck-new", None)
    with engine.begin() as conn:
        build.device(conn, "nobodys")
    assert "Silent" in card(administrator, "truck-old") and "1 hour ago" in card(administrator, "truck-old")
    assert "Never heard" in card(administrator, "truck-new")
    assert "Nobody holds it" in card(administrator, "nobodys")


def test_filters_say_how_many_and_hold_what_they_say(administrator: Browser, engine: Engine) -> None:
    truck(engine, "fine")
    truck(engine, "silent", 90)
    truck(engine, "low", battery_pct=15)
    truck(engine, "loading", battery_pct=15, charging=True)
    rejected, denied, long_ago = truck(engine, "rejected"), truck(engine, "denied"), truck(engine, "long-ago")
    truck(engine, "gone")
    with engine.begin() as conn:
        revoke_device(conn, "gone")
        today = NOW.date()
        for device_id, day in ((rejected, today - timedelta(days=6)), (long_ago, today - timedelta(days=7))):
            conn.execute(insert(m.Rejection).values(device_id=device_id, day=day, reason="no_time", count=1))
        state = m.DeviceState.__table__
        conn.execute(state.update().where(state.c.device_id == denied).values(denied=1, denied_at=NOW))
    for name in ("silent", "rejected", "denied"):
        assert logins(administrator, f"state={name}") == [name]
    assert logins(administrator, "state=low_battery") == ["low"]
    assert logins(administrator, "state=revoked") == ["gone"]
    assert "gone" not in logins(administrator) and len(logins(administrator)) == 7
    page = administrator.get(f"{PAGE}?lang=en").text
    counted = dict(re.findall(r"<b>(\d+)</b> ([^<]+)</a>", page))
    assert {label.strip(): int(count) for count, label in re.findall(r"<b>(\d+)</b> ([^<]+)</a>", page)} == {
        "Silent": 1, "Rejected in 7 days": 1, "Writes where it may not": 1, "Battery low": 1,
        "Not set up yet": 0, "Revoked": 1,
    }, counted  # fmt: skip


def test_search_finds_login_holder_nip_and_plate(administrator: Browser, engine: Engine) -> None:
    with engine.begin() as conn:
        vehicle = build.vehicle(conn)
        build.device(conn, "truck-1", vehicle_id=vehicle)
        build.device(conn, "phone-1", person_id=build.person(conn, name="Dewi Lestari"))
        names = conn.execute(m.Vehicle.__table__.select()).one()
    assert logins(administrator, "q=dewi") == ["phone-1"] and logins(administrator, "q=19800101") == ["phone-1"]
    assert logins(administrator, f"q={names.plate}") == logins(administrator, f"q={names.call_sign}") == ["truck-1"]
    assert logins(administrator, "q=%25") == [], "a percent sign is a percent sign"
    assert "Tidak ada perangkat yang cocok" in administrator.get(f"{PAGE}?q=nowhere").text


def test_the_order_is_chosen_in_the_address(administrator: Browser, engine: Engine) -> None:
    truck(engine, "b-full", 1, battery_pct=90)
    truck(engine, "c-low", 50, battery_pct=20)
    truck(engine, "a-new", None)
    assert logins(administrator) == ["a-new", "b-full", "c-low"]
    assert logins(administrator, "sort=heard") == ["a-new", "c-low", "b-full"]
    assert logins(administrator, "sort=battery") == ["c-low", "b-full", "a-new"]
    assert logins(administrator, "sort=nonsense&state=nonsense&page=x") == ["a-new", "b-full", "c-low"]


def test_pages_of_fifty_keep_the_filter(administrator: Browser, engine: Engine) -> None:
    with engine.begin() as conn:
        for number in range(53):
            build.device(conn, f"phone-{number:02d}")
    assert len(logins(administrator, "q=phone")) == 50
    assert logins(administrator, "q=phone&page=2") == ["phone-50", "phone-51", "phone-52"]
    assert "q=phone&amp;page=2" in administrator.get(f"{PAGE}?q=phone").text


def test_a_former_holder_is_not_shown(administrator: Browser, engine: Engine) -> None:
    with engine.begin() as conn:
        device_id = build.device(conn, "phone-1", person_id=build.person(conn, name="Dewi Lestari"))
        ended = "UPDATE assignment SET period = tstzrange(lower(period), now() - interval '1 day') WHERE device_id = %s"
        conn.exec_driver_sql(ended, (device_id,))
    said = card(administrator, "phone-1")
    assert "Dewi" not in said and "Nobody holds it" in said


def test_only_administrators_find_the_way_there(app: Flask, engine: Engine, administrator: Browser) -> None:
    supervisor = signed_in(app, engine, "atasan", NOW)
    assert f'href="{PAGE}"' in administrator.get("/admin").text
    assert f'href="{PAGE}"' not in supervisor.get("/team").text


def test_a_city_without_devices_says_how_to_add_one(administrator: Browser) -> None:
    assert "/admin/devices/new" in administrator.get(PAGE).text
