"""Doing one thing with many rows of a list, those ticked or all that a filter holds: asked once more, then all or none.

The question names everybody and carries their ids, so that what is done is done with those who were shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Select
from werkzeug.wrappers import Response

from tracker.storage.register import lock_tree
from tracker.storage.roster_pages import offered_rotations
from tracker.web import administration_words
from tracker.web.administration_words import Together
from tracker.web.changing import REFUSALS, place_of, said
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.register_forms import BESIDE_TOGETHER, ChosenForm, RegisterQuery, TogetherForm, ticked
from tracker.web.unit_choice import standing
from tracker.web.zone_choice import zones_offered

MOST_AT_ONCE = 500
NOTHING_TICKED = lazy_gettext("Nothing was done: tick at least one row of the list.")
TOO_MANY = lazy_gettext(
    "Nothing was done: these are more than %(most)d. Narrow the list, by unit for example, and take one part after the "
    "other."
)
GONE = lazy_gettext("Nothing was done: some of those that were ticked are not here any more. Look at the list again.")
Rows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Choosing:
    """A list of which many are chosen: its blueprint, what may be done with them, the columns that name a row.

    `beside`: where a row belongs, shown next to its name.
    """

    blueprint: str
    together: Mapping[str, Together]
    name: str
    beside: str = "unit"

    @property
    def overview(self) -> str:
        return f"{self.blueprint}.overview"


def chosen(what: Choosing, found: Callable[[Mapping[str, Any]], Rows], do: Callable[[str, Rows], Response]) -> Response:
    """Ask once more what is to be done with the rows `found` of a form; once that is confirmed, `do` it."""
    parsed = parse(ChosenForm(), request.form)
    if parsed.errors:
        abort(400)
    sent = parsed.values
    action = sent.get("action", "")
    if action not in what.together:
        flash(_("Choose what to do with them."), "warn")
        return back(what)
    rows = found(sent)
    why_not = miscounted(len(rows), 0 if sent["everybody"] else len(set(request.form.getlist("chosen"))))
    if why_not:
        flash(why_not, "warn")
        return back(what)
    return do(action, rows) if sent["confirmed"] else ask(what, action, rows)


def miscounted(count: int, ticked: int, most: int = MOST_AT_ONCE) -> str:
    """Why nothing is done with so many rows of those that were ticked (0: all of a filter); empty where it may be."""
    if count == 0 and ticked == 0:
        return str(NOTHING_TICKED)
    if count > most:
        return str(TOO_MANY) % {"most": most}
    return str(GONE) if count < ticked else ""


def rows(sent: Mapping[str, Any], of_filter: Select[Any], anybody: Select[Any], key: Any, *order: Any) -> Rows:
    """The rows that were ticked, of `anybody`, or all of a filter; one more than may be, where there are more."""
    query = of_filter if sent["everybody"] else anybody.where(key.in_(ticked(request.form, "chosen")))
    return db.session.execute(query.order_by(*order).limit(MOST_AT_ONCE + 1)).all()


def done_with(what: Choosing, action: str, rows: Rows, change: Callable[[Any, Mapping[str, Any]], Any]) -> Response:
    """Make a change of each row and go back to the list, or say what is in the way of all."""
    wrong = each(what, action, rows, change)
    if wrong:
        return wrong
    flash(administration_words.done(what.blueprint, action, len(rows)), "good")
    return back(what)


def each(what: Choosing, action: str, rows: Rows, change: Callable[[Any, Mapping[str, Any]], Any]) -> Response | None:
    """Make a change of each row with what the form says, all or none; None where all is kept."""
    sent = parse(TogetherForm(only=what.together[action].fields), request.form)
    if sent.errors:
        return ask(what, action, rows, EntryInput(request.form, sent.errors))
    refused: dict[str, str] = {}
    lock_tree(db.session())
    for row in rows:
        try:
            with db.session.begin_nested():
                change(row, sent.values)
        except REFUSALS as error:
            field = place_of(error, BESIDE_TOGETHER)
            if field in what.together[action].fields:  # none could go there
                db.session.rollback()
                return ask(what, action, rows, EntryInput(request.form, {field: said(error)}))
            refused[getattr(row, what.name)] = said(error)
    if refused:
        db.session.rollback()
        return ask(what, action, rows, EntryInput(request.form, {"refused": refused}))
    db.session.commit()
    return None


def ask(what: Choosing, action: str, rows: Rows, typed: EntryInput = NOTHING_TYPED) -> Response:
    """The question before it is done, or what is in its way."""
    rostering = "rotation" in what.together[action].fields
    page = render_template(
        "chosen.html", what=what, action=action, together=what.together[action], rows=rows, entry=typed,
        units=standing(), today=city().today(), wanted=_kept(),
        rotations=offered_rotations(db.session()) if rostering else (), zones=zones_offered() if rostering else (),
        administration_words=administration_words,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)


def back(what: Choosing) -> Response:
    """To the list, narrowed as it was."""
    return redirect(url_for(what.overview, **_kept()), 303)


def asked_list() -> dict[str, str]:
    """The list from which the rows come, as its address narrowed it."""
    return dict(parse_qsl(request.form.get("wanted", "")))


def _kept() -> dict[str, Any]:
    names = RegisterQuery().fields
    return {name: value for name, value in asked_list().items() if name in names}
