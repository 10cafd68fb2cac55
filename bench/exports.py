"""`python -m bench.exports`: how long do the files of a month take, and how much memory?

A month of 1,000 and of 10,000 people with verdicts lies in a real PostgreSQL. The web server as a city runs it makes
the workbook and the document of all of them. bench/README.md says what the lines mean.
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
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.processes import cpu_seconds, memory_mb, peak_memory_mb
from deploy.local.processes import web_server
from tests.databases import TEMPLATE, templated_server
from tests.services import CHECKOUT, DatabaseServer, Process, answers, free_port, server_folder
from tracker.storage.engine import make_engine
from tracker.storage.models import Account
from tracker.storage.sessions import open_session
from tracker.web.cookies import SESSION

FORMS = ("xlsx", "pdf")
DAYS = 30
PEOPLE_PER_UNIT = 50
FLAT = 1.3  # times the memory for ten times the people
LONGEST_S = 120.0
PAGE, ASK_EVERY_S = "/account", 0.1
FILL = """
INSERT INTO unit (name) VALUES ('Dinas Bench');
INSERT INTO unit_place (unit_id, period) SELECT id, daterange(NULL, NULL) FROM unit;
INSERT INTO unit (name) SELECT 'Regu ' || n FROM generate_series(0, (:people - 1) / :per_unit) n ORDER BY n;
INSERT INTO unit_place (unit_id, parent_id, period)
    SELECT unit.id, top.id, daterange(NULL, NULL) FROM unit, unit top
    WHERE top.name = 'Dinas Bench' AND unit.id <> top.id;
INSERT INTO person (nip, name) SELECT (198001012005000000 + n)::text, 'Siti Rahayu Bench ' || n
    FROM generate_series(1, :people) n ORDER BY n;
INSERT INTO membership (person_id, unit_id, period) SELECT person.id, unit.id, daterange(NULL, NULL)
    FROM person JOIN unit ON unit.name = 'Regu ' || (person.id - (SELECT min(id) FROM person)) / :per_unit;
INSERT INTO shift (name, start_time, duration_min, profile) VALUES ('Lapangan pagi', '08:00', 480, 'FIELD');
INSERT INTO duty_window (person_id, shift_id, work_date, starts_at, ends_at, accepts_from, accepts_until, published_at,
        profile, grace_min)
    SELECT person.id, shift.id, day, day + time '01:00', day + time '09:00', day + time '00:30', day + time '09:30',
        day - interval '7 days', profile, grace_min
    FROM person, shift, generate_series(CAST(:first AS timestamp), :last, interval '1 day') day;
INSERT INTO verdict (window_id, revision, reason, computed_at, rule_version, inputs_digest, expected_s, observed_s,
        evidence, status, cause, late_min, left_early_min, on_site_s, off_site_s, moving_s, unknown_s)
    SELECT w.id, r, CASE r WHEN 1 THEN 'first' ELSE 'late_fixes' END, ends_at + r * interval '1 h', '3',
        md5(w.id::text) || md5(r::text), 28800, 27000, '{}',
        CASE WHEN w.id % 20 = 0 THEN 'NO_SHOW' WHEN w.id % 9 = 0 THEN 'UNVERIFIED' ELSE 'PRESENT' END,
        CASE WHEN w.id % 20 <> 0 AND w.id % 9 = 0 THEN 'partial' END,
        CASE WHEN w.id % 7 = 0 THEN w.id % 60 END, 0, 20000 + w.id % 5000, 3000, 2000, 3800 - w.id % 5000
    FROM duty_window w, generate_series(1, 2) r WHERE r = 1 OR w.id % 10 = 0;
INSERT INTO idle_revision (window_id, revision, reason, computed_at, rule_version, inputs_digest, expected_s,
        observed_s, evidence, measure, counted_s)
    SELECT id, 1, 'first', ends_at, '3', md5(id::text), 28800, 27000, '{}', 'idle', id % 3600 FROM duty_window;
INSERT INTO account (username) VALUES ('chief');
INSERT INTO role_grant (account_id, role, unit_id, period) SELECT account.id, 'supervisor', unit.id,
    daterange(NULL, NULL) FROM account, unit WHERE unit.name = 'Dinas Bench' AND username = 'chief'
"""


@dataclass(frozen=True, slots=True)
class Made:
    """One file: how long it took, on the clock and of the server's CPU, how large it is, and pages meanwhile.

    A worker had `idle_mb` resident before and `peak_mb` at most.
    """

    seconds: float
    cpu_s: float
    size: int
    idle_mb: float
    peak_mb: float
    page_ms: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; ends with a sentence where a file took too long or memory grew with the people."""
    parser = argparse.ArgumentParser(prog="python -m bench.exports", description=__doc__)
    parser.add_argument("--people", type=int, default=10_000, help="in the large city (10,000)")
    parser.add_argument("--few", type=int, default=1_000, help="in the small one (1,000)")
    parser.add_argument("--form", choices=FORMS, action="append", help="only this kind of file (both)")
    options = parser.parse_args(arguments)
    forms = options.form or FORMS
    found: dict[tuple[str, str], Made] = {}
    with server_folder() as folder, templated_server(folder) as server:
        for name, people in (("small", options.few), ("large", options.people)):
            _fill(server, name, people)
            for form in forms:
                _say(f"{form} of {people:,} people")
                found[name, form] = _made(server, name, folder, form)
                _say(f"{found[name, form]}")
    failed = False
    for form in forms:
        small, large = found["small", form], found["large", form]
        growth = large.peak_mb / small.peak_mb
        print(f"exports.{form} {large.seconds:.1f} s_for_{options.people * DAYS}_duties_of_{options.people}_people")
        print(f"exports.{form}.small {small.seconds:.1f} s_for_{options.few * DAYS}_duties_of_{options.few}_people")
        print(f"exports.{form}.cpu {large.cpu_s:.1f} s_of_the_web_server_pages_included")
        print(f"exports.{form}.size {large.size / 1e6:.1f} MB")
        print(f"exports.{form}.memory {large.peak_mb:.0f} MB_at_most_of_{large.idle_mb:.0f}_before")
        print(f"exports.{form}.memory.small {small.peak_mb:.0f} MB_at_most_of_{small.idle_mb:.0f}_before")
        print(f"exports.{form}.growth {growth:.2f} times_for_{options.people / options.few:.0f}_times_the_people")
        print(f"exports.{form}.page {large.page_ms:.0f} ms_p95_of_a_page_meanwhile")
        failed |= large.seconds > LONGEST_S or growth > FLAT
    print(f"load_average {os.getloadavg()[0]:.1f} over_a_minute_at_the_end")
    if failed:
        sys.exit(f"bench: a file took more than {LONGEST_S:.0f} s, or memory grew by more than {FLAT}, see above")


def _last() -> date:
    return datetime.now(UTC).date() - timedelta(days=2)


def _fill(server: DatabaseServer, name: str, people: int) -> None:
    _say(f"storing a month of {people:,} people")
    server.create(name, template=TEMPLATE)
    owner = make_engine(server.url("jejak_owner", name), pool_size=1)
    last = _last()
    values = {"people": people, "per_unit": PEOPLE_PER_UNIT, "first": last - timedelta(days=DAYS - 1), "last": last}
    with owner.begin() as conn:
        for statement in FILL.split(";"):
            conn.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM ANALYZE"))
    owner.dispose()


def _made(server: DatabaseServer, name: str, folder: Path, form: str) -> Made:
    """One file by a server of its own, so that its memory is that of this file."""
    engine = make_engine(server.url("jejak_app", name))
    cookie = _signed_in(engine)
    engine.dispose()
    settings = {
        "DATABASE_URL": server.url("jejak_app", name), "DATABASE_OWNER_URL": server.url("jejak_owner", name),
        "DATA_DIR": str(folder / "data"), "MQTT_URL": "mqtt://b:s@127.0.0.1:1", "DEMO": "0", "SECOND_FACTOR": "0",
    }  # fmt: skip
    port = free_port()
    web = Process(web_server("127.0.0.1", port), folder / "web.log", lambda: answers(port),
                  {**os.environ, **settings}, CHECKOUT)  # fmt: skip
    web.start()
    try:
        for _ in range(8):
            _get(port, cookie, PAGE)  # both workers compile what every page needs
        assert web.popen is not None
        workers = _children(web.popen.pid)
        idle_mb = max(memory_mb(pid) for pid in workers)
        last = _last()
        address = f"/team/reports/no-show.{form}?from={last - timedelta(days=DAYS - 1)}&to={last}"
        with _asking(port, cookie) as waits_s:
            began, used_s = time.monotonic(), sum(cpu_seconds(pid) for pid in workers)
            size = _get(port, cookie, address)
            seconds, cpu_s = time.monotonic() - began, sum(cpu_seconds(pid) for pid in workers) - used_s
        peak_mb = max(peak_memory_mb(pid) for pid in workers)
        return Made(seconds, cpu_s, size, idle_mb, peak_mb, 1000 * quantiles(waits_s, n=20)[-1])
    finally:
        web.stop()


def _signed_in(engine: Engine) -> str:
    now = datetime.now(UTC)
    with Session(engine) as session:
        account = session.query(Account).filter_by(username="chief").one()
        token, _ = open_session(session, account, now, now.date())
        session.commit()
    return f"{SESSION}={token}"


@contextmanager
def _asking(port: int, cookie: str) -> Iterator[list[float]]:
    """Somebody asks for a page again and again: how long each took."""
    done, waits_s = threading.Event(), [0.0]

    def ask() -> None:
        while not done.wait(ASK_EVERY_S):
            began = time.monotonic()
            _get(port, cookie, PAGE)
            waits_s.append(time.monotonic() - began)

    client = threading.Thread(target=ask)
    client.start()
    try:
        yield waits_s
    finally:
        done.set()
        client.join()


def _get(port: int, cookie: str, address: str) -> int:
    """How many bytes the answer has."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", address, headers={"Cookie": cookie})
    answer = connection.getresponse()
    size = 0
    while part := answer.read(1 << 16):
        size += len(part)
    connection.close()
    if answer.status != 200:
        sys.exit(f"bench: {address}: {answer.status}")
    return size


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _say(words: str) -> None:
    print(f"{words} ...", file=sys.stderr)


if __name__ == "__main__":
    main()
