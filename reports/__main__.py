"""`python -m reports` is the scheduler; `python -m reports --once no_show 2026-11-20` computes one report by hand.

`python -m reports --once weekly 2026-11-16` makes the report of one period, with its mails.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from config import Config, ConfigError, log_as
from reports import periods
from reports.batches import REPORTS, Clock
from reports.judging import judge_date
from reports.mails import Post
from reports.schedule import City, serve
from tracker.domain.fix import oldest_kept
from tracker.domain.periods import Cadence, period_of
from tracker.mailing.letters import Sender
from tracker.mailing.server import MailServer
from tracker.storage.engine import make_engine, wait_for_schema

NAMES = (*REPORTS, *Cadence)


def main() -> None:
    log_as("reports")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    once = _once_arguments(sys.argv[1:])
    try:
        config = Config.from_env(os.environ)
    except ConfigError as error:
        sys.exit(f"reports: {error}")
    engine = make_engine(config.database_url, pool_size=5)
    wait_for_schema(engine)
    if once:
        print(_run_once(engine, *once, config))
    else:
        owner = make_engine(config.database_owner_url, pool_size=2)
        years = config.attendance_years
        serve(City(engine, owner, config.timezone, config.retention_days, years, config.lock, _post(config)))


def _once_arguments(arguments: Sequence[str]) -> tuple[str, date] | None:
    """What is to be computed by hand; a wrong word ends the process with one sentence and code 2."""
    parser = argparse.ArgumentParser("python -m reports", description=__doc__)
    parser.add_argument("--once", nargs=2, metavar=("REPORT", "DATE"), help=f"{', '.join(NAMES)}; YYYY-MM-DD")
    once = parser.parse_args(arguments).once
    return (_report_name(once[0]), _work_date(once[1])) if once else None


def _report_name(word: str) -> str:
    if word not in NAMES:
        _wrong(f"there is no report {word!r}; there are {', '.join(NAMES)}")
    return word


def _work_date(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        _wrong(f"{word!r} is not a date; write it as 2026-11-20")


def _wrong(sentence: str) -> NoReturn:
    print(f"reports: {sentence}", file=sys.stderr)
    sys.exit(2)


def _run_once(engine: Engine, name: str, work_date: date, config: Config) -> str:
    """Compute one report for a work date, or the period it belongs to; returns what it holds on one line."""
    now = datetime.now(UTC)
    if work_date > now.astimezone(config.timezone).date():
        _wrong(f"{work_date} is still to come")
    if name not in REPORTS:
        return _make_once(engine, Cadence(name), work_date, config.timezone, now)
    counts = judge_date(engine, name, work_date, Clock(now, oldest_kept(now, config.retention_days), config.lock))
    if not counts["windows"] and not counts["not_judged"]:
        return f"{name} {work_date}: nobody was on duty"
    return f"{name} {work_date}: " + ", ".join(f"{key} {count}" for key, count in counts.items())


def _make_once(engine: Engine, cadence: Cadence, day: date, zone: ZoneInfo, now: datetime) -> str:
    period = period_of(cadence, day)
    if period.last >= now.astimezone(zone).date():
        _wrong(f"{cadence} {period.first} is not over yet")
    return periods.told(period, periods.make_by_hand(engine, period, zone, now))


def _post(config: Config) -> Post:
    """How this city's mails go out."""
    server = MailServer.of(config.smtp_url, config.mail_from) if config.smtp_url else None
    return Post(server, Sender(config.mail_from, config.public_url, config.timezone))


if __name__ == "__main__":
    main()
