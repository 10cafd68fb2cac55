"""The city's vehicles."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate
from sqlalchemy import Select

from tracker.storage import changes
from tracker.storage.changes import By
from tracker.storage.models import CAPABILITIES, Person, Unit, Vehicle, Zone
from tracker.storage.paging import ANY_STATE
from tracker.storage.vehicle_pages import STATES, VehicleFilter, vehicles_wanted
from tracker.web.access import viewer
from tracker.web.api.references import named
from tracker.web.api.resource import Body, Kind, Made, Resource
from tracker.web.api.shapes import Id, Nothing, Shape, Text, UnitListQuery, shown_id, state_of
from tracker.web.commands import PUBLIC_VIEWS
from tracker.web.words import KIND


class VehicleShape(Shape):
    id = shown_id()
    call_sign = fields.String(required=True)
    plate = fields.String(required=True)
    kind = fields.String(required=True)
    unit_id = fields.Integer(required=True)
    unit = fields.String(required=True)
    capabilities = fields.List(fields.String(), required=True)
    public_view = fields.String(required=True, metadata={"description": "What citizens see of it."})
    base_zone_id = fields.Integer(required=True, allow_none=True)
    base_zone = fields.String(required=True, allow_none=True)
    device = fields.String(required=True, allow_none=True, metadata={"description": "The login of its tracker."})
    driver = fields.String(required=True, allow_none=True, metadata={"description": "Who drives it now."})
    retired_at = fields.AwareDateTime(required=True, allow_none=True)


class VehicleQuery(UnitListQuery):
    kind = fields.String(load_default="", validate=validate.OneOf(KIND))
    state = state_of(*STATES)


class VehicleValuesShape(Shape):
    """What of a vehicle may be put right; what is not sent stays."""

    call_sign = Text(metadata={"example": "AMB-07"})
    plate = Text(metadata={"example": "B 1234 XY"})
    kind = fields.String(validate=validate.OneOf(KIND), metadata={"example": "ambulance"})
    capabilities = fields.List(
        fields.String(validate=validate.OneOf(CAPABILITIES)), metadata={"example": ["stretcher"]}
    )
    public_view = fields.String(validate=validate.OneOf(PUBLIC_VIEWS))


class VehicleChangeShape(VehicleValuesShape):
    base_zone_id = Id(allow_none=True, metadata={"description": "Where it stands when off task."})


class NewVehicleShape(VehicleValuesShape):
    call_sign = Text(required=True, metadata={"example": "AMB-07"})
    plate = Text(required=True, metadata={"example": "B 1234 XY"})
    kind = fields.String(required=True, validate=validate.OneOf(KIND), metadata={"example": "ambulance"})
    unit_id = Id(required=True)


class VehicleMoveShape(Shape):
    unit_id = Id(required=True)


class DriverShape(Shape):
    person_id = Id(required=True)


def wanted() -> Select[Any]:
    return vehicles_wanted(viewer(), VehicleFilter(state=ANY_STATE))


vehicles = Resource("vehicles", Kind(Vehicle, VehicleShape, wanted), "Ambulances, fire trucks, heavy equipment ...")


@vehicles.listing(VehicleQuery)
def list_vehicles(asked: Body) -> Select[Any]:
    """The vehicles that you administer."""
    return vehicles_wanted(viewer(), VehicleFilter(asked["q"], asked["unit"], asked["kind"], asked["state"]))


@vehicles.creating(NewVehicleShape)
def add_vehicle(by: By, sent: Body) -> Made:
    """Add a vehicle to a unit."""
    values = {**sent, "unit": named(by, Unit, sent["unit_id"], "unit_id")}
    del values["unit_id"]
    return Made(changes.add_vehicle(by, **_sorted(values)).id)


@vehicles.changing("", VehicleChangeShape)
def change_vehicle(by: By, vehicle: Any, sent: Body) -> None:
    """Put other values in a vehicle's record; what is not sent stays."""
    named(by, Zone, sent.get("base_zone_id"), "base_zone_id")
    changes.change_vehicle(by, vehicle.call_sign, _sorted(sent))


@vehicles.changing("moves", VehicleMoveShape)
def move_vehicle(by: By, vehicle: Any, sent: Body) -> None:
    """Give a vehicle to another unit, from now on."""
    changes.move_vehicle(by, vehicle.call_sign, named(by, Unit, sent["unit_id"], "unit_id"))


@vehicles.changing("retirement", Nothing)
def retire_vehicle(by: By, vehicle: Any, sent: Body) -> None:
    """A vehicle serves no more, from now on: nobody drives it, and its devices are carried by nobody."""
    changes.retire_vehicle(by, vehicle.call_sign)


def _sorted(values: Body) -> dict[str, Any]:
    """With capabilities as they are kept: each once, in the order of the alphabet."""
    found = {"capabilities": sorted(set(values["capabilities"]))} if "capabilities" in values else {}
    return {**values, **found}


@vehicles.changing("driver", DriverShape)
def begin_drive(by: By, vehicle: Any, sent: Body) -> None:
    """Somebody takes the wheel of a vehicle now: whoever drove it, and whatever they drove, ends."""
    changes.begin_drive(by, vehicle.call_sign, named(by, Person, sent["person_id"], "person_id"), by.now)


@vehicles.changing("parking", Nothing)
def end_drive(by: By, vehicle: Any, sent: Body) -> None:
    """Nobody drives a vehicle any more."""
    changes.end_drive(by, vehicle.call_sign, by.now)
