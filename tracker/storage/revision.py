"""Which revision of the tables this code needs, read off the migrations' file names: `0001_first_tables.py` is 0001.

Every process asks at its start; none but the migration should have to load Alembic for it.
"""

from __future__ import annotations

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"


def head_revision() -> str:
    """The newest revision this code knows."""
    return max(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
