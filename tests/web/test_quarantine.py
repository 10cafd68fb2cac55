"""What could not be stored: found again, read by administrators only with a record, and stored after a repair."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nacl.secret
import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select, text

import tracker
from tests import builders as build
from tests.databases import RETENTION_DAYS
from tests.web.conftest import Browser, Clock, People, signed_in
from tests.web.test_commands import run
from tracker.domain.fix import Fix
from tracker.replay import Replay
from tracker.sealing import Sealer
from tracker.storage import models as m
from tracker.storage.devices import add_device, set_payload_key
from tracker.storage.fixes import Received, Saved, save_batch
from tracker.storage.quarantine import RejectedMessage
from tracker.storage.quarantine_pages import QuarantineFilter
from tracker.web.device_words import REASON
from tracker.wire.topics import position_topic

NOW = datetime.now(UTC).replace(microsecond=0)
ARRIVED = NOW - timedelta(hours=2)
SEALER = Sealer("for tests")
EVERYTHING = QuarantineFilter()
PAGE = "/admin/quarantine"
ENGLISH = {"Accept-Language": "en"}


def location(minutes_ago: float = 121, **more: object) -> bytes:
    tst = int((NOW - timedelta(minutes=minutes_ago)).timestamp())
    return json.dumps({"_type": "location", "tst": tst, "lat": -6.2, "lon": 106.8, **more}).encode()


def reject(
    engine: Engine, login: str, device_id: int | None, payload: bytes, *reasons: str, at: datetime = ARRIVED
) -> None:
    """As the road does with what an older decoder could not read."""
    with engine.begin() as conn:
        rejected = RejectedMessage(at, position_topic(login), device_id, reasons or ("unknown_format",), payload)
        save_batch(conn, [], [rejected])


def replay(engine: Engine, wanted: QuarantineFilter = EVERYTHING, most: int | None = None) -> Any:
    return Replay(engine, RETENTION_DAYS, SEALER).run(wanted, most)


def kept(engine: Engine) -> Sequence[Any]:
    with engine.connect() as conn:
        return conn.execute(select(m.Quarantine.__table__).order_by(m.Quarantine.id)).all()


def times(engine: Engine) -> list[tuple[datetime, datetime]]:
    with engine.connect() as conn:
        rows = conn.execute(select(m.StoredFix.fix_time, m.StoredFix.received_after_s).order_by(m.StoredFix.fix_time))
        return [(at, at + timedelta(seconds=after_s)) for at, after_s in rows]


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def administrator(app: Flask, engine: Engine, people: People) -> Browser:
    return signed_in(app, engine, "admin", NOW)


@pytest.fixture
def truck(engine: Engine) -> int:
    with engine.begin() as conn:
        return build.device(conn, "truck-1", vehicle_id=build.vehicle(conn))


# ---- replaying ----


def test_what_is_good_now_is_stored_under_the_time_it_arrived(engine: Engine, truck: int) -> None:
    reject(engine, "truck-1", truck, location())
    done = replay(engine)
    assert (done.mended, done.still_bad, done.without_payload, done.left) == (1, 0, 0, 0)
    assert times(engine) == [(NOW - timedelta(minutes=121), ARRIVED)]
    assert kept(engine)[0].replayed_at is not None
    with engine.connect() as conn:
        assert conn.scalars(select(m.LateDay.device_id)).all() == [truck], "its windows are judged again"


def test_a_second_replay_finds_nothing_to_do(engine: Engine, truck: int) -> None:
    reject(engine, "truck-1", truck, location())
    replay(engine)
    assert (replay(engine).mended, replay(engine).saved) == (0, Saved())


def test_what_is_still_bad_stays_as_it_is(engine: Engine, truck: int) -> None:
    half_bad = b"[" + location(130) + b', {"_type": "location", "lat": 1, "lon": 2}]'
    for payload in (b"not json at all", half_bad, b""):
        reject(engine, "truck-1", truck, payload)
    before = kept(engine)
    done = replay(engine)
    assert (done.still_bad, done.without_payload, kept(engine), times(engine)) == (2, 1, before, [])


def test_a_device_that_was_registered_since_gets_what_it_sent_before(engine: Engine) -> None:
    reject(engine, "truck-9", None, location(), "unknown_device")
    assert replay(engine).still_bad == 1
    with engine.begin() as conn:
        add_device(conn, "truck-9", "tracker", vehicle_id=build.vehicle(conn), since=build.LONG_AGO)
    assert replay(engine, QuarantineFilter(login="truck-9")).saved.stored == 1


def test_what_a_device_sent_before_anybody_is_known_to_have_carried_it_waits(app: Flask, engine: Engine) -> None:
    with engine.begin() as conn:
        call_sign = conn.scalars(select(m.Vehicle.call_sign).where(m.Vehicle.id == build.vehicle(conn))).one()
    reject(engine, "truck-9", None, location(), "unknown_device")
    assert run(app, "device", "add", "truck-9", "--vehicle", call_sign)[0] == 0
    assert (replay(engine).mended, times(engine)) == (0, [])
    since = (NOW - timedelta(days=2)).date().isoformat()
    with engine.begin() as conn:
        conn.execute(text("DELETE FROM assignment; DELETE FROM device_state; DELETE FROM device"))
    assert run(app, "device", "add", "truck-9", "--vehicle", call_sign, "--since", since)[0] == 0
    assert replay(engine).saved.stored == 1


def test_what_was_encrypted_is_read_once_its_key_is_set(engine: Engine, truck: int) -> None:
    key = b"k" * 32
    data = base64.b64encode(nacl.secret.SecretBox(key).encrypt(location())).decode()
    reject(engine, "truck-1", truck, json.dumps({"_type": "encrypted", "data": data}).encode(), "no_key")
    assert replay(engine).still_bad == 1
    with engine.begin() as conn:
        set_payload_key(conn, "truck-1", SEALER.seal(key))
    assert replay(engine).saved.stored == 1


def test_of_a_person_only_the_reasons_are_there_and_nothing_can_be_replayed(engine: Engine) -> None:
    with engine.begin() as conn:
        phone = build.device(conn, "phone-1", person_id=build.person(conn))
    reject(engine, "phone-1", phone, location())
    done = replay(engine)
    assert (done.mended, done.still_bad, done.without_payload) == (0, 0, 1)


def test_a_person_registered_since_is_followed_on_duty_only(administrator: Browser, engine: Engine) -> None:
    reject(engine, "phone-2", None, location(), "unknown_device")
    with engine.begin() as conn:
        build.device(conn, "phone-2", person_id=build.person(conn))
    assert "-6.2" not in administrator.get(f"{PAGE}/1").text, "not even before it is replayed"
    assert replay(engine).saved == Saved(off_duty=1) and times(engine) == []


def test_one_message_that_the_database_refuses_stops_none_of_the_others(
    engine: Engine, owner: Engine, truck: int
) -> None:
    for minutes in (121, 24 * 60, 123, 124):
        reject(engine, "truck-1", truck, location(minutes))
    with owner.begin() as conn:
        conn.execute(text(f"DROP TABLE fix_{NOW - timedelta(days=1):%Y%m%d}"))  # one of them has no place
    placeless = sum((NOW - timedelta(minutes=minutes)).date() < NOW.date() for minutes in (121, 1440, 123, 124))
    done = replay(engine)
    assert (done.mended, done.still_bad) == (4 - placeless, placeless) and placeless >= 1
    assert [row.replayed_at is None for row in kept(engine)].count(True) == placeless


def test_the_replay_and_its_note_are_one_transaction(
    engine: Engine, truck: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(engine, "truck-1", truck, location())

    def dies(*_: object) -> None:
        raise RuntimeError("the process dies here")

    monkeypatch.setattr("tracker.replay.mark_replayed", dies)
    with pytest.raises(RuntimeError):
        replay(engine)
    assert times(engine) == [] and kept(engine)[0].replayed_at is None


def test_an_old_message_does_not_turn_the_devices_health_back(engine: Engine, truck: int) -> None:
    reject(engine, "truck-1", truck, location(batt=9))
    with engine.begin() as conn:
        save_batch(conn, [Received(truck, NOW, Fix(NOW, -6.1, 106.8, battery_pct=80))], [])
    replay(engine)
    with engine.connect() as conn:
        state = conn.execute(select(m.DeviceState.battery_pct, m.DeviceState.lag_s, m.DeviceState.fix_time)).one()
    assert tuple(state) == (80, 0, NOW)


def test_a_limit_takes_the_newest_and_says_what_is_left(engine: Engine, truck: int) -> None:
    for minutes in (121, 122, 123):
        reject(engine, "truck-1", truck, location(minutes))
    done = replay(engine, most=2)
    assert (done.mended, done.left) == (2, 1)
    assert [row.replayed_at is None for row in kept(engine)] == [True, False, False]


# ---- the pages ----


def test_a_message_is_read_as_text_and_that_is_recorded_first(
    administrator: Browser, engine: Engine, truck: int
) -> None:
    reject(engine, "truck-1", truck, b'{"lat": "<script>alert(1)</script>"}', "no_time")
    page = administrator.get(PAGE).text
    assert "truck-1" in page and "alert(1)" not in page, "the list does not show what was said"
    with engine.connect() as conn:
        assert conn.scalars(select(m.Audit.id)).all() == []
    shown = administrator.get(f"{PAGE}/1").text
    assert "&lt;script&gt;alert(1)" in shown and "<script>alert" not in shown
    with engine.connect() as conn:
        audit = conn.execute(select(m.Audit.action, m.Audit.detail)).one()
    assert tuple(audit) == ("view_message", {"quarantine_id": 1, "login": "truck-1"})


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"\xff\x00{", "00000  ff 00 7b"),
        ("safe\u202etxt".encode(), "00000  73 61 66 65 e2 80 ae 74\n00008  78 74"),  # would turn the line around
        (bytes(range(20)), "00010  10 11 12 13"),
    ],
)
def test_what_is_no_text_is_shown_as_numbers(
    administrator: Browser, engine: Engine, truck: int, payload: bytes, shown: str
) -> None:
    reject(engine, "truck-1", truck, payload, "not_json")
    assert shown in administrator.get(f"{PAGE}/1").text


def test_a_persons_message_explains_why_nothing_of_it_is_shown(administrator: Browser, engine: Engine) -> None:
    with engine.begin() as conn:
        phone = build.device(conn, "phone-1", person_id=build.person(conn))
    reject(engine, "phone-1", phone, b"secret place", "no_time")
    page = administrator.get(f"{PAGE}/1", **ENGLISH).text
    assert "Not shown: it came from a person" in page and "secret place" not in page
    assert "cannot be replayed" in administrator.get(PAGE, **ENGLISH).text


def test_the_filters_narrow_and_stay_in_the_address(administrator: Browser, engine: Engine, truck: int) -> None:
    reject(engine, "truck-1", truck, location(), "no_time")
    reject(engine, "truck-2", None, b"x", "unknown_device", at=ARRIVED - timedelta(days=3))
    replay(engine, QuarantineFilter(reason="no_time"))
    day = (ARRIVED - timedelta(days=3)).date()
    cases = {
        "": {"truck-1", "truck-2"}, "device=truck-1": {"truck-1"}, "device=Truck-2": {"truck-2"},
        "reason=no_time": {"truck-1"}, f"day={day}": {"truck-2"}, "state=replayed": {"truck-1"},
        "state=waiting": {"truck-2"}, "state=no_payload": set(), "reason=nonsense": set(),
        "reason=%00": {"truck-1", "truck-2"},
        "day=tomorrow&state=x&page=99": {"truck-1", "truck-2"},
    }  # fmt: skip
    for query, logins in cases.items():
        page = administrator.get(f"{PAGE}?{query}").text
        found = set(re.findall(r'<span class="breakable">(truck-\d)</span>', page))
        assert found == logins, query
    assert 'value="truck-2"' in administrator.get(f"{PAGE}?device=Truck-2").text


def test_pages_of_fifty_keep_the_filter(administrator: Browser, engine: Engine, truck: int) -> None:
    for minutes in range(60):
        reject(engine, "truck-1", truck, b"x", "not_json", at=ARRIVED - timedelta(minutes=minutes))
    first = administrator.get(f"{PAGE}?reason=not_json").text
    assert first.count('class="person-name') == 50 and "reason=not_json&amp;page=2" in first
    assert administrator.get(f"{PAGE}?reason=not_json&page=2").text.count('class="person-name') == 10


def test_rejections_are_counted_by_reason_and_day_also_beyond_what_is_kept(
    administrator: Browser, engine: Engine, truck: int
) -> None:
    counts = [(truck, NOW.date(), "no_time", 1234), (0, NOW.date() - timedelta(days=2), "unknown_login", 7),
              (truck, NOW.date() - timedelta(days=30), "expired", 99)]  # fmt: skip
    with engine.begin() as conn:
        for device_id, day, reason, count in counts:
            conn.execute(insert(m.Rejection).values(device_id=device_id, day=day, reason=reason, count=count))
    table = administrator.get(PAGE, **ENGLISH).text.partition("How often")[2]
    assert "no time" in table and "1,234" in table and "unknown login" in table and ">7<" in table
    assert "older than" not in table
    assert "unknown login" not in administrator.get(f"{PAGE}?device=truck-1", **ENGLISH).text.partition("How often")[2]


def test_an_empty_quarantine_says_so(administrator: Browser) -> None:
    page = administrator.get(PAGE, **ENGLISH).text
    assert "Nothing is in quarantine" in page and "Nothing was rejected" in page and "Yes, replay" not in page


def test_the_button_replays_what_the_filter_shows_and_tells_what_came_of_it(
    administrator: Browser, engine: Engine, truck: int
) -> None:
    reject(engine, "truck-1", truck, location(), "unknown_format")
    reject(engine, "truck-1", truck, b"still bad", "unknown_format")
    reject(engine, "truck-1", truck, location(130), "no_time")
    page = administrator.get(f"{PAGE}?reason=unknown_format&lang=en").text
    assert "Replay 2 messages" in page
    answer = administrator.post(f"{PAGE}/replay", reason="unknown_format")
    assert answer.status_code == 303 and answer.headers["Location"].endswith("?reason=unknown_format")
    told = administrator.get(answer.headers["Location"]).text
    assert "1 message is good now" in told and "1 positions were stored" in told and "1 message stays as it was" in told
    assert len(times(engine)) == 1
    with engine.connect() as conn:
        assert conn.scalars(select(m.Audit.action)).all() == ["replay_messages"]


def test_a_forged_form_replays_nothing(administrator: Browser, engine: Engine, truck: int) -> None:
    reject(engine, "truck-1", truck, location())
    administrator.token = "forged"
    assert administrator.post(f"{PAGE}/replay").status_code == 403
    assert times(engine) == []


# ---- the command line and the words ----


def test_the_command_line_lists_and_replays(app: Flask, engine: Engine, truck: int) -> None:
    reject(engine, "truck-1", truck, location(), "no_time")
    reject(engine, "truck-2", None, b"x", "unknown_device")
    code, listed = run(app, "quarantine", "list", "--device", "truck-1")
    assert code == 0 and "truck-1  no_time" in listed and "truck-2" not in listed and "1 can be replayed" in listed
    code, told = run(app, "quarantine", "replay", "--reason", "no_time")
    assert code == 0 and "1 messages are good now: 1 positions stored" in told
    assert "replayed" in run(app, "quarantine", "list", "--device", "truck-1")[1]


def test_every_reason_of_the_decoders_has_its_words() -> None:
    sources = "".join(path.read_text() for path in Path(tracker.__file__).parent.glob("[wd][io]*/*.py"))
    named = set(re.findall(r'Rejected\(\("(\w+)"', sources)) | set(re.findall(r'reasons\.append\("(\w+)"', sources))
    assert len(named) > 15 and named - REASON.keys() == set()


def test_of_the_messages_only_the_ticked_ones_are_replayed(
    administrator: Browser, engine: Engine, truck: int
) -> None:
    for _ in range(3):
        reject(engine, "truck-1", truck, location())
    first, second, third = (row.id for row in kept(engine))
    page = administrator.get(f"{PAGE}?sort=oldest", **ENGLISH).text
    assert page.index(f'name="id" value="{first}"') < page.index(f'name="id" value="{third}"')
    answer = administrator.post(f"{PAGE}/replay", only_ticked="1", id=[first, third, "x", "9" * 30])
    assert answer.status_code == 303
    assert [row.replayed_at is not None for row in kept(engine)] == [True, False, True]
    with engine.connect() as conn:
        assert conn.scalars(select(m.Audit.detail)).one()["messages"] == f"{first}, {third}"
    page = administrator.get(PAGE, **ENGLISH).text
    assert f'name="id" value="{second}"' in page and f'name="id" value="{first}"' not in page


def test_ticking_nothing_replays_nothing_and_says_so(administrator: Browser, engine: Engine, truck: int) -> None:
    reject(engine, "truck-1", truck, location())
    administrator.get(PAGE)
    answer = administrator.post(f"{PAGE}/replay", only_ticked="1")
    assert "belum ada pesan yang dicentang" in administrator.get(answer.headers["Location"], **ENGLISH).text
    assert kept(engine)[0].replayed_at is None


def test_what_is_ticked_is_looked_for_within_the_filter_only(
    administrator: Browser, engine: Engine, truck: int
) -> None:
    reject(engine, "truck-1", truck, location(), "no_time")
    administrator.get(PAGE)
    administrator.post(f"{PAGE}/replay", only_ticked="1", id=kept(engine)[0].id, reason="not_json")
    assert kept(engine)[0].replayed_at is None
