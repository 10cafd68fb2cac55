"""The embedded NATS server: MQTT 3.1.1 for the devices, a file store for what is not yet acknowledged."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from deploy.local.service_user import as_service_user, give, nats_program, service_folder
from tracker.broker_access import nats as access

# An acknowledged message is in the stream's file, not yet on the disk: a power cut may cost what the last interval
# brought. A killed server loses nothing. `always` costs most of the rate: see docs/operations.md.
SYNC_INTERVAL = "10s"
# What may wait on the bridge's connection, in messages (max_ack_pending) and in bytes (max_pending). Beyond the first
# the rest is sent later; beyond the second the connection is ended, as a backlog of large messages was at the 64 MB of
# the default.

CONFIGURATION = """\
server_name: jejak
listen: "127.0.0.1:-1"
http: "127.0.0.1:-1"
ports_file_dir: {folder}
pid_file: {pid_file}
max_payload: 65536
max_pending: 512MB
jetstream {{ store_dir: {store}, sync_interval: "{sync_interval}", max_file_store: 20GB }}
mqtt {{
  host: {host}
  port: {port}
  max_ack_pending: 30000
  ack_wait: "10s"
  reject_qos2_publish: true
}}
include "{users_file}"
"""


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
        self._write(self.folder / "nats.conf", self._configuration())

    def command(self) -> list[str]:
        """The server itself, in the foreground, as its own user."""
        return as_service_user([str(self.program), "-c", str(self.folder / "nats.conf")])

    def _configuration(self) -> str:
        return CONFIGURATION.format(
            folder=json.dumps(str(self.folder)),
            pid_file=json.dumps(str(self.folder / access.PID_FILE)),
            store=json.dumps(str(self.folder / "store")),
            sync_interval=SYNC_INTERVAL,
            host=json.dumps(self.host),
            port=self.port,
            users_file=access.USERS_FILE,
        )

    def _write(self, path: Path, content: str) -> None:
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(content)
        give(fresh)
        fresh.rename(path)
