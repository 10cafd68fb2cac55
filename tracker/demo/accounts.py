"""The accounts with which a newcomer signs in to the simulated city; their passwords are generated per `DATA_DIR`."""

from __future__ import annotations

import secrets
from pathlib import Path

from tracker.demo.memory import PASSWORDS, Memory

USERNAMES = {
    "employee": "pegawai", "supervisor": "atasan", "auditor": "pemeriksa", "administrator": "admin",
}  # fmt: skip


def demo_logins(data_dir: Path) -> list[tuple[str, str, str]]:
    """Role, user name and password of each demo account of this `DATA_DIR`; the passwords are made at first use."""
    memory = Memory(data_dir)
    passwords = memory.read(PASSWORDS) or memory.keep_first(PASSWORDS, {role: _password() for role in USERNAMES})
    return [(role, username, passwords[role]) for role, username in USERNAMES.items()]


def _password() -> str:
    """60 random bits, in groups that can be typed on a phone."""
    digits = secrets.token_hex(8)[:15]
    return "-".join(digits[start : start + 5] for start in (0, 5, 10))
