"""What browsers send about check-ins, leave, attestations and cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from tracker.domain.attestation import LONGEST_REASON, SHORTEST_REASON
from tracker.domain.leave import Wanted
from tracker.domain.roster import Part
from tracker.storage.cases import STATES as STATES_OF_CASES
from tracker.storage.check_ins import Place
from tracker.storage.models import LEAVE_KINDS, REQUEST_STATES
from tracker.web.city import LARGEST_ID
from tracker.web.forms import A_DATE, LONGEST_SEARCH, LONGEST_TEXT, Form, KeyForm, Line, PageQuery, Prose

A_REASON = validate.Length(SHORTEST_REASON, LONGEST_REASON)
LARGEST_ACCURACY_M = 100_000
ANY = "any"  # requests in whatever state


class CheckInForm(KeyForm):
    leaves = fields.Boolean(load_default=False)


class PlaceForm(Form):
    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
    accuracy_m = fields.Float(required=True, validate=validate.Range(0, LARGEST_ACCURACY_M))


class ReadForm(Form):
    last = fields.Integer(required=True, validate=validate.Range(1, LARGEST_ID))


class LeaveForm(Form):
    leave_kind = fields.String(required=True, validate=validate.OneOf(LEAVE_KINDS))
    first = fields.Date(required=True, validate=A_DATE)
    last = fields.Date(required=True, validate=A_DATE)
    part = fields.Enum(Part, by_value=True, load_default=Part.FULL)
    place = Line(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    note = Prose(load_default="", validate=validate.Length(max=LONGEST_TEXT))


class LeaveDecisionForm(Form):
    decision = fields.String(required=True, validate=validate.OneOf(("approved", "refused")))
    reason = Prose(load_default="", validate=validate.Length(max=LONGEST_TEXT))


class LeaveEndForm(Form):
    on = fields.Date(required=True, validate=A_DATE)
    reason = Prose(load_default="", validate=validate.Length(max=LONGEST_TEXT))


class LeaveQuery(PageQuery):
    state = fields.String(load_default="open", validate=validate.OneOf((*REQUEST_STATES, ANY)))


class AttestForm(Form):
    start = fields.Time("%H:%M", required=True)
    end = fields.Time("%H:%M", required=True)
    why_present = Prose(required=True, validate=A_REASON)


class CaseDecisionForm(Form):
    holds = fields.String(required=True, validate=validate.OneOf(("accepted", "kept")))
    digest = fields.String(required=True, validate=validate.Length(max=LONGEST_SEARCH))
    why_decided = Prose(required=True, validate=A_REASON)


class CaseQuery(PageQuery):
    state = fields.String(load_default="open", validate=validate.OneOf(STATES_OF_CASES))


def place_of(values: Mapping[str, Any]) -> Place | None:
    """Where the browser saw its person; None where it did not."""
    return Place(values["lat"], values["lon"], values["accuracy_m"]) if PLACE.keys() <= values.keys() else None


PLACE = PlaceForm().fields


def wanted_of(values: Mapping[str, Any]) -> Wanted:
    """The leave that is asked for."""
    names = ("first", "last", "part", "place", "note")
    return Wanted(values["leave_kind"], **{name: values[name] for name in names})
