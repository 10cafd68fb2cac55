"""OwnTracks: lenient in what is optional, strict in time and position, never a crash."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.fix import Fix
from tracker.domain.observation import NoFix, Observation, Rejected
from tracker.wire import owntracks_plain
from tracker.wire.decode import decode as decode_all
from tracker.wire.decode import decode_carefully
from tracker.wire.position import Bounds
from tracker.wire.topics import login_of, position_topic, shard

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


# the right type in and around its range: what the plain road may take
EDGES: dict[str, list[object]] = {
    "tst": [TST - 61 * 86400, TST + 60 + 86400, TST + 61 + 86400, -1, 2**40, TST + 0.5],
    "created_at": [-1, 0, 253_370_764_799, 253_370_764_800],
    "lat": [-90, -90.1, 90, 90.1, 0], "lon": [-180.1, 180, 181],
    "acc": [-0.1, 0, 1e7, 10_000_001], "alt": [-1000, -1001, 20_000, 20_001, 36.6], "vel": [-1, 0, 2160, 2160.1],
    "cog": [-1, 0, 360, 361], "batt": [-1, 0, 100, 101, 50.5], "bs": [-1, 0, 1, 2, 3, 4], "conn": ["w", "m", "o", "x"],
    "t": ["u", "p"], "tid": ["é", ""], "_type": ["location", "status"],
}  # fmt: skip
changes = st.sampled_from(list(EDGES)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(EDGES[name]) | anything)
)
almost_plain = st.lists(changes, max_size=2).map(lambda fields: json.dumps(FROM_A_PHONE | dict(fields)).encode())


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in EDGES.items() for value in values])
def test_the_plain_road_has_the_careful_ones_limits(name: str, value: object) -> None:
    payload = said(**{name: value})
    plain = owntracks_plain.read(payload, Bounds(NOW, OLDEST))
    assert plain is None or decode_carefully(payload, Bounds(NOW, OLDEST)) == (plain,)


@given(almost_plain | messages | st.binary(max_size=200))
def test_the_plain_road_reads_what_the_careful_one_reads(payload: bytes) -> None:
    plain = owntracks_plain.read(payload, Bounds(NOW, OLDEST))
    assert plain is None or decode_carefully(payload, Bounds(NOW, OLDEST)) == (plain,)


@pytest.mark.parametrize(
    "change", [{}, {"acc": None, "conn": "o"}, {"alt": 36.5, "lat": -6}, {"poi": "x", "bs": 0}], ids=str
)
def test_the_plain_road_takes_what_the_app_writes(change: dict[str, object]) -> None:
    assert owntracks_plain.read(said(**change), Bounds(NOW, OLDEST)) is not None


@pytest.mark.parametrize("hidden", [b"\xff\xfe", b"\\ud800", b"\x01"], ids=str)
def test_what_is_no_text_is_no_json_also_where_nobody_reads_it(hidden: bytes) -> None:
    assert decode(said(tid="HIDDEN").replace(b"HIDDEN", hidden), NOW, OLDEST) == Rejected(("not_json",))


@given(st.binary(max_size=200) | messages)
def test_no_payload_raises_and_no_rejection_is_unnamed(payload: bytes) -> None:
    for observation in decode_all(payload, Bounds(NOW, OLDEST)):
        assert not isinstance(observation, Rejected) or (observation.reasons and all(observation.reasons))


def test_a_ping_repeats_an_old_position_and_is_no_fix() -> None:
    assert decode(said(t="p"), NOW, OLDEST) == NoFix("ping", 71, False, "mobile")


def test_the_identity_comes_from_the_topic() -> None:
    assert position_topic("budi-s") == f"owntracks/{shard('budi-s')}/budi-s"
    assert login_of(position_topic("budi-s")) == login_of("owntracks/07/budi-s/event") == "budi-s"
    for topic in ("owntracks/07", "owntracks/07/budi-s/cmd", "other/07/budi-s", "owntracks/07/a\0b", "owntracks/07/B"):
        assert login_of(topic) is None
