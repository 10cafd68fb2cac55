"""The city's tree: units, and where they stand."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from sqlalchemy import Select

from tracker.domain.writing import LONGEST_NAME
from tracker.storage import changes
from tracker.storage.changes import By
from tracker.storage.models import Unit
from tracker.storage.paging import ANY_STATE
from tracker.storage.unit_pages import STATES, UnitFilter, units_wanted
from tracker.web.access import viewer
from tracker.web.api.references import named
from tracker.web.api.resource import Body, Kind, Made, Resource
from tracker.web.api.shapes import Day, Id, PlanShape, Shape, Text, UnitListQuery, shown_id, state_of


class UnitShape(Shape):
    id = shown_id()
    name = fields.String(required=True)
    parent_id = fields.Integer(required=True, allow_none=True, metadata={"description": "null: it stands at the top."})
    parent = fields.String(required=True, allow_none=True)
    ended = fields.Boolean(required=True, metadata={"description": "Whether it was merged into another one."})


class UnitQuery(UnitListQuery):
    state = state_of(*STATES)


class NewUnitShape(Shape):
    name = Text(LONGEST_NAME, required=True, metadata={"example": "Regu Menteng"})
    parent_id = Id(required=True, allow_none=True, metadata={"description": "null: at the top, for the city alone."})
    since = Day(load_default=None, metadata={"description": "From when on; without it since ever."})


class UnitNameShape(Shape):
    name = Text(LONGEST_NAME, required=True, metadata={"example": "Regu Menteng Utara"})


class UnitMoveShape(Shape):
    parent_id = Id(required=True, allow_none=True)
    on = Day(required=True, metadata={"description": "From which day on."})


class UnitMergerShape(Shape):
    into_id = Id(required=True, metadata={"description": "The unit that takes over all of it."})
    on = Day(required=True)


def wanted() -> Select[Any]:
    return units_wanted(viewer(), UnitFilter(state=ANY_STATE))


units = Resource("units", Kind(Unit, UnitShape, wanted), "The city's tree: agencies, offices, teams.")


@units.listing(UnitQuery)
def list_units(asked: Body) -> Select[Any]:
    """The units that you administer."""
    return units_wanted(viewer(), UnitFilter(asked["q"], asked["unit"], asked["state"]))


@units.creating(NewUnitShape)
def add_unit(by: By, sent: Body) -> Made:
    """Add a unit below another one."""
    parent = named(by, Unit, sent["parent_id"], "parent_id")
    return Made(changes.add_unit(by, sent["name"], parent, sent["since"]).id)


@units.changing("", UnitNameShape)
def rename_unit(by: By, unit: Any, sent: Body) -> None:
    """Call a unit by another name, on all days."""
    changes.rename_unit(by, unit.name, sent["name"])


@units.changing("moves", UnitMoveShape)
def move_unit(by: By, unit: Any, sent: Body) -> None:
    """Place a unit, with all below it, elsewhere in the tree from a day on."""
    changes.move_unit(by, unit.name, named(by, Unit, sent["parent_id"], "parent_id"), sent["on"])


@units.changing("merger", UnitMergerShape)
def merge_unit(by: By, unit: Any, sent: Body) -> None:
    """Give all of a unit to another one from a day on: people, vehicles, the units below. It ends then."""
    changes.merge_unit(by, unit.name, named(by, Unit, sent["into_id"], "into_id"), sent["on"])


@units.changing("plan-cancellation", PlanShape)
def cancel_unit_plan(by: By, unit: Any, sent: Body) -> None:
    """What is planned for a unit on a day to come does not happen: another place."""
    changes.cancel_unit_plan(by, unit.name, sent["on"])
