"""What the simulated devices keep over a restart, as files in `DATA_DIR/demo` that only their owner may read.

Every file is written whole and then put in place, so that a crash leaves the old one or the new one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

SECRETS, PROGRESS, REPLAYS, PASSWORDS = "secrets.json", "progress.json", "replays.json", "passwords.json"


class Memory:
    """A folder of small JSON objects."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "demo"

    def read(self, name: str) -> dict[str, Any]:
        """The object of this name; empty where nothing was kept."""
        try:
            kept = json.loads((self._folder / name).read_text())
        except FileNotFoundError:
            return {}
        assert isinstance(kept, dict)
        return kept

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Keep an object in place of the earlier one."""
        os.replace(self._draft(name, content), self._folder / name)

    def keep_first(self, name: str, content: dict[str, Any]) -> dict[str, Any]:
        """Keep an object unless there is one already; returns the one that is kept."""
        draft = self._draft(name, content)
        try:
            os.link(draft, self._folder / name)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return self.read(name)

    def _draft(self, name: str, content: dict[str, Any]) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{name}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with draft.open("w") as file:
            json.dump(content, file, indent=0)
            file.flush()
            os.fsync(file.fileno())
        return draft
