"""The road of a message: one that cannot be stored stops none of the others, and a dying database loses none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DBAPIError

from tests import builders
from tests.databases import RETENTION_DAYS
from tracker.ingest import Ingest, Message
from tracker.sealing import Sealer
from tracker.storage.devices import known_devices
from tracker.storage.fixes import Saved
from tracker.storage.models import Assignment, Device, DeviceState, LateDay, Quarantine, StoredFix
from tracker.wire.topics import position_topic

SEALER = Sealer("x" * 40)
NOW = datetime.now(UTC).replace(microsecond=0)


def message(login: str, minutes_ago: float = 1, **extra: object) -> Message:
    tst = int((NOW - timedelta(minutes=minutes_ago)).timestamp())
    said = {"_type": "location", "tst": tst, "lat": -6.2, "lon": 106.8, **extra}
    return Message(position_topic(login), json.dumps(said).encode(), NOW)


@pytest.fixture
def ingest(engine: Engine) -> Ingest:
    with engine.begin() as conn:
        for login in ("truck-1", "truck-2"):
            builders.device(conn, login, vehicle_id=builders.vehicle(conn))
    return Ingest(engine, RETENTION_DAYS, SEALER)


def test_a_message_of_an_unknown_device_is_kept_and_the_others_stored(engine: Engine, ingest: Ingest) -> None:
    saved = ingest.save([message("truck-1"), message("stranger"), Message("other/topic", b"x", NOW)])
    assert saved == Saved(stored=1, rejected=2, reasons={"unknown_device": 1, "no_devices_topic": 1})
    with engine.connect() as conn:
        assert conn.scalars(select(Quarantine.reasons)).all() == [["unknown_device"], ["no_devices_topic"]]


def test_of_what_no_device_publishes_only_the_reason_is_kept(engine: Engine, ingest: Ingest) -> None:
    topics = (f"{position_topic('truck-1')}/cmd", "owntracks/07/a\0b", "owntracks/07/Truck-1")
    ingest.save([Message(topic, b"anybody's place", NOW) for topic in topics])
    with engine.connect() as conn:
        assert conn.execute(select(Quarantine.reasons, Quarantine.payload)).all() == [(["no_devices_topic"], None)] * 3


def test_a_phone_that_changed_hands_keeps_no_payload(engine: Engine, ingest: Ingest) -> None:
    with engine.begin() as conn:
        device_id = known_devices(conn, ["truck-2"])["truck-2"].id
        conn.execute(update(Assignment).where(Assignment.device_id == device_id).values(period=Range(NOW, None)))
        before = Range(NOW - timedelta(days=9), NOW)
        conn.execute(insert(Assignment).values(device_id=device_id, person_id=builders.person(conn), period=before))
    ingest.save([Message(position_topic("truck-2"), b"[where the person was", NOW + timedelta(hours=1))])
    with engine.connect() as conn:
        assert conn.execute(select(Quarantine.reasons, Quarantine.payload)).all() == [(["not_json"], None)]



def test_a_message_the_database_refuses_goes_to_quarantine_and_the_others_are_stored(
    engine: Engine, owner: Engine, ingest: Ingest
) -> None:
    ingest.save([message("truck-1", 9)])
    yesterday = (NOW - timedelta(days=1)).astimezone(UTC)
    with owner.begin() as conn:
        conn.execute(text(f"DROP TABLE fix_{yesterday:%Y%m%d}"))  # its fix has no place: a CheckViolation
    batch = [message("truck-1", 5), message("truck-2", 24 * 60), message("truck-2", 4)]
    assert ingest.save(batch) == Saved(stored=2, rejected=1, reasons={"unstorable": 1})
    with engine.connect() as conn:
        assert conn.scalars(select(Quarantine.reasons)).all() == [["unstorable"]]


def test_a_device_that_was_deleted_is_looked_up_again(engine: Engine, owner: Engine, ingest: Ingest) -> None:
    ingest.save([message("truck-1")])
    with owner.begin() as conn:
        for table in (DeviceState, LateDay, Assignment, Device):
            conn.execute(delete(table))
    assert ingest.save([message("truck-1", 2)]) == Saved(rejected=1, reasons={"unstorable": 1})


def test_a_database_that_dies_under_a_batch_raises_and_stores_nothing(engine: Engine, ingest: Ingest) -> None:
    with engine.connect() as killer:
        for session in range(2):
            with pytest.raises(DBAPIError), engine.begin() as conn:
                pid = conn.scalars(text("SELECT pg_backend_pid()")).one()
                killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
                ingest._save_in(conn, [message("truck-1", session + 1)])
    with engine.connect() as conn:
        assert conn.scalars(select(StoredFix.device_id)).all() == []
    assert ingest.save([message("truck-1")]) == Saved(stored=1)


numbers = st.floats() | st.integers() | st.sampled_from([1e308, -1e308, 2**31, -(2**31), 1e18, "1e400"])
extras = st.dictionaries(st.sampled_from(["vel", "acc", "alt", "cog", "batt", "created_at", "lat", "lon"]), numbers)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extras)
def test_no_number_a_device_can_say_stops_the_road(ingest: Ingest, extra: dict[str, object]) -> None:
    saved = ingest.save([message("truck-1", **extra), message("truck-2")])
    assert saved.stored + saved.duplicate + saved.rejected == 2


def test_retained_messages_are_counted_only(engine: Engine, ingest: Ingest) -> None:
    old = message("truck-1")
    assert ingest.save([Message(old.topic, old.payload, NOW, retained=True)]) == Saved(retained=1)


def test_topics_that_devices_make_up_are_forgotten_and_nobody_else_is_rejected(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.ingest.MOST_TOPICS", 3)
    made_up = [Message(f"{position_topic('truck-1')}/{n}", b'{"_type": "waypoint"}', NOW) for n in range(5)]
    assert ingest.save([*made_up, message("truck-2")]) == Saved(stored=1, no_fix=5)
    assert ingest.save([message("truck-2", 2), message("truck-1", 2)]) == Saved(stored=2)
    assert len(ingest._known) == 2
