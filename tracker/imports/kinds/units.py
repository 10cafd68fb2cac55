"""The city's tree: units, and below which other unit each stands.

A new unit without one stands at the top; a known one stays where it is, or goes to the top with a hyphen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from tracker.imports import bulk
from tracker.imports.columns import Column, Row, as_known
from tracker.imports.kind import Kind
from tracker.imports.plan import Change, Plan, once
from tracker.imports.problems import Problem, Wrong
from tracker.imports.register import StandingUnit, too_far, unit_for, units_of
from tracker.storage.changes import By

COLUMNS = (
    Column("name", ("Name", "unit"), ("Nama", "unit"), required=True,
           example=("Cleaning agency", "Health agency", "Cleaning team Menteng"),
           example_indonesian=("Dinas Kebersihan", "Dinas Kesehatan", "Regu Kebersihan Menteng")),
    Column("below", ("Below", "belongs to"), ("Di bawah", "induk", "unit induk"),
           example=("", "", "Cleaning agency"), example_indonesian=("", "", "Dinas Kebersihan")),
)  # fmt: skip
PLACES = """
SELECT unit.name, unit.id, parent.name AS below, lower(place.period) AS first, upper(place.period) AS ends
FROM unit
JOIN LATERAL (SELECT * FROM unit_place WHERE unit_id = unit.id ORDER BY period DESC LIMIT 1) place ON true
LEFT JOIN unit AS parent ON parent.id = place.parent_id
"""
ABOVE = """
SELECT unit.name, parent.name AS above FROM unit_place
JOIN unit ON unit.id = unit_id JOIN unit AS parent ON parent.id = parent_id
WHERE period && daterange(:on, NULL)
"""
TOP = "-"
Tree = Mapping[str, Collection[str]]  # of each unit, below which others it stands on some day to come


def compare(by: By, rows: Sequence[Row], since: date | None, plan: Plan) -> None:
    units, on = units_of(by), since or by.today
    places = {one.name: one for one in by.session.execute(text(PLACES))}
    rows = [_placed(row, places) for row in once(plan, as_known(rows, places, "name", "below"), "name")]
    fresh = {row["name"] for row in rows if row["name"] not in places}
    tree = _tree(by, rows, places, on)
    for row in rows:
        place = places.get(row["name"])
        if too_far(by, plan, row, since, moves=place is not None):
            continue
        if place is not None and row["name"] not in units:
            plan.refuse(Problem(row.line, "name", Wrong.UNKNOWN_UNIT, row["name"]))
        elif place is not None and not _stands(place, row) and _out_of_sight(by, units, place):
            plan.refuse(Problem(row.line, "below", Wrong.NOT_YOURS, row["name"]))
        elif _stands(place, row):
            plan.same += 1
        elif _may_stand(by, plan, units, fresh, tree, row, on if place else since):
            _compare_place(plan, row, place, on, since)


def _placed(row: Row, places: Mapping[str, Any]) -> Row:
    """An empty cell leaves a unit where it stands; the top is written as `TOP`."""
    known, below = places.get(row["name"]), row["below"]
    stays = known.below if known is not None and below is None else below
    return Row(row.line, {**row.values, "below": None if stays == TOP else stays})


def _out_of_sight(by: By, units: dict[str, StandingUnit], place: Any) -> bool:
    """Whether moving a unit would take it from superiors who are not the account's to change."""
    return by.viewer is not None and not by.viewer.administers_city and place.below not in units


def _stands(place: Any, row: Row) -> bool:
    """Whether a unit stands already where its row places it."""
    return place is not None and place.below == row["below"] and place.ends is None


def _tree(by: By, rows: Sequence[Row], places: Mapping[str, Any], on: date) -> Tree:
    """As it would be from a day on, with all that is planned for later."""
    tree: dict[str, set[str]] = defaultdict(set)
    for name, above in by.session.execute(text(ABOVE), {"on": on}):
        tree[name].add(above)
    moved = [row for row in rows if not _stands(places.get(row["name"]), row)]
    return tree | {row["name"]: {row["below"]} - {None} for row in moved}


def _may_stand(
    by: By, plan: Plan, units: dict[str, StandingUnit], fresh: set[str], tree: Tree, row: Row,
    on: date | None,
) -> bool:  # fmt: skip
    below = row["below"]
    if below is None:
        if by.viewer is None or by.viewer.administers_city:
            return True
        plan.refuse(Problem(row.line, "below", Wrong.TOP_OF_TREE))
        return False
    if below not in fresh and unit_for(plan, units, row, below, "below", on) is None:
        return False
    if _stands_below_itself(tree, row["name"]):
        plan.refuse(Problem(row.line, "below", Wrong.CIRCLE, row["name"], below))
        return False
    return True


def _stands_below_itself(tree: Tree, name: str) -> bool:
    seen: set[str] = set()
    ahead = list(tree.get(name, ()))
    while ahead:
        above = ahead.pop()
        if above not in seen:
            seen.add(above)
            ahead += tree.get(above, ())
    return name in seen


def _compare_place(plan: Plan, row: Row, place: Any, on: date, since: date | None) -> None:
    after = {"below": row["below"], "since": since if place is None else on}
    if place is None:
        plan.new.append(Change(row, row["name"], None, after, {"since": since}))
    elif place.first is not None and place.first > on:
        plan.refuse(Problem(row.line, "below", Wrong.LATER, str(on), str(place.first)))
    else:
        plan.changed.append(Change(row, row["name"], {"below": place.below}, after, {"id": place.id, "since": on}))


def keep(by: By, plan: Plan, progress: bulk.Progress) -> set[int]:
    """Names first, then places: a file names units in any order."""
    added = "INSERT INTO unit (name) SELECT name FROM given"
    bulk.run(by.session, added, "name text", [(one.key,) for one in plan.new])
    end = (
        "UPDATE unit_place SET period = period * daterange(NULL, given.since) FROM given "
        "WHERE unit_id = given.id AND period @> given.since"
    )
    days = [(one.ids["id"], one.ids["since"]) for one in plan.changed]
    bulk.run(by.session, bulk.GONE.format(table="unit_place", of="unit_id"), "id integer, since date", days)
    bulk.run(by.session, end, "id integer, since date", days)
    place = (
        "INSERT INTO unit_place (unit_id, parent_id, period) SELECT unit.id, parent.id, daterange(given.since, NULL) "
        "FROM given JOIN unit ON unit.name = given.name LEFT JOIN unit AS parent ON parent.name = given.below"
    )
    placed = [(one.key, one.after["below"], one.ids["since"]) for one in plan.changes]
    bulk.run(by.session, place, "name text, below text, since date", placed)
    progress(len(placed))
    return _people_below(by, plan)


def _people_below(by: By, plan: Plan) -> set[int]:
    """Who gets other superiors: the members of the units that moved and of all below them."""
    below = (
        ", tree AS (SELECT id AS unit_id, since FROM given) "
        "SELECT DISTINCT person_id FROM membership WHERE unit_id IN ("
        "WITH RECURSIVE below AS (SELECT unit_id, since FROM tree UNION SELECT place.unit_id, below.since "
        "FROM unit_place AS place JOIN below ON place.parent_id = below.unit_id "
        "WHERE place.period && daterange(below.since, NULL)) SELECT unit_id FROM below) "
        "AND period && daterange((SELECT min(since) FROM given), NULL)"
    )
    moved = [(one.ids["id"], one.ids["since"]) for one in plan.changed]
    return {person for (person,) in bulk.run(by.session, below, "id integer, since date", moved)} if moved else set()


KIND = Kind("units", COLUMNS, compare, keep)
