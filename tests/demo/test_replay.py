"""A recorded track becomes what a device would have sent; a file that is no track is refused with its line."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.demo.conftest import Listener
from tests.services import CHECKOUT, DEADLINE_S, Broker, wait_until
from tracker.demo import replay
from tracker.demo.memory import SECRETS, Memory
from tracker.demo.mqtt import Broker as Address
from tracker.demo.trackfile import TrackError, read_track
from tracker.domain.fix import Fix
from tracker.wire.decode import decode
from tracker.wire.position import Bounds

TRACKS = CHECKOUT.parent / "shared" / "data" / "tracks"
BEGIN = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
real_tracks = pytest.mark.skipif(not TRACKS.exists(), reason="the real tracks are not beside this checkout")

GPX = """<?xml version="1.0"?>
<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><metadata><time>2020-01-01T00:00:00Z</time></metadata>
<trk><trkseg>
<trkpt lat="-6.2000001" lon="106.8"><ele>8.5</ele><time>2026-03-04T01:00:00Z</time></trkpt>
<trkpt lat="-6.2000002" lon="106.8"><time>2026-03-04T08:00:10+07:00</time></trkpt>
</trkseg></trk></gpx>
"""
CSV = """timestamp,vehicle_id,latitude,longitude,bearing
2026-03-04 01:00:20,A,-6.21,106.81,
2026-03-04 01:00:00,A,-6.2,106.8,53
2026-03-04 01:00:05,B,-6.3,106.9,360
"""


def written(folder: Path, content: str | bytes, name: str = "track") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def fixes(count: int) -> list[Fix]:
    return [Fix(BEGIN + timedelta(seconds=10 * n), -6.2 + n * 1e-7, 106.8) for n in range(count)]


def run(*arguments: str, data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DATA_DIR": str(data_dir), **settings}
    command = [sys.executable, "-m", "tracker.demo", "replay", *arguments]
    return subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=DEADLINE_S)


# ---- reading -------------------------------------------------------------------------------------------------------


def test_a_gpx_track_is_read_with_its_elevations_and_zones(tmp_path: Path) -> None:
    assert read_track(written(tmp_path, GPX)) == [
        Fix(BEGIN, -6.2000001, 106.8, altitude_m=8.5),
        Fix(BEGIN + timedelta(seconds=10), -6.2000002, 106.8),
    ]


def test_one_vehicle_of_a_csv_file_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    assert read_track(written(tmp_path, CSV), "A") == [
        Fix(BEGIN, -6.2, 106.8, course_deg=53.0),
        Fix(BEGIN + timedelta(seconds=20), -6.21, 106.81),
    ]


@pytest.mark.parametrize("vehicle, what", [(None, "several vehicles"), ("C", "no vehicle 'C'"), ("", "no vehicle ''")])
def test_a_missing_or_unknown_vehicle_is_answered_with_the_list(
    tmp_path: Path, vehicle: str | None, what: str
) -> None:
    with pytest.raises(TrackError, match=f"{what}; name one with --vehicle: A, B$"):
        read_track(written(tmp_path, CSV), vehicle)


@pytest.mark.parametrize(
    "content, line, what",
    [
        (GPX.replace('lat="-6.2000002"', 'lat="north"'), 5, "latitude 'north'"),
        (GPX.replace('lat="-6.2000002"', 'lat="-96.2"'), 5, "from -90 to 90"),
        (GPX.replace("2026-03-04T08:00:10+07:00", "yesterday"), 5, "time 'yesterday'"),
        (GPX.replace("<time>2026-03-04T01:00:00Z</time>", ""), 4, "time ''"),
        (GPX.replace("</trkseg>", ""), 6, "not well-formed"),
        (GPX.replace("gpx", "kml"), 2, "<kml> is not GPX"),
        (CSV.replace("106.81", "east"), 2, "longitude 'east'"),
        (CSV.replace("01:00:05", "25:00:05"), 4, "time '2026-03-04 25:00:05'"),
        (CSV.replace("latitude", "breite"), 1, "no column latitude or lat"),
        ("2026-03-04\n", 1, "neither GPX nor"),
        ("timestamp,lat,lon\n2026-03-04 01:00:05\n", 2, "latitude ''"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, content: str, line: int, what: str) -> None:
    with pytest.raises(TrackError, match=rf"track, line {line}: .*{what}"):
        read_track(written(tmp_path, content))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", b"timestamp,lat,lon\n", b"<gpx/>", b""])
def test_a_file_without_positions_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TrackError):
        read_track(written(tmp_path, content))


def test_entities_are_refused_before_they_explode(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with pytest.raises(TrackError, match="line 1: a document type declaration"):
        read_track(written(tmp_path, f"{bomb}<gpx>&b;</gpx>"))


@real_tracks
def test_the_real_tracks_are_read_whole() -> None:
    assert len(read_track(TRACKS / "limerick-bus-304.gpx")) == 2144
    assert len(read_track(TRACKS / "liverpool-bus-14.csv", "4720")) == 278


# ---- payloads and times ----------------------------------------------------------------------------------------------


def test_what_is_sent_decodes_to_the_same_fix() -> None:
    fix = Fix(BEGIN, -6.2000001, 106.8123456, accuracy_m=12.0, altitude_m=8.0, speed_mps=10.0, course_deg=90.0,
              battery_pct=55, sent_at=BEGIN + timedelta(seconds=3))  # fmt: skip
    (payload,) = replay.payloads([fix], "bus-304")
    assert b"\n" not in payload and json.loads(payload)["tid"] == "04"
    assert decode(payload, Bounds(BEGIN, BEGIN - timedelta(days=1))) == (fix._replace(connectivity="mobile"),)


def test_the_offset_is_remembered_so_that_publishing_again_adds_nothing(tmp_path: Path) -> None:
    path, memory = written(tmp_path, GPX), Memory(tmp_path)
    track = read_track(path)
    now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    first = replay.shifted(track, memory, path, None, "bus-304", now)
    again = replay.shifted(track, memory, path, None, "bus-304", now + timedelta(days=2))
    assert first == again and first[-1].fix_time == now
    assert first[1].fix_time - first[0].fix_time == track[1].fix_time - track[0].fix_time


def test_another_device_and_another_content_have_offsets_of_their_own(tmp_path: Path) -> None:
    path, memory = written(tmp_path, GPX), Memory(tmp_path)
    track, now = read_track(path), datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    later = now + timedelta(hours=5)
    replay.shifted(track, memory, path, None, "bus-304", now)
    assert replay.shifted(track, memory, path, None, "bus-305", later)[-1].fix_time == later
    other = written(tmp_path, GPX + "\n", "other")
    assert replay.shifted(track, memory, other, None, "bus-304", later)[-1].fix_time == later
    copy = written(tmp_path, GPX, "copy")
    assert replay.shifted(track, memory, copy, None, "bus-304", later)[-1].fix_time == now


def test_a_pace_stretches_the_times_of_the_track() -> None:
    first, last = fixes(1)[0], fixes(7)[-1]
    assert [replay.Pace(speed).due_after_s(first, last) for speed in (1.0, 60.0, None)] == [60.0, 1.0, 0.0]


# ---- publishing ------------------------------------------------------------------------------------------------------


def test_every_fix_is_published_and_acknowledged(broker: Broker, listener: Listener) -> None:
    secret = secrets.token_hex(16)
    broker.add_device("bus-304", secret)
    track = fixes(500)
    replay.publish(track, Address("127.0.0.1", broker.port), "bus-304", secret, replay.Pace(None))
    wait_until(lambda: len(listener.times("bus-304")) >= 500, "500 messages are heard")
    assert listener.payloads["bus-304"] == list(replay.payloads(track, "bus-304"))


def test_a_killed_broker_delays_a_replay_and_loses_nothing(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    secret = secrets.token_hex(16)
    broker.add_device("bus-304", secret)
    rows = [f"{fix.fix_time:%Y-%m-%d %H:%M:%S},{fix.lat:.7f},106.8" for fix in fixes(3000)]
    track = written(tmp_path, "\n".join(["time,lat,lon", *rows]))
    env = {**os.environ, "DATA_DIR": str(tmp_path), "MQTT_URL": broker.url}
    command = [sys.executable, "-m", "tracker.demo", "replay", str(track), "--login", "bus-304", "--secret", secret,
               "--speed", "10000"]  # fmt: skip
    with subprocess.Popen(command, env=env, cwd=CHECKOUT, stderr=subprocess.DEVNULL) as replaying:
        wait_until(lambda: len(listener.times("bus-304")) > 200, "some are heard")
        broker.process.kill()
        broker.process.start()
        assert replaying.wait(DEADLINE_S) == 0
    wanted = {int(fix.fix_time.timestamp()) for fix in fixes(3000)}
    wait_until(lambda: set(listener.times("bus-304")) == wanted, "all are heard")


def test_a_wrong_secret_ends_in_a_sentence(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "REFUSALS_BORNE_S", 0.5)
    broker.add_device("bus-304", secrets.token_hex(16))
    with pytest.raises(replay.ReplayError, match="does not admit this device: the login or its secret is wrong"):
        replay.publish(fixes(3), Address("127.0.0.1", broker.port), "bus-304", "wrong", replay.Pace(None))


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_publishes_with_the_citys_own_secret(broker: Broker, listener: Listener, tmp_path: Path) -> None:
    secret = secrets.token_hex(16)
    broker.add_device("staf-001", secret)
    Memory(tmp_path).write(SECRETS, {"staf-001": secret})
    track = written(tmp_path, GPX)
    done = run(str(track), "--login", "staf-001", data_dir=tmp_path, MQTT_URL=broker.url)
    assert done.returncode == 0 and "2/2" in done.stderr, done.stderr
    wait_until(lambda: len(listener.times("staf-001")) >= 2, "both fixes are heard")
    assert listener.payloads["staf-001"] == list(replay.payloads(read_track(track), "staf-001"))


def test_the_command_prints_the_messages_for_other_clients(tmp_path: Path) -> None:
    track = written(tmp_path, CSV)
    done = run(str(track), "--login", "bus-14", "--vehicle", "A", "--print", data_dir=tmp_path)
    assert done.stdout.splitlines() == [p.decode() for p in replay.payloads(read_track(track, "A"), "bus-14")]


def test_an_unknown_login_and_a_bad_file_end_with_code_2(tmp_path: Path) -> None:
    unknown = run(str(written(tmp_path, GPX)), "--login", "nobody", data_dir=tmp_path)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "no secret is known for the login 'nobody'; give it with --secret" in unknown.stderr
    bad = run(str(written(tmp_path, "<gpx>")), "--login", "nobody", data_dir=tmp_path)
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1) and "line 1" in bad.stderr
