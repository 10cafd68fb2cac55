"""What is asked of the pages about mails, and sent to them."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import fields, validate

from tracker.domain.periods import Cadence
from tracker.storage.models import MAIL_STATES
from tracker.web.forms import Form, PageQuery, parse
from tracker.web.language import LANGUAGES

LONGEST_ADDRESS = 254
LONGEST_UNIT = 120
# what mail servers everywhere take, in ASCII and without what needs quotes: nothing here can break a header
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(\.{_LABEL})+\Z"


class AddressForm(Form):
    address = fields.String(required=True, validate=[validate.Length(max=LONGEST_ADDRESS), validate.Regexp(ADDRESS)])
    language = fields.String(required=True, validate=validate.OneOf(list(LANGUAGES)))


class CodeForm(Form):
    code = fields.String(required=True, validate=validate.Length(max=10))


class SubscriptionForm(Form):
    cadence = fields.String(required=True, validate=validate.OneOf(list(Cadence)))
    about = fields.String(required=True, validate=validate.OneOf(["own", "unit"]))
    unit = fields.String(load_default="", validate=validate.Length(max=LONGEST_UNIT))


class MailQuery(PageQuery):
    state = fields.String(load_default="", validate=validate.OneOf(MAIL_STATES))


def mail_filter(sent: Mapping[str, str]) -> tuple[str, int]:
    """The state an administrator asked for, empty for all, and which page."""
    asked = parse(MailQuery(), sent).values
    return asked.get("state", ""), asked.get("page", 1)
