"""The processes of one machine, as a table, and the supervisor configuration made of it.

supervisor restarts what dies, however often (`startsecs=0`: it never gives up), and stops everything in reverse order.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from config import CHECKOUT, Config
from deploy.local.service_user import is_root, until_parent_dies

PYTHON = sys.executable
FOREIGN_CITY = 2  # the exit code of a demo that found another city's database


@dataclass(frozen=True, slots=True)
class Program:
    """One process. A server is needed by the others: it starts before them, stops after them and logs to a file."""

    name: str
    command: list[str]
    server: bool = False
    ends_with: tuple[int, ...] = ()  # exit codes after which it is not started again
    stop_signal: str = "TERM"
    politeness: int = 0  # how far it gives way to the others where there is not processor enough for all (nice)


def programs(config: Config) -> list[Program]:
    """What this configuration runs."""
    module = [PYTHON, "-m"]
    table = [
        (config.database_is_embedded, Program("db", [*module, "deploy.local", "db"], server=True, stop_signal="INT")),
        (config.mqtt_is_embedded, Program("broker", [*module, "deploy.local", "broker"], server=True)),
        (True, Program("migrate", [*module, "tracker.storage"], ends_with=(0,))),
        (True, Program("bridge", [*module, "mqtt_bridge"])),
        (config.broker is not None, Program("broker-access", [*module, "tracker.broker_access"])),
        (True, Program("live", [*module, "tracker.live"])),
        (True, Program("web", web_server(config.http_host, config.http_port))),
        (True, Program("imports", [*module, "tracker.imports"], politeness=5)),
        (True, Program("scheduler", [*module, "reports"], politeness=5)),
        (config.demo, Program("demo", [*module, "tracker.demo"], ends_with=(FOREIGN_CITY,), politeness=5)),
    ]
    return [program for wanted, program in table if wanted]


def supervisor_file(config: Config) -> str:
    """The text of supervisor's configuration. Its own warnings (what died, and how) go to the terminal."""
    head = f"""\
[supervisord]
nodaemon=true
loglevel=warn
{"user=root" if is_root() else ""}
logfile={config.data_dir}/log/supervisor.log
pidfile={config.data_dir}/supervisor.pid
childlogdir={config.data_dir}/log
directory={CHECKOUT}
"""
    table = programs(config)
    servers, services = [p for p in table if p.server], [p for p in table if not p.server]
    groups = [_group("servers", 1, servers), _group("services", 2, services)]
    text = "\n".join([head, *groups, *(_entry(program, config.data_dir) for program in table)])
    return text.replace("%", "%%")  # supervisor would read it as the start of a variable


def _group(name: str, place: int, members: list[Program]) -> str:
    """Programs that start and stop together; the group of the highest place stops first."""
    if not members:
        return ""
    return f"[group:{name}]\nprograms={','.join(program.name for program in members)}\npriority={place}\n"


def _entry(program: Program, data_dir: Path) -> str:
    log = f"{data_dir}/log/{program.name}.log" if program.server else "/dev/fd/1"
    polite = ["nice", "-n", str(program.politeness)] if program.politeness else []
    return f"""\
[program:{program.name}]
command={shlex.join(until_parent_dies([*polite, *program.command], program.stop_signal))}
autorestart={"unexpected" if program.ends_with else "true"}
exitcodes={",".join(map(str, program.ends_with or (0,)))}
startsecs=0
stopsignal={program.stop_signal}
stopwaitsecs=20
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes={"10MB" if program.server else 0}
"""


def web_server(host: str, port: int) -> list[str]:
    """The command that serves the pages."""
    return [
        PYTHON, "-m", "gunicorn", "wsgi:app", "--bind", f"{host}:{port}",
        "--preload", "--workers", "2", "--threads", "16", "--worker-class", "tracker.web.worker.PatientWorker",
        "--graceful-timeout", "10", "--log-level", "warning",
        "--no-control-socket",  # it would be made in the user's home
    ]  # fmt: skip
