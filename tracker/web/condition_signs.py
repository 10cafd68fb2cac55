"""What the processes of this machine leave behind: what they counted, the citizens' snapshot, room on the disk.

A process says when it last did its work. What was never said is None: it may run on another machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

Samples = Mapping[tuple[str, ...], float]  # of `tracker.web.metrics`


@dataclass(frozen=True, slots=True)
class Job:
    """One of the scheduler's jobs: how often it is to run, when it last ended well, and how many runs failed."""

    name: str
    every_s: float
    done_at: datetime | None
    failed: int


@dataclass(frozen=True, slots=True)
class Signs:
    """What processes said: the bridge, who keeps the broker's logins, the scheduler's jobs, and what they counted."""

    bridge_at: datetime | None
    access_at: datetime | None
    backlog: int
    repeated: int
    admitted: int
    denied: int
    stored: int
    rejected: int
    lag_s: float | None
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of the disk that holds the city's data."""

    free: int
    total: int


def signs_of(samples: Samples) -> Signs:
    return Signs(
        bridge_at=_moment(samples, "jejak_bridge_last_turn_timestamp_seconds"),
        access_at=_moment(samples, "jejak_broker_access_last_turn_timestamp_seconds"),
        backlog=int(samples.get(("jejak_broker_backlog_messages",), 0)),
        repeated=int(samples.get(("jejak_broker_repeated_messages",), 0)),
        admitted=int(samples.get(("jejak_broker_devices",), 0)),
        denied=int(samples.get(("jejak_broker_denied_total",), 0)),
        stored=_sum_of(samples, "jejak_observations_total", "stored"),
        rejected=_sum_of(samples, "jejak_observations_total", "rejected"),
        lag_s=_mean_of(samples, "jejak_lag_seconds"),
        jobs=tuple(_jobs(samples)),
    )


def snapshot_written(path: Path) -> datetime | None:
    """When the live process last wrote what citizens see."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def room_at(folder: Path) -> Room:
    usage = shutil.disk_usage(folder)
    return Room(usage.free, usage.total)


def _jobs(samples: Samples) -> list[Job]:
    every = {labels[1]: value for labels, value in samples.items() if labels[0] == "jejak_job_every_seconds"}
    return [
        Job(
            name, every_s, _moment(samples, "jejak_job_done_timestamp_seconds", name),
            int(samples.get(("jejak_job_seconds_count", name, "failed"), 0)),
        )
        for name, every_s in sorted(every.items())
    ]  # fmt: skip


def _moment(samples: Samples, *name: str) -> datetime | None:
    said = samples.get(name, 0)
    return datetime.fromtimestamp(said, UTC) if said else None  # a gauge that nobody has set is 0


def _sum_of(samples: Samples, name: str, last_label: str) -> int:
    """Over all doors."""
    return int(sum(value for labels, value in samples.items() if labels[0] == name and labels[-1] == last_label))


def _mean_of(samples: Samples, name: str) -> float | None:
    total, count = (
        sum(value for labels, value in samples.items() if labels[0] == f"{name}_{part}") for part in ("sum", "count")
    )
    return total / count if count else None
