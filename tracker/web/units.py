"""The city's tree: units, what stands below them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import administered, changes
from tracker.storage.models import Unit
from tracker.storage.paging import ANY_STATE
from tracker.storage.periods import plans
from tracker.storage.register import Why
from tracker.storage.unit_pages import UnitFilter, places_of, unit_list, units_wanted
from tracker.web import administration_words, choosing
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.changing import refused, version, wrong_with
from tracker.web.choosing import Choosing, Rows
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.register_forms import MergerForm, NameForm, PlaceForm, PlanForm, UnitForm, unit_filter
from tracker.web.unit_choice import standing, unit_of

pages = Blueprint("units", __name__, url_prefix="/admin/units")
MANY = Choosing("units", administration_words.UNITS_TOGETHER, "name", "parent")
NEW = {"unit": "below", Why.UNIT_TAKEN: "name", Why.NOT_STANDING: "below", Why.TOO_FAR: "since"}
PLACE = {"unit": "below", Why.OWN_PART: "below", Why.NOT_STANDING: "below", Why.TOO_FAR: "on"}
MERGER = {"unit": "into", Why.HEIR_IS_PART: "into", Why.NOT_STANDING: "into", Why.MERGED_LATER: "on"}


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """The units one administers; search, filters and page are in the address."""
    wanted, number = unit_filter(request.args, unit_of(request.args))
    return render_template(
        "units.html", wanted=wanted, page=unit_list(db.session(), viewer(), wanted, number), units=standing(),
        many=MANY, most=choosing.MOST_AT_ONCE, administration_words=administration_words,
    )  # fmt: skip


@pages.get("/new")
@allowed(Access.ADMINISTRATOR)
def new() -> Response:
    """The form for another unit."""
    return _form(EntryInput(request.args, {}))


@pages.post("/new")
@allowed(Access.ADMINISTRATOR)
def add() -> Response:
    """Add a unit."""
    sent = parse(UnitForm(), request.form)
    values = sent.values
    added = lambda: changes.add_unit(by(), values["name"], values["below"], values["since"])  # noqa: E731
    wrong = wrong_with(sent.errors, added, NEW)
    if wrong:
        return _form(wrong)
    flash(_("The unit %(name)s is added.", name=values["name"]), "good")
    return redirect(url_for("units.overview"), 303)


@pages.get("/<id:unit_id>")
@allowed(Access.ADMINISTRATOR)
def show(unit_id: int) -> Response:
    """One unit: where it stands and stood, what belongs to it, and what can be done with it."""
    return _page(_known(unit_id))


@pages.post("/<id:unit_id>/name")
@allowed(Access.ADMINISTRATOR)
def rename(unit_id: int) -> Response:
    """Call it by another name."""
    unit, sent = _known(unit_id), parse(NameForm(), request.form)
    if sent.errors:
        return _page(unit, EntryInput(request.form, sent.errors))
    before, fresh = unit.name, sent.values["name"]
    return _done(unit_id, lambda: changes.rename_unit(by(), before, fresh), NEW, _("The unit has its new name."))


@pages.post("/<id:unit_id>/place")
@allowed(Access.ADMINISTRATOR)
def place(unit_id: int) -> Response:
    """Place it, with all below it, elsewhere in the tree."""
    unit, sent = _known(unit_id), parse(PlaceForm(), request.form)
    if sent.errors:
        return _page(unit, EntryInput(request.form, sent.errors))
    below, on = sent.values["below"], sent.values["on"]
    placed = _("It stands there from that day on.")
    return _done(unit_id, lambda: changes.move_unit(by(), unit.name, below, on), PLACE, placed)


@pages.post("/<id:unit_id>/merger")
@allowed(Access.ADMINISTRATOR)
def merge(unit_id: int) -> Response:
    """Give all of it to another unit; it ends."""
    unit, sent = _known(unit_id), parse(MergerForm(), request.form)
    if sent.errors:
        return _page(unit, EntryInput(request.form, sent.errors))
    into, on = sent.values["into"], sent.values["on"]
    merged = _("The unit is merged into %(name)s.", name=into)
    return _done(unit_id, lambda: changes.merge_unit(by(), unit.name, into, on), MERGER, merged)


@pages.post("/<id:unit_id>/plan")
@allowed(Access.ADMINISTRATOR)
def cancel_plan(unit_id: int) -> Response:
    """What is planned for a day to come does not happen."""
    unit, sent = _known(unit_id), parse(PlanForm(), request.form)
    if sent.errors:
        return _page(unit, EntryInput({}, {"": sent.errors["on"]}))
    cancelled = _("The plan is cancelled: it stays as it is.")
    return _done(unit_id, lambda: changes.cancel_unit_plan(by(), unit.name, sent.values["on"]), {}, cancelled)


@pages.post("/chosen")
@allowed(Access.ADMINISTRATOR)
def chosen() -> Response:
    """What is to be done with many: asked once more, then done with all or with none."""
    return choosing.chosen(MANY, _chosen, _together)


def _chosen(sent: Mapping[str, Any]) -> Rows:
    asked = choosing.asked_list()
    of_filter = units_wanted(viewer(), unit_filter(asked, unit_of(asked))[0])
    return choosing.rows(sent, of_filter, units_wanted(viewer(), UnitFilter()), Unit.id, Unit.name)


def _together(action: str, rows: Rows) -> Response:
    chosen_ids = {row.id for row in rows}
    rows = [row for row in rows if row.parent_id not in chosen_ids]  # the others move along
    return choosing.done_with(
        MANY, action, rows, lambda row, to: changes.move_unit(by(), row.name, to["unit"], to["on"])
    )


def _known(unit_id: int) -> Unit:
    """A unit that one administers; any other does not exist here."""
    unit = db.session.get(Unit, unit_id)
    if unit is None or not db.session.query(Unit.id).filter(Unit.id == unit_id, administered.units(viewer())).first():
        abort(404)
    return unit


def _done(unit_id: int, change: Callable[[], Any], beside: Any, done: str) -> Response:
    wrong = refused(change, beside, lambda: _shown(db.session.get_one(Unit, unit_id, populate_existing=True)))
    if wrong:
        return _page(_known(unit_id), wrong)
    flash(done, "good")
    return redirect(url_for("units.show", unit_id=unit_id), 303)


def _shown(unit: Unit) -> str:
    """The version of what can be changed of a unit."""
    return version(unit.name, [(one.parent_id, one.period) for one in places_of(db.session(), unit.id)])


def _form(typed: EntryInput) -> Response:
    page = render_template("unit_new.html", entry=typed, units=standing())
    return make_response(page, 422 if typed.errors else 200)


def _page(unit: Unit, typed: EntryInput = NOTHING_TYPED) -> Response:
    session = db.session()
    row = session.execute(units_wanted(viewer(), UnitFilter(state=ANY_STATE)).where(Unit.id == unit.id)).one()
    parts = unit_list(session, viewer(), UnitFilter(unit_id=unit.id), 1)
    places, today = places_of(session, unit.id), city().today()
    moves = [(on, place) for on, place in plans(places, today) if place is not None and place is not places[-1]]
    page = render_template(
        "unit.html", row=row, entry=typed, parts=parts, places=places, plans=moves, units=standing(),
        names={one.id: one.name for one in session.query(Unit.id, Unit.name)}, today=today,
        merged_into=unit.merged_into_id, shown=_shown(unit),
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
