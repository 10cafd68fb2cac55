"""What browsers send, checked with marshmallow and turned into plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from tracker.domain.correction import LONGEST_TEXT as LONGEST_CORRECTION
from tracker.domain.correction import SHORTEST_TEXT, Outcome
from tracker.domain.daily_log import LogState
from tracker.domain.writing import one_line
from tracker.storage.account_changes import ROLES, WantedRole
from tracker.storage.account_pages import SORTS as SORTS_OF_ACCOUNTS
from tracker.storage.account_pages import STATES as STATES_OF_ACCOUNTS
from tracker.storage.account_pages import AccountFilter
from tracker.storage.audit import Action
from tracker.storage.audit_pages import SORTS as SORTS_OF_AUDIT
from tracker.storage.audit_pages import AuditFilter
from tracker.storage.corrections import STATES as STATES_OF_CORRECTIONS
from tracker.storage.daily_logs import Entry, Seen
from tracker.storage.paging import PAGE_SIZE
from tracker.storage.quarantine_pages import SORTS as SORTS_OF_QUARANTINE
from tracker.storage.quarantine_pages import STATES, QuarantineFilter
from tracker.storage.report_rows import ELSEWHERE, ReportFilter
from tracker.storage.team_days import STATUSES, TeamFilter
from tracker.storage.tokens import LONGEST_VALID
from tracker.web.city import FIRST_DATE, LARGEST_ID, LAST_DATE
from tracker.web.my_data_categories import CATEGORIES
from tracker.web.words import FIELD

LONGEST_TEXT = 500  # characters
LEAST_REASON = 10
LARGEST_VOLUME = 1_000_000
LONGEST_SEARCH = 80
LAST_PAGE = 1_000_000
DEFAULT_REPORT_DAYS = 7
ID_DIGITS = len(str(LARGEST_ID))
AN_ID = validate.Range(1, LARGEST_ID)
A_DATE = validate.Range(FIRST_DATE, LAST_DATE)


class Form(Schema):
    class Meta:
        unknown = EXCLUDE  # such as the CSRF token


class EntryForm(Form):
    type_id = fields.Integer(required=True, validate=AN_ID)
    start = fields.Time("%H:%M", required=True)
    end = fields.Time("%H:%M", required=True)
    volume = fields.Integer(required=True, validate=validate.Range(0, LARGEST_VOLUME))
    note = fields.String(load_default="", validate=validate.Length(max=LONGEST_TEXT))


class KeyForm(Form):
    key = fields.UUID(required=True)


class DecisionForm(Form):
    decision = fields.Enum(LogState, by_value=True, required=True)
    seen = fields.Enum(LogState, by_value=True, required=True)
    submitted_at = fields.AwareDateTime("iso", load_default=None)
    reason = fields.String(load_default="", validate=validate.Length(max=LONGEST_TEXT))


class SignInForm(Form):
    username = fields.String(load_default="", validate=validate.Length(max=100))
    next = fields.String(load_default="")


class DeputyForm(Form):
    username = fields.String(required=True, validate=validate.Length(max=100))
    first = fields.Date(required=True, validate=A_DATE)
    last = fields.Date(required=True, validate=A_DATE)


class NewAccountForm(Form):
    nip = fields.String(required=True, validate=validate.Regexp(r"[0-9]{1,18}\Z"))


class RoleForm(Form):
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    unit = fields.Integer(load_default=None, validate=AN_ID)
    first = fields.Date(required=True, validate=A_DATE)
    last = fields.Date(load_default=None, validate=A_DATE)


class LookForm(Form):
    why = fields.String(required=True, validate=validate.Length(min=LEAST_REASON, max=LONGEST_TEXT))


class Line(fields.String):
    """A name: one line, with nothing in it that nobody sees."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        line = one_line(super()._deserialize(value, attr, data, **kwargs))
        if not line and self.required:
            raise self.make_error("required")
        return line


class Prose(fields.String):
    """Text of several lines; browsers send each end of a line as two characters and count it as one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs).replace("\r\n", "\n")


A_TEXT = validate.Length(SHORTEST_TEXT, LONGEST_CORRECTION)


class CorrectionForm(Form):
    about = fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    text = Prose(required=True, validate=A_TEXT)


class AnswerForm(Form):
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    answer = Prose(required=True, validate=A_TEXT)


class NoticeForm(Form):
    version = fields.Integer()
    next = fields.String(load_default="")


class ActivationForm(Form):
    username = fields.String(load_default="", validate=validate.Length(max=100))
    code = fields.String(load_default="", validate=validate.Length(max=100))


class TokenForm(Form):
    name = fields.String(required=True, validate=validate.Length(max=LONGEST_SEARCH))
    days = fields.Integer(required=True, validate=validate.Range(1, LONGEST_VALID.days))


class PageQuery(Form):
    page = fields.Integer(load_default=1, validate=validate.Range(1, LAST_PAGE))


class ListQuery(PageQuery):
    q = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    unit = fields.Integer(load_default=None, validate=AN_ID)


class TeamQuery(ListQuery):
    date = fields.Date(validate=A_DATE)
    status = fields.String(load_default="", validate=validate.OneOf(STATUSES))
    log = fields.String(load_default="", validate=validate.OneOf(["none", *LogState]))


class ReportQuery(ListQuery):
    first = fields.Date(data_key="from", validate=A_DATE)
    last = fields.Date(data_key="to", validate=A_DATE)
    status = fields.String(load_default="")
    elsewhere = fields.String(load_default="", validate=validate.OneOf(ELSEWHERE))


class CorrectionQuery(PageQuery):
    state = fields.String(load_default="open", validate=validate.OneOf(STATES_OF_CORRECTIONS))


class QuarantineQuery(PageQuery):
    reason = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    device = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    day = fields.Date(load_default=None, validate=A_DATE)
    state = fields.String(load_default="", validate=validate.OneOf(STATES))
    sort = fields.String(load_default="newest", validate=validate.OneOf(SORTS_OF_QUARANTINE))


class AuditQuery(PageQuery):
    who = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    whose = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    action = fields.String(load_default="", validate=validate.OneOf(Action))
    first = fields.Date(data_key="from", load_default=None, validate=A_DATE)
    last = fields.Date(data_key="to", load_default=None, validate=A_DATE)
    sort = fields.String(load_default="newest", validate=validate.OneOf(SORTS_OF_AUDIT))


class AccountQuery(PageQuery):
    q = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    role = fields.String(load_default="", validate=validate.OneOf(ROLES))
    state = fields.String(load_default="", validate=validate.OneOf(STATES_OF_ACCOUNTS))
    sort = fields.String(load_default="name", validate=validate.OneOf(SORTS_OF_ACCOUNTS))


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was understood, and a sentence for each field that was not."""

    values: dict[str, Any]
    errors: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EntryInput:
    """What a form shows: the values as typed, and a sentence for each that was not understood."""

    values: Any
    errors: Mapping[str, Any]


NOTHING_TYPED = EntryInput({}, {})


def parse(form: Schema, sent: Mapping[str, str]) -> Parsed:
    """Check a form; text is stripped (no column can hold a NUL) and an empty field is a missing one."""
    cleaned = {name: value.replace("\0", "").strip() for name, value in sent.items()}
    cleaned = {name: value for name, value in cleaned.items() if value}
    try:
        return Parsed(dict(form.load(cleaned)), {})
    except ValidationError as error:
        assert isinstance(error.messages, dict)  # a schema of one object says which fields
        return Parsed(dict(error.valid_data or {}), {name: FIELD.get(name) for name in error.messages})


def entry_of(values: Mapping[str, Any]) -> Entry:
    return Entry(values["type_id"], values["start"], values["end"], values["volume"], values["note"])


def seen_of(values: Mapping[str, Any]) -> Seen:
    return Seen(values["seen"], values["submitted_at"])


def team_filter(sent: Mapping[str, str], today: date) -> tuple[TeamFilter, int]:
    """The list a supervisor asked for, and which page of it."""
    asked = parse(TeamQuery(), sent).values
    work_date = asked.get("date", today)
    wanted = TeamFilter(
        work_date=work_date,
        is_today=work_date == today,
        search=asked.get("q", ""),
        unit_id=asked.get("unit"),
        status=asked.get("status", ""),
        log_state=asked.get("log", ""),
    )
    return wanted, asked.get("page", 1)


def report_filter(choices: Mapping[str, Any], sent: Mapping[str, str], today: date) -> tuple[ReportFilter, int]:
    """The rows a reader asked for, and which page of them; by default the last seven days."""
    asked = parse(ReportQuery(), sent).values
    last = asked.get("last", today)
    first = min(asked.get("first", last - timedelta(days=DEFAULT_REPORT_DAYS - 1)), last)
    status = asked.get("status", "")
    status = status if status in choices else ""
    wanted = ReportFilter(first, last, asked.get("q", ""), asked.get("unit"), status, asked.get("elsewhere", ""))
    return wanted, asked.get("page", 1)


def quarantine_filter(sent: Mapping[str, str]) -> tuple[QuarantineFilter, int]:
    """The messages an administrator asked for, and which page of them."""
    asked = parse(QuarantineQuery(), sent).values
    login = asked.get("device", "").lower()
    state, order = asked.get("state", ""), asked.get("sort", "newest")
    return QuarantineFilter(asked.get("reason", ""), login, asked.get("day"), state, order), asked.get("page", 1)


def chosen_ids(values: Sequence[str]) -> frozenset[int]:
    """The rows of a page that somebody ticked; what is no id is none of them."""
    digits = [value for value in values[:PAGE_SIZE] if value.isascii() and value.isdigit() and len(value) <= ID_DIGITS]
    return frozenset(one for one in map(int, digits) if 1 <= one <= LARGEST_ID)


def audit_filter(sent: Mapping[str, str]) -> tuple[AuditFilter, int]:
    """The rows of the audit somebody asked for, and which page of them."""
    asked = parse(AuditQuery(), sent).values
    names = ("who", "whose", "action", "first", "last", "sort")
    return AuditFilter(**{name: asked[name] for name in names if name in asked}), asked.get("page", 1)


def account_filter(sent: Mapping[str, str]) -> tuple[AccountFilter, int]:
    """The accounts an administrator asked for, and which page of them."""
    asked = parse(AccountQuery(), sent).values
    state, order = asked.get("state", ""), asked.get("sort", "name")
    return AccountFilter(asked.get("q", ""), asked.get("role", ""), state, order), asked.get("page", 1)


def role_of(values: Mapping[str, Any]) -> WantedRole:
    return WantedRole(values["role"], values["unit"], values["first"], values["last"])
