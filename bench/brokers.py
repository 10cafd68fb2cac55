"""Private brokers for the benches: as in a city, but for one login that may publish as every device."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import bcrypt

from deploy.local.nats import Nats, sync_interval
from deploy.local.service_user import as_service_user, give, service_folder
from mqtt_bridge.client import client_id
from tests.services import Process, answers, free_port
from tracker.broker_access import nats as nats_access
from tracker.wire.topics import ROOT

BRIDGE = nats_access.BRIDGE_LOGIN
LOAD = "load"

# As a city with a Mosquitto of its own should set it: nothing is dropped from a full queue, and a bridge that
# acknowledges by the batch is not stalled.
MOSQUITTO_CONF = """\
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/rights
persistence true
persistence_location {folder}/
max_queued_messages 0
max_queued_bytes 0
memory_limit 2147483648
max_inflight_messages 10000
max_qos 1
message_size_limit 65536
"""
MOSQUITTO_RIGHTS = f"user {LOAD}\ntopic write {ROOT}/#\nuser {BRIDGE}\ntopic read {ROOT}/#\n"


@dataclass(frozen=True)
class BenchBroker:
    """A broker that is about to be started, and who may log in."""

    port: int
    process: Process
    secrets: dict[str, str]
    settings: str

    @property
    def url(self) -> str:
        """Where the bridge connects."""
        return f"mqtt://{BRIDGE}:{self.secrets[BRIDGE]}@127.0.0.1:{self.port}"

    @property
    def client_id(self) -> str:
        """The bridge's."""
        return client_id(self.secrets[BRIDGE])


def nats(folder: Path) -> BenchBroker:
    """The embedded NATS, configured by the code that configures a city's."""
    logins, port = _secrets(), free_port()
    server = Nats.embedded(folder / "nats", "127.0.0.1", port)
    server.prepare(logins[BRIDGE], secrets.token_hex(32))
    _let_load_in(server.folder / "logins.conf", logins[LOAD])
    process = Process(server.command(), folder / "nats.log", lambda: answers(port))
    version = _said([str(server.program), "--version"])
    return BenchBroker(port, process, logins, f"{version}, file store, sync_interval {sync_interval()}")


def _let_load_in(file: Path, secret: str) -> None:
    """By the configuration alone, as the bridge comes in."""
    hashed = bcrypt.hashpw(secret.encode(), bcrypt.gensalt(4, prefix=b"2a")).decode()
    user = json.dumps({"user": LOAD, "password": hashed, "permissions": {"publish": f"{ROOT}.>"}})
    head, users, rest = file.read_text().rpartition("  users: [\n")
    file.write_text(head + users + user + "\n" + rest.replace("auth_users: [", f'auth_users: ["{LOAD}", '))


def mosquitto(folder: Path) -> BenchBroker:
    """The system's Mosquitto."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        sys.exit("bench: Mosquitto is not installed; apt-get install mosquitto")
    logins, port, home = _secrets(), free_port(), service_folder(folder / "mosquitto")
    (home / "mosquitto.conf").write_text(MOSQUITTO_CONF.format(port=port, folder=home))
    (home / "rights").write_text(MOSQUITTO_RIGHTS)
    (home / "passwords").write_text("".join(f"{login}:{secret}\n" for login, secret in logins.items()))
    subprocess.run(["mosquitto_passwd", "-U", str(home / "passwords")], check=True)
    for path in home.iterdir():
        path.chmod(0o600)
        give(path)
    command = as_service_user([program, "-c", str(home / "mosquitto.conf")])
    process = Process(command, folder / "mosquitto.log", lambda: answers(port))
    return BenchBroker(port, process, logins, f"{_said([program, '-h']).splitlines()[0]}, acknowledges from memory")


BROKERS = {"nats": nats, "mosquitto": mosquitto}


def _secrets() -> dict[str, str]:
    return {login: secrets.token_hex(16) for login in (BRIDGE, LOAD)}


def _said(command: list[str]) -> str:
    """What a program says of itself; Mosquitto ends with 3 after its help."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
