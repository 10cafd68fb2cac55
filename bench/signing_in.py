"""`python -m bench.signing_in`: the rush of 07:30. So many employees sign in within a minute; how long does each wait?

Each opens the form, sends name and password, and waits for the page of their day; the times between arrivals are random
and nobody waits for anybody. Then as many as the machine can take, beside what checking a password alone costs it.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import text

from deploy.local.processes import web_server
from tests.services import CHECKOUT, DatabaseServer, Process, answers, free_port, server_folder
from tracker.storage.accounts import HASHER
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.notices import NOTICE_VERSION

PASSWORD = "sandi-untuk-pengukuran"
CLIENTS = 16  # at once, when the machine is asked for all it can
ACCOUNTS = """
INSERT INTO unit (name) VALUES ('Bench');
INSERT INTO unit_place (unit_id, period) SELECT id, daterange(NULL, NULL) FROM unit;
INSERT INTO person (nip, name) SELECT n, 'Bench ' || n FROM generate_series(1, :people) n;
INSERT INTO membership (person_id, unit_id, period)
    SELECT person.id, unit.id, daterange(NULL, NULL) FROM person, unit;
INSERT INTO account (username, password_argon2, person_id) SELECT nip, :hash, id FROM person;
INSERT INTO notice_acknowledgement (person_id, version, at) SELECT id, :version, now() FROM person;
"""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.signing_in", description=__doc__)
    parser.add_argument("--people", type=int, default=500, help="how many sign in")
    parser.add_argument("--seconds", type=float, default=60.0, help="within how long")
    parser.add_argument("--capacity-s", type=float, default=15.0, help="how long to ask for all the machine can")
    asked = parser.parse_args(arguments)
    with _city(asked.people) as port:
        waits = rush(port, asked.people, asked.seconds)
        rate = capacity(port, asked.people, asked.capacity_s)
    hashes = hashes_per_s(asked.capacity_s / 3)
    for name, value, unit in (
        ("signin.people", len(waits), "signed_in"), ("signin.p50", _percentile(waits, 50), "s"),
        ("signin.p95", _percentile(waits, 95), "s"), ("signin.p99", _percentile(waits, 99), "s"),
        ("signin.most", max(waits), "s"), ("signin.capacity", rate, "/s"), ("signin.hashes", hashes, "/s"),
        ("signin.ratio", rate / hashes, "capacity/hashes"),
    ):  # fmt: skip
        print(f"{name:<18} {value:>10.3f}  {unit}" if isinstance(value, float) else f"{name:<18} {value:>10}  {unit}")


def rush(port: int, people: int, seconds: float) -> list[float]:
    """Seconds from each one's arrival to the page of their day. Raises where somebody does not get there."""
    chance = random.Random(730)
    arrivals = sorted(chance.uniform(0, seconds) for _ in range(people))
    began = time.monotonic() + 0.5

    def arrive(number: int) -> float:
        due = began + arrivals[number]
        time.sleep(max(0.0, due - time.monotonic()))
        sign_in(port, str(number + 1))
        return time.monotonic() - due

    with ThreadPoolExecutor(min(people, 400)) as crowd:
        return list(crowd.map(arrive, range(people)))


def capacity(port: int, people: int, seconds: float) -> float:
    """Sign-ins a second with `CLIENTS` that come again as soon as they are in."""
    numbers = iter(range(10**9))
    return _per_second(lambda: sign_in(port, str(next(numbers) % people + 1)), CLIENTS, seconds)


def hashes_per_s(seconds: float) -> float:
    """Passwords checked a second with nothing else to do, on all cores."""
    kept = HASHER.hash(PASSWORD)
    return _per_second(lambda: HASHER.verify(kept, PASSWORD), CLIENTS, seconds)


def _per_second(work: Callable[[], object], threads: int, seconds: float) -> float:
    began = time.monotonic()
    counts = [0] * threads

    def go_on(number: int) -> None:
        while time.monotonic() - began < seconds:
            work()
            counts[number] += 1

    crowd = [threading.Thread(target=go_on, args=(number,)) for number in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


class Visitor:
    """A browser of one visit, with its cookies."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookies: SimpleCookie = SimpleCookie()

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, where to go on, and the page."""
        headers = {"Cookie": "; ".join(f"{name}={one.value}" for name, one in self._cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = None if form is None else urlencode(form)
        self._connection.request("GET" if form is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies.load(line)
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()

    def close(self) -> None:
        self._connection.close()


def sign_in(port: int, username: str) -> None:
    """From the form to the page of the day."""
    with closing(Visitor(port)) as visitor:
        _sign_in(visitor, username)


def _sign_in(visitor: Visitor, username: str) -> None:
    _, _, form = visitor.ask("/sign-in?next=/me")
    found = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert found, form
    sent = {"csrf_token": found.group(1), "username": username, "password": PASSWORD, "next": "/me"}
    status, path, page = visitor.ask("/sign-in", sent)
    assert status == 303, page
    status, path, page = visitor.ask(path)
    assert status == 200, f"{status} {path}"


@contextmanager
def _city(people: int) -> Iterator[int]:
    """The pages with so many employees; the port they listen at."""
    with server_folder() as folder:
        server = DatabaseServer(folder)
        server.process.start()
        server.create("bench")
        owner = make_engine(server.url("jejak_owner", "bench"), pool_size=1)
        migrate(owner, "jejak_app", 60)
        values = {"people": people, "hash": HASHER.hash(PASSWORD), "version": NOTICE_VERSION}
        with owner.begin() as conn:
            for statement in ACCOUNTS.strip().split(";\n"):
                conn.execute(text(statement.rstrip(";")), values)
        owner.dispose()
        port = free_port()
        web = _web(server, folder, port)
        web.start()
        yield port
        web.stop()
        server.process.stop()


def _web(server: DatabaseServer, folder: Path, port: int) -> Process:
    """The pages as a city of its own serves them."""
    settings = {
        "DATABASE_URL": server.url("jejak_app", "bench"), "DATABASE_OWNER_URL": server.url("jejak_owner", "bench"),
        "DATA_DIR": str(folder / "data"), "MQTT_URL": "mqtt://b:s@127.0.0.1:1", "DEMO": "0",
    }  # fmt: skip
    command = web_server("127.0.0.1", port)
    return Process(command, folder / "web.log", lambda: answers(port), {**os.environ, **settings}, CHECKOUT)


def _percentile(waits: Sequence[float], percent: int) -> float:
    return statistics.quantiles(waits, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main(sys.argv[1:])
