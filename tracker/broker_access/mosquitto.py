"""Mosquitto: a password file, reread on SIGHUP, when connections whose login or secret is no longer in it end.

Rights need no file of ours: `deploy/mosquitto/rights` states them once for all devices.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.broker_access.files import tell, write
from tracker.broker_access.nats import BRIDGE_LOGIN
from tracker.storage.broker_hashes import PBKDF2_SALT_BYTES, pbkdf2
from tracker.wire.topics import SUBSCRIPTIONS

if TYPE_CHECKING:
    from tracker.storage.devices import BrokerLogin

PASSWORD_FILE, PID_FILE, LOG_FILE = "passwords", "mosquitto.pid", "mosquitto.log"


def password_file(devices: Iterable[BrokerLogin], bridge_secret: str) -> str:
    """The text of the password file: the bridge, and the devices by login, so that the same ones make the same file."""
    # a salt derived from the secret, so that the same bridge makes the same file and needs no reload
    salt = hmac.digest(bridge_secret.encode(), b"salt", hashlib.sha256)[:PBKDF2_SALT_BYTES]
    lines = [f"{BRIDGE_LOGIN}:{pbkdf2(bridge_secret.encode(), salt)}\n"]
    lines += [f"{device.login}:{device.secret_pbkdf2}\n" for device in sorted(devices) if device.secret_pbkdf2]
    return "".join(lines)


def admit(folder: Path, content: str) -> bool:
    """Replace the password file if it changed; True if it did."""
    return write(folder / PASSWORD_FILE, content)


def reload(folder: Path) -> None:
    """Have the running Mosquitto read its files again. Raises ProcessLookupError where it is not running."""
    tell(folder / PID_FILE, "mosquitto")


def bridge_session_exists(folder: Path) -> bool:
    """Whether the bridge's durable subscriptions are there, so that what devices publish is kept for it.

    Mosquitto does not tell what is subscribed to; it writes it into its log, which may begin anew later. So once there
    are devices, there was a session.
    """
    if (folder / PASSWORD_FILE).read_text().count("\n") > 1:
        return True
    log = (folder / LOG_FILE).read_text(errors="replace")
    return all(f": {BRIDGE_LOGIN} 1 {topic}\n" in log for topic in SUBSCRIPTIONS)
