"""The web server goes on while some clients take for ever to say what they want."""

from __future__ import annotations

import os
import socket
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config import Config
from deploy.local.processes import programs
from tests.conftest import Database
from tests.services import CHECKOUT, Process, answers, free_port, wait_until

BEGUN = b"POST /osmand HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\nid="


@pytest.fixture
def port(database: Database, tmp_path: Path) -> Iterator[int]:
    """The server as a city runs it, but that it listens to a request for a second only."""
    port = free_port()
    env = {
        "PATH": os.environ["PATH"], "DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url,
        "DATA_DIR": str(tmp_path), "HTTP_PORT": str(port), "DEMO": "0", "MQTT_URL": "mqtt://a:b@127.0.0.1",
    }  # fmt: skip
    [command] = [program.command for program in programs(Config.from_env(env)) if program.name == "web"]
    impatient = tmp_path / "impatient.py"
    impatient.write_text("from tracker.web import worker\nworker.SAYING_S = 1.0\n")
    command = [sys.executable, *command[1:], "-c", str(impatient)]
    server = Process(command, tmp_path / "web.log", lambda: answers(port), env=env, cwd=CHECKOUT)
    server.start()
    yield port
    server.stop()


def healthy(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20) as answer:
        return bool(answer.status == 200)


def test_clients_that_never_finish_their_request_are_not_listened_to_any_more(port: int) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(80)]
        for one in slow:
            one.sendall(BEGUN)
        assert healthy(port), "after a moment"
        for one in slow:
            one.settimeout(20)
        assert b"408" in slow[0].recv(4096), "half a message is not taken for a whole one"
        wait_until(lambda: healthy(port), "the server goes on")
