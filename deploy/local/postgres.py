"""The embedded PostgreSQL: a real server from a wheel's binaries, on a Unix socket only, scram for every role."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.service_user import as_service_user, give, postgres_programs, service_folder

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "synchronous_commit": "on",  # an acknowledged fix is on disk, not in memory
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where one embedded server keeps its files, and its programs."""

    data: Path
    socket_dir: Path
    programs: Path

    @classmethod
    def embedded(cls, data: Path, socket_dir: Path) -> Postgres:
        return cls(data, socket_dir, postgres_programs())

    def prepare(self, passwords: dict[str, str], *statements: str) -> None:
        """Make the cluster once, with the roles of `passwords`, the database `jejak` and what `statements` add.

        It is made in a folder beside and renamed when complete, so that an interruption leaves nothing half made.
        """
        service_folder(self.socket_dir)
        if self.data.exists():
            return
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        service_folder(fresh)
        self._initdb(fresh)
        self._single_user(
            fresh,
            *(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'" for role, password in passwords.items()),
            "CREATE DATABASE jejak OWNER jejak_owner",
            *statements,
        )
        fresh.rename(self.data)

    def command(self) -> list[str]:
        """The server itself, in the foreground, as its own user; fast shutdown when its parent dies."""
        options = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        server = [str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.socket_dir), *options]
        return as_service_user(server, death_signal="INT")

    def _initdb(self, folder: Path) -> None:
        with tempfile.NamedTemporaryFile("w", prefix="jejak-") as password_file:
            password_file.write(secrets.token_hex(32))  # the superuser's: nobody needs it, and nobody knows it
            password_file.flush()
            give(Path(password_file.name))
            self._run(
                "initdb", "-D", str(folder), "-U", "postgres", f"--pwfile={password_file.name}", "--no-locale",
                "--encoding=UTF8", "--auth-local=scram-sha-256", "--auth-host=reject", "--no-instructions",
            )

    def _single_user(self, folder: Path, *statements: str) -> None:
        self._run("postgres", "--single", "-D", str(folder), "postgres", stdin="\n".join(statements) + "\n")

    def _run(self, program: str, *arguments: str, stdin: str = "") -> None:
        command = as_service_user([str(self.programs / program), *arguments])
        result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, cwd="/",
                                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"})
        if result.returncode or "ERROR:" in result.stderr or "FATAL:" in result.stderr:
            raise RuntimeError(f"{program} failed: {result.stderr.strip()}")
