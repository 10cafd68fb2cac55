"""What administrators enter of units, people and vehicles, and which of them they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from tracker.domain.writing import LONGEST_NAME
from tracker.storage import person_pages, unit_pages, vehicle_pages
from tracker.storage.models import CAPABILITIES
from tracker.storage.person_pages import PersonFilter
from tracker.storage.register import Why
from tracker.storage.unit_pages import UnitFilter
from tracker.storage.vehicle_pages import VehicleFilter
from tracker.web.forms import A_DATE, AN_ID, LONGEST_SEARCH, Form, Line, PageQuery, parse
from tracker.web.words import KIND

A_NAME = validate.Length(max=LONGEST_NAME)
A_NIP = validate.Regexp(r"[0-9]{1,18}\Z")
PUBLIC_VIEWS = ("by_kind", "at_base", "hidden")
BESIDE_UNIT = {"unit": "unit", Why.NOT_STANDING: "unit", Why.TOO_FAR: "on"}
BESIDE_TOGETHER = {**BESIDE_UNIT, "rotation": "rotation", Why.BACKWARDS: "last"}


class NameForm(Form):
    name = Line(required=True, validate=A_NAME)


class UnitForm(NameForm):
    below = Line(load_default=None, validate=A_NAME)
    since = fields.Date(load_default=None, validate=A_DATE)


class PlaceForm(Form):
    below = Line(load_default=None, validate=A_NAME)
    on = fields.Date(required=True, validate=A_DATE)


class MergerForm(Form):
    into = Line(required=True, validate=A_NAME)
    on = fields.Date(required=True, validate=A_DATE)


class PersonNameForm(NameForm):
    nip = fields.String(required=True, validate=A_NIP)


class NewPersonForm(PersonNameForm):
    unit = Line(required=True, validate=A_NAME)
    position = Line(load_default="", validate=A_NAME)
    since = fields.Date(load_default=None, validate=A_DATE)
    account = fields.Boolean(load_default=False)


class MovePersonForm(Form):
    unit = Line(required=True, validate=A_NAME)
    position = Line(load_default=None, validate=A_NAME)
    on = fields.Date(required=True, validate=A_DATE)


class LeaveForm(Form):
    on = fields.Date(required=True, validate=A_DATE)
    close = fields.Boolean(load_default=False)
    take_back = fields.Boolean(load_default=False)


class PlanForm(Form):
    on = fields.Date(required=True, validate=A_DATE)


class TogetherForm(Form):
    unit = Line(required=True, validate=A_NAME)
    on = fields.Date(required=True, validate=A_DATE)
    rotation = fields.Integer(required=True, validate=AN_ID)
    first = fields.Date(required=True, validate=A_DATE)
    last = fields.Date(load_default=None, validate=A_DATE)
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 366))


class ChosenForm(Form):
    action = fields.String(load_default="")
    confirmed = fields.Boolean(load_default=False)
    everybody = fields.Boolean(load_default=False)


class VehicleForm(Form):
    call_sign = Line(required=True, validate=validate.Length(max=LONGEST_SEARCH))
    plate = Line(required=True, validate=validate.Length(max=LONGEST_SEARCH))
    kind = fields.String(required=True, validate=validate.OneOf(sorted(KIND)))
    public_view = fields.String(load_default="by_kind", validate=validate.OneOf(PUBLIC_VIEWS))
    base = Line(load_default=None, validate=A_NAME)


class NewVehicleForm(VehicleForm):
    unit = Line(required=True, validate=A_NAME)


class InUnitForm(Form):
    unit = Line(required=True, validate=A_NAME)


class RegisterQuery(PageQuery):
    q = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    unit = fields.String(load_default="", validate=A_NAME)
    state = fields.String(load_default="")
    sort = fields.String(load_default="")
    kind = fields.String(load_default="", validate=validate.OneOf(["", *KIND]))
    month = fields.String(load_default="", validate=validate.Length(max=7))


def unit_asked(sent: Mapping[str, str]) -> str:
    """The name of the unit to which a list is narrowed; empty where it is not."""
    return str(parse(RegisterQuery(), sent).values.get("unit", ""))


def unit_filter(sent: Mapping[str, str], unit_id: int | None) -> tuple[UnitFilter, int]:
    """The units that were asked for, and which page of them."""
    asked, number = _asked(sent, unit_pages.STATES, unit_pages.SORTS)
    return UnitFilter(**asked, unit_id=unit_id), number


def person_filter(sent: Mapping[str, str], unit_id: int | None) -> tuple[PersonFilter, int]:
    """The people who were asked for, and which page of them."""
    asked, number = _asked(sent, person_pages.STATES, person_pages.SORTS)
    return PersonFilter(**asked, unit_id=unit_id), number


def vehicle_filter(sent: Mapping[str, str], unit_id: int | None) -> tuple[VehicleFilter, int]:
    """The vehicles that were asked for, and which page of them."""
    asked, number = _asked(sent, vehicle_pages.STATES, vehicle_pages.SORTS)
    kind = parse(RegisterQuery(), sent).values.get("kind", "")
    return VehicleFilter(**asked, unit_id=unit_id, kind=kind), number


def capabilities_of(sent: Any) -> list[str]:
    """What was ticked of what a vehicle can do."""
    return sorted(set(sent.getlist("capability")) & set(CAPABILITIES))


def ticked(sent: Any, name: str) -> list[int]:
    """The numbers of the rows that were ticked."""
    return [int(value) for value in sent.getlist(name) if value.isascii() and value.isdigit() and len(value) < 10]


def _asked(sent: Mapping[str, str], states: tuple[str, ...], sorts: tuple[str, ...]) -> tuple[dict[str, Any], int]:
    asked = parse(RegisterQuery(), sent).values
    state, sort = asked.get("state", ""), asked.get("sort", "")
    wanted = {
        "search": asked.get("q", ""), "state": state if state in states else "",
        "sort": sort if sort in sorts else sorts[0],
    }  # fmt: skip
    return wanted, asked.get("page", 1)
