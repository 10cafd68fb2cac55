"""A closed day is written once more, in the order of devices, beside the one in use, and takes its place.

Fixes are stored as they arrive: a device's day lies on as many pages as it has fixes. In the order of devices it lies
on a few. The day in use is read and written all the while, and locked for a moment at the beginning and at the end.

    begin   a table for late fixes, and a trigger that writes into it what still arrives
    copy    everything that was stored, sorted, with its key, into a table of its own
    settle  late fixes so far, then vacuum and freeze, while nobody knows the new table
    swap    the last late fixes; the old day goes, the new one comes

Each step is a transaction, or may be repeated; what tables there are says which was the last. So whoever is killed goes
on from there, and whatever happens, either the old day or the new one is whole and in use.
"""

from __future__ import annotations

import logging
import threading
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import OperationalError

from tracker import failpoints
from tracker.maintenance.patience import ended_by, others_end, patiently, wait_briefly
from tracker.storage.day_tables import CLIENT_CHECK, alone, day_bounds, day_name, day_tables
from tracker.storage.models import RewrittenDay

CLOSED_AFTER = timedelta(hours=18)  # most phones have handed over by then; in Jakarta it is one o'clock at night
GROWN = 1.1  # a day that has so many times its size of then got many late fixes, and is rewritten again
FEW_LATE = 5_000  # fixes that may be written while the day is locked: some 20 ms
SORT_MB = 128
MOST_WAIT_S = 10.0  # for transactions older than the copy
NOTE = """
INSERT INTO rewritten_day (day, rewritten_at, bytes) VALUES (:day, now(), pg_relation_size(CAST(:table AS regclass)))
ON CONFLICT (day) DO UPDATE SET rewritten_at = excluded.rewritten_at, bytes = excluded.bytes
"""

log = logging.getLogger(__name__)


def rewrite_closed_days(owner: Engine, now: datetime, stop: threading.Event) -> int:
    """Rewrite what is due, the newest day first, because it is read most; returns how many days took their place."""
    done = 0
    with alone(owner) as session:
        if session is None:
            log.info("rewriting: somebody else is at work on the days")
            return 0
        for day in due(session, now):
            if stop.is_set():
                break
            try:
                done += rewrite(owner, session, day, stop)
            except OperationalError:
                if not stop.is_set():
                    raise
                log.info("day %s: the copy was cancelled; it is made again after the next start", day)
    return done


def due(conn: Connection, now: datetime) -> list[date]:
    """Closed days with fixes that were never rewritten, or have grown since; those that were begun, too."""
    then = {row.day: row.bytes for row in conn.execute(select(RewrittenDay.day, RewrittenDay.bytes))}
    return [
        table.day
        for table in reversed(day_tables(conn))
        if not table.part and table.attached and not table.half_detached
        if day_bounds(table.day)[1] + CLOSED_AFTER <= now and table.bytes > GROWN * then.get(table.day, 0)
    ]


def rewrite(owner: Engine, session: Connection, day: date, stop: threading.Event) -> bool:
    """Bring a day from where it is to its place; False where others did not let go of it, or `stop` was set."""
    parts = {table.part for table in day_tables(session) if table.day == day}
    if "late" not in parts:
        if not patiently(lambda: begin(owner, day), f"day {day}", stop):
            return False
        failpoints.reach("rewrite_begun")
    if "sorted" not in parts:
        copy(owner, day, stop)
        failpoints.reach("rewrite_copied")
    settle(owner, session, day)
    failpoints.reach("rewrite_settled")
    if not patiently(lambda: swap(owner, day), f"day {day}", stop):
        return False
    failpoints.reach("rewrite_swapped")
    log.info("day %s: rewritten in the order of devices", day)
    return True


def begin(owner: Engine, day: date) -> None:
    """From its commit on, every fix that is stored is written to the late ones, too.

    The lock waits for those who are storing into this day: what they commit, the copy sees. Without autovacuum, or it
    would hold the day just when it is to be swapped.
    """
    table, late = day_name(day), day_name(day, "late")
    with owner.begin() as conn:
        wait_briefly(conn)
        conn.execute(text(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))
        conn.execute(text(f"CREATE TABLE {late} (LIKE fix)"))
        conn.execute(text(
            f"CREATE TRIGGER keep_late AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION keep_late_fix('{late}')"
        ))  # fmt: skip
        conn.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))


def copy(owner: Engine, day: date, stop: threading.Event) -> None:
    """Everything that was stored, sorted; the table exists only when it is complete. It takes one core, and no more."""
    table, fresh = day_name(day), day_name(day, "sorted")
    begin, end = (moment.isoformat() for moment in day_bounds(day))
    with owner.begin() as conn, ended_by(stop, conn):
        for setting in (
            f"client_connection_check_interval = '{CLIENT_CHECK}'", f"work_mem = '{SORT_MB}MB'",
            f"maintenance_work_mem = '{SORT_MB}MB'", "max_parallel_workers_per_gather = 0",
            "max_parallel_maintenance_workers = 0",
        ):  # fmt: skip
            conn.execute(text(f"SET LOCAL {setting}"))
        conn.execute(text(
            # the constraint says to ATTACH what it would read the whole table for
            f"CREATE TABLE {fresh} (LIKE fix INCLUDING DEFAULTS, CONSTRAINT of_the_day CHECK "
            f"(fix_time >= '{begin}' AND fix_time < '{end}')) WITH (autovacuum_enabled = off)"
        ))  # fmt: skip
        conn.execute(text(f"INSERT INTO {fresh} SELECT * FROM {table} ORDER BY device_id, fix_time"))
        failpoints.reach("rewrite_copying")
        key = f"ADD CONSTRAINT {fresh}_pkey PRIMARY KEY (device_id, fix_time) WITH (fillfactor = 100)"
        conn.execute(text(f"ALTER TABLE {fresh} {key}"))


def settle(owner: Engine, session: Connection, day: date) -> None:
    """The late fixes so far into the new table, then vacuum and freeze it; nobody else has it yet."""
    _drain(owner, day)
    others_end(session, MOST_WAIT_S)  # what an older transaction might still have to see is not frozen
    session.execute(text(f"VACUUM (FREEZE, ANALYZE) {day_name(day, 'sorted')}"))


def swap(owner: Engine, day: date) -> None:
    """The new table takes the day's place and name, with every fix that has arrived; the old one goes, trigger and all.

    One transaction, which waits for its lock no longer than others may be held up, and has little to write under it.
    """
    table, fresh, late = day_name(day), day_name(day, "sorted"), day_name(day, "late")
    begin, end = (moment.isoformat() for moment in day_bounds(day))
    _drain(owner, day)
    with owner.begin() as conn:
        wait_briefly(conn)
        conn.execute(text("LOCK TABLE ONLY fix IN ACCESS EXCLUSIVE MODE"))
        _take_over_late(conn, day)
        for statement in (
            f"DROP TABLE {table}, {late}",
            f"ALTER TABLE {fresh} RESET (autovacuum_enabled)",
            f"ALTER TABLE {fresh} RENAME CONSTRAINT {fresh}_pkey TO {table}_pkey",
            f"ALTER TABLE {fresh} RENAME TO {table}",
            f"ALTER TABLE fix ATTACH PARTITION {table} FOR VALUES FROM ('{begin}') TO ('{end}')",
            f"ALTER TABLE {table} DROP CONSTRAINT of_the_day",
        ):
            conn.execute(text(statement))
        conn.execute(text(NOTE), {"day": day, "table": table})
        failpoints.reach("rewrite_swapping")


def _drain(owner: Engine, day: date) -> None:
    """Take late fixes over until few are left, before anything is locked."""
    taken = FEW_LATE + 1
    while taken > FEW_LATE:
        with owner.begin() as conn:
            taken = _take_over_late(conn, day)


def _take_over_late(conn: Connection, day: date) -> int:
    """Late fixes into the new table, which has those already that were stored before the copy began."""
    late, fresh = day_name(day, "late"), day_name(day, "sorted")
    moved = conn.execute(text(
        f"WITH moved AS (DELETE FROM {late} RETURNING *) "
        f"INSERT INTO {fresh} SELECT * FROM moved ORDER BY device_id, fix_time ON CONFLICT DO NOTHING"
    ))  # fmt: skip
    return moved.rowcount
