"""Who may import whom, read off the syntax trees; and that importing a module starts nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
OURS = ("tracker", "mqtt_bridge", "reports", "deploy", "config", "wsgi")

# What a room may import of ours beside itself. The longest matching name rules.
MAY_IMPORT = {
    "config": set(),
    "wsgi": {"config", "tracker.web"},
    "tracker.domain": set(),
    "tracker.wire": {"tracker.domain"},
    "tracker.storage": {"tracker.domain"},
    "tracker.storage.devices": {"tracker.domain", "tracker.wire.topics"},
    "tracker.sealing": set(),
    "tracker.failpoints": set(),
    "tracker.metrics": {"tracker.storage.fixes"},
    "tracker.ingest": {
        "tracker.failpoints", "tracker.metrics", "tracker.wire", "tracker.storage", "tracker.domain", "tracker.sealing",
    },
    "tracker.replay": {"tracker.wire", "tracker.storage", "tracker.domain", "tracker.sealing"},
    "tracker.maintenance": {"tracker.failpoints", "tracker.storage", "tracker.domain"},
    "tracker.imports": {"tracker.storage", "tracker.domain"},
    "tracker.exports": set(),
    "tracker.broker_access": {"tracker.metrics", "tracker.storage", "tracker.domain", "tracker.wire.topics"},
    "tracker.live": {"tracker.metrics", "tracker.storage", "tracker.domain"},
    "tracker.web": {
        "tracker.metrics", "tracker.exports", "tracker.imports", "tracker.ingest", "tracker.replay", "tracker.sealing",
        "tracker.storage",
        "tracker.wire", "tracker.domain",
    },
    "tracker.demo": {"tracker.storage", "tracker.wire", "tracker.domain"},
    "mqtt_bridge": {
        "tracker.failpoints", "tracker.metrics", "tracker.ingest", "tracker.sealing", "tracker.storage", "tracker.wire",
        "tracker.domain",
    },
    "tracker.mailing": {"tracker.failpoints", "tracker.storage", "tracker.domain"},
    "reports": {
        "tracker.failpoints", "tracker.mailing", "tracker.metrics", "tracker.maintenance", "tracker.storage",
        "tracker.domain",
    },
    "deploy": {"config", "tracker.broker_access", "tracker.demo.accounts"},
}
# Frameworks, and the only places that know them.
ONLY_IN = {
    "flask": ("tracker.web",),
    "flask_sqlalchemy": ("tracker.web",),
    "flask_babel": ("tracker.web",),
    "flask_wtf": ("tracker.web",),
    "marshmallow": ("tracker.web",),
    "flask_smorest": ("tracker.web.api",),
    "webargs": ("tracker.web.api",),
    "apispec": ("tracker.web.api",),
    "apscheduler": ("reports.schedule",),
    "smtplib": ("tracker.mailing.server",),
    "jinja2": ("tracker.mailing.rendering",),
    "prometheus_client": ("tracker.metrics", "tracker.web.metrics"),
    "nacl": ("tracker.sealing", "tracker.wire.encrypted", "tracker.broker_access.nats_keys"),
    "msgspec": ("tracker.wire.decode", "tracker.wire.owntracks_plain"),
    "argon2": ("tracker.storage.accounts",),
    "pyotp": ("tracker.web.one_time_codes",),
    "shapely": ("tracker.storage.mending",),
    "PIL": ("tracker.web.photos",),
    "segno": ("tracker.web.qr",),
    "holidays": ("tracker.web.holiday_draft",),
    "zxcvbn": ("tracker.web.passwords", "tracker.web.worker"),
    "defusedxml": ("tracker.wire.machine",),
    "python_calamine": ("tracker.imports.workbooks",),
    "xlsxwriter": ("tracker.imports.templates", "tracker.exports.workbook"),
    "reportlab": ("tracker.exports",),
    "numpy": ("tracker.domain", "tracker.storage.tracks"),
    "paho": ("mqtt_bridge.client", "tracker.demo"),
    "sqlalchemy": ("tracker.storage", "tracker.ingest", "tracker.replay", "tracker.maintenance",
                   "tracker.broker_access", "tracker.imports",
                   "tracker.live", "tracker.mailing", "tracker.web", "tracker.demo", "mqtt_bridge", "reports"),
}  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    for package in OURS:
        paths = [CHECKOUT / f"{package}.py"] if package in ("config", "wsgi") else (CHECKOUT / package).rglob("*.py")
        for path in paths:
            yield ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__"), path


def imports(path: Path) -> Iterator[str]:
    """What a file imports at run time, absolute; a name of a module counts as the module."""
    for node in runtime_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from runtime_nodes(node)


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def room_of(module: str) -> str:
    return max((room for room in MAY_IMPORT if within(module, room)), key=len)


def allowed(module: str, imported: str) -> bool:
    room = room_of(module)
    if module.endswith("__main__") and within(imported, "config"):
        return True
    return any(within(imported, other) for other in {room, room_of_self(room), *MAY_IMPORT[room]})


def room_of_self(room: str) -> str:
    """`tracker.storage.devices` is a part of `tracker.storage`: it may import its siblings."""
    return "tracker.storage" if within(room, "tracker.storage") else room


MODULES = [module for module in modules() if "migrations" not in module[0]]


@pytest.mark.parametrize("module, path", MODULES, ids=[name for name, _ in MODULES])
def test_a_module_imports_only_what_its_room_may(module: str, path: Path) -> None:
    for imported in imports(path):
        if imported.split(".")[0] in OURS:
            assert allowed(module, imported), f"{module} must not import {imported}"
        for framework, homes in ONLY_IN.items():
            if within(imported, framework):
                assert any(within(module, home) for home in homes), f"{module} must not know {framework}"


@pytest.mark.parametrize("path", sorted((CHECKOUT / "tracker/domain").rglob("*.py")), ids=lambda path: path.stem)
def test_the_domain_knows_only_the_standard_library_and_arrays(path: Path) -> None:
    for imported in imports(path):
        root = imported.split(".")[0]
        assert root in sys.stdlib_module_names or root == "numpy" or within(imported, "tracker.domain"), imported


@pytest.mark.parametrize("path", sorted((CHECKOUT / "tracker/domain").rglob("*.py")), ids=lambda path: path.stem)
def test_the_domain_reads_no_clock(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("now", "utcnow", "today", "monotonic"), f"{path}:{node.lineno}"


TOP_LEVEL = {
    ".ci", ".gitignore", ".npmrc", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "bench", "config.py", "deploy",
    "docs", "mqtt_bridge", "package-lock.json", "package.json", "pyproject.toml", "reports", "requirements.txt",
    "requirements-dev.txt", "requirements-node.txt", "requirements-oracles.txt", "tests", "tracker", "wsgi.py",
}  # fmt: skip


def test_the_top_level_holds_only_what_a_newcomer_expects() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert {line.split("/")[0] for line in listing.splitlines()} <= TOP_LEVEL
