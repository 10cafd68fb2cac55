"""Duty windows are published ahead, and again where something changed: some people in each transaction."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from sqlalchemy import Engine

from tracker.storage.duty import lock_judging
from tracker.storage.publication import Times, publish

PEOPLE_AT_A_TIME = 200

log = logging.getLogger(__name__)


def publish_due(engine: Engine, times: Times, stopping: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Publish for all who are due; ends after the batch in which `stopping` turns true. Returns what was done."""
    done: Counter[str] = Counter()
    while not stopping():
        with engine.begin() as conn:
            lock_judging(conn)  # a window does not change while it is judged
            counts = publish(conn, times, PEOPLE_AT_A_TIME)
        if counts is None:
            break
        done += counts
    if done:
        log.info("published: %s", ", ".join(f"{name} {count}" for name, count in sorted(done.items())))
    return done
