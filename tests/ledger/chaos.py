"""Kills at random: which parts and when follows from the seed alone, so that a run can be repeated."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.ledger.system import System

TARGETS = {
    "bridge": (("bridge",), ("mqtt",)),
    "database": (("database",), ("mqtt", "http")),
    "broker": (("broker",), ("mqtt",)),
    "web": (("web",), ("http",)),
    "all": (("database", "broker", "bridge", "web"), ("mqtt", "http")),
}  # which parts die, and over which paths fixes have to come again
MOST_QUIET_S = 1.5

log = logging.getLogger("ledger")


class Kill(NamedTuple):
    """One planned kill: so long after the system had recovered from the one before."""

    target: str
    after_s: float


def plan(seed: str, kills: int) -> Iterator[Kill]:
    """Every target once, then any."""
    chance = random.Random(seed)
    first = chance.sample(list(TARGETS), len(TARGETS))
    for i in range(kills):
        yield Kill(first[i] if i < len(first) else chance.choice(list(TARGETS)), chance.uniform(0, MOST_QUIET_S))


def wreak(system: System, kills: Sequence[Kill]) -> dict[str, list[float]]:
    """Kill and revive in turn. Returns by target how many seconds passed until new fixes were stored again."""
    recovery: dict[str, list[float]] = {target: [] for target in TARGETS}
    for number, kill in enumerate(kills, 1):
        time.sleep(kill.after_s)  # no condition to wait for: the moment is the chance
        names, paths = TARGETS[kill.target]
        killed_at = time.monotonic()
        system.kill(*names)
        system.revive(*names)
        system.wait_stored(paths)
        seconds = time.monotonic() - killed_at
        recovery[kill.target].append(seconds)
        log.info("kill %d: %s after %.3f s, recovered in %.2f s", number, kill.target, kill.after_s, seconds)
    return recovery
