"""A real bus journey, published by a program we did not write, through real brokers into the real database.

The real track lies outside the repository (`../shared/data`, see its README). Without it a made one stands in, so that
no promise about brokers and kills goes untested; only what is known of the real journey is skipped, with that reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import Engine, func, select

from tests import builders
from tests.services import CHECKOUT, Broker, DatabaseServer, Mosquitto, Process, server_folder, wait_until
from tracker.domain.segments import IN_VEHICLE, SegmentKind, segment
from tracker.storage.devices import add_device
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.models import DeviceState, StoredFix
from tracker.storage.tracks import vehicle_track
from tracker.wire.topics import position_topic

REAL_TRACK = CHECKOUT.parent / "shared" / "data" / "tracks" / "limerick-bus-304.gpx"
LOGIN = "bus-304"


def made_track(path: Path) -> Path:
    """A GPX file of 2,000 fixes 2 s apart, along a line."""
    begin = datetime(2026, 2, 18, 7, 45, 50, tzinfo=UTC)
    point = '<trkpt lat="{lat:.7f}" lon="-8.6"><time>{time:%Y-%m-%dT%H:%M:%SZ}</time></trkpt>'
    points = (point.format(lat=52.6 + n / 1e5, time=begin + timedelta(seconds=2 * n)) for n in range(2000))
    path.write_text(f'<gpx version="1.1"><trk><trkseg>{"".join(points)}</trkseg></trk></gpx>')
    return path


@dataclass
class Road:
    """A private city: broker, database, bridge and one vehicle with a tracker."""

    folder: Path
    server: DatabaseServer
    broker: Broker | Mosquitto
    bridge: Process
    engine: Engine
    vehicle_id: int
    secret: str
    track: Path

    @property
    def env(self) -> dict[str, str]:
        """For our own replay client, which reconnects when its broker was away; mosquitto_pub gives up."""
        return {**os.environ, "DATA_DIR": str(self.folder / "replay"), "MQTT_URL": self.broker.url}

    def replay(self, *options: str) -> list[str]:
        replay = ["replay", str(self.track), "--login", LOGIN, "--secret", self.secret, "--shift-to-now", *options]
        return [sys.executable, "-m", "tracker.demo", *replay]

    def publisher(self) -> subprocess.Popen[bytes]:
        """mosquitto_pub: publishes each line it is given, and ends when the broker has acknowledged all of them."""
        return subprocess.Popen(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker.port), "-V", "mqttv311", "-q", "1", "-l",
             "-u", LOGIN, "-P", self.secret, "-i", "bus-304-client", "-t", position_topic(LOGIN)],
            stdin=subprocess.PIPE,
        )  # fmt: skip

    def publish(self, lines: list[bytes]) -> None:
        publisher = self.publisher()
        give(publisher, lines)
        finish(publisher)

    def stored(self) -> dict[datetime, tuple[int, int]]:
        with self.engine.connect() as conn:
            rows = conn.execute(select(StoredFix.fix_time, StoredFix.lat_e7, StoredFix.lon_e7)).all()
        assert len({row.fix_time for row in rows}) == len(rows)
        return {row.fix_time: (row.lat_e7, row.lon_e7) for row in rows}

    def heard(self) -> int:
        """How many fixes were stored or recognised as repetitions."""
        with self.engine.connect() as conn:
            return conn.scalar(select(func.sum(DeviceState.stored + DeviceState.duplicate))) or 0


def give(publisher: subprocess.Popen[bytes], lines: list[bytes]) -> None:
    assert publisher.stdin is not None
    publisher.stdin.writelines(line + b"\n" for line in lines)
    publisher.stdin.flush()


def finish(publisher: subprocess.Popen[bytes]) -> None:
    assert publisher.stdin is not None
    publisher.stdin.close()
    assert publisher.wait(60) == 0


@pytest.fixture(params=["nats", "mosquitto"])
def road(request: pytest.FixtureRequest) -> Iterator[Road]:
    with server_folder() as folder:
        yield from make_road(folder, Broker if request.param == "nats" else Mosquitto)


@pytest.fixture
def durable_road() -> Iterator[Road]:
    """On the broker that keeps what it acknowledged."""
    with server_folder() as folder:
        yield from make_road(folder, Broker)


def make_road(folder: Path, kind: type[Broker | Mosquitto]) -> Iterator[Road]:
    server = DatabaseServer(folder)
    server.process.start()
    owner = make_engine(server.url("jejak_owner"), pool_size=1)
    migrate(owner, "jejak_app", 60)
    owner.dispose()
    engine = make_engine(server.url("jejak_app"))
    with engine.begin() as conn:
        vehicle_id = builders.vehicle(conn)
        secret = add_device(conn, LOGIN, "tracker", expected_interval_s=10, vehicle_id=vehicle_id,
                            since=builders.LONG_AGO)  # fmt: skip
    broker = kind(folder)
    broker.process.start()
    env = {"DATABASE_URL": server.url("jejak_app"), "DATABASE_OWNER_URL": server.url("jejak_owner"),
           "MQTT_URL": broker.url, "DATA_DIR": str(folder / "bridge")}  # fmt: skip
    log = folder / "bridge.log"
    bridge = Process([sys.executable, "-m", "mqtt_bridge"], log, lambda: b"session exists" in log.read_bytes(),
                     env={**os.environ, **env}, cwd=CHECKOUT)  # fmt: skip
    bridge.start()
    broker.add_device(LOGIN, secret)
    try:
        track = REAL_TRACK if REAL_TRACK.exists() else made_track(folder / "made.gpx")
        yield Road(folder, server, broker, bridge, engine, vehicle_id, secret, track)
    finally:
        engine.dispose()
        for process in (bridge, broker.process, server.process):
            process.stop()


def messages(road: Road) -> list[bytes]:
    """The journey as OwnTracks lines, moved in time by one remembered offset so that it ended now."""
    printed = subprocess.run(road.replay("--print"), env=road.env, cwd=CHECKOUT, capture_output=True, check=True)
    return printed.stdout.splitlines()


def expected(road: Road, lines: list[bytes]) -> dict[datetime, tuple[int, int]]:
    """What must be in the database: each time of the file, moved, with its place; read here with other code."""
    points = ElementTree.parse(road.track).findall(".//{*}trkpt")
    times = [datetime.fromisoformat(point.findtext("{*}time", "")) for point in points]
    offset = datetime.fromtimestamp(json.loads(lines[-1])["tst"], UTC) - max(times)
    assert abs(datetime.now(UTC) - max(times) - offset) < timedelta(minutes=1), "the journey ends now"
    places = [(round(float(p.attrib["lat"]) * 1e7), round(float(p.attrib["lon"]) * 1e7)) for p in points]
    return {time + offset: place for time, place in zip(times, places, strict=True)}


def test_every_fix_of_a_real_journey_is_stored_once_with_its_time_and_place(road: Road) -> None:
    lines = messages(road)
    road.publish(lines)
    wait_until(lambda: road.heard() >= len(lines), "every fix was heard")
    assert road.stored() == expected(road, lines)


def test_the_same_file_published_twice_adds_nothing(road: Road) -> None:
    for published in (1, 2):
        lines = messages(road)
        road.publish(lines)
        awaited = published * len(lines)
        wait_until(lambda n=awaited: road.heard() >= n, "all were heard")
        assert len(road.stored()) == len(lines)


@pytest.mark.skipif(not REAL_TRACK.exists(), reason=f"the real track {REAL_TRACK.name} is not beside this checkout")
def test_the_journey_and_its_stays_come_out(durable_road: Road) -> None:
    lines = messages(durable_road)
    durable_road.publish(lines)
    wait_until(lambda: durable_road.heard() >= 2144, "2,144 fixes were heard")
    times = sorted(expected(durable_road, lines))
    start, end = times[0], times[-1]
    with durable_road.engine.connect() as conn:
        track = vehicle_track(conn, durable_road.vehicle_id, start, end)
    assert [fix.fix_time for fix in track] == times
    segments = segment(track, start, end, replace(IN_VEHICLE, expected_interval_s=10))
    stays = [part for part in segments if part.kind is SegmentKind.STAY]
    moves = [part for part in segments if part.kind is SegmentKind.MOVE]
    # the bus stood at its first stop for 4 minutes and in Limerick's traffic; it was never silent for long
    assert stays and moves and not [part for part in segments if part.kind is SegmentKind.UNKNOWN]
    assert sum(part.spanned_s for part in segments) == (end - start).total_seconds()
    assert all(part.spanned_s >= 180 for part in stays)
    assert stays[0].start == start


@pytest.mark.parametrize("victim", ["bridge", "broker", "database"])
def test_a_kill_in_the_middle_of_the_journey_loses_nothing_and_doubles_nothing(
    durable_road: Road, victim: str
) -> None:
    lines = messages(durable_road)
    target = {"bridge": durable_road.bridge, "broker": durable_road.broker.process,
              "database": durable_road.server.process}[victim]  # fmt: skip
    replay = subprocess.Popen(durable_road.replay("--speed", "500"), env=durable_road.env, cwd=CHECKOUT)
    for stored in (300, 900):
        wait_until(lambda n=stored: len(durable_road.stored()) > n, f"over {stored} fixes are stored")
        target.kill()
        target.start(wait=False)
        target.stand()
    assert replay.wait(60) == 0
    wait_until(lambda: len(durable_road.stored()) >= len(lines), "the whole journey is stored")
    assert durable_road.stored() == expected(durable_road, lines)
