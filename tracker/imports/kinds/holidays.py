"""Holidays of the city. One day has one, or with the kind `withdrawn` none any more.

The library `holidays` drafts a year, see `flask holidays draft`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from tracker.imports import bulk, cells
from tracker.imports.columns import Column, Row
from tracker.imports.kind import Kind
from tracker.imports.plan import WITHDRAWN, Change, Plan, once
from tracker.storage.changes import By
from tracker.storage.models import Holiday
from tracker.storage.publication import mark_everybody

KINDS = cells.Choice({
    "public": ("public", "libur nasional", "nasional"),
    "government": ("collective leave", "cuti bersama"), WITHDRAWN: ("withdrawn", "dibatalkan"),
})  # fmt: skip
COLUMNS = (
    Column("day", ("Date", "day"), ("Tanggal", "hari"), cells.day, True, ("2027-01-01", "2027-03-12")),
    Column("name", ("Name", "holiday"), ("Nama", "hari libur"), required=True,
           example=("New Year's Day", "Collective leave after Eid"),
           example_indonesian=("Tahun Baru Masehi", "Cuti bersama Idulfitri")),
    Column("kind", ("Kind",), ("Jenis",), KINDS, True, ("public", "collective leave"),
           ("libur nasional", "cuti bersama")),
)  # fmt: skip


def compare(by: By, rows: Sequence[Row], since: date | None, plan: Plan) -> None:
    known = {one.day: {"name": one.name, "kind": one.kind} for one in by.session.scalars(select(Holiday))}
    for row in once(plan, rows, "day"):
        before, after = known.get(row["day"]), {"name": row["name"], "kind": row["kind"]}
        if before is None and row["kind"] == WITHDRAWN:
            plan.is_not_there(row)
        elif before == after:
            plan.same += 1
        else:
            (plan.new if before is None else plan.changed).append(Change(row, str(row["day"]), before, after))


def keep(by: By, plan: Plan, progress: bulk.Progress) -> set[int]:
    upsert = (
        "INSERT INTO holiday (day, name, kind) SELECT day, name, kind FROM given "
        "ON CONFLICT (day) DO UPDATE SET name = excluded.name, kind = excluded.kind"
    )
    rows = [(one.row["day"], one.after["name"], one.after["kind"]) for one in plan.changes]
    bulk.run(by.session, upsert, "day date, name text, kind text", [row for row in rows if row[2] != WITHDRAWN])
    gone = "DELETE FROM holiday USING given WHERE holiday.day = given.day"
    bulk.run(by.session, gone, "day date", [row[:1] for row in rows if row[2] == WITHDRAWN])
    if rows:
        mark_everybody(by.session, min(row[0] for row in rows), "holiday")
    progress(len(rows))
    return set()


KIND = Kind("holidays", COLUMNS, compare, keep, city_only=True)
