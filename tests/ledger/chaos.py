"""Kills at random: which parts and when follows from the seed alone, so that a run can be repeated."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.ledger.system import System

MOST_QUIET_S = 1.5

log = logging.getLogger("ledger")


class Target(NamedTuple):
    """Parts that die together, and over which paths fixes have to come again."""

    parts: tuple[str, ...]
    paths: tuple[str, ...]


class Kill(NamedTuple):
    """One planned kill: so long after the system had recovered from the one before."""

    target: str
    after_s: float


def targets(system: System) -> dict[str, Target]:
    """What can die: each part for itself, each server of a cluster too, and all at once."""
    return {
        "bridge": Target(("bridge",), ("mqtt",)),
        "database": Target(("database",), ("mqtt", "http")),
        **{name: Target((name,), ("mqtt",)) for name in system.brokers},
        "web": Target(("web",), ("http",)),
        "all": Target(("database", *system.brokers, "bridge", "web"), ("mqtt", "http")),
    }


def plan(seed: str, names: Sequence[str], kills: int) -> Iterator[Kill]:
    """Every target once, then any."""
    chance = random.Random(seed)
    first = chance.sample(names, len(names))
    for i in range(kills):
        yield Kill(first[i] if i < len(first) else chance.choice(names), chance.uniform(0, MOST_QUIET_S))


def wreak(system: System, seed: str, kills: int) -> dict[str, list[float]]:
    """Kill and revive in turn. Returns by target how many seconds passed until new fixes were stored again."""
    known = targets(system)
    recovery: dict[str, list[float]] = {name: [] for name in known}
    for number, kill in enumerate(plan(seed, list(known), kills), 1):
        time.sleep(kill.after_s)  # no condition to wait for: the moment is the chance
        target, killed_at = known[kill.target], time.monotonic()
        system.kill(*target.parts)
        system.revive(*target.parts)
        system.wait_stored(target.paths)
        seconds = time.monotonic() - killed_at
        recovery[kill.target].append(seconds)
        log.info("kill %d: %s after %.3f s, recovered in %.2f s", number, kill.target, kill.after_s, seconds)
    return recovery
