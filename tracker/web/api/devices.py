"""Phones and trackers: who carries them, and what they sign in with. A secret is in one answer and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import Select, and_, select

from tracker.storage import administered, device_changes
from tracker.storage.changes import By
from tracker.storage.device_changes import Holder
from tracker.storage.models import Assignment, Device, Person, Vehicle
from tracker.web.access import viewer
from tracker.web.api.references import named
from tracker.web.api.resource import Body, Kind, Made, Resource
from tracker.web.api.shapes import Id, ListQuery, Matches, Nothing, Shape, Text, Whole, shown_id
from tracker.web.city import city
from tracker.wire import topics

LOGIN = Matches(f"^{topics.LOGIN.pattern}$", error="Small letters, digits and hyphens, 2 to 63 of them.")
INTERVAL = validate.Range(1, 3600)


class DeviceShape(Shape):
    id = shown_id()
    login = fields.String(required=True)
    kind = fields.String(required=True)
    model = fields.String(required=True)
    expected_interval_s = fields.Integer(required=True)
    person_id = fields.Integer(required=True, allow_none=True, metadata={"description": "Who carries it now."})
    vehicle_id = fields.Integer(required=True, allow_none=True, metadata={"description": "Or what carries it."})
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class SecretShape(DeviceShape):
    secret = fields.String(required=True, metadata={"description": "Shown this once: only its hash is kept."})


class NewDeviceShape(Shape):
    login = fields.String(required=True, validate=LOGIN, metadata={"example": "staf-102"})
    kind = fields.String(required=True, validate=validate.OneOf(["phone", "tracker"]), metadata={"example": "phone"})
    model = Text(load_default="")
    expected_interval_s = Whole(load_default=60, validate=INTERVAL)
    person_id = Id(load_default=None, metadata={"description": "Who carries it; with neither nobody: for the city."})
    vehicle_id = Id(load_default=None, metadata={"description": "Or what carries it: not both."})


class DeviceChangeShape(Shape):
    model = Text()
    expected_interval_s = Whole(validate=INTERVAL)


class FreshShape(Shape):
    login = fields.String(required=True, validate=LOGIN, metadata={"example": "staf-103"})


class ToPersonShape(Shape):
    person_id = Id(required=True)


class ToVehicleShape(Shape):
    vehicle_id = Id(required=True)


def wanted() -> Select[Any]:
    """The devices that the viewer administers, with who or what carries each at this moment."""
    columns: Sequence[Any] = (
        Device.id, Device.login, Device.kind, Device.model, Device.expected_interval_s, Device.revoked_at,
        Assignment.person_id, Assignment.vehicle_id,
    )  # fmt: skip
    listed: Select[Any] = select(*columns)
    at = city().now()  # not the database's: that is when the transaction began, before what it has just handed over
    now = and_(Assignment.device_id == Device.id, Assignment.period.contains(at))
    return listed.outerjoin_from(Device, Assignment, now).where(administered.devices(viewer(), at))


devices = Resource("devices", Kind(Device, DeviceShape, wanted), "Phones and trackers, known by their login.")


@devices.listing(ListQuery)
def list_devices(asked: Body) -> Select[Any]:
    """The devices that you administer, revoked ones too."""
    return wanted().where(Device.login.icontains(asked["q"], autoescape=True))


@devices.creating(NewDeviceShape)
def add_device(by: By, sent: Body) -> Made:
    """Register a device, for somebody or for nobody yet. It has no secret before it is given one."""
    holder = Holder(
        named(by, Person, sent["person_id"], "person_id"), named(by, Vehicle, sent["vehicle_id"], "vehicle_id")
    )
    values = {name: sent[name] for name in ("login", "kind", "model", "expected_interval_s")}
    device_changes.register_device(by, holder=holder, **values)
    return Made(by.device(sent["login"]).id)


@devices.changing("", DeviceChangeShape)
def change_device(by: By, device: Any, sent: Body) -> None:
    """Put other values in a device's record; what is not sent stays."""
    device_changes.change(by, device.login, sent)


@devices.changing("secret", Nothing, SecretShape)
def renew_secret(by: By, device: Any, sent: Body) -> Made:
    """Give a device a new secret, shown this once. With the old one it is refused, and its connection ends."""
    return Made(device.id, {"secret": device_changes.set_up(by, device.login)})


@devices.changing("revocation", Nothing)
def revoke_device(by: By, device: Any, sent: Body) -> None:
    """Take a device's right to send, for good: its connection ends, and its login is not given again."""
    device_changes.revoke(by, device.login)


@devices.changing("swap", FreshShape, SecretShape)
def swap_device(by: By, device: Any, sent: Body) -> Made:
    """Put another device in the place of a lost one, which is revoked. The answer is the other one, with its secret."""
    secret = device_changes.swap(by, device.login, sent["login"])
    return Made(by.device(sent["login"]).id, {"secret": secret})


@devices.changing("person", ToPersonShape)
def hand_to_person(by: By, device: Any, sent: Body) -> None:
    """A person carries a device from now on."""
    nip = named(by, Person, sent["person_id"], "person_id")
    device_changes.hand_over(by, device.login, Holder(nip=nip), by.now)


@devices.changing("vehicle", ToVehicleShape)
def hand_to_vehicle(by: By, device: Any, sent: Body) -> None:
    """A vehicle carries a device from now on."""
    call_sign = named(by, Vehicle, sent["vehicle_id"], "vehicle_id")
    device_changes.hand_over(by, device.login, Holder(call_sign=call_sign), by.now)


@devices.changing("return", Nothing)
def take_back(by: By, device: Any, sent: Body) -> None:
    """Nobody carries a device any more: what it says from now on is about nobody."""
    device_changes.take_back(by, device.login, by.now)
