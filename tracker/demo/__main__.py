"""`python -m tracker.demo` puts the simulated city on the air; `replay FILE --login L` publishes a recorded track."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config import Config, begin
from tracker.demo import replay, seed
from tracker.demo.city import City
from tracker.demo.memory import Memory
from tracker.demo.mqtt import Broker, Switchboard
from tracker.demo.past import store_past
from tracker.demo.trackfile import TrackError, read_track
from tracker.demo.world import World
from tracker.storage.engine import make_engine, wait_for_schema

RETRY_S = 60.0

log = logging.getLogger("demo")


def main() -> None:
    arguments = _parser().parse_args()
    config = begin("demo")
    try:
        if arguments.command == "replay":
            _replay(config, arguments)
        else:
            _city(config)
    except (TrackError, replay.ReplayError, seed.ForeignCity) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(2)
    except OperationalError as error:
        sys.exit(f"demo: the database went away ({error.orig})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tracker.demo", description="Put a simulated city on the air.")
    commands = parser.add_subparsers(dest="command")
    track = commands.add_parser("replay", help="publish a recorded GPX or CSV track as one device")
    track.add_argument("file", type=Path, help="a GPX track, or a CSV file with time, latitude and longitude columns")
    track.add_argument("--login", required=True, help="the device that publishes")
    track.add_argument("--secret", help="its secret, better given as DEVICE_SECRET; the simulated city's are known")
    track.add_argument("--vehicle", help="which vehicle, where the file holds several")
    track.add_argument("--speed", type=_pace, default="max", help="1 is real time, 60 a minute a second; default max")
    track.add_argument("--shift-to-now", action="store_true", help="move the track in time, so that it ends now")
    track.add_argument("--print", action="store_true", help="print the messages, one a line, instead of publishing")
    return parser


def _pace(text: str) -> replay.Pace:
    if text == "max":
        return replay.Pace(None)
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0, or max")
    return replay.Pace(speed)


def _replay(config: Config, arguments: argparse.Namespace) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a track that was cut off is no success
    memory = Memory(config.data_dir)
    fixes = read_track(arguments.file, arguments.vehicle)
    if arguments.shift_to_now:
        fixes = replay.shifted(fixes, memory, arguments.file, arguments.vehicle, arguments.login, datetime.now(UTC))
    if arguments.print:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
        for payload in replay.payloads(fixes, arguments.login):
            print(payload.decode())
        return
    secret = arguments.secret or os.environ.get("DEVICE_SECRET") or replay.known_secret(memory, arguments.login)
    replay.publish(fixes, Broker.of_url(config.mqtt_urls[0]), arguments.login, secret, arguments.speed)


def _city(config: Config) -> None:
    engine = make_engine(config.database_url, pool_size=1)
    wait_for_schema(engine)
    world = World(config.timezone)
    memory, now = Memory(config.data_dir), datetime.now(UTC)
    secrets = seed.prepare(engine, world, config.data_dir, now)
    store_past(engine, world, memory, now)
    board = Switchboard(Broker.of_url(config.mqtt_urls[0]))
    city = City(world, board, memory, secrets, time.time())
    keep_up = _every_day(engine, world)
    try:
        while True:
            keep_up()
            city.turn(time.time())
    finally:
        city.save()
        board.close()


def _every_day(engine: Engine, world: World) -> Callable[[], None]:
    """Does a new day's work once a day; while the database is away, tries again every minute."""
    done, retry_at = world.date_of(time.time()), 0.0

    def keep_up() -> None:
        nonlocal done, retry_at
        now = time.time()
        if world.date_of(now) == done or now < retry_at:
            return
        try:
            with Session(engine) as session, session.begin():
                seed.keep_up(session, world, datetime.now(UTC))
            done = world.date_of(now)
        except OperationalError as error:
            retry_at = now + RETRY_S
            log.warning("the roster of the new day is not published yet (%s); trying again", error.orig)

    return keep_up


if __name__ == "__main__":
    main()
