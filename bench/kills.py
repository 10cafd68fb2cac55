"""How often is a report mailed when its scheduler is killed over and over? Real processes, with a stand-by beside them.

Subscribers wait for the reports of a week that was missed. One scheduler after another is killed (SIGKILL) at a point
in the midst of making a period or sending a mail, while another stands by; at last two live schedulers finish. Then
every period must have been made once, and the mail server must have each letter at most once: those it lacks are in
`sending`, shown to an operator.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, func, insert, select

from tests import builders
from tests.databases import TEMPLATE, templated_server
from tests.domain.days import WIB
from tests.mailserver import Mailbox, mail_server
from tests.reports.mailing import reader, subscribed
from tests.services import CHECKOUT, Process, server_folder, wait_until
from tracker.domain.period_reports import periods_due
from tracker.domain.periods import Cadence
from tracker.failpoints import MAILING
from tracker.storage.engine import make_engine
from tracker.storage.figures import count_day
from tracker.storage.models import IdleRevision, Mail, ReportRun, VerdictRevision
from tracker.storage.period_reports import first_duty

PERIODS = ("period_making", "period_made")  # those of the points that are passed while periods are made


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of it."""

    kills: int
    by_point: Mapping[str, int]
    periods: int
    mails: int
    sent: int
    left_in_sending: int
    letters: int
    twice: int
    unaccounted: int  # letters the server has whose mail does not say so, nor that it may have been sent

    def __str__(self) -> str:
        points = ", ".join(f"{point} {count}" for point, count in sorted(self.by_point.items()))
        return (f"{self.kills} kills ({points})\n"
                f"{self.periods} periods made, {self.mails} mails: {self.sent} sent, {self.left_in_sending} left in "
                f"sending; {self.letters} letters arrived, {self.twice} twice, {self.unaccounted} unaccounted for")


class Schedulers:
    """Schedulers of one city, each with a log of its own."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder, self._environ, self._numbers = folder, environ, itertools.count()
        self._started: list[Process] = []

    def start(self, failpoint: str = "") -> Process:
        """One more, active or standing by, which dies when it comes to a point."""
        log = self._folder / f"scheduler-{next(self._numbers)}.log"
        command, environ = [sys.executable, "-m", "reports"], {**self._environ, "FAILPOINT": failpoint}
        process = Process(command, log, lambda: _has_a_place(process), environ, CHECKOUT)
        self._started.append(process)
        process.start()
        return process

    def stop(self) -> None:
        for process in self._started:
            process.stop()


def kill_often(
    engine: Engine, mailbox: Mailbox, folder: Path, urls: Mapping[str, str], points: Sequence[str], mails: int
) -> Counts:
    """Kill a scheduler at each of the points, a stand-by taking over, then let the last ones finish; what came of it.

    `urls` are the settings of the database; so many mails are to be written in all.
    """
    environ = {**os.environ, **urls, "DATA_DIR": str(folder), "MQTT_URL": "mqtt://nobody:secret@127.0.0.1:1",
               "SMTP_URL": mailbox.url, "MAIL_FROM": "jejak@example.go.id"}  # fmt: skip
    running = Schedulers(folder, environ)
    try:
        active = running.start(points[0])
        for following in [*points[1:], ""]:
            standby = running.start(following)
            wait_until(partial(_is_dead, active), "it died at its point", 90)
            wait_until(partial(_is_active, standby), "the stand-by takes over", 90)
            active = standby
        running.start()
        wait_until(partial(_settled, engine, mails), "nothing is due any more", 180)
    finally:
        running.stop()
    return _counted(engine, mailbox, points)


def points_of(kills: int) -> list[str]:
    """Where to kill: first while periods are made, then, when most are, while mails are sent."""
    making = max(1, kills * len(PERIODS) // len(MAILING))
    sending = itertools.cycle(point for point in MAILING if point not in PERIODS)
    return [*itertools.islice(itertools.cycle(PERIODS), making), *itertools.islice(sending, kills - making)]


def missed_weeks(conn: Connection, readers: int) -> None:
    """A unit whose one employee was on duty each of the last 40 days, all judged, and who wants all its reports."""
    unit = builders.unit(conn, "Bench")
    person, today = builders.person(conn, unit), datetime.now(WIB).date()
    for day in (today - timedelta(days=back) for back in range(1, 41)):
        starts = datetime.combine(day, time_of_day(1), UTC)
        window = builders.window(conn, person, starts, starts + timedelta(hours=8), work_date=day)
        computed = {"window_id": window, "revision": 1, "reason": "first", "computed_at": starts + timedelta(hours=9),
                    "rule_version": "4", "inputs_digest": "0", "expected_s": 28800, "observed_s": 28800, "evidence": {}}
        conn.execute(insert(IdleRevision).values(**computed, measure="idle", counted_s=0))
        seconds = {"on_site_s": 28800, "off_site_s": 0, "moving_s": 0, "unknown_s": 0}
        conn.execute(insert(VerdictRevision).values(**computed, **seconds, status="PRESENT"))
        count_day(conn, day, starts + timedelta(hours=9))
    for number in range(readers):
        account = reader(conn, f"bench-{number}", unit)
        for cadence in Cadence:
            subscribed(conn, account, cadence, unit)


def mails_expected(engine: Engine, readers: int) -> int:
    """How many mails those readers are owed."""
    today = datetime.now(WIB).date()
    with engine.connect() as conn:
        first = first_duty(conn)
    return readers * sum(len(periods_due(cadence, today, first, ())) for cadence in Cadence)


def _log(process: Process) -> str:
    return process.log.read_text() if process.log.exists() else ""


def _is_active(process: Process) -> bool:
    return "active: " in _log(process)


def _has_a_place(process: Process) -> bool:
    """Whether it is active or stands by."""
    return _is_active(process) or "standing by" in _log(process)


def _is_dead(process: Process) -> bool:
    return process.popen is not None and process.popen.poll() is not None


def _settled(engine: Engine, expected: int) -> bool:
    with engine.connect() as conn:
        by_state = conn.execute(select(Mail.state, func.count()).group_by(Mail.state))
        states = {state: count for state, count in by_state}
    return sum(states.values()) == expected and not states.get("due")


def _counted(engine: Engine, mailbox: Mailbox, points: Sequence[str]) -> Counts:
    with engine.connect() as conn:
        states = {number: state for number, state in conn.execute(select(Mail.id, Mail.state))}
        cadences = ReportRun.report.in_(["daily", "weekly", "monthly"])
        periods = conn.scalars(select(func.count()).where(cadences, ReportRun.state == "done")).one()
    by_state = Counter(states.values())
    arrived = {int(name.removeprefix("<jejak-mail-").split("@")[0]) for name in mailbox.ids}
    return Counts(
        len(points), Counter(points), periods, len(states), by_state["sent"], by_state["sending"],
        len(mailbox.letters), sum(count > 1 for count in mailbox.ids.values()),
        sum(states[one] not in ("sent", "sending") for one in arrived),
    )  # fmt: skip


def main() -> None:
    kills, readers = (int(sys.argv[1]) if len(sys.argv) > 1 else 20), 6
    with server_folder() as folder, mail_server() as mailbox, templated_server(folder) as server:
        server.create("kills", TEMPLATE)
        app, owner = (server.url(role, "kills") for role in ("jejak_app", "jejak_owner"))
        engine = make_engine(app)
        with engine.begin() as conn:
            missed_weeks(conn, readers)
        urls = {"DATABASE_URL": app, "DATABASE_OWNER_URL": owner}
        counts = kill_often(engine, mailbox, folder, urls, points_of(kills), mails_expected(engine, readers))
    print(counts)
    if counts.twice or counts.unaccounted or counts.mails != counts.sent + counts.left_in_sending:
        sys.exit("bench: a mail was sent twice, or is nowhere")


if __name__ == "__main__":
    main()
