"""bench/mqtt.c, compiled at first use and run: the load and the subscriber that stores nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.brokers import BRIDGE, LOAD, BenchBroker
from bench.rates import Progress
from tracker.wire.topics import SUBSCRIPTIONS

SOURCE = Path(__file__).with_name("mqtt.c")
BUILD = SOURCE.parent / "build"
COMPILER_FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror")
CONNECTIONS = 8
WINDOW = 500  # messages a connection of the load may have unacknowledged; a phone has one


def compiled() -> Path:
    """The program, compiled anew when its source changed; ends with a sentence where there is no compiler."""
    program = BUILD / "mqtt"
    if program.exists() and program.stat().st_mtime >= SOURCE.stat().st_mtime:
        return program
    compiler = shutil.which("cc")
    if compiler is None:
        sys.exit("bench: the load is written in C and there is no `cc` here; apt-get install gcc libc6-dev")
    BUILD.mkdir(exist_ok=True)
    fresh = program.with_name(f"mqtt.{os.getpid()}")
    subprocess.run([compiler, *COMPILER_FLAGS, "-o", str(fresh), str(SOURCE)], check=True)
    return fresh.rename(program)


class Program:
    """A run of mqtt.c. It writes its progress into a file of `folder`; its complaints go to our standard error."""

    def __init__(self, folder: Path, broker: BenchBroker, mode: str, login: str, *arguments: str) -> None:
        self._mode = mode
        self._progress = folder / f"{mode}.progress"
        command = [str(compiled()), mode, str(broker.port), login, broker.secrets[login], *arguments]
        with self._progress.open("wb") as out:
            self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out)

    def progress(self) -> list[Progress]:
        """What it has counted so far, and when."""
        if self._popen.poll():
            sys.exit(f"bench: `mqtt {self._mode}` failed, see above")
        reports = (line.split() for line in self._progress.read_text().splitlines())
        return [Progress(float(at), int(count)) for at, count in reports]

    def count(self) -> int:
        """How many it has counted so far; -1 before it is connected."""
        reports = self.progress()
        return reports[-1].count if reports else -1

    def allow(self, total: int) -> None:
        """Let the load publish up to this many in total."""
        if self._popen.stdin is not None and self._popen.poll() is None:
            os.write(self._popen.stdin.fileno(), f"{total}\n".encode())

    def finish(self) -> list[Progress]:
        """Wait for its end; returns its whole progress."""
        self._popen.wait(30)
        return self.progress()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self._popen.kill()
        self._popen.wait()
        if self._popen.stdin is not None:
            self._popen.stdin.close()


def publish(folder: Path, broker: BenchBroker, messages: Path) -> Program:
    """The load: publishes the lines of `messages` as far as it is allowed to."""
    return Program(folder, broker, "publish", LOAD, str(CONNECTIONS), str(WINDOW), str(messages))


def drain(folder: Path, broker: BenchBroker, count: int) -> Program:
    """The null subscriber, in the bridge's place: its login, its session, its subscription."""
    topic = SUBSCRIPTIONS[0]  # all of the load; nothing is published on the others
    return Program(folder, broker, "drain", BRIDGE, broker.client_id, topic, str(count))


def forget(folder: Path, broker: BenchBroker) -> None:
    """End the session of the bridge, and with it what an earlier round may have left."""
    with Program(folder, broker, "forget", BRIDGE, broker.client_id) as program:
        program.finish()
