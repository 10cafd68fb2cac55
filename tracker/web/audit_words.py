"""What was done with somebody's data, in sentences for that person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracker.storage.audit import COMMAND_LINE, Action
from tracker.storage.models import Audit
from tracker.web import words
from tracker.web.formats import iso_day

ROLE_OF_ACTOR = (
    Action.VIEW_TRACK, Action.VIEW_SUMMARY, Action.VIEW_CONTEST, Action.DECIDE, Action.DECIDE_CONTEST,
)  # fmt: skip
DAYS = {"day": "work_date", "first": "first", "last": "last", "on": "on"}  # what sentences call the days of a detail


# what a row of before may lack
NOT_SAID = dict.fromkeys(
    ("address", "role", "device", "unit", "vehicle", "zone", "rotation", "day", "first", "last", "on"), "–"
)


def said(look: Audit) -> str:
    """What was done, without who and when; an action without words is shown by its name."""
    text = words.AUDIT_ACTION.get(look.action)
    if look.action == Action.DECIDE:
        text = words.AUDIT_DECISION.get(look.detail["decision"]) if "decision" in look.detail else None
    return str(text) % _values(look) if text else look.action


def choices(actions: Iterable[Action]) -> dict[Action, str]:
    """Actions by the short names they have in a list of all, in the order of these."""
    named = {action: str(words.ACTION[action]) for action in actions}
    return dict(sorted(named.items(), key=lambda one: one[1].lower()))


def details(look: Audit) -> str:
    """What else is known of an action, in one line; ids that say nothing to people are left out."""
    shown = {name: value for name, value in look.detail.items() if value not in (None, "", [], False)}
    return ", ".join(f"{_named(name)}: {_plain(value)}" for name, value in shown.items())


def _named(detail: str) -> str:
    return str(words.DETAIL.get(detail, detail.replace("_", " ")))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        return " ".join(f"{_named(name)} {_plain(one)}" for name, one in value.items())
    return str(words.ROLE.get(value, value)) if isinstance(value, str) else str(value)


def standing(look: Audit) -> str:
    """In which role somebody looked or decided, and in whose place; empty where it is not said."""
    if look.detail.get("instead_of"):
        return str(words.INSTEAD_OF) % {"name": look.detail["instead_of"]}
    return str(words.ROLE.get(look.detail.get("role", ""), "")) if look.action in ROLE_OF_ACTOR else ""


def unnamed(look: Audit) -> Any:
    """Who did it, where no account did."""
    if look.action == Action.SIGN_IN_FAILED:
        return words.SOMEBODY
    return words.OPERATOR if look.address == COMMAND_LINE else words.SERVICE


def _values(look: Audit) -> dict[str, Any]:
    days = {name: iso_day(look.detail[key]) for name, key in DAYS.items() if look.detail.get(key)}
    names = {name: look.detail.get(name) for name in ("device", "unit", "vehicle", "zone", "rotation")}
    return NOT_SAID | {"address": look.address, "role": words.ROLE.get(look.detail.get("role", "")), **names, **days}
