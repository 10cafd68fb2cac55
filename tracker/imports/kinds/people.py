"""Employees: who they are, and in which unit and position they work from when on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from tracker.imports import bulk, cells
from tracker.imports.columns import Column, Row, as_known
from tracker.imports.kind import Kind
from tracker.imports.plan import Change, Plan, once
from tracker.imports.problems import Problem, Wrong
from tracker.imports.publishing import mark
from tracker.imports.register import StandingUnit, ours, too_far, unit_for, units_of
from tracker.storage import administered
from tracker.storage.changes import By
from tracker.storage.figures import mark_counted
from tracker.storage.models import Person

COLUMNS = (
    Column("nip", ("NIP", "employee number"), ("NIP", "nomor induk pegawai"), cells.nip, True,
           ("198001012005011001", "199203152019032002")),
    Column("name", ("Name", "full name"), ("Nama", "nama lengkap", "nama pegawai"), required=True,
           example=("Ayu Wulandari", "Eko Prasetyo")),
    Column("unit", ("Unit", "works in"), ("Unit", "unit kerja"), required=True,
           example=("Cleaning team Menteng", "Cleaning team Menteng"),
           example_indonesian=("Regu Kebersihan Menteng", "Regu Kebersihan Menteng")),
    Column("position", ("Position", "job"), ("Jabatan", "posisi"), example=("Street sweeper", "Driver"),
           example_indonesian=("Penyapu jalan", "Pengemudi")),
    Column("since", ("Since", "from"), ("Sejak", "mulai", "TMT"), cells.day, example=("2026-01-01", "")),
)  # fmt: skip

# of each NIP that is known: the person, and the last of their memberships
KNOWN = """
SELECT person.nip, person.id, person.name, last.unit_id, unit.name AS unit, last.position,
       lower(last.period) AS first, upper(last.period) AS ends
FROM person
LEFT JOIN LATERAL (SELECT * FROM membership WHERE person_id = person.id ORDER BY period DESC LIMIT 1) last ON true
LEFT JOIN unit ON unit.id = last.unit_id
WHERE person.nip = ANY(:nips)
"""


def compare(by: By, rows: Sequence[Row], since: date | None, plan: Plan) -> None:
    units = units_of(by)
    rows = once(plan, as_known(rows, units, "unit"), "nip")
    nips = [row["nip"] for row in rows]
    known = {one.nip: one for one in by.session.execute(text(KNOWN), {"nips": nips})}
    administered_ids = ours(by, Person, [one.id for one in known.values()], administered.people)
    for row in rows:
        person = known.get(row["nip"])
        if too_far(by, plan, row, row["since"] or since, moves=person is not None and _moves(row, person)):
            continue
        if person is None:
            _compare_new(plan, units, row, row["since"] or since)
        elif person.id not in administered_ids:
            plan.refuse(Problem(row.line, "nip", Wrong.NOT_YOURS, row["nip"]))
        else:
            _compare_known(plan, units, row, person, row["since"] or since or by.today)


def _compare_new(plan: Plan, units: dict[str, StandingUnit], row: Row, since: date | None) -> None:
    unit_id = unit_for(plan, units, row, row["unit"], "unit", since)
    if unit_id is not None:
        after = {"name": row["name"], "unit": row["unit"], "position": row["position"] or "", "since": since}
        plan.new.append(Change(row, row["nip"], None, after, {"unit_id": unit_id}))


def _compare_known(plan: Plan, units: dict[str, StandingUnit], row: Row, person: Any, on: date) -> None:
    """Another unit or position is a move from `on` on; who had left is back."""
    position = _position(row, person)
    works = person.unit_id is not None and (person.ends is None or person.ends > on)
    moves = not works or _moves(row, person)
    if moves and person.first is not None and person.first > on:
        plan.refuse(Problem(row.line, "since", Wrong.LATER, str(on), str(person.first)))
        return
    unit_id = unit_for(plan, units, row, row["unit"], "unit", on) if moves else person.unit_id
    if unit_id is None:
        return
    before, after = {"name": person.name}, {"name": row["name"]}
    if moves:
        before |= {"unit": person.unit if works else "", "position": person.position if works else ""}
        after |= {"unit": row["unit"], "position": position, "since": on}
    if before == after:
        plan.same += 1
        return
    changed = {name: value for name, value in before.items() if value != after[name]}
    shown = {name: value for name, value in after.items() if before.get(name) != value}
    ids = {"id": person.id, "unit_id": unit_id, "on": on if moves else None, "position": position}
    plan.changed.append(Change(row, row["nip"], changed, shown, ids))


def _position(row: Row, person: Any) -> str:
    """An empty cell leaves somebody the position they have."""
    return str(row["position"] if row["position"] is not None else person.position or "")


def _moves(row: Row, person: Any) -> bool:
    return (row["unit"], _position(row, person)) != (person.unit, person.position)


def keep(by: By, plan: Plan, progress: bulk.Progress) -> set[int]:
    people = set()
    for new in bulk.chunks(plan.new):
        people |= _add(by, new)
        progress(len(new))
    for changed in bulk.chunks(plan.changed):
        people |= _change(by, changed)
        progress(len(changed))
    return people


def _add(by: By, new: Sequence[Change]) -> set[int]:
    added = "INSERT INTO person (nip, name) SELECT nip, name FROM given RETURNING nip, id"
    ids = dict(bulk.run(by.session, added, "nip text, name text", [(one.key, one.after["name"]) for one in new]))
    _join(by, [(ids[one.key], one.ids["unit_id"], one.after["position"], one.after["since"]) for one in new])
    return set(ids.values())


def _change(by: By, changed: Sequence[Change]) -> set[int]:
    named = [(one.ids["id"], one.after["name"]) for one in changed if "name" in one.after]
    moved = [(one.ids["id"], one.ids["unit_id"], one.ids["position"], one.ids["on"]) for one in changed
             if one.ids["on"]]  # fmt: skip
    rename = "UPDATE person SET name = given.name FROM given WHERE person.id = given.id"
    bulk.run(by.session, rename, "id integer, name text", named)
    end = (
        "UPDATE membership SET period = period * daterange(NULL, given.since) FROM given "
        "WHERE person_id = given.id AND period @> given.since"
    )
    days = [(person, on) for person, _, _, on in moved]
    bulk.run(by.session, bulk.GONE.format(table="membership", of="person_id"), "id integer, since date", days)
    bulk.run(by.session, end, "id integer, since date", days)
    _join(by, moved)
    mark(by, days, "roster")  # who had left is back
    if days:
        mark_counted(by.session, min(on for _, on in days), by.now)
    return {one.ids["id"] for one in changed}


def _join(by: By, members: Sequence[tuple[int, int, str, date | None]]) -> None:
    join = (
        "INSERT INTO membership (person_id, unit_id, position, period) "
        "SELECT person_id, unit_id, position, daterange(since, NULL) FROM given"
    )
    bulk.run(by.session, join, "person_id integer, unit_id integer, position text, since date", members)


KIND = Kind("people", COLUMNS, compare, keep)
