"""Dated rules: the hours that shifts have on some days, as in Ramadan, in the place of the usual ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import calendar_changes as changes
from tracker.storage.models import RuleSet
from tracker.storage.register import Why
from tracker.storage.roster_pages import all_rule_sets, offered_shifts
from tracker.web import roster_words
from tracker.web.access import Access, allowed, by
from tracker.web.changing import version, wrong_with
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.roster_forms import RuleSetForm, Wrong, ends_at, hours_of

pages = Blueprint("rule_sets", __name__, url_prefix="/admin/rule-sets")
BESIDE = {Why.RULE_SET_TAKEN: "name", Why.BACKWARDS: "last", Why.TOO_FAR: "first", Why.LAST_TOO_FAR: "last"}


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """All rule sets with their hours, the newest first."""
    rows = all_rule_sets(db.session())
    return render_template("rule_sets.html", rows=rows, today=city().today(), roster_words=roster_words)


@pages.get("/new")
@allowed(Access.CITY_ADMINISTRATOR)
def new() -> Response:
    """The form for another one."""
    return _form(NOTHING_TYPED)


@pages.post("/new")
@allowed(Access.CITY_ADMINISTRATOR)
def add() -> Response:
    """Add a rule set."""
    values, errors = _sent()
    wrong = wrong_with(errors, lambda: changes.keep_rule_set(by(), None, **values), BESIDE)
    if wrong:
        return _form(wrong)
    flash(_("The rules %(name)s are added.", name=values["name"]), "good")
    return redirect(url_for("rule_sets.overview"), 303)


@pages.get("/<id:rule_set_id>")
@allowed(Access.ADMINISTRATOR)
def show(rule_set_id: int) -> Response:
    """One rule set: its days, and its hours of each shift."""
    return _page(_known(rule_set_id))


@pages.post("/<id:rule_set_id>")
@allowed(Access.CITY_ADMINISTRATOR)
def change(rule_set_id: int) -> Response:
    """Put other days and hours in its place."""
    _known(rule_set_id)
    values, errors = _sent()
    wrong = _wrong(errors, rule_set_id, lambda: changes.keep_rule_set(by(), rule_set_id, **values))
    if wrong:
        return wrong
    flash(_("The rules are changed."), "good")
    return redirect(url_for("rule_sets.show", rule_set_id=rule_set_id), 303)


@pages.post("/<id:rule_set_id>/remove")
@allowed(Access.CITY_ADMINISTRATOR)
def remove(rule_set_id: int) -> Response:
    """It does not hold, and never did."""
    name = _known(rule_set_id).name
    wrong = _wrong({}, rule_set_id, lambda: changes.remove_rule_set(by(), rule_set_id))
    if wrong:
        return wrong
    flash(_("The rules %(name)s are removed.", name=name), "good")
    return redirect(url_for("rule_sets.overview"), 303)


def _wrong(errors: Mapping[str, Any], rule_set_id: int, change: Callable[[], Any]) -> Response | None:
    """Change a rule set; its page with what is in the way, where something is."""
    now = lambda: _shown(db.session.get_one(RuleSet, rule_set_id, populate_existing=True))  # noqa: E731
    wrong = wrong_with(errors, change, BESIDE, now)
    return _page(_known(rule_set_id), wrong) if wrong else None


def _sent() -> tuple[dict[str, Any], dict[str, Any]]:
    sent = parse(RuleSetForm(), request.form)
    if sent.errors:
        return {}, sent.errors
    try:
        hours = hours_of(request.form, [one.id for one in offered_shifts(db.session())])
    except Wrong as wrong:
        return {}, {"hours": next(iter(wrong.errors.values()))}
    return {**sent.values, "hours": hours}, {}


def _known(rule_set_id: int) -> RuleSet:
    return db.session.get(RuleSet, rule_set_id) or abort(404)


def _shown(rules: RuleSet) -> str:
    """The version of what can be changed of a rule set."""
    hours = [(one.shift_id, one.start_time, one.duration_min, one.breaks) for one in rules.shifts]
    return version(rules.name, rules.period, rules.minutes_after_grace, hours)


def _form(typed: EntryInput) -> Response:
    page = render_template(
        "rule_set_new.html", entry=typed, shifts=offered_shifts(db.session()), written={}, hours={},
        roster_words=roster_words,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)


def _page(rules: RuleSet, typed: EntryInput = NOTHING_TYPED) -> Response:
    hours = {
        one.shift_id: {"start": f"{one.start_time:%H:%M}", "end": f"{ends_at(one.start_time, one.duration_min):%H:%M}",
                       "breaks": [(f"{ends_at(one.start_time, after):%H:%M}", length) for after, length in one.breaks]}
        for one in rules.shifts
    }  # fmt: skip
    written = {"name": rules.name, "first": str(rules.first), "last": str(rules.last or "")}
    page = render_template(
        "rule_set.html", rules=rules, entry=typed, written=written, hours=hours, shown=_shown(rules),
        shifts=offered_shifts(db.session()), roster_words=roster_words,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
