"""What a running process costs, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, of its living children and of those it has waited for."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_ticks(one) for one in (pid, *map(int, children))) / TICKS_PER_S


def _ticks(pid: int) -> int:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # a child that has just ended
        return 0
    return sum(map(int, after_name[11:15]))  # utime, stime, cutime, cstime


def peak_memory_mb(pid: int) -> float:
    """The most memory a process has had resident."""
    return _status_mb(pid, "VmHWM")


def memory_mb(pid: int) -> float:
    """The memory a process has resident now."""
    return _status_mb(pid, "VmRSS")


def _status_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [kb] = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(kb) / 1024
