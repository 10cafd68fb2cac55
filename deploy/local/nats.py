"""The embedded NATS server: MQTT 3.1.1 for the devices, a file store for what is not yet acknowledged."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from deploy.local.service_user import as_service_user, give, nats_program, service_folder
from deploy.templates import filled, quoted, text
from tracker.broker_access import nats as access


def sync_interval() -> str:
    """How old what is not yet on the disk may be: what a power cut may cost."""
    [interval] = re.findall(r'^ *sync_interval: "(\w+)"', text("nats/server.conf"), re.MULTILINE)
    return str(interval)


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

    @property
    def users_file(self) -> Path:
        return self.folder / access.USERS_FILE

    def prepare(self, bridge_secret: str) -> None:
        """Write the configuration. A broker without a store admits nobody but the bridge, until its session exists."""
        service_folder(self.folder)
        if not (self.folder / "store").exists() or not self.users_file.exists():
            self._write(self.users_file, access.users_file([], bridge_secret))
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
