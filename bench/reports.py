"""`python -m bench.reports`: what does it take to judge a city's day, and do the pages wait meanwhile?

Yesterday of 1,000 and of 10,000 people is stored as it arrived, in a real PostgreSQL, and judged by the scheduler's own
`judge_due`: reading, verdict and idle figure, revisions. bench/README.md says what the lines mean.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.city_day import Day, fill
from bench.processes import peak_memory_mb
from deploy.local.processes import web_server
from reports.batches import Clock
from reports.judging import judge_due
from tests.databases import TEMPLATE, templated_server
from tests.services import CHECKOUT, DatabaseServer, Process, answers, free_port, server_folder
from tracker.storage.engine import driver_cursor, make_engine
from tracker.storage.models import Account
from tracker.storage.sessions import open_session
from tracker.web.cookies import SESSION

KEPT, LOCK = timedelta(days=30), timedelta(hours=72)
PAGE, ASK_EVERY_S = "/admin/people", 0.2
LEAST_ASKED = 2  # times: fewer have no 95 %
READ_SORTED = """
COPY (
    SELECT device_id, fix_time, received_after_s, lat_e7, lon_e7, accuracy_m, battery_pct
    FROM fix ORDER BY device_id, fix_time
) TO STDOUT (FORMAT BINARY)
"""
ADMINISTRATOR = """
INSERT INTO account (username) VALUES ('city');
INSERT INTO role_grant (account_id, role, period)
    SELECT id, 'system_administrator', daterange(NULL, NULL) FROM account WHERE username = 'city'
"""
UNJUDGED = """
SELECT count(*) FROM duty_window w
WHERE NOT EXISTS (SELECT FROM verdict v WHERE v.window_id = w.id)
    OR NOT EXISTS (SELECT FROM idle_revision i WHERE i.window_id = w.id)
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """How long it took to judge a city's day, and to read its fixes; and how many windows have no verdict."""

    people: int
    fixes: int
    judging_s: float
    reading_s: float
    unjudged: int
    found: str


@dataclass
class Pages:
    """How long a page took, again and again."""

    waits_s: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        return f"{name} {1000 * quantiles(self.waits_s, n=20)[-1]:.0f} ms_p95_of_{len(self.waits_s)}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; ends with a sentence where a window has no verdict."""
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=__doc__)
    parser.add_argument("--people", type=int, default=10_000, help="in the large city (10,000)")
    parser.add_argument("--few", type=int, default=1_000, help="in the small one (1,000)")
    parser.add_argument("--alone-s", type=float, default=20.0, help="how long pages are asked for undisturbed (20)")
    options = parser.parse_args(arguments)
    quiet, busy = Pages(), Pages()
    with server_folder() as folder, templated_server(folder) as server:
        small = _city(server, "small", options.few, busy=None)
        _say(f"{options.people:,} people")
        large = _city(server, "large", options.people, busy, quiet, folder, options.alone_s)
    times = large.judging_s / small.judging_s, large.people / small.people
    print(f"reports.ratio {large.judging_s / large.reading_s:.2f} judging/reading_sorted")
    print(f"reports.scale {times[0]:.1f} times_for_{times[1]:.0f}_times_the_people")
    for name, city in (("large", large), ("small", small)):
        print(f"reports.{name} {city.judging_s:.1f} s_for_{city.people}_windows_and_{city.fixes}_fixes")
        print(f"reports.{name}.rate {city.fixes / city.judging_s:.0f} fixes/s")
        print(f"reports.{name}.read {city.reading_s:.1f} s")
        print(f"reports.{name}.ratio {city.judging_s / city.reading_s:.2f} judging/reading_sorted")
    print(f"reports.found {large.found}")
    print(quiet.line("reports.page.alone"))
    print(busy.line("reports.page.judging"))
    print(f"reports.memory {peak_memory_mb(os.getpid()):.0f} MB_at_most")
    print(f"reports.unjudged {small.unjudged + large.unjudged} windows")
    print(f"load_average {os.getloadavg()[0]:.1f} over_a_minute_at_the_end")
    if small.unjudged or large.unjudged:
        sys.exit("bench: there are windows without a verdict, see above")


def _city(
    server: DatabaseServer, name: str, people: int, busy: Pages | None, quiet: Pages | None = None,
    folder: Path | None = None, alone_s: float = 0.0,
) -> Judged:  # fmt: skip
    """Store a city's day, read it and judge it, with somebody at the pages where `folder` says where they log."""
    server.create(name, template=TEMPLATE)
    day = Day.yesterday()
    _say(f"storing the day of {people:,} people")
    fixes = fill(server, name, people, day)
    engine = make_engine(server.url("jejak_app", name))
    try:
        reading = [_read_sorted(engine)]
        if folder and busy and quiet:
            with _web(server, name, folder, engine) as (port, cookie):
                with _asking(port, cookie, quiet):
                    time.sleep(alone_s)
                with _asking(port, cookie, busy):
                    judging_s = _judge(engine, day)
        else:
            judging_s = _judge(engine, day)
        reading.append(_read_sorted(engine))
        return Judged(people, fixes, judging_s, median(reading), *_result(engine))
    finally:
        engine.dispose()


def _judge(engine: Engine, day: Day) -> float:
    _say("judging")
    began = time.monotonic()
    judge_due(engine, Clock(day.judged_at, day.judged_at - KEPT, LOCK), lambda: False)
    return time.monotonic() - began


def _read_sorted(engine: Engine) -> float:
    """Seconds to read what judging reads, by device and time, and do nothing with it."""
    with engine.connect() as conn, driver_cursor(conn) as cursor:
        began = time.monotonic()
        with cursor.copy(READ_SORTED) as copy:
            while copy.read():
                pass
        return time.monotonic() - began


def _result(engine: Engine) -> tuple[int, str]:
    """How many windows have no verdict, and what those are that the others have."""
    with engine.connect() as conn:
        unjudged = int(conn.scalars(text(UNJUDGED)).one())
        counts = conn.execute(text("SELECT status, count(*) FROM verdict GROUP BY 1 ORDER BY 1")).all()
    return unjudged, "_".join(f"{count}_{status}" for status, count in counts)


# ---- somebody at the pages ----


@contextmanager
def _web(server: DatabaseServer, name: str, folder: Path, engine: Engine) -> Iterator[tuple[int, str]]:
    """The pages as a city of its own serves them: the port, and the cookie of an administrator who is signed in."""
    owner = make_engine(server.url("jejak_owner", name), pool_size=1)
    with owner.begin() as conn:
        for statement in ADMINISTRATOR.split(";"):
            conn.execute(text(statement))
    owner.dispose()
    now = datetime.now(UTC)
    with Session(engine) as session:
        account = session.query(Account).filter_by(username="city").one()
        token, _ = open_session(session, account, now, now.date())
        session.commit()
    settings = {
        "DATABASE_URL": server.url("jejak_app", name), "DATABASE_OWNER_URL": server.url("jejak_owner", name),
        "DATA_DIR": str(folder / "data"), "MQTT_URL": "mqtt://b:s@127.0.0.1:1", "DEMO": "0",
        "SECOND_FACTOR": "0",
    }  # fmt: skip
    port = free_port()
    command = web_server("127.0.0.1", port)
    web = Process(command, folder / "web.log", lambda: answers(port), {**os.environ, **settings}, CHECKOUT)
    web.start()
    try:
        yield port, f"{SESSION}={token}"
    finally:
        web.stop()


@contextmanager
def _asking(port: int, cookie: str, pages: Pages) -> Iterator[None]:
    """One client asks for a page again and again."""
    _ask(port, cookie)  # compiles the template
    done, errors = threading.Event(), []

    def ask() -> None:
        try:
            while not done.wait(ASK_EVERY_S) or len(pages.waits_s) < LEAST_ASKED:
                pages.waits_s.append(_ask(port, cookie))
        except (OSError, AssertionError) as error:
            errors.append(error)

    client = threading.Thread(target=ask)
    client.start()
    try:
        yield
    finally:
        done.set()
        client.join()
    if errors:
        sys.exit(f"bench: the page was not answered: {errors[0]}")


def _ask(port: int, cookie: str) -> float:
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", PAGE, headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, f"{PAGE}: {answer.status}"
    return time.monotonic() - began


def _say(words: str) -> None:
    print(f"{words} ...", file=sys.stderr)


if __name__ == "__main__":
    main()
