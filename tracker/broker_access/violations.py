"""What devices publish where they may not: the broker acknowledges it and it goes nowhere, so it must be seen here.

A phone with a wrong shard in its topic believes that all is well. NATS writes each such message into its log, with the
number of the connection; its monitor knows whose connection that is.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

VIOLATION = re.compile(r' - mid:(\d+) - .* - Publish Violation - Subject "([^"]*)"')
LONGEST_TOPIC = 200


@dataclass(frozen=True, slots=True)
class Denied:
    """A connection of the broker that published where it may not: how often, and the last topic."""

    connection: int
    count: int
    topic: str


class LogTail:
    """The lines a growing log got since the last look, also across a restart and the log's rotation."""

    def __init__(self, log: Path, memory: Path) -> None:
        self._log, self._memory = log, memory

    def read(self) -> list[str]:
        """The whole lines that are new; `remember` makes them old."""
        inode, offset = self._remembered()
        lines: list[str] = []
        for path in (self._log.with_name(f"{self._log.name}.1"), self._log):
            found = path.stat().st_ino if path.exists() else None
            if found is None or (path != self._log and found != inode):
                continue
            begin = offset if found == inode and offset <= path.stat().st_size else 0  # or it was cut off in place
            with path.open("rb") as file:
                file.seek(begin)
                text = file.read()
            whole = text.rfind(b"\n") + 1
            lines += text[:whole].decode(errors="replace").splitlines()
            self._now = found, begin + whole
        return lines

    def remember(self) -> None:
        """What was read is not read again."""
        fresh = self._memory.with_name(f".{self._memory.name}.{os.getpid()}")
        fresh.write_text(json.dumps(self._now))
        fresh.replace(self._memory)

    def _remembered(self) -> tuple[int, int]:
        self._now = (0, 0)
        try:
            inode, offset = json.loads(self._memory.read_text())
            self._now = int(inode), int(offset)
        except (FileNotFoundError, ValueError, TypeError):
            pass  # the first look, or a file that a crash left half written
        return self._now


def denied(lines: Iterable[str]) -> Iterator[Denied]:
    """Who published where they may not, one entry for each connection."""
    found = [(int(match[1]), match[2]) for line in lines if (match := VIOLATION.search(line))]
    counts, last = Counter(connection for connection, _ in found), dict(found)
    for connection, count in counts.items():
        yield Denied(connection, count, last[connection].replace(".", "/")[:LONGEST_TOPIC])
