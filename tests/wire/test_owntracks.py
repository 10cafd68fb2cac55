"""OwnTracks: lenient in what is optional, strict in time and position, never a crash."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.fix import Fix
from tracker.domain.observation import NoFix, Observation, Rejected
from tracker.wire.decode import decode as decode_all
from tracker.wire.position import Bounds
from tracker.wire.topics import Sender, position_topic, sender, shard

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
OLDEST = NOW - timedelta(days=60)
TST = int(NOW.timestamp()) - 60

# what the Android app sends, extras included
FROM_A_PHONE = {
    "_type": "location", "_id": "a1b2c3d4", "BSSID": "aa:bb:cc:dd:ee:ff", "SSID": "RumahSaya", "acc": 13, "alt": 36,
    "batt": 71, "bs": 1, "cog": 268, "conn": "m", "created_at": TST + 2, "inregions": ["Balai Kota"], "lat": -6.181042,
    "lon": 106.828459, "m": 1, "t": "u", "tid": "BS", "topic": "owntracks/07/budi-s", "tst": TST, "vac": 3, "vel": 36,
}  # fmt: skip


def decode(payload: bytes, now: datetime, oldest: datetime) -> Observation:
    [observation] = decode_all(payload, Bounds(now, oldest))
    return observation


def said(**changes: object) -> bytes:
    """The phone's message with some fields changed; None removes a field."""
    return json.dumps({name: value for name, value in (FROM_A_PHONE | changes).items() if value is not None}).encode()


def test_a_phones_message_becomes_a_fix_in_si_units() -> None:
    assert decode(said(), NOW, OLDEST) == Fix(
        fix_time=NOW - timedelta(seconds=60), lat=-6.181042, lon=106.828459, accuracy_m=13, altitude_m=36,
        speed_mps=10.0, course_deg=268, battery_pct=71, sent_at=NOW - timedelta(seconds=58), charging=False,
        connectivity="mobile",
    )  # fmt: skip


def test_numbers_may_come_as_text() -> None:
    fix = decode(said(lat="-6.2", tst=str(TST), acc="8"), NOW, OLDEST)
    assert isinstance(fix, Fix) and (fix.lat, fix.accuracy_m) == (-6.2, 8)


@pytest.mark.parametrize(
    "changes",
    [{"acc": -1}, {"vel": -1}, {"batt": 140}, {"cog": 999}, {"acc": "unknown"}, {"alt": True}, {"created_at": "soon"}],
    ids=str,
)
def test_an_optional_value_that_cannot_be_is_unknown_not_a_reason_to_reject(changes: dict[str, object]) -> None:
    assert isinstance(decode(said(**changes), NOW, OLDEST), Fix)


@pytest.mark.parametrize(
    ("payload", "reasons"),
    [
        (b"", ("not_json",)),
        (b"\xff\xfe", ("not_json",)),
        (b"[" * 100_000, ("not_json",)),
        (b"[]", ("unknown_format",)),
        (b'"text"', ("unknown_format",)),
        (said(_type="teleport"), ("unknown_owntracks_type",)),
        (said(tst=None), ("no_time",)),
        (said(tst="yesterday", lat=None), ("no_time", "no_lat")),
        (said(lon={"deg": 106}), ("no_lon",)),
        (said(lat="1_0"), ("no_lat",)),
        (said(lat=91), ("impossible_coordinates",)),
        (said(lon=-180.1), ("impossible_coordinates",)),
        (b'{"_type":"location","tst":1,"lat":NaN,"lon":0}', ("not_json",)),
        (said(lat=0, lon=0.0), ("null_island",)),
        (said(tst=TST + 90_000), ("future",)),
        (said(tst=0), ("expired",)),
        (said(tst=0, lat=100), ("impossible_coordinates", "expired")),
    ],
)
def test_what_cannot_be_a_fix_is_rejected_with_every_reason(payload: bytes, reasons: tuple[str, ...]) -> None:
    assert decode(payload, NOW, OLDEST) == Rejected(reasons)


numbers = st.integers() | st.floats() | st.floats().map(str)
anything = numbers | st.none() | st.booleans() | st.text(max_size=20) | st.lists(numbers, max_size=3)
messages = st.dictionaries(st.sampled_from(list(FROM_A_PHONE)), anything).map(
    lambda fields: json.dumps({"_type": "location", **fields}).encode()
)


@given(st.binary(max_size=200) | messages)
def test_no_payload_raises_and_no_rejection_is_unnamed(payload: bytes) -> None:
    for observation in decode_all(payload, Bounds(NOW, OLDEST)):
        assert not isinstance(observation, Rejected) or (observation.reasons and all(observation.reasons))


def test_a_ping_repeats_an_old_position_and_is_no_fix() -> None:
    assert decode(said(t="p"), NOW, OLDEST) == NoFix("ping", 71, False, "mobile")


def test_the_identity_comes_from_the_topic() -> None:
    assert position_topic("budi-s") == f"owntracks/{shard('budi-s')}/budi-s"
    assert sender(position_topic("budi-s")) == Sender("budi-s", "")
    assert sender("owntracks/07/budi-s/event") == Sender("budi-s", "event")
    assert sender("owntracks/07") is None
    assert sender("owntracks/07/budi-s/cmd") is None
    assert sender("other/07/budi-s") is None
