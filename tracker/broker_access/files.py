"""Files that a running broker reads again when it is told to."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def write(path: Path, content: str) -> bool:
    """Replace a file if its content changed, for the owner of its folder alone; True if it did."""
    if path.exists() and path.read_text() == content:
        return False
    owner = path.parent.stat()
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(content)
    os.chown(fresh, owner.st_uid, owner.st_gid)
    fresh.rename(path)
    return True


def tell(pid_file: Path, program: str) -> None:
    """Have the running broker read its files again (SIGHUP).

    Raises ProcessLookupError where it is not running: the number in its file may be another process by now.
    """
    pid = int(pid_file.read_text())
    name = Path(f"/proc/{pid}/comm")
    if name.parent.parent.is_dir() and (not name.exists() or name.read_text().strip() != program):
        raise ProcessLookupError(f"process {pid} is not the broker")
    os.kill(pid, signal.SIGHUP)
