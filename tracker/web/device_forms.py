"""What administrators enter of devices, checked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from tracker.storage.coverage import GROUPS
from tracker.storage.device_changes import Holder
from tracker.storage.device_pages import FILTERS, SORTS, DeviceFilter
from tracker.web.forms import AN_ID, LONGEST_SEARCH, Form, PageQuery, parse
from tracker.wire.topics import LOGIN

INTERVALS_S = validate.Range(1, 3600)
LONGEST_MODEL = 80
BULK = ("set_up", "take_back", "revoke")
COVERAGE_DAYS = (7, 30)


class HolderForm(Form):
    nip = fields.String(load_default=None, validate=validate.Regexp(r"[0-9]{1,18}\Z"))
    call_sign = fields.String(load_default=None, validate=validate.Length(max=LONGEST_SEARCH))


class DeviceSettingsForm(Form):
    model = fields.String(load_default="", validate=validate.Length(max=LONGEST_MODEL))
    expected_interval_s = fields.Integer(load_default=60, validate=INTERVALS_S)


class NewDeviceForm(HolderForm, DeviceSettingsForm):
    login = fields.String(required=True, validate=validate.Regexp(LOGIN.pattern + r"\Z"))


class SwapForm(Form):
    login = fields.String(required=True, validate=validate.Regexp(LOGIN.pattern + r"\Z"))


class BulkForm(Form):
    action = fields.String(required=True, validate=validate.OneOf(BULK))
    confirmed = fields.Boolean(load_default=False)


class DeviceQuery(PageQuery):
    q = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    unit = fields.Integer(load_default=None, validate=AN_ID)
    state = fields.String(load_default="", validate=validate.OneOf(FILTERS))
    sort = fields.String(load_default="login", validate=validate.OneOf(SORTS))


class CoverageQuery(Form):
    by = fields.String(load_default="model", validate=validate.OneOf(GROUPS))
    days = fields.Integer(load_default=COVERAGE_DAYS[0], validate=validate.OneOf(COVERAGE_DAYS))


def device_filter(sent: Mapping[str, str]) -> tuple[DeviceFilter, int]:
    """The devices an administrator asked for, and which page of them."""
    asked = parse(DeviceQuery(), sent).values
    names = {"search": "q", "unit_id": "unit", "state": "state", "sort": "sort"}
    return DeviceFilter(**{name: asked[key] for name, key in names.items() if key in asked}), asked.get("page", 1)


def holder_of(values: Mapping[str, Any]) -> Holder:
    return Holder(values["nip"], values["call_sign"])


def proposed_login() -> str:
    """A login that nobody has, to be changed at will."""
    return f"hp-{secrets.token_hex(3)}"
