"""The city's employees: who they are, and where they work."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from sqlalchemy import Select

from tracker.domain.writing import LONGEST_NAME
from tracker.storage import changes
from tracker.storage.changes import By
from tracker.storage.models import Person, Unit
from tracker.storage.paging import ANY_STATE
from tracker.storage.person_pages import STATES, PersonFilter, people_wanted
from tracker.web.access import viewer
from tracker.web.api.references import named
from tracker.web.api.resource import Body, Kind, Made, Resource
from tracker.web.api.shapes import (
    Day,
    DayOfPeriod,
    Id,
    Matches,
    PlanShape,
    Shape,
    Text,
    UnitListQuery,
    shown_id,
    state_of,
)

NIP = Matches(r"^[0-9]{1,18}$", error="A NIP has 1 to 18 digits.")


def nip(**more: Any) -> fields.String:
    return fields.String(validate=NIP, metadata={"example": "198001012005011001"}, **more)


class PersonShape(Shape):
    id = shown_id()
    nip = fields.String(required=True)
    name = fields.String(required=True)
    unit_id = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of today, or of who begins later; null: who left."}
    )
    unit = fields.String(required=True, allow_none=True)
    position = fields.String(required=True, allow_none=True)
    since = DayOfPeriod("lower")
    until = DayOfPeriod("upper", metadata={"description": "The first day after it."})
    device = fields.String(required=True, allow_none=True, metadata={"description": "The login of what they carry."})


class PersonQuery(UnitListQuery):
    state = state_of(*STATES)


class NewPersonShape(Shape):
    nip = nip(required=True)
    name = Text(LONGEST_NAME, required=True, metadata={"example": "Dewi Lestari"})
    unit_id = Id(required=True)
    position = Text(LONGEST_NAME, load_default="", metadata={"example": "Penyapu jalan"})
    since = Day(load_default=None, metadata={"description": "From when on; without it since ever."})


class PersonNameShape(Shape):
    """What is not sent stays."""

    nip = nip()
    name = Text(LONGEST_NAME, metadata={"example": "Dewi Lestari"})


class PersonMoveShape(Shape):
    unit_id = Id(required=True)
    position = Text(LONGEST_NAME, load_default=None, metadata={"description": "Without it they keep theirs."})
    on = Day(required=True, metadata={"description": "From which day on."})


class LeavingShape(Shape):
    on = Day(required=True, metadata={"description": "The first day on which they work here no more."})


def wanted() -> Select[Any]:
    return people_wanted(viewer(), PersonFilter(state=ANY_STATE))


people = Resource("people", Kind(Person, PersonShape, wanted), "The city's employees, known by their NIP.")


@people.listing(PersonQuery)
def list_people(asked: Body) -> Select[Any]:
    """The people whom you administer."""
    return people_wanted(viewer(), PersonFilter(asked["q"], asked["unit"], asked["state"]))


@people.creating(NewPersonShape)
def add_person(by: By, sent: Body) -> Made:
    """Add somebody to a unit."""
    unit = named(by, Unit, sent["unit_id"], "unit_id")
    return Made(changes.add_person(by, sent["nip"], sent["name"], unit, sent["position"], sent["since"]).id)


@people.changing("", PersonNameShape)
def rename_person(by: By, person: Any, sent: Body) -> None:
    """Put right how somebody is written, and their NIP."""
    changes.rename_person(by, person.nip, sent.get("nip", person.nip), sent.get("name", person.name))


@people.changing("moves", PersonMoveShape)
def move_person(by: By, person: Any, sent: Body) -> None:
    """From a day on somebody works in another unit, or in another position; who had left is back."""
    unit = named(by, Unit, sent["unit_id"], "unit_id")
    changes.move_person(by, person.nip, unit, sent["position"], sent["on"])


@people.changing("leaving", LeavingShape)
def leave(by: By, person: Any, sent: Body) -> None:
    """Somebody does not work for the city any more from a day on."""
    changes.leave(by, person.nip, sent["on"])


@people.changing("plan-cancellation", PlanShape)
def cancel_person_plan(by: By, person: Any, sent: Body) -> None:
    """What is planned for somebody on a day to come does not happen: a move, a beginning, or leaving."""
    changes.cancel_person_plan(by, person.nip, sent["on"])
