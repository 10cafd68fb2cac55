"""The tables that hold the days of `fix`, and those beside them, as their owner finds them in the catalog.

`fix_20261120` is a day. While it is rewritten, `fix_20261120_late` takes what arrives meanwhile and
`fix_20261120_sorted` is to replace it. What exists says how far an interrupted rewrite came.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, Engine, text

STORE_LOCK = 0x73746F7265  # "store"
CLIENT_CHECK = "2s"  # how soon a server notices that the job it works for was killed

DAY_TABLES = text(r"""
SELECT to_date(substr(c.relname, 5, 8), 'YYYYMMDD') AS day, substr(c.relname, 14) AS part,
    i.inhrelid IS NOT NULL AS attached, coalesce(i.inhdetachpending, false) AS half_detached,
    pg_relation_size(c.oid) AS bytes
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^fix_\d{8}(_late|_sorted)?$'
ORDER BY c.relname
""")


@dataclass(frozen=True, slots=True)
class DayTable:
    """A table of a day: the day itself (`part` is empty), or one of those beside it, `late` or `sorted`.

    A half detached one is seen by nobody any more, and waits for the end of its removal.
    """

    day: date
    part: str
    attached: bool
    half_detached: bool
    bytes: int

    @property
    def name(self) -> str:
        return day_name(self.day, self.part)


def day_name(day: date, part: str = "") -> str:
    """What the table is called; made of digits and our own words, so that it needs no quoting."""
    return f"fix_{day:%Y%m%d}" + (f"_{part}" if part else "")


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a UTC day, and of the next one."""
    begin = datetime.combine(day, time(), UTC)
    return begin, begin + timedelta(days=1)


def day_tables(conn: Connection) -> list[DayTable]:
    """All of them, in order of the days."""
    return [DayTable(**row) for row in conn.execute(DAY_TABLES).mappings()]


@contextmanager
def alone(owner: Engine) -> Iterator[Connection | None]:
    """A session in which each statement is its own transaction, while nobody else works on whole days.

    None where somebody does: another scheduler, or the server for one that was killed a moment ago.
    """
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.detach()  # however it ends, the lock goes with it
        conn.execute(text(f"SET client_connection_check_interval = '{CLIENT_CHECK}'"))
        got = conn.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": STORE_LOCK})
        yield conn if got else None
        if got:  # a server ends some time after its client, and the next job may begin before
            conn.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": STORE_LOCK})
