"""`python -m tracker.imports`: checks files that somebody uploads, and brings in what was approved."""

from __future__ import annotations

import logging
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config import begin
from tracker.imports.runs import clear, work
from tracker.storage.engine import make_engine, wait_for_schema

LOOKS_EVERY_S = 1.0
CLEARS_EVERY = timedelta(hours=1)
MEMORY_FOR_FILES = 1536 * 1024 * 1024  # bytes beside what the process has at its beginning


def main() -> None:
    config = begin("imports")
    limit_memory()
    engine = make_engine(config.database_url, pool_size=3)  # the claim, the file, and the progress
    cleared_at = datetime.min.replace(tzinfo=UTC)
    while True:
        wait_for_schema(engine)
        try:
            if datetime.now(UTC) - cleared_at > CLEARS_EVERY:
                _clear(engine)
                cleared_at = datetime.now(UTC)
            if work(engine, config.timezone, lambda: datetime.now(UTC)):
                continue
        except DBAPIError as error:
            logging.warning("the database went away (%s); what was begun is begun again", error.orig)
        time.sleep(LOOKS_EVERY_S)


def limit_memory() -> None:
    """A file that unpacks into more than expected ends this process, not those beside it."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_FOR_FILES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _clear(engine: Engine) -> None:
    with Session(engine) as session:
        clear(session, datetime.now(UTC))
        session.commit()


if __name__ == "__main__":
    main()
