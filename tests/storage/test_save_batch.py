"""The one transaction: nothing twice, nothing backwards, everything counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import ProgrammingError

from tests import builders
from tracker.domain.fix import Fix
from tracker.domain.observation import NoFix
from tracker.storage.fixes import Received, Saved, save_batch
from tracker.storage.models import DeviceState, LateDay, Quarantine, StoredFix
from tracker.storage.quarantine import RejectedMessage

NOW = datetime.now(UTC).replace(microsecond=0)


def received(device_id: int, minutes_ago: float, lat: float = -6.2) -> Received:
    fix_time = NOW - timedelta(minutes=minutes_ago)
    return Received(device_id, NOW, Fix(fix_time, lat, 106.8, accuracy_m=12.4, speed_mps=3.25))


def save(engine: Engine, *fixes: Received) -> Saved:
    with engine.begin() as conn:
        return save_batch(conn, fixes, [])


def vehicle_device(engine: Engine) -> int:
    with engine.begin() as conn:
        return builders.device(conn, vehicle_id=builders.vehicle(conn))


def test_a_fix_is_stored_with_its_time_place_and_measures(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    assert save(engine, received(device_id, 1)) == Saved(stored=1)
    with engine.connect() as conn:
        row = conn.execute(select(StoredFix.__table__)).one()
    assert (row.device_id, row.fix_time, row.received_after_s) == (device_id, NOW - timedelta(minutes=1), 60)
    assert (row.sent_after_s, row.battery_pct, row.ignition) == (None, None, None)
    assert (row.lat_e7, row.lon_e7, row.accuracy_m, row.speed_cmps) == (-62000000, 1068000000, 12, 325)


def test_the_same_fix_again_is_counted_and_stored_once(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    assert save(engine, received(device_id, 1), received(device_id, 1)) == Saved(stored=1, duplicate=1)
    assert save(engine, received(device_id, 1)) == Saved(duplicate=1)
    with engine.connect() as conn:
        state = conn.execute(select(DeviceState.stored, DeviceState.duplicate)).one()
    assert tuple(state) == (1, 2)


def test_a_late_fix_never_moves_the_newest_time_backwards(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    save(engine, received(device_id, 1, lat=-6.1))
    save(engine, received(device_id, 30, lat=-6.3))
    with engine.connect() as conn:
        assert conn.scalars(select(DeviceState.fix_time)).one() == NOW - timedelta(minutes=1)


def test_a_late_fix_marks_its_day_for_judging_again(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    save(engine, received(device_id, 1), received(device_id, 26 * 60))
    with engine.connect() as conn:
        marks = conn.execute(select(LateDay.device_id, LateDay.day)).all()
    assert [tuple(mark) for mark in marks] == [(device_id, (NOW - timedelta(hours=26)).date())]


def test_a_person_is_followed_on_duty_only(engine: Engine) -> None:
    with engine.begin() as conn:
        person_id = builders.person(conn)
        device_id = builders.device(conn, person_id=person_id)
        begin, end = NOW - timedelta(hours=4), NOW - timedelta(hours=2)
        builders.window(conn, person_id, begin, end, margin=timedelta(minutes=30))
    on_duty, in_margin, off_duty = received(device_id, 180), received(device_id, 100), received(device_id, 60)
    assert save(engine, on_duty, in_margin, off_duty) == Saved(stored=2, off_duty=1)
    with engine.connect() as conn:
        times = conn.scalars(select(StoredFix.fix_time)).all()
        state = conn.execute(select(DeviceState.fix_time, DeviceState.last_heard_at, DeviceState.off_duty)).one()
    assert sorted(times) == [on_duty.said.fix_time, in_margin.said.fix_time]
    assert tuple(state) == (in_margin.said.fix_time, NOW, 1)


def test_a_device_that_nobody_holds_is_counted_and_not_followed(engine: Engine) -> None:
    with engine.begin() as conn:
        device_id = builders.device(conn)
    assert save(engine, received(device_id, 1)) == Saved(unassigned=1)
    with engine.connect() as conn:
        assert conn.scalars(select(StoredFix.device_id)).all() == []


def test_a_broken_message_is_kept_with_its_reasons(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    message = RejectedMessage(NOW, "owntracks/01/x", device_id, ("no_time", "no_lat"), b"\x00\xff{")
    with engine.begin() as conn:
        assert save_batch(conn, [], [message]) == Saved(rejected=1, reasons={"no_time": 1, "no_lat": 1})
    with engine.connect() as conn:
        kept = conn.execute(select(Quarantine.payload, Quarantine.reasons)).one()
        assert tuple(kept) == (b"\x00\xff{", ["no_time", "no_lat"])
        assert conn.scalars(select(DeviceState.rejected)).one() == 1


def test_a_ping_is_heard_and_moves_nothing(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    assert save(engine, received(device_id, 5), Received(device_id, NOW, NoFix("ping"))) == Saved(stored=1, no_fix=1)
    with engine.connect() as conn:
        state = conn.execute(select(DeviceState.fix_time, DeviceState.last_heard_at, DeviceState.no_fix)).one()
    assert tuple(state) == (NOW - timedelta(minutes=5), NOW, 1)


def test_of_what_a_persons_phone_said_only_the_reasons_are_kept(engine: Engine) -> None:
    with engine.begin() as conn:
        person_id = builders.person(conn)
        device_id = builders.device(conn, person_id=person_id)
        builders.window(conn, person_id, NOW - timedelta(hours=3), NOW + timedelta(hours=3))
        save_batch(conn, [], [RejectedMessage(NOW, "owntracks/01/x", device_id, ("expired",), b'{"lat": -6.2}')])
        kept = conn.execute(select(Quarantine.payload, Quarantine.reasons)).one()
        assert tuple(kept) == (None, ["expired"])
        assert conn.scalars(select(DeviceState.rejected)).one() == 1


def test_a_persons_fix_by_a_clock_that_is_ahead_is_counted_and_not_stored(engine: Engine) -> None:
    with engine.begin() as conn:
        person_id = builders.person(conn)
        device_id = builders.device(conn, person_id=person_id)
        builders.window(conn, person_id, NOW + timedelta(hours=7), NOW + timedelta(hours=15))
    at_home = received(device_id, minutes_ago=-8 * 60)
    assert save(engine, at_home) == Saved(clock_ahead=1)
    with engine.connect() as conn:
        assert conn.scalars(select(StoredFix.device_id)).all() == []
        assert conn.scalars(select(DeviceState.fix_time)).one() is None


def test_two_batches_in_one_transaction_are_counted_once_each(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    with engine.begin() as conn:
        assert save_batch(conn, [received(device_id, 1)], []) == Saved(stored=1)
        assert save_batch(conn, [received(device_id, 2)], []) == Saved(stored=1)


def test_a_fix_that_was_saved_late_marks_its_day_even_if_it_arrived_in_time(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    with engine.begin() as conn:
        save_batch(conn, [received(device_id, 5)], [], NOW + timedelta(minutes=20))
        assert conn.scalars(select(LateDay.device_id)).all() == [device_id]


def test_values_beyond_the_store_are_kept_at_its_limit(engine: Engine) -> None:
    device_id = vehicle_device(engine)
    wild = Fix(NOW, -6.2, 106.8, accuracy_m=9e6, altitude_m=-900, speed_mps=1e308)
    assert save(engine, Received(device_id, NOW, wild)) == Saved(stored=1)


@pytest.mark.parametrize(("year", "kept"), [(1, -(2**31) + 1), (9999, 2**31 - 1)])
def test_a_sending_time_centuries_away_costs_no_fix(engine: Engine, year: int, kept: int) -> None:
    device_id = vehicle_device(engine)
    by_a_wild_clock = Fix(NOW, -6.2, 106.8, sent_at=datetime(year, 6, 1, tzinfo=UTC))
    assert save(engine, Received(device_id, NOW, by_a_wild_clock)) == Saved(stored=1)
    with engine.connect() as conn:
        assert conn.scalars(select(StoredFix.sent_after_s)).one() == kept


def test_a_fix_of_ten_years_ago_keeps_when_it_was_received_and_sent(engine: Engine, owner: Engine) -> None:
    """The longest that may be configured to be kept."""
    device_id, long_ago = vehicle_device(engine), NOW - timedelta(days=3650)
    with owner.begin() as conn:
        bounds = f"FOR VALUES FROM ('{long_ago:%Y-%m-%d}') TO ('{long_ago + timedelta(days=1):%Y-%m-%d}')"
        conn.execute(text(f"CREATE TABLE fix_{long_ago:%Y%m%d} PARTITION OF fix {bounds}"))
    assert save(engine, Received(device_id, NOW, Fix(long_ago, -6.2, 106.8, sent_at=NOW))) == Saved(stored=1)
    with engine.connect() as conn:
        kept = conn.execute(select(StoredFix.received_after_s, StoredFix.sent_after_s)).one()
    assert tuple(kept) == (3650 * 86400, 3650 * 86400)


@pytest.mark.parametrize("statement", ["UPDATE verdict SET status = 'NO_SHOW'", "DELETE FROM audit", "DROP TABLE fix"])
def test_the_service_cannot_rewrite_what_is_append_only(engine: Engine, statement: str) -> None:
    with engine.connect() as conn, pytest.raises(ProgrammingError):
        conn.execute(text(statement))
