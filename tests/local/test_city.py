"""`make run` as an operator meets it: it starts, what dies is restarted, Ctrl-C ends everything, the data stay."""

from __future__ import annotations

import http.client
import os
import pty
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Connection, func, insert, select

from config import Config
from tests.services import CHECKOUT, DEADLINE_S, Process, answers, free_port, server_folder, wait_until
from tracker.storage.engine import make_engine
from tracker.storage.models import Unit

PROGRAMS = {
    "postgres": "/postgres -D", "broker": "nats-server", "bridge": "mqtt_bridge", "live": "tracker.live",
    "web": "gunicorn", "scheduler": "-m reports", "imports": "tracker.imports",
    "broker-access": "tracker.broker_access",
}  # fmt: skip


OF_MESSAGES = {  # seen with the first of them only; tests/web/test_metrics.py counts some
    "jejak_messages_total", "jejak_observations_total", "jejak_rejected_total", "jejak_batch_messages",
    "jejak_save_seconds", "jejak_lag_seconds",
}  # fmt: skip


class City:
    """An empty city of its own folder and ports, run as `make run` does."""

    def __init__(self, folder: Path) -> None:
        self.http_port, self.mqtt_port = free_port(), free_port()
        self.env = {
            "PATH": os.environ["PATH"], "DEMO": "0", "DATA_DIR": str(folder / "city"),
            "HTTP_PORT": str(self.http_port), "MQTT_PORT": str(self.mqtt_port),
        }  # fmt: skip
        command = [sys.executable, "-m", "deploy.local"]
        self.process = Process(command, folder / "city.log", self.ready, env=self.env, cwd=CHECKOUT)

    def ready(self) -> bool:
        return self.get("/public/vehicles.geojson") == 200 and self.get("/readyz") == 200 and answers(self.mqtt_port)

    def get(self, path: str) -> int | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, http.client.HTTPException):
            return None

    def metrics(self) -> str:
        token = Config.from_env(self.env).metrics_token
        address = f"http://127.0.0.1:{self.http_port}/metrics"
        asking = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asking, timeout=DEADLINE_S) as answer:
            return str(answer.read(), "utf-8")

    def pids(self) -> dict[str, int]:
        """The process that supervisor watches, by program."""
        assert self.process.popen is not None
        started = psutil.Process(self.process.popen.pid).children()  # at first also who makes the first administrator
        [supervisor] = (child for child in started if "supervisord" in command_line(child))
        commands = {child.pid: command_line(child) for child in supervisor.children()}
        return {name: pid for name, sign in PROGRAMS.items() for pid, line in commands.items() if sign in line}

    @contextmanager
    def database(self) -> Iterator[Connection]:
        engine = make_engine(Config.from_env(self.env).database_url, pool_size=1)
        with engine.begin() as conn:
            yield conn
        engine.dispose()


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


@pytest.fixture(scope="module")
def built() -> Iterator[City]:
    """One city for all: to start eight processes takes most of these tests' time."""
    with server_folder() as folder:
        city = City(folder)
        yield city
        city.process.stop()


@pytest.fixture
def city(built: City) -> City:
    """It runs, whatever the test before has done to it."""
    if not built.process.runs():
        built.process.start()
    wait_until(built.ready, "the city answers")
    return built


def test_an_empty_city_answers_and_shows_an_empty_map(city: City) -> None:
    assert city.get("/") == 200
    wait_until(lambda: city.get("/public/vehicles.geojson") == 200, "the first snapshot")
    wait_until(lambda: "Jejak is running" in city.process.said(), "the announcement")
    assert "the first account        is made" in city.process.said(), "no code in what may be a journal"


def test_an_empty_city_shows_its_first_code_in_a_terminal_once(city: City) -> None:
    code = r"user name: admin\r?\n.*code: +\S+  \(shown once"
    shown = [_in_a_terminal(city), _in_a_terminal(city)]
    assert [bool(re.search(code, said)) for said in shown] == [True, False]


def _in_a_terminal(city: City) -> str:
    """What the announcement says of the first account, to a terminal."""
    asked = "from deploy.local.__main__ import _first_administrator as f; print(*f('http://city'), sep='\\n')"
    terminal, end = pty.openpty()
    subprocess.run([sys.executable, "-c", asked], stdout=end, env=city.env, cwd=CHECKOUT, check=True)
    os.close(end)
    with os.fdopen(terminal, "rb", buffering=0) as said:
        return said.read(4096).decode()


def test_operators_are_shown_every_metric_their_page_names(city: City) -> None:
    named = set(re.findall(r"`(jejak_[a-z_]+)", (CHECKOUT / "docs" / "operations.md").read_text()))
    assert named > OF_MESSAGES

    def missing() -> set[str]:
        shown = set(re.findall(r"^# TYPE (\w+)", city.metrics(), re.MULTILINE))
        return named - OF_MESSAGES - shown

    wait_until(lambda: not missing(), "every metric is shown")


def test_reports_give_way_to_what_people_and_devices_wait_for(city: City) -> None:
    nice = {name: psutil.Process(pid).nice() for name, pid in city.pids().items()}
    waited_for = [nice[name] for name in ("postgres", "broker", "bridge", "live", "web")]
    assert nice["scheduler"] > max(waited_for)


def test_what_is_killed_is_started_again_however_often(city: City) -> None:
    for name in [*PROGRAMS] * 3:
        wait_until(lambda n=name: n in city.pids(), f"{name} runs")
        before = city.pids()[name]
        os.kill(before, signal.SIGKILL)
        wait_until(lambda n=name, old=before: city.pids().get(n, old) != old, f"{name} runs again")
    wait_until(city.ready, "the city answers again")


def test_ctrl_c_ends_every_process_and_the_data_survive_a_restart(city: City) -> None:
    wait_until(lambda: "Jejak is running" in city.process.said(), "the announcement")
    with city.database() as conn:
        conn.execute(insert(Unit).values(name="Dinas Bina Marga"))
    assert city.process.popen is not None
    everyone = psutil.Process(city.process.popen.pid).children(recursive=True)
    os.kill(city.process.popen.pid, signal.SIGINT)
    for child in psutil.Process(city.process.popen.pid).children():
        child.send_signal(signal.SIGINT)  # the terminal sends it to the whole foreground group
    assert city.process.popen.wait(DEADLINE_S) == 0
    assert not [process for process in everyone if process.is_running()]
    city.process.start()
    wait_until(lambda: "Jejak is running" in city.process.said(), "the second announcement")
    with city.database() as conn:
        assert conn.scalar(select(func.count()).select_from(Unit)) == 1


def test_a_killed_launcher_leaves_no_process_behind(city: City) -> None:
    assert city.process.popen is not None
    everyone = psutil.Process(city.process.popen.pid).children(recursive=True)
    city.process.kill()
    wait_until(lambda: not [process for process in everyone if process.is_running()], "all of them are gone")


def run(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.local"]
    return subprocess.run(
        command, env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )


def test_a_taken_port_a_second_start_and_a_wrong_value_each_say_what_to_do(city: City) -> None:
    again = run(city.env)
    assert again.returncode == 1 and "already running" in again.stderr
    with server_folder() as folder:
        other = city.env | {"DATA_DIR": str(folder)}
        taken = run(other)
        assert taken.returncode == 1
        assert f"HTTP_PORT={city.http_port} cannot be used" in taken.stderr and "choose another" in taken.stderr
        wrong = run(other | {"HTTP_PORT": "http"})
        assert wrong.returncode == 1 and wrong.stderr.strip() == (
            "jejak: HTTP_PORT='http': expected a whole number from 1 to 65535"
        )
