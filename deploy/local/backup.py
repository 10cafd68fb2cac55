"""Everything of a city that cannot be made again, in one folder; and a city made of such a folder.

The broker's files are copied first, the database after them: what a device was told is safe before the backup began is
in one or the other, or in both, where it is recognised. A broker that stands still leaves its files as a killed one
would, which loses nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from config import Config, database_socket_dir, kept_secret
from deploy.local.postgres import Postgres
from deploy.local.service_user import SetupError, give, postgres_programs

MANIFEST = "manifest.json"
MADE_AGAIN = ("db", "run", "nats", "log", "metrics", "lock", "supervisor.*")  # of DATA_DIR, or copied another way
UNFINISHED = ".*"  # files on their way to their names
# goes on when its input ends, whatever ended us
CONTINUE = 'cat > /dev/null; kill -CONT "$1"'
JOBS = 2  # tables that are written or read at once
POLL_S = 0.1


def backup(config: Config, target: Path) -> None:
    """Write a backup of the city, running or not, into a new folder. Raises SetupError."""
    if target.exists():
        raise SetupError(f"{target} is there already; name a new folder, one for each backup")
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.mkdir(mode=0o700)
    try:
        if config.mqtt_is_embedded and (config.data_dir / "nats").exists():
            with _standing_still(config.data_dir / "nats" / "nats.pid"):
                _copy(config.data_dir / "nats", fresh / "nats", leave_out=("nats.pid", "*.ports"))
        options = ["--format=directory", f"--jobs={JOBS}", "--compress=gzip:1", f"--file={fresh / 'database'}"]
        _run(config.database_owner_url, "pg_dump", *options)
        _copy(config.data_dir, fresh / "data", leave_out=MADE_AGAIN)
        manifest = {"made_at": datetime.now(UTC).isoformat(), "files": _digests(fresh)}
        (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1))
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def restore(config: Config, source: Path) -> None:
    """Make a city of a backup where there is none yet. Raises SetupError."""
    _require_whole(source)
    if not config.database_is_embedded:
        raise SetupError(
            f"DATABASE_URL is a server of your own: bring {source / 'database'} back with its own pg_restore, and "
            f"{source / 'data'} to DATA_DIR; see docs/operations.md"
        )
    if any((config.data_dir / name).exists() for name in ("db", "nats")):
        raise SetupError(f"there is a city in {config.data_dir}; name another DATA_DIR, or move that one away")
    shutil.copytree(source / "data", config.data_dir, dirs_exist_ok=True)
    if config.mqtt_is_embedded and (source / "nats").exists():
        shutil.copytree(source / "nats", config.data_dir / "nats")
        for path in [config.data_dir / "nats", *(config.data_dir / "nats").rglob("*")]:
            give(path)
    restored = Config.from_env(os.environ)  # with the secrets of the backup
    with _database(restored):
        options = ["--exit-on-error", "--no-owner", f"--jobs={JOBS}", str(source / "database")]
        _run(restored.database_owner_url, "pg_restore", *options)


@contextmanager
def _standing_still(pid_file: Path) -> Iterator[None]:
    """The process of this file does nothing meanwhile, and goes on however we end; where none runs, nothing is held."""
    pid = int(pid_file.read_text()) if pid_file.exists() else 0
    name = Path(f"/proc/{pid}/comm")
    if not name.exists() or name.read_text() != "nats-server\n":
        yield
        return
    command = ["sh", "-c", CONTINUE, "sh", str(pid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):  # its end is waited for
        os.kill(pid, signal.SIGSTOP)
        yield


@contextmanager
def _database(config: Config) -> Iterator[None]:
    """The embedded database, made and running meanwhile."""
    server = Postgres.embedded(config.data_dir / "db", database_socket_dir(config.data_dir))
    server.prepare({role: kept_secret(config.data_dir, role) for role in ("jejak_owner", "jejak_app")})
    running = subprocess.Popen(server.command(), stderr=subprocess.DEVNULL)
    try:
        while _exit_code(config.database_owner_url, "pg_isready"):
            if running.poll() is not None:
                raise SetupError("the database does not start; its own words are above")
            time.sleep(POLL_S)
        yield
    finally:
        running.send_signal(signal.SIGINT)
        running.wait()


def _copy(source: Path, target: Path, leave_out: tuple[str, ...]) -> None:
    at_the_top, below = shutil.ignore_patterns(*leave_out, UNFINISHED), shutil.ignore_patterns(UNFINISHED)

    def unwanted(folder: str, names: list[str]) -> set[str]:
        return (at_the_top if folder == str(source) else below)(folder, names)

    shutil.copytree(source, target, ignore=unwanted)


def _digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its place there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_whole(source: Path) -> None:
    """The manifest is written last and names every file: without it, or with others, it is no backup of ours."""
    try:
        files = json.loads((source / MANIFEST).read_text())["files"]
    except FileNotFoundError:
        raise SetupError(f"{source} is no whole backup: it has no {MANIFEST}") from None
    found = _digests(source)
    del found[MANIFEST]
    if found != files:
        wrong = sorted(name for name in found.keys() | files.keys() if found.get(name) != files.get(name))
        raise SetupError(f"{source} is damaged: {', '.join(wrong[:5])}")


def _run(url: str, program: str, *options: str) -> None:
    """One of PostgreSQL's programs, on this database; its complaints go to the terminal."""
    if _exit_code(url, program, *options):
        raise SetupError(f"{program} failed; its own words are above")


def _exit_code(url: str, program: str, *options: str) -> int:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    where = ["-h", query.get("host") or parts.hostname or "localhost", "-p", str(parts.port or 5432),
             "-U", unquote(parts.username or ""), "-d", unquote(parts.path.lstrip("/"))]  # fmt: skip
    env = {**os.environ, "PGPASSWORD": unquote(parts.password or "")}  # not an option: those everybody can see
    return subprocess.run([str(postgres_programs() / program), *where, *options], env=env, check=False).returncode
