"""`python -m reports` is the scheduler; `python -m reports --once no_show 2026-11-20` computes one report by hand."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NoReturn

from sqlalchemy import Engine

from config import Config, ConfigError, log_as
from reports.judging import REPORTS, judge_date
from reports.schedule import City, serve
from tracker.domain.fix import oldest_kept
from tracker.storage.engine import make_engine, wait_for_schema


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
    engine = make_engine(config.database_url, pool_size=4)
    wait_for_schema(engine)
    if once:
        print(_run_once(engine, *once, config.retention_days))
    else:
        serve(City(engine, make_engine(config.database_owner_url, pool_size=2), config.retention_days))


def _once_arguments(arguments: Sequence[str]) -> tuple[str, date] | None:
    """What is to be computed by hand; a wrong word ends the process with one sentence and code 2."""
    parser = argparse.ArgumentParser("python -m reports", description=__doc__)
    parser.add_argument("--once", nargs=2, metavar=("REPORT", "DATE"), help=f"{' or '.join(REPORTS)}, YYYY-MM-DD")
    once = parser.parse_args(arguments).once
    return (_report_name(once[0]), _work_date(once[1])) if once else None


def _report_name(word: str) -> str:
    if word not in REPORTS:
        _wrong(f"there is no report {word!r}; there are {' and '.join(REPORTS)}")
    return word


def _work_date(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        _wrong(f"{word!r} is not a date; write it as 2026-11-20")


def _wrong(sentence: str) -> NoReturn:
    print(f"reports: {sentence}", file=sys.stderr)
    sys.exit(2)


def _run_once(engine: Engine, name: str, work_date: date, retention_days: int) -> str:
    """Compute one report for a work date; returns its counts on one line."""
    now = datetime.now(UTC)
    counts = judge_date(engine, name, work_date, now, oldest_kept(now, retention_days))
    if not counts["windows"] and not counts["not_judged"]:
        return f"{name} {work_date}: nobody was on duty"
    return f"{name} {work_date}: " + ", ".join(f"{key} {count}" for key, count in counts.items())


if __name__ == "__main__":
    main()
