"""Each format that devices speak, through the real broker and the real bridge, to where it is kept."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

from nacl.secret import SecretBox
from sqlalchemy import Engine, func, select

from config import kept_secret
from tests import builders
from tests.devices import Client, Tracker
from tests.services import Broker, Process, wait_until
from tracker.sealing import Sealer
from tracker.storage.devices import set_payload_key
from tracker.storage.models import DeviceState, DeviceStatus, MachineReading, Quarantine, StoredFix
from tracker.wire.encrypted import key_of
from tracker.wire.topics import position_topic

BEGIN = (datetime.now(UTC) - timedelta(hours=2)).replace(microsecond=0)
LAT, LON = -6.181042, 106.828459


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def epoch(minute: int) -> int:
    return int(at(minute).timestamp())


def feature(minute: int) -> dict[str, object]:
    point = {"type": "Point", "coordinates": [LON, LAT]}
    return {"type": "Feature", "geometry": point, "properties": {"time": at(minute).isoformat(), "speed_mps": 10}}


def publish(client: Client, said: object, kind: str = "") -> None:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    client.publish(position_topic("truck-1") + kind, payload)


def stored(engine: Engine) -> dict[datetime, tuple[int, int, int | None]]:
    with engine.connect() as conn:
        rows = conn.execute(select(StoredFix.fix_time, StoredFix.lat_e7, StoredFix.lon_e7, StoredFix.speed_cmps))
        return {row.fix_time: (row.lat_e7, row.lon_e7, row.speed_cmps) for row in rows}


def test_positions_of_every_format_arrive_in_the_same_units(
    engine: Engine, broker: Broker, bridge: Process
) -> None:
    client = Tracker(engine, broker, "truck-1").connect()
    publish(client, {"_type": "location", "tst": epoch(1), "lat": LAT, "lon": LON, "vel": 36})
    publish(client, {"_type": "transition", "tst": epoch(2), "lat": LAT, "lon": LON, "event": "enter"}, "/event")
    publish(client, feature(3))
    publish(client, {"type": "FeatureCollection", "features": [feature(4), feature(5)]})
    report = {"ts": epoch(6) * 1000, "latlng": f"{LAT},{LON}", "sp": "36", "sat": 9, "239": 1}
    publish(client, {"state": {"reported": report}})
    publish(client, f"id=x&lat={LAT}&lon={LON}&timestamp={epoch(7)}&speed=19.43844".encode())
    coords = {"latitude": LAT, "longitude": LON, "speed": 10.0}
    publish(client, {"location": {"timestamp": at(8).isoformat(), "coords": coords}})
    wait_until(lambda: len(stored(engine)) == 8, "all eight positions")
    place, speed = (round(LAT * 1e7), round(LON * 1e7)), 1000
    assert stored(engine) == {at(n): (*place, None if n == 2 else speed) for n in range(1, 9)}
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(Quarantine)) == 0
        assert conn.scalars(select(StoredFix.ignition).where(StoredFix.fix_time == at(6))).one() is True
    client.close()


def test_what_is_no_position_is_kept_where_it_belongs(
    engine: Engine, broker: Broker, bridge: Process
) -> None:
    client = Tracker(engine, broker, "truck-1").connect()
    publish(client, {"_type": "status", "android": {"loc": -2, "bo": 1, "version": 420412}}, "/status")
    publish(client, {
        "CumulativeOperatingHours": {"Hour": 10.5, "datetime": at(1).isoformat()},
        "CumulativeIdleHours": {"Hour": 2, "datetime": at(1).isoformat()},
    })  # fmt: skip
    publish(client, {"_type": "waypoint", "desc": "Rumah", "lat": LAT, "lon": LON, "tst": epoch(2)}, "/waypoint")
    publish(client, {"_type": "lwt", "tst": epoch(0)})
    publish(client, {"_type": "location", "t": "p", "tst": epoch(3), "lat": LAT, "lon": LON, "batt": 9, "conn": "m"})

    def counted() -> int:
        with engine.connect() as conn:
            return conn.scalar(select(DeviceState.no_fix)) or 0

    wait_until(lambda: counted() == 5, "what holds no fix")
    with engine.connect() as conn:
        status = conn.execute(select(DeviceStatus.permission, DeviceStatus.power_save, DeviceStatus.app_version)).one()
        counters = conn.execute(select(MachineReading.operating_s, MachineReading.idle_s)).one()
        state = conn.execute(select(DeviceState.battery_pct, DeviceState.connectivity, DeviceState.lost_at)).one()
    assert tuple(status) == ("limited", True, "420412")
    assert tuple(counters) == (37800, 7200)
    assert (state.battery_pct, state.connectivity) == (9, "mobile") and state.lost_at is not None
    assert stored(engine) == {}
    client.close()


def test_a_machine_reports_in_the_xml_of_its_standard(
    engine: Engine, broker: Broker, bridge: Process
) -> None:
    client = Tracker(engine, broker, "truck-1").connect()
    time = at(1).isoformat().replace("+00:00", "Z")
    publish(client, f"""<?xml version="1.0" encoding="UTF-8"?>
<Fleet xmlns="http://standards.iso.org/iso/15143/-3" version="1" snapshotTime="{time}"><Equipment>
  <EquipmentHeader><OEMName>Volvo</OEMName><Model>EC220E</Model><EquipmentID>EX-7</EquipmentID></EquipmentHeader>
  <Location datetime="{time}"><Latitude>{LAT}</Latitude><Longitude>{LON}</Longitude></Location>
  <CumulativeOperatingHours datetime="{time}"><Hour>PT1250H30M</Hour></CumulativeOperatingHours>
  <CumulativeIdleHours datetime="{time}"><Hour>401.5</Hour></CumulativeIdleHours>
  <Distance datetime="{time}"><OdometerUnits>kilometre</OdometerUnits><Odometer>1204.5</Odometer></Distance>
</Equipment></Fleet>""".encode())
    wait_until(lambda: len(stored(engine)) == 1, "the machine's position")
    assert stored(engine) == {at(1): (round(LAT * 1e7), round(LON * 1e7), None)}
    with engine.connect() as conn:
        counters = select(MachineReading.operating_s, MachineReading.idle_s, MachineReading.distance_m)
        assert [tuple(row) for row in conn.execute(counters)] == [(1250 * 3600 + 1800, 1_445_400, 1_204_500)]
        assert conn.scalar(select(func.count()).select_from(Quarantine)) == 0
    client.close()


def test_an_encrypted_message_opens_once_its_key_is_known(
    engine: Engine, broker: Broker, bridge: Process
) -> None:
    client = Tracker(engine, broker, "truck-1").connect()
    key = key_of("rahasia")

    def encrypted(minute: int) -> dict[str, str]:
        said = {"_type": "location", "tst": epoch(minute), "lat": LAT, "lon": LON}
        return {"_type": "encrypted", "data": b64encode(SecretBox(key).encrypt(json.dumps(said).encode())).decode()}

    def reasons() -> list[list[str]]:
        with engine.connect() as conn:
            return list(conn.scalars(select(Quarantine.reasons)))

    publish(client, encrypted(1))
    wait_until(lambda: reasons() == [["no_key"]], "the first is set aside")
    with engine.begin() as conn:
        secret = kept_secret(bridge.log.parent, "secret_key")
        assert set_payload_key(conn, "truck-1", Sealer(secret).seal(key))
    publish(client, encrypted(2))
    wait_until(lambda: set(stored(engine)) == {at(2)}, "the second is stored, with the key set meanwhile")
    client.close()


def test_a_persons_phone_off_duty_leaves_its_health_and_no_position(
    engine: Engine, broker: Broker, bridge: Process
) -> None:
    with engine.begin() as conn:
        device_id = builders.device(conn, "phone-1", person_id=builders.person(conn))
    broker.add_device("phone-1", "s3cret")
    client = Client(broker.port, "phone-1", "s3cret")
    said = {"_type": "location", "tst": epoch(1), "lat": LAT, "lon": LON, "batt": 17, "bs": 2, "conn": "w"}
    client.publish(position_topic("phone-1"), json.dumps(said).encode())
    client.publish(position_topic("phone-1"), b'{"_type": "location", "lat": -6.2, "lon": 106.8}')

    def state() -> DeviceState | None:
        with engine.connect() as conn:
            return conn.execute(select(DeviceState.__table__).where(DeviceState.device_id == device_id)).one_or_none()

    wait_until(lambda: (found := state()) is not None and found.rejected == 1, "both are counted")
    found = state()
    assert found is not None and (found.off_duty, found.battery_pct, found.charging) == (1, 17, True)
    assert (found.connectivity, found.fix_time) == ("wifi", None)
    with engine.connect() as conn:
        assert conn.scalars(select(Quarantine.payload)).all() == [None]
    assert stored(engine) == {}
    client.close()
