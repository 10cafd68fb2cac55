"""Rosters: by which rotation people work from a day on. A row is known again by person and first day.

What somebody worked by before ends the day before, as on the pages; a row of the kind `withdrawn` takes one back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from tracker.domain.roster import Duty
from tracker.domain.writing import folded
from tracker.imports import bulk, cells
from tracker.imports.columns import Column, Row
from tracker.imports.kind import Kind
from tracker.imports.plan import WITHDRAWN, Change, Plan
from tracker.imports.problems import Problem, Wrong
from tracker.imports.publishing import mark
from tracker.imports.register import people_with
from tracker.storage.among import among
from tracker.storage.changes import FARTHEST, By
from tracker.storage.models import RosterEntry, Rotation, Zone
from tracker.storage.overlaps import Entry, Planned, made, rosters_of
from tracker.storage.rostering import calendar

KINDS = cells.Choice({"assigned": ("assigned", "ditugaskan"), WITHDRAWN: ("withdrawn", "dibatalkan")})
COLUMNS = (
    Column("nip", ("NIP", "employee number"), ("NIP", "nomor induk pegawai"), cells.nip, True,
           ("198001012005011001", "199203152019032002")),
    Column("rotation", ("Rotation",), ("Rotasi", "pola"), required=True, example=("Office week", "Guards, four teams"),
           example_indonesian=("Pekan kantor", "Penjaga, empat regu")),
    Column("first", ("First day", "from"), ("Hari pertama", "mulai"), cells.day, True, ("2027-01-04", "2027-01-01")),
    Column("last", ("Last day", "until"), ("Hari terakhir", "selesai"), cells.day, example=("", "2027-12-31")),
    Column("offset", ("Days ahead", "offset"), ("Hari lebih awal", "geser"), cells.whole, example=("", "2")),
    Column("zones", ("Zones",), ("Zona",), cells.names, example=("", "City Hall; Taman Suropati"),
           example_indonesian=("", "Balai Kota; Taman Suropati")),
    Column("kind", ("Kind",), ("Jenis",), KINDS, example=("assigned", ""), example_indonesian=("ditugaskan", "")),
)  # fmt: skip
Key = tuple[int, date]  # person, first day
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Names:
    """Rotations and zones in use by their folded names: number, the name itself, and of rotations the days."""

    rotations: Mapping[str, tuple[int, str, int]]
    zones: Mapping[str, tuple[int, str]]


def compare(by: By, rows: Sequence[Row], since: date | None, plan: Plan) -> None:
    people = people_with(by, sorted({row["nip"] for row in rows}))
    names, known = _names(by), _known(by, list(people.values()))
    wanted: dict[Key, Row] = {}
    for row in rows:
        problem = _wrong(by, row, people, names)
        if problem is not None:
            plan.refuse(problem)
            continue
        other = wanted.setdefault((people[row["nip"]], row["first"]), row)
        if other is not row:
            plan.refuse(Problem(row.line, "first", Wrong.TWICE, f"{row['nip']}, {row['first']}", str(other.line)))
    in_the_way = _in_the_way(known, wanted)
    overlapping = {} if in_the_way else _overlapping(by, known, wanted, names)
    called = {number: name for number, name, _days in names.rotations.values()}
    places = {number: name for number, name in names.zones.values()}
    for key, row in wanted.items():
        if key in in_the_way:
            wrong, day = in_the_way[key]
            plan.refuse(Problem(row.line, "first", wrong, str(row["first"]), str(day)))
        elif key in overlapping:
            plan.refuse(Problem(row.line, "first", Wrong.DUTIES_OVERLAP, *overlapping[key]))
        else:
            _compare(plan, key, row, known.get(key), names, called, places)


def _names(by: By) -> Names:
    rotations = by.session.execute(
        select(Rotation.name, Rotation.id, Rotation.days).where(Rotation.retired_at.is_(None))
    )
    zones = by.session.execute(select(Zone.name, Zone.id).where(Zone.retired_at.is_(None)))
    return Names({folded(name): (number, name, days) for name, number, days in rotations},
                 {folded(name): (number, name) for name, number in zones})  # fmt: skip


def _known(by: By, people: Sequence[int]) -> dict[Key, RosterEntry]:
    found = by.session.scalars(select(RosterEntry).where(among(RosterEntry.person_id, people)))
    return {(one.person_id, one.first): one for one in found if one.first is not None}


def _wrong(by: By, row: Row, people: Mapping[str, int], names: Names) -> Problem | None:
    """What is wrong with a row by itself."""
    zone = next((one for one in row["zones"] or () if folded(one) not in names.zones), None)
    if row["nip"] not in people:
        return Problem(row.line, "nip", Wrong.UNKNOWN_PERSON, row["nip"])
    if row["kind"] == WITHDRAWN:
        return None
    if folded(row["rotation"]) not in names.rotations:
        return Problem(row.line, "rotation", Wrong.UNKNOWN_ROTATION, row["rotation"])
    if zone is not None:
        return Problem(row.line, "zones", Wrong.UNKNOWN_ZONE, zone)
    if row["last"] is not None and row["last"] < row["first"]:
        return Problem(row.line, "last", Wrong.BACKWARDS, str(row["last"]), str(row["first"]))
    if abs(row["first"] - by.today) > FARTHEST:
        return Problem(row.line, "first", Wrong.TOO_FAR, str(row["first"]))
    return None


def _in_the_way(known: Mapping[Key, RosterEntry], wanted: Mapping[Key, Row]) -> dict[Key, tuple[Wrong, date]]:
    """Which rows would hold together with another row, or with what begins later, and when that one begins."""
    firsts: dict[int, dict[date, bool]] = defaultdict(dict)  # of each person: when something begins; in the file?
    for person, first in known:
        firsts[person][first] = False
    for (person, first), row in wanted.items():
        firsts[person].pop(first, None)
        if row["kind"] != WITHDRAWN:
            firsts[person][first] = True
    found = {}
    for (person, first), row in wanted.items():
        later = [day for day in sorted(firsts[person]) if day > first and (row["last"] or date.max) >= day]
        if later and row["kind"] != WITHDRAWN:
            wrong = Wrong.ROSTER_OVERLAP if firsts[person][later[0]] else Wrong.LATER
            found[person, first] = (wrong, later[0])
    return found


def _overlapping(
    by: By, known: Mapping[Key, RosterEntry], wanted: Mapping[Key, Row], names: Names
) -> dict[Key, tuple[str, str]]:
    """Which rows would make two duties of a person overlap, and these two."""
    firsts: dict[int, list[date]] = defaultdict(list)
    for person, first in sorted(wanted):
        firsts[person].append(first)
    since = {person: days[0] for person, days in firsts.items()}
    before = rosters_of(by.session.connection(), since)
    entries: dict[int, list[Entry]] = defaultdict(list)
    for (person, first), one in known.items():
        if (person, first) not in wanted:
            entries[person].append(Entry(one.rotation_id, one.offset, first, one.last + DAY if one.last else date.max))
    for (person, first), row in sorted(wanted.items(), key=lambda item: item[0]):
        if row["kind"] != WITHDRAWN:
            number, _, days = names.rotations[folded(row["rotation"])]
            entries[person] = [one._replace(until=first) if one.first < first < one.until else one
                               for one in entries[person]]  # fmt: skip
            until = date.max if row["last"] is None else row["last"] + DAY
            entries[person].append(Entry(number, (row["offset"] or 0) % days, first, until))
    after = {one: replace(before.get(one, Planned()), entries=tuple(entries[one])) for one in since}
    calendar_now = calendar(by.session.connection())
    found = made(since, by.today, (calendar_now, before), (calendar_now, after))
    said = {}
    for person, overlap in found.items():
        until_then = [first for first in firsts[person] if first <= overlap.other.work_date]
        said[person, (until_then or firsts[person])[-1]] = (_said(overlap.one), _said(overlap.other))
    return said


def _said(duty: Duty) -> str:
    return f"{duty.pattern} {duty.work_date}"


def _compare(
    plan: Plan, key: Key, row: Row, known: RosterEntry | None, names: Names, called: Mapping[int, str],
    places: Mapping[int, str],
) -> None:  # fmt: skip
    name, person = f"{row['nip']}, {row['first']}", {"person_id": key[0]}
    if row["kind"] == WITHDRAWN:
        if known is None:
            plan.is_not_there(row)
        else:
            gone = {"rotation": called.get(known.rotation_id, "")}
            plan.changed.append(Change(row, name, gone, {"kind": WITHDRAWN}, person | {"id": known.id}))
        return
    number, rotation, days = names.rotations[folded(row["rotation"])]
    zones = sorted({names.zones[folded(one)] for one in row["zones"] or ()})
    offset = (row["offset"] or 0) % days
    after: dict[str, Any] = {"rotation": rotation, "last": row["last"], "offset": offset,
                             "zones": [one for _, one in zones]}  # fmt: skip
    ids = person | {"rotation_id": number, "zone_ids": [one for one, _ in zones], "offset": offset}
    if known is None:
        plan.new.append(Change(row, name, None, after, ids))
        return
    before = {"rotation": called.get(known.rotation_id, ""), "last": known.last, "offset": known.offset,
              "zones": [places.get(one, "") for one in sorted(known.zone_ids)]}  # fmt: skip
    changed = [one for one in after if after[one] != before[one]]
    if not changed:
        plan.same += 1
        return
    was, becomes = ({one: side[one] for one in changed} for side in (before, after))
    plan.changed.append(Change(row, name, was, becomes, ids | {"id": known.id}))


def keep(by: By, plan: Plan, progress: bulk.Progress) -> set[int]:
    """Rows that change are written anew; what holds on a first day ends the day before."""
    gone = [(one.ids["id"],) for one in plan.changed]
    bulk.run(by.session, "DELETE FROM roster_entry USING given WHERE roster_entry.id = given.id", "id integer", gone)
    kept = [one for one in plan.changes if one.row["kind"] != WITHDRAWN]
    end = (
        "UPDATE roster_entry SET period = period * daterange(NULL, given.first) FROM given "
        "WHERE roster_entry.person_id = given.person_id AND period @> given.first"
    )
    firsts = [(one.ids["person_id"], one.row["first"]) for one in kept]
    bulk.run(by.session, end, "person_id integer, first date", firsts)
    add = (
        "INSERT INTO roster_entry (person_id, rotation_id, \"offset\", period, zone_ids) "
        "SELECT person_id, rotation_id, ahead, daterange(first, ends), zone_ids::integer[] FROM given"
    )
    columns = "person_id integer, rotation_id integer, ahead integer, first date, ends date, zone_ids text"
    for some in bulk.chunks(kept):
        bulk.run(by.session, add, columns, [_values(one) for one in some])
        progress(len(some))
    progress(len(gone) - sum("rotation_id" in one.ids for one in plan.changed))
    mark(by, [(one.ids["person_id"], one.row["first"]) for one in plan.changes], "roster", begins=True)
    return {one.ids["person_id"] for one in plan.changes}


def _values(one: Change) -> tuple[Any, ...]:
    last = one.row["last"]
    zones = "{" + ",".join(map(str, one.ids["zone_ids"])) + "}"
    return (one.ids["person_id"], one.ids["rotation_id"], one.ids["offset"], one.row["first"],
            None if last is None else last + DAY, zones)  # fmt: skip


KIND = Kind("roster", COLUMNS, compare, keep)
