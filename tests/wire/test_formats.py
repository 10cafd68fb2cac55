"""What devices that people already own say, in each format, and what becomes of it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.secret import SecretBox

from tracker.domain.fix import Fix
from tracker.domain.observation import (
    CONNECTIVITY,
    Lost,
    MachineCounters,
    NoFix,
    Observation,
    Rejected,
    Status,
)  # fmt: skip
from tracker.wire.decode import decode
from tracker.wire.encrypted import key_of
from tracker.wire.position import Bounds

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
OLDEST = NOW - timedelta(days=60)
AT = NOW - timedelta(minutes=1)
TST = int(AT.timestamp())
PLACE = {"lat": -6.181042, "lon": 106.828459}
KEY = key_of("rahasia")


def read(said: object, key: bytes | None = None) -> tuple[Observation, ...]:
    payload = said if isinstance(said, bytes) else said.encode() if isinstance(said, str) else json.dumps(said).encode()
    return decode(payload, Bounds(NOW, OLDEST), key)


# ---- OwnTracks beside its positions ----


def test_a_transition_is_a_position_and_its_region_stays_private() -> None:
    said = {"_type": "transition", "tst": TST, "acc": 20, "event": "enter", "desc": "Rumah", "t": "c", **PLACE}
    assert read(said) == (Fix(AT, PLACE["lat"], PLACE["lon"], accuracy_m=20),)
    assert read(said | {"t": "b"}) == (NoFix("transition"),)


@pytest.mark.parametrize(
    ("android", "status"),
    [
        ({"loc": 0, "ps": 0, "bo": 0, "hib": 0, "version": 420412}, ("always", False, "420412")),
        ({"loc": -2, "ps": 0, "bo": 1, "hib": 0}, ("limited", True, None)),
        ({"loc": -4, "ps": 0}, ("never", False, None)),
        ({}, (None, None, None)),
    ],
)
def test_an_android_phone_says_why_it_may_be_silent(android: dict[str, int], status: tuple[object, ...]) -> None:
    [said] = read({"_type": "status", "_id": "x", "android": android})
    assert isinstance(said, Status) and said.platform == "android"
    assert (said.permission, said.power_save, said.app_version) == status


@pytest.mark.parametrize(
    ("said", "permission"),
    [("AuthorizedAlways", "always"), ("AuthorizedWhenInUse", "limited"), ("NotDetermined", "never"), ("Else", None)],
)
def test_an_iphone_says_why_it_may_be_silent(said: str, permission: str) -> None:
    ios = {
        "version": "18.4.2", "backgroundRefreshStatus": "UIBackgroundRefreshStatusDenied",
        "locationManagerAuthorizationStatus": f"kCLAuthorizationStatus{said}",
    }  # fmt: skip
    assert read({"_type": "status", "iOS": ios}) == (
        Status(permission=permission, power_save=True, app_version="18.4.2", platform="ios"),
    )


def test_a_last_will_says_that_the_connection_broke() -> None:
    assert read({"_type": "lwt", "tst": TST - 5400}) == (Lost(),)


@pytest.mark.parametrize("kind", ["waypoint", "waypoints", "steps", "beacon", "card", "dump", "cmd"])
def test_what_is_none_of_the_citys_business_is_heard_and_discarded(kind: str) -> None:
    assert read({"_type": kind, "desc": "Rumah", "steps": 9000, "face": "iVBOR", **PLACE}) == (NoFix(kind),)


def encrypted(said: object, key: bytes = KEY) -> dict[str, str]:
    return {"_type": "encrypted", "data": b64encode(SecretBox(key).encrypt(json.dumps(said).encode())).decode()}


def test_an_encrypted_message_opens_with_its_devices_key_only() -> None:
    said = encrypted({"_type": "location", "tst": TST, **PLACE})
    assert read(said, KEY) == (Fix(AT, PLACE["lat"], PLACE["lon"]),)
    assert read(said) == (Rejected(("no_key",)),)
    assert read(said, key_of("another")) == (Rejected(("undecryptable",)),)
    assert read(encrypted(encrypted({})), KEY) == (Rejected(("unknown_format",)),)
    assert read({"_type": "encrypted", "data": "not base64!"}, KEY) == (Rejected(("undecryptable",)),)


def test_a_key_the_app_does_not_take_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 32 bytes"):
        key_of("x" * 33)


# ---- the native format ----


def feature(**changes: object) -> dict[str, object]:
    properties = {
        "time": "2026-11-20T12:59:00+07:00", "accuracy_m": 4.5, "speed_mps": 8.2, "course_deg": 90, "battery_pct": 55,
        "ignition": True, "charging": False, "connectivity": "mobile",
    } | changes  # fmt: skip
    point = {"type": "Point", "coordinates": [PLACE["lon"], PLACE["lat"], 12.5]}
    return {"type": "Feature", "geometry": point, "properties": properties}


def test_a_native_device_says_a_feature() -> None:
    assert read(feature()) == (
        Fix(
            AT, PLACE["lat"], PLACE["lon"], accuracy_m=4.5, altitude_m=12.5, speed_mps=8.2, course_deg=90,
            battery_pct=55, ignition=True, charging=False, connectivity="mobile",
        ),
    )  # fmt: skip


@pytest.mark.parametrize("sent_at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "yesterday"])
def test_a_time_that_not_every_clock_can_show_is_unknown(sent_at: str) -> None:
    [fix] = read(feature(sent_at=sent_at))
    assert isinstance(fix, Fix) and fix.sent_at is None


def test_a_collection_holds_several_and_a_bad_one_does_not_spoil_the_others() -> None:
    earlier = feature(time=TST * 1000 - 5000)
    said = {"type": "FeatureCollection", "features": [feature(), feature(time=None), earlier, 7]}
    first, second, third, fourth = read(said)
    assert isinstance(first, Fix) and isinstance(third, Fix) and third.fix_time == AT - timedelta(seconds=5)
    assert (second, fourth) == (Rejected(("no_time",)), Rejected(("not_a_point",)))
    assert read({"type": "FeatureCollection", "features": []}) == (Rejected(("no_features",)),)
    assert read({"type": "FeatureCollection", "features": [{}] * 5001}) == (Rejected(("too_many",)),)


# ---- vehicle trackers and machines ----


def teltonika(**changes: object) -> dict[str, object]:
    report = {
        "ts": TST * 1000, "pr": 0, "latlng": "-6.181042,106.828459", "alt": 12, "ang": 268, "sat": 11, "sp": 36,
        "evt": 240, "239": 1, "240": 1, "16": 1500233, "66": 14012,
    }  # fmt: skip
    return {"state": {"reported": report | changes}}


@pytest.mark.parametrize("said", [teltonika(), teltonika(ts=str(TST * 1000), sat="11", sp="36", **{"239": "1"})])
def test_a_teltonika_tracker_says_kmh_and_ignition(said: dict[str, object]) -> None:
    assert read(said) == (
        Fix(AT, PLACE["lat"], PLACE["lon"], altitude_m=12, speed_mps=10, course_deg=268, ignition=True),
    )


@pytest.mark.parametrize("said", [teltonika(latlng="0.000000,0.000000"), teltonika(sat=0), teltonika(sat="0")])
def test_a_receiver_without_a_fix_is_not_a_position(said: dict[str, object]) -> None:
    assert read(said) == (Rejected(("no_fix",)),)


PLACE_OF_MACHINE = {"datetime": "2026-11-20T05:59:00Z", "Latitude": -6.181042, "Longitude": 106.828459}
MACHINE = {
    "EquipmentHeader": {"OEMName": "BELL", "Model": "B50E", "EquipmentID": "EX-07"},
    "Location": PLACE_OF_MACHINE,
    "CumulativeOperatingHours": {"datetime": "2026-11-20T05:59:00Z", "Hour": 8376.20},
    "CumulativeIdleHours": {"datetime": "2026-11-20T05:50:00Z", "Hour": "3808.5"},
    "Distance": {"datetime": "2026-11-20T05:59:00Z", "OdometerUnits": "kilometre", "Odometer": 2702.4},
    "FuelUsed": {"datetime": "2026-11-20T05:59:00Z", "FuelUnits": "litre", "FuelConsumed": 24096},
    "FuelRemaining": {"datetime": "2026-11-20T05:59:00Z", "Percent": 39},
    "EngineStatus": {"datetime": "2026-11-20T05:59:00Z", "Running": "true"},
}
COUNTERS = MachineCounters(AT, 30_154_320, 13_710_600, 2_702_400, 24_096_000, 39, True)


@pytest.mark.parametrize("said", [MACHINE, {"Equipment": [MACHINE]}, {"Fleet": {"Equipment": MACHINE}}])
def test_a_machine_says_its_lifetime_counters_in_json(said: dict[str, object]) -> None:
    assert read(said) == (Fix(AT, PLACE["lat"], PLACE["lon"]), COUNTERS)


def test_a_machine_says_its_lifetime_counters_in_xml() -> None:
    def element(name: str, part: dict[str, object]) -> str:
        inner = "".join(f"<{key}>{value}</{key}>" for key, value in part.items() if key != "datetime")
        return f'<{name} datetime="{part.get("datetime", "")}">{inner}</{name}>'

    parts = "".join(element(name, part) for name, part in MACHINE.items())
    root = '<Fleet xmlns="http://standards.iso.org/iso/15143/-3" snapshotTime="2026-11-20T05:59:30Z">'
    assert read(f"{root}<Equipment>{parts}</Equipment></Fleet>") == (Fix(AT, PLACE["lat"], PLACE["lon"]), COUNTERS)
    two = f"{root}<Equipment>{parts}</Equipment><Equipment>{parts}</Equipment></Fleet>"
    assert read(two) == (Rejected(("many_machines",)),)


@pytest.mark.parametrize(("hours", "seconds"), [("PT13H28M30S", 48_510), ("P2DT1H", 176_400), ("PT", None)])
def test_hours_may_come_as_a_duration(hours: str, seconds: int | None) -> None:
    at = {"datetime": "2026-11-20T05:59:00Z"}
    said = {"CumulativeOperatingHours": {"Hour": hours, **at}, "CumulativeIdleHours": {"Hour": 1, **at}}
    assert read(said) == (MachineCounters(AT, operating_s=seconds, idle_s=3600),)


@pytest.mark.parametrize(
    ("units", "metres"), [("kilometre", 2000), ("Kilometres", 2000), ("miles", 3219), ("furlong", None)]
)
def test_distances_come_in_the_units_that_makers_write(units: str, metres: int | None) -> None:
    distance = {"Odometer": "2", "OdometerUnits": units, "Timestamp": "2026-11-20T05:59:00Z"}
    counters = MachineCounters(AT, distance_m=metres)
    assert read({"Distance": distance}) == (counters if metres else Rejected(("no_counters",)),)


@pytest.mark.parametrize(
    ("height", "altitude_m"),
    [({"Altitude": 12}, 12), ({"Altitude": "12", "AltitudeUnits": "meter"}, 12),
     ({"Altitude": 100, "AltitudeUnits": "feet"}, pytest.approx(30.48)), ({"Altitude": 1, "AltitudeUnits": []}, None)],
)  # fmt: skip
def test_a_machines_altitude_is_in_metres(height: dict[str, object], altitude_m: float | None) -> None:
    location = {**PLACE_OF_MACHINE, **height}
    assert read({"EquipmentHeader": {}, "Location": location}) == (
        Fix(AT, PLACE["lat"], PLACE["lon"], altitude_m=altitude_m),
    )


def test_a_machine_may_say_its_position_only_and_a_page_of_several_is_rejected_by_name() -> None:
    parked = {name: MACHINE[name] for name in ("EquipmentHeader", "Location")}
    assert read({"Equipment": [parked]}) == (Fix(AT, PLACE["lat"], PLACE["lon"]),)
    assert read({"Fleet": {"Equipment": [parked, MACHINE]}}) == (Rejected(("many_machines",)),)


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]><Equipment>&c;</Equipment>'


@pytest.mark.parametrize("said", [BOMB, "<Equipment", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><Equipment/>"])
def test_xml_that_could_be_a_bomb_is_refused(said: str) -> None:
    assert read(said) == (Rejected(("not_xml",)),)


def test_counters_without_a_time_have_that_of_their_page() -> None:
    page = {"snapshotTime": "2026-11-20T05:59:00Z", "Equipment": [{"CumulativeOperatingHours": {"Hour": 5}}]}
    assert read(page) == read({"Fleet": page}) == (MachineCounters(AT, operating_s=18_000),)


def test_counters_without_a_time_are_rejected() -> None:
    assert read({"CumulativeOperatingHours": {"Hour": 5}}) == (Rejected(("no_time",)),)


# ---- phones over HTTP ----


def form(**changes: object) -> str:
    said = {
        "id": "budi-s", "lat": -6.181042, "lon": 106.828459, "timestamp": TST, "speed": 19.43844, "bearing": 268,
        "altitude": 12.0, "accuracy": 8.5, "batt": 71.4, "charge": "true",
    } | changes  # fmt: skip
    return urlencode({name: value for name, value in said.items() if value is not None})


@pytest.mark.parametrize("timestamp", [TST, TST * 1000, "2026-11-20T05:59:00Z", "2026-11-20T12:59:00+07:00"])
def test_traccar_client_says_knots_and_times_in_three_ways(timestamp: object) -> None:
    [fix] = read(form(timestamp=timestamp))
    assert isinstance(fix, Fix) and fix.speed_mps == pytest.approx(10, abs=1e-4)
    assert fix._replace(speed_mps=None) == Fix(
        AT, PLACE["lat"], PLACE["lon"], accuracy_m=8.5, altitude_m=12, course_deg=268, battery_pct=71, charging=True
    )


def test_a_heartbeat_without_a_position_is_heard() -> None:
    assert read(form(lat=None, lon=None)) == (NoFix("heartbeat", 71, True),)


def test_a_time_whose_plus_was_not_escaped_is_understood() -> None:
    said = form(timestamp=None) + "&timestamp=2026-11-20T12:59:00+07:00"
    [fix] = read(said)
    assert isinstance(fix, Fix) and fix.fix_time == AT


def test_a_position_that_the_phone_calls_invalid_is_no_fix() -> None:
    assert read(form(valid="false")) == (Rejected(("no_fix",)),)
    assert isinstance(read(form(valid="true"))[0], Fix)


def test_a_position_that_an_app_made_up_is_rejected_by_name() -> None:
    assert read(form(mock="true")) == read(form(mocked="1")) == (Rejected(("mock_location",)),)
    assert read({"location": LOCATION | {"mock": True}}) == (Rejected(("mock_location",)),)


LOCATION = {
    "timestamp": "2026-11-20T05:59:00.000Z", "is_moving": True, "odometer": 1288.1, "event": "motionchange",
    "coords": {
        "latitude": -6.181042, "longitude": 106.828459, "accuracy": 8.5, "speed": -1, "heading": -1, "altitude": 12.0,
    },
    "battery": {"level": 0.71, "is_charging": False}, "activity": {"type": "walking"},
}  # fmt: skip


def test_traccar_client_9_says_json_and_minus_one_for_unknown() -> None:
    fix = Fix(AT, PLACE["lat"], PLACE["lon"], accuracy_m=8.5, altitude_m=12, battery_pct=71, charging=False)
    assert read({"device_id": "budi-s", "location": LOCATION}) == (fix,)
    later = LOCATION | {"timestamp": "2026-11-20T05:59:30Z"}
    both = read([{"location": LOCATION}, {"location": later}, "what"])
    assert both == (fix, fix._replace(fix_time=AT + timedelta(seconds=30)), Rejected(("unknown_format",)))
    assert read({"device_id": "budi-s", "location": [LOCATION, later, "what"]}) == both
    assert read({"location": []}) == (Rejected(("unknown_format",)),)
    assert read({"location": [{}] * 1001}) == (Rejected(("too_many",)),)


# ---- whatever comes ----

numbers = st.integers() | st.floats() | st.floats().map(str) | st.sampled_from([TST, -6.2, 106.8, "0", 1e308, 10**400])
anything = st.recursive(
    numbers | st.none() | st.booleans() | st.text(max_size=20) | st.just("2026-11-20T05:59:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EXAMPLES: list[dict[str, object]] = [
    {"_type": "location", "tst": TST, "vel": 3, "batt": 3, "acc": 3, "bs": 1, "conn": "w", **PLACE},
    {"_type": "transition", "tst": TST, **PLACE}, {"_type": "status", "android": {"loc": 0}, "iOS": {}},
    feature(), {"type": "FeatureCollection", "features": [feature()]}, teltonika(), dict(MACHINE),
    {"location": LOCATION}, {"location": [LOCATION]}, encrypted({"_type": "location", "tst": TST, **PLACE}),
]  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A message of some format with one value, at any depth, replaced by anything."""
    said = json.loads(json.dumps(draw(st.sampled_from(EXAMPLES))))
    at = said
    while True:
        name = draw(st.sampled_from(sorted(at)) if isinstance(at, dict) else st.sampled_from(range(len(at))))
        if not at[name] or not isinstance(at[name], (dict, list)) or draw(st.booleans()):
            at[name] = draw(anything)
            return json.dumps(said).encode()
        at = at[name]


def marked(said: Any, at: Any = None) -> Iterator[bytes]:
    """The message once for each of its values, at any depth, with "HERE" in that value's place."""
    at = said if at is None else at
    for name in list(at) if isinstance(at, dict) else range(len(at)):
        inner, at[name] = at[name], "HERE"
        yield json.dumps(said).encode()
        at[name] = inner
        if isinstance(inner, (dict, list)):
            yield from marked(said, inner)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda said: " ".join(said)[:30])
def test_no_value_is_too_deep_to_be_read_or_named(example: dict[str, object]) -> None:
    """The parser lets through 1,024 lists within lists, more than Python can write as text."""
    for payload in marked(json.loads(json.dumps(example))):
        for deep in (b"[" * 1015 + b"]" * 1015, b'{"a":' * 1015 + b"1" + b"}" * 1015):
            assert decode(payload.replace(b'"HERE"', deep), Bounds(NOW, OLDEST), KEY)


forms = st.dictionaries(
    st.sampled_from(["id", "lat", "lon", "timestamp", "speed", "batt", "location", "mock"]), st.text(max_size=20)
).map(lambda said: urlencode(said).encode())
xml = st.text(max_size=60).map(lambda inner: f"<Equipment><Distance>{inner}</Distance></Equipment>".encode())


@given(st.binary(max_size=300) | spoiled() | forms | xml)
def test_no_payload_raises_no_rejection_is_unnamed_and_every_value_fits_the_store(payload: bytes) -> None:
    said = decode(payload, Bounds(NOW, OLDEST), KEY)
    assert said
    for one in said:
        match one:
            case Rejected(reasons):
                assert reasons and all(reasons)
            case Fix() | NoFix():
                assert one.battery_pct is None or 0 <= one.battery_pct <= 100
                assert one.connectivity is None or one.connectivity in CONNECTIVITY
            case MachineCounters():
                assert all(value is None or 0 <= value < 2**63 for value in (one.operating_s, one.distance_m))
            case Status():
                assert "\x00" not in f"{one.app_version}"
        if isinstance(one, Fix):
            assert OLDEST <= one.fix_time <= NOW + timedelta(hours=24)
            assert -90 <= one.lat <= 90 and -180 <= one.lon <= 180
            assert all(value is None or value >= -1000 for value in (one.accuracy_m, one.altitude_m, one.speed_mps))
