"""The fixes of many duty windows, read at once, are those of each: of who held which device when, by whose clock."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.dialects.postgresql import Range

from tests import builders
from tests.reports.duties import OnDuty, at, on_duty, receive, track
from tracker.storage.duty import inputs_of
from tracker.storage.models import Assignment
from tracker.storage.tracks import track_of


def second_phone(conn: Connection, person_id: int, since: str, until: str) -> int:
    device_id = builders.device(conn)
    period = Range(at(since), at(until))
    conn.execute(insert(Assignment).values(device_id=device_id, person_id=person_id, period=period))
    return device_id


def store(conn: Connection, device_id: int, *words: str, after_s: int = 1, battery_pct: int | None = 80) -> None:
    """Straight into the table: also what the bridge would not have kept."""
    for fix in track(*words, battery_pct=battery_pct):
        conn.execute(
            text("INSERT INTO fix (fix_time, received_after_s, device_id, lat_e7, lon_e7, accuracy_m, battery_pct) "
                 "VALUES (:at, :after_s, :device, :lat, :lon, 15, :battery)"),
            {"at": fix.fix_time, "after_s": after_s, "device": device_id, "lat": round(fix.lat * 1e7),
             "lon": round(fix.lon * 1e7), "battery": -32768 if battery_pct is None else battery_pct},
        )  # fmt: skip


def test_each_window_gets_the_fixes_of_the_devices_that_were_held_and_no_others(engine: Engine) -> None:
    with engine.begin() as conn:
        duties: list[OnDuty] = [on_duty(conn) for _ in range(3)]
        night = on_duty(conn, "22:00", "+1 06:00")
        other = second_phone(conn, duties[0].person_id, "09:00", "10:00")
        store(conn, duties[0].device_id, "06:30-17:30 work")
        store(conn, other, "08:30-10:30 kiosk", battery_pct=None)
        store(conn, duties[2].device_id, "12:00-12:05 home")
        store(conn, night.device_id, "20:30-+1 08:00 work")
    with engine.connect() as conn:
        ids = [duty.window_id for duty in (night, *duties)]
        found = {one.window_id: one.evidence.fixes for one in inputs_of(conn, ids)}
        for duty in duties:
            single = track_of(conn, Assignment.person_id == duty.person_id, at("07:00"), at("17:00"))
            assert list(found[duty.window_id]) == single
    assert [len(found[duty.window_id]) for duty in duties] == [601 + 60, 0, 6]  # the second phone until before 10:00
    assert len(found[night.window_id]) == 601  # over midnight in UTC, and so of two days' tables


def test_what_a_clock_is_worth_is_said_of_each_window(engine: Engine) -> None:
    with engine.begin() as conn:
        proven, ahead, late, mixed = duties = [on_duty(conn) for _ in range(4)]
        store(conn, proven.device_id, "08:00-09:00 work")
        store(conn, ahead.device_id, "08:00-08:09 work", after_s=-301)
        store(conn, ahead.device_id, "09:00-09:02 work", after_s=-300)
        store(conn, late.device_id, "08:00-09:00 work", after_s=601)
        store(conn, mixed.device_id, "08:00 work", after_s=601)
        store(conn, mixed.device_id, "08:01 work", after_s=600)
        store(conn, second_phone(conn, proven.person_id, "10:00", "11:00"), "10:00-10:05 work", after_s=86_400)
    with engine.connect() as conn:
        told = [one.evidence for one in inputs_of(conn, [duty.window_id for duty in duties])]
    assert [(len(one.fixes), one.clock_ahead, one.clock_proven) for one in told] == [
        (61 + 6, 0, False), (3, 10, True), (61, 0, False), (2, 0, True),
    ]  # fmt: skip


def test_fixes_come_in_order_of_time_whatever_device_they_are_of(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
        other = second_phone(conn, duty.person_id, "08:00", "12:00")
        for device_id, words in ((other, "08:00-09:00 kiosk"), (duty.device_id, "08:00-08:30 work")):
            receive(conn, device_id, track(words, every_min=0.5))
    with engine.connect() as conn:
        (one,) = inputs_of(conn, [duty.window_id])
    times = [fix.fix_time for fix in one.evidence.fixes]
    assert times == sorted(times) and len(times) == 121 + 61
    assert times[0] == times[1] == at("08:00") and times[-1] - times[0] == timedelta(hours=1)
