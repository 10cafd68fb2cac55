"""The embedded NATS server: MQTT 3.1.1 for the devices, a file store for what is not yet acknowledged."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import bcrypt

from deploy.local.service_user import as_service_user, give, nats_program, service_folder
from deploy.templates import filled, quoted, text
from tracker.broker_access.nats_keys import Keys

BCRYPT_ROUNDS = 4  # the least there is: the bridge's secret has 256 random bits


def sync_interval() -> str:
    """How old what is not yet on the disk may be: what a power cut may cost."""
    [interval] = re.findall(r'^ *sync_interval: "(\w+)"', text("nats/server.conf"), re.MULTILINE)
    return str(interval)


def logins(bridge_secret: str, access_secret: str) -> str:
    """Who may come in by the configuration alone: the bridge, and the service that says who else may."""
    keys = Keys(access_secret)
    hashed = bcrypt.hashpw(bridge_secret.encode(), bcrypt.gensalt(BCRYPT_ROUNDS, prefix=b"2a")).decode()
    return filled(
        "nats/logins.conf", BRIDGE=hashed, CALLOUT=keys.callout.public, SYSTEM=keys.system.public, ISSUER=keys.issuer,
        SEALING=keys.sealing,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Nats:
    """Where one embedded broker keeps its files, and where devices reach it."""

    folder: Path
    host: str
    port: int
    program: Path

    @classmethod
    def embedded(cls, folder: Path, host: str, port: int) -> Nats:
        return cls(folder, host, port, nats_program())

    def prepare(self, bridge_secret: str, access_secret: str) -> None:
        """Write the configuration."""
        service_folder(self.folder)
        self._write(self.folder / "logins.conf", logins(bridge_secret, access_secret))
        self._write(self.folder / "mqtt-here.conf", "# one server, without TLS\n")
        self._write(self.folder / "nats.conf", self._configuration())

    def command(self) -> list[str]:
        """The server itself, in the foreground, as its own user."""
        return as_service_user([str(self.program), "-c", str(self.folder / "nats.conf")])

    def _configuration(self) -> str:
        folder, host = quoted(self.folder), quoted(self.host)
        return filled("nats/server.conf", NAME="jejak", FOLDER=folder, MQTT_HOST=host, MQTT_PORT=self.port)

    def _write(self, path: Path, content: str) -> None:
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(content)
        give(fresh)
        fresh.rename(path)
