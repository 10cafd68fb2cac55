"""Approved leave, sickness and official trips. A row is known again by person, first day and part of the day.

A row with another part of the day takes the place of the one it overlaps; one of the kind `withdrawn` takes it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from tracker.imports import bulk, cells
from tracker.imports.columns import Column, Row
from tracker.imports.kind import Kind
from tracker.imports.plan import WITHDRAWN, Change, Plan
from tracker.imports.problems import Problem, Wrong
from tracker.imports.publishing import mark
from tracker.imports.register import people_with
from tracker.storage.among import among
from tracker.storage.changes import By
from tracker.storage.models import LeavePeriod, LeaveRequest
from tracker.storage.notifications import notify

KINDS = cells.Choice({
    "leave": ("leave", "cuti"), "sick": ("sick", "sakit"), "official_trip": ("official trip", "dinas luar"),
    "maternity": ("maternity", "cuti melahirkan"), "other": ("other", "lainnya", "lain"),
    WITHDRAWN: ("withdrawn", "dibatalkan"),
})  # fmt: skip
PARTS = cells.Choice({
    "full": ("full", "penuh"), "first_half": ("first half", "paruh pertama"),
    "second_half": ("second half", "paruh kedua"),
})  # fmt: skip
COLUMNS = (
    Column("nip", ("NIP", "employee number"), ("NIP", "nomor induk pegawai"), cells.nip, True,
           ("198001012005011001", "199203152019032002")),
    Column("first", ("First day", "from"), ("Hari pertama", "mulai"), cells.day, True, ("2027-02-01", "2027-02-03")),
    Column("last", ("Last day", "until"), ("Hari terakhir", "selesai"), cells.day, True, ("2027-02-05", "2027-02-03")),
    Column("part", ("Part of the day", "part"), ("Bagian hari", "bagian"), PARTS,
           example=("full", "first half"), example_indonesian=("penuh", "paruh pertama")),
    Column("kind", ("Kind",), ("Jenis",), KINDS, True, ("leave", "official trip"),
           ("cuti", "dinas luar")),
    Column("note", ("Note",), ("Catatan", "keterangan"), example=("", "Training in Bandung"),
           example_indonesian=("", "Pelatihan di Bandung")),
)  # fmt: skip
HALVES = {"full": ("first_half", "second_half"), "first_half": ("first_half",), "second_half": ("second_half",)}
Key = tuple[int, date, str]  # person, first day, part


def compare(by: By, rows: Sequence[Row], since: date | None, plan: Plan) -> None:
    people = people_with(by, sorted({row["nip"] for row in rows}))
    known = _known(by, list(people.values()))
    wanted: dict[Key, Row] = {}
    for row in rows:
        if row["nip"] not in people:
            plan.refuse(Problem(row.line, "nip", Wrong.UNKNOWN_PERSON, row["nip"]))
        elif row["last"] < row["first"]:
            plan.refuse(Problem(row.line, "last", Wrong.BACKWARDS, str(row["last"]), str(row["first"])))
        else:
            key = (people[row["nip"]], row["first"], row["part"] or "full")
            other = wanted.setdefault(key, row)
            if other is not row:
                plan.refuse(Problem(row.line, "first", Wrong.TWICE, f"{row['nip']}, {row['first']}", str(other.line)))
    instead_of = _instead_of(known, wanted)
    gone = set(instead_of.values())
    overlapping = _overlapping({key: one for key, one in known.items() if key not in gone}, wanted)
    overlapping |= {key: key[1] for key, row in wanted.items() if row["kind"] == WITHDRAWN and _others(known, key)}
    for key, row in wanted.items():
        if key in overlapping:
            plan.refuse(Problem(row.line, "first", Wrong.OVERLAP, str(row["first"]), str(overlapping[key])))
        else:
            _compare(plan, key, row, known.get(instead_of.get(key, key)))


def _known(by: By, people: Sequence[int]) -> dict[Key, LeavePeriod]:
    found = by.session.scalars(select(LeavePeriod).where(among(LeavePeriod.person_id, people)))
    return {(one.person_id, one.period.lower, one.part): one for one in found if one.period.lower is not None}


def _instead_of(known: dict[Key, LeavePeriod], wanted: dict[Key, Row]) -> dict[Key, Key]:
    """Of rows with another part of the day: in the place of which other of the same first day each one is."""
    found: dict[Key, Key] = {}
    taken: set[Key] = set()
    for key, row in wanted.items():
        if row["kind"] == WITHDRAWN:
            continue
        before = next((one for one in _others(known, key) if one not in wanted and one not in taken), None)
        if before is not None:
            found[key] = before
            taken.add(before)
    return found


def _others(known: dict[Key, LeavePeriod], key: Key) -> list[Key]:
    """Where a row is not known: the known ones of the same person and first day with another part, which it meets."""
    person, first, part = key
    if key in known:
        return []
    met = ((person, first, other) for other in HALVES if set(HALVES[other]) & set(HALVES[part]))
    return [one for one in met if one in known]


def _overlapping(known: dict[Key, LeavePeriod], wanted: dict[Key, Row]) -> dict[Key, date]:
    """Which rows of the file share half a day with another period of the person, and when that one begins."""
    lasts = {key: one.last for key, one in known.items()} | {key: row["last"] for key, row in wanted.items()}
    lasts = {key: last for key, last in lasts.items() if key not in wanted or wanted[key]["kind"] != WITHDRAWN}
    by_half: dict[tuple[int, str], list[Key]] = defaultdict(list)
    for key in lasts:
        for half in HALVES[key[2]]:
            by_half[key[0], half].append(key)
    found: dict[Key, date] = {}
    for keys in by_half.values():
        keys.sort(key=lambda key: key[1])
        for one, other in zip(keys, keys[1:], strict=False):
            if lasts[one] >= other[1]:
                found |= {mine: theirs[1] for mine, theirs in ((one, other), (other, one)) if mine in wanted}
    return found


def _compare(plan: Plan, key: Key, row: Row, known: LeavePeriod | None) -> None:
    after: dict[str, Any] = {"last": row["last"], "part": key[2], "kind": row["kind"], "note": row["note"] or ""}
    name = f"{row['nip']}, {row['first']}"
    ids = {"person_id": key[0], "part": key[2]}
    if known is None and row["kind"] == WITHDRAWN:
        plan.is_not_there(row)
        return
    if known is None:
        plan.new.append(Change(row, name, None, after, ids))
        return
    before = {"last": known.last, "part": known.part, "kind": known.kind, "note": known.note}
    changed = [one for one in after if after[one] != before[one]]
    if not changed:
        plan.same += 1
        return
    of_known = {"id": known.id, "place": known.place, "request_id": known.request_id}
    was, becomes = ({one: side[one] for one in changed} for side in (before, after))
    plan.changed.append(Change(row, name, was, becomes, ids | of_known))


def keep(by: By, plan: Plan, progress: bulk.Progress) -> set[int]:
    """Rows that change are written anew: one may end where another begins."""
    gone = [(one.ids["id"],) for one in plan.changed]
    bulk.run(by.session, "DELETE FROM leave_period USING given WHERE leave_period.id = given.id", "id integer", gone)
    add = (
        "INSERT INTO leave_period (person_id, period, part, kind, note, place, request_id) "
        "SELECT person_id, daterange(first, ends), part, kind, note, place, request_id FROM given"
    )
    columns = (
        "person_id integer, first date, ends date, part text, kind text, note text, place text, request_id integer"
    )
    _take_back(by, [one for one in plan.changed if one.row["kind"] == WITHDRAWN])
    for some in bulk.chunks(list(plan.changes)):
        bulk.run(by.session, add, columns, [_values(one) for one in some if one.row["kind"] != WITHDRAWN])
        progress(len(some))
    mark(by, [(one.ids["person_id"], one.row["first"]) for one in plan.changes], "leave")
    return {one.ids["person_id"] for one in plan.changes}


def _values(one: Change) -> tuple[Any, ...]:
    row = one.row
    ends = row["last"] + timedelta(days=1)
    kept = one.ids.get("place", ""), one.ids.get("request_id")  # what somebody asked for stays what it was
    return one.ids["person_id"], row["first"], ends, one.ids["part"], row["kind"], row["note"] or "", *kept


def _take_back(by: By, withdrawn: Sequence[Change]) -> None:
    """Requests that were granted are so no more, and their people are told."""
    for one in withdrawn:
        asked = by.session.get(LeaveRequest, one.ids["request_id"] or 0)
        if asked is not None and asked.state == "approved":
            asked.state, asked.decided_at, asked.decided_by = "withdrawn", None, None
            told = {"approved": False, "reason": one.row["note"] or "", "kind": asked.kind}
            notify(by.session, asked.person_id, "leave_decided", one.row["first"], told, by.now)


KIND = Kind("leave", COLUMNS, compare, keep)
