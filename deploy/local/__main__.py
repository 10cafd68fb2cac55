"""`python -m deploy.local`: a whole city on this machine, until Ctrl-C. `... db`, `... broker`: become that server.

`... logins` prints what a NATS of one's own must include, `... backup FOLDER` copies everything of the city,
`... restore FOLDER` makes a city of such a copy.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from config import CHECKOUT, Config, ConfigError, database_socket_dir, kept_secret
from deploy.local.nats import Nats
from deploy.local.nats import logins as nats_logins
from deploy.local.postgres import Postgres
from deploy.local.processes import PYTHON, supervisor_file
from deploy.local.service_user import SetupError, ensure_service_user, open_way, require_reachable, until_parent_dies

POLL_S = 0.1
WHICH_CITY = ("DEMO", "DATA_DIR")  # settings that commands must share with the city they are for
SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def db(config: Config) -> NoReturn:
    """Become the embedded database server."""
    server = Postgres.embedded(config.data_dir / "db", database_socket_dir(config.data_dir))
    server.prepare({role: kept_secret(config.data_dir, role) for role in ("jejak_owner", "jejak_app")})
    _become(server.command())


def broker(config: Config) -> NoReturn:
    """Become the embedded broker."""
    server = Nats.embedded(config.data_dir / "nats", config.mqtt_host, config.mqtt_port)
    server.prepare(kept_secret(config.data_dir, "mqtt_bridge"), config.broker_secret)
    _become(server.command())


def city(config: Config) -> int:
    """Run everything, say where to look when it answers, and wait for the end; returns the exit code."""
    with (config.data_dir / "lock").open("w") as lock:
        _take(lock.fileno(), config)
        _require_free("HTTP_PORT", config.http_host, config.http_port)
        if config.mqtt_is_embedded:
            _require_free("MQTT_PORT", config.mqtt_host, config.mqtt_port)
        if ";" in f"{config.data_dir}{CHECKOUT}":
            raise SetupError("a folder with ';' in its name cannot be used: supervisor reads a comment there")
        (config.data_dir / "log").mkdir(mode=0o700, exist_ok=True)  # the database's log quotes rows
        settings = config.data_dir / "supervisor.conf"
        settings.write_text(supervisor_file(config))
        command = until_parent_dies([PYTHON, "-m", "supervisor.supervisord", "-c", str(settings)])
        supervisor = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, SHARED_METRICS: str(_counts(config))})
        for number in (signal.SIGINT, signal.SIGTERM):  # supervisor stops everything, this process waits for it
            signal.signal(number, lambda *_: supervisor.terminate())
        _announce_when_ready(config, supervisor)
        return supervisor.wait()


def _counts(config: Config) -> Path:
    """An empty folder in which all processes count: what an earlier run counted is over."""
    folder = config.data_dir / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _announce_when_ready(config: Config, supervisor: subprocess.Popen[bytes]) -> None:
    while supervisor.poll() is None:
        if _ready(f"http://{_local(config.http_host)}:{config.http_port}/readyz"):
            print(_announcement(config), flush=True)
            return
        time.sleep(POLL_S)


def _announcement(config: Config) -> str:
    site = f"http://{_local(config.http_host)}:{config.http_port}"
    lines = [
        "",
        f"  Jejak is running{' a simulated city' if config.demo else ''}. Ctrl-C stops it; the data stay in "
        f"{config.data_dir}",
        "",
        f"  the citizens' map        {site}/",
        f"  staff sign in at         {site}/sign-in",
        f"  devices publish to       {_local(config.mqtt_host)}:{config.mqtt_port} (MQTT)"
        if config.mqtt_is_embedded
        else "  devices publish to       the broker of MQTT_URL",
    ]
    if config.demo:
        from tracker.demo.accounts import demo_logins

        lines += [f"  {role:<24} {username}  {password}" for role, username, password in demo_logins(config.data_dir)]
    else:
        settings = [f"{name}={shlex.quote(os.environ[name])}" for name in WHICH_CITY if os.environ.get(name)]
        command = " ".join([*settings, ".venv/bin/flask --app wsgi"])
        lines.append(f"  commands begin with      {command}")
        lines += [f"  the first account        {line}" for line in _first_administrator(site)]
    return "\n".join([*lines, ""])


def _first_administrator(site: str) -> list[str]:
    """Make the first account, where the city has none yet, and say how it is taken into use; its code is shown once."""
    if not sys.stdout.isatty():  # what is said there is kept in a journal
        return ["is made, where there is none, by `administrator first`, which shows its code once"]
    command = [PYTHON, "-m", "flask", "--app", "wsgi", "administrator", "first"]
    made = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        said = "".join(made.stderr.strip().splitlines()[-1:])
        return [f"could not be made ({said}); try `administrator first` by hand"]
    return made.stdout.replace("/activate", f"{site}/activate").splitlines()


def _ready(url: str) -> bool:
    """Pages and map, too: all that `/readyz` tells."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return all(json.load(answer).values())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _local(host: str) -> str:
    return "127.0.0.1" if host in ("", "0.0.0.0", "::") else host


def _require_free(name: str, host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"{name}={port} cannot be used ({error.strerror}); stop what uses it, or choose another: "
                f"make run {name}={port + 10}"
            ) from error


def _take(lock: int, config: Config) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SetupError(f"a city is already running on {config.data_dir}; stop it, or set another DATA_DIR") from error


def _become(command: list[str]) -> NoReturn:
    os.execvp(command[0], command)


def logins(config: Config) -> int:
    """Print what a NATS of one's own must include."""
    print(nats_logins(unquote(urlsplit(config.mqtt_urls[0]).password or ""), config.broker_secret), end="")
    return 0


def back_up(config: Config, folder: str) -> int:
    """Write a backup into a new folder."""
    from deploy.local import backup  # with what starts of servers do not need

    backup.backup(config, Path(folder))
    print(f"jejak: {folder} holds the city as it is now, secrets included: keep it where only you can read it")
    return 0


def restore(config: Config, folder: str) -> int:
    """Make a city of a backup."""
    from deploy.local import backup

    backup.restore(config, Path(folder))
    print(f"jejak: the city of {folder} is in {config.data_dir}; start it as ever")
    return 0


COMMANDS: dict[str, Callable[..., int]] = {
    "city": city, "db": db, "broker": broker, "logins": logins, "backup": back_up,
    "restore": restore,
}  # fmt: skip
FOLDER = ("backup", "restore")  # commands that name one


def main(arguments: list[str]) -> int:
    name, *rest = arguments or ["city"]
    if name not in COMMANDS or len(rest) != (name in FOLDER):
        sys.exit(f"expected one of: {', '.join(f'{one} FOLDER' if one in FOLDER else one for one in COMMANDS)}")
    try:
        config = Config.from_env(os.environ)
        if config.database_is_embedded or config.mqtt_is_embedded:
            ensure_service_user()
            open_way(config.data_dir)
            require_reachable(config.data_dir)
        return COMMANDS[name](config, *rest)
    except (ConfigError, SetupError) as error:
        sys.exit(f"jejak: {error}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
