"""The city's shifts: when they begin and end, their breaks, grace and role, and where they are worked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import calendar_changes as changes
from tracker.storage.models import Shift
from tracker.storage.register import Why
from tracker.storage.roster_pages import all_shifts, zone_names
from tracker.web import roster_words
from tracker.web.access import Access, allowed, by
from tracker.web.changing import version, wrong_with
from tracker.web.city import db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.roster_forms import ShiftForm, Wrong, breaks_of, ends_at, minutes_between
from tracker.web.zone_choice import zone_ids, zones_named, zones_offered

pages = Blueprint("shifts", __name__, url_prefix="/admin/shifts")
BESIDE = {Why.SHIFT_TAKEN: "name", "zone": "zone"}
COLUMNS = ("name", "start_time", "duration_min", "grace_min", "profile", "before_min", "after_min", "breaks",
           "zone_ids")  # fmt: skip


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """All shifts."""
    shifts = all_shifts(db.session())
    named = zones_named({zone for one in shifts for zone in one.zone_ids})
    return render_template("shifts.html", shifts=shifts, named=named, roster_words=roster_words)


@pages.get("/new")
@allowed(Access.CITY_ADMINISTRATOR)
def new() -> Response:
    """The form for another shift."""
    return _form(NOTHING_TYPED)


@pages.post("/new")
@allowed(Access.CITY_ADMINISTRATOR)
def add() -> Response:
    """Add a shift."""
    values, errors = _sent()
    wrong = wrong_with(errors, lambda: changes.add_shift(by(), values | {"zone_ids": _zones()}), BESIDE)
    if wrong:
        return _form(wrong)
    flash(_("The shift %(name)s is added.", name=values["name"]), "good")
    return redirect(url_for("shifts.overview"), 303)


@pages.get("/<id:shift_id>")
@allowed(Access.ADMINISTRATOR)
def show(shift_id: int) -> Response:
    """One shift and what can be done with it."""
    return _page(_known(shift_id))


@pages.post("/<id:shift_id>")
@allowed(Access.CITY_ADMINISTRATOR)
def change(shift_id: int) -> Response:
    """Give it other terms, for duties that have not begun."""
    _known(shift_id)
    values, errors = _sent()
    done = _("The shift is changed, for duties from tomorrow on.")
    return _done(shift_id, lambda: changes.change_shift(by(), shift_id, values | {"zone_ids": _zones()}), done, errors)


@pages.post("/<id:shift_id>/retire")
@allowed(Access.CITY_ADMINISTRATOR)
def retire(shift_id: int) -> Response:
    """It is offered no more."""
    _known(shift_id)
    return _done(shift_id, lambda: changes.retire_shift(by(), shift_id), _("The shift is offered no more."))


def _sent() -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of the shift that was sent, and what is wrong with them; zones are looked up later."""
    sent = parse(ShiftForm(), request.form)
    if sent.errors:
        return {}, sent.errors
    values = sent.values
    start, end = values.pop("start"), values.pop("end")
    try:
        minutes = minutes_between(start, end)
        breaks = breaks_of(request.form, start, minutes)
    except Wrong as wrong:
        return {}, wrong.errors
    return {**values, "start_time": start, "duration_min": minutes, "breaks": breaks}, {}


def _zones() -> list[int]:
    return sorted(set(zone_ids(request.form.getlist("zone"))))


def _known(shift_id: int) -> Shift:
    return db.session.get(Shift, shift_id) or abort(404)


def _done(shift_id: int, change: Callable[[], Any], done: str, errors: Mapping[str, Any] = {}) -> Response:
    now = lambda: _shown(db.session.get_one(Shift, shift_id, populate_existing=True))  # noqa: E731
    wrong = wrong_with(errors, change, BESIDE, now)
    if wrong:
        return _page(_known(shift_id), wrong)
    flash(done, "good")
    return redirect(url_for("shifts.show", shift_id=shift_id), 303)


def _shown(shift: Shift) -> str:
    """The version of what can be changed of a shift."""
    return version(*(getattr(shift, name) for name in COLUMNS), shift.retired_at is None)


def _form(typed: EntryInput) -> Response:
    page = render_template("shift_new.html", entry=typed, zones=zones_offered(), written={}, roster_words=roster_words)
    return make_response(page, 422 if typed.errors else 200)


def _page(shift: Shift, typed: EntryInput = NOTHING_TYPED) -> Response:
    names = zone_names(db.session(), shift.zone_ids)
    begins = shift.start_time
    written = {
        "name": shift.name, "start": f"{begins:%H:%M}", "end": f"{ends_at(begins, shift.duration_min):%H:%M}",
        "profile": shift.profile, "grace_min": shift.grace_min, "before_min": shift.before_min,
        "after_min": shift.after_min, "zone": [names[zone] for zone in shift.zone_ids if zone in names],
        "breaks": [(f"{ends_at(begins, after):%H:%M}", length) for after, length in shift.breaks],
    }  # fmt: skip
    page = render_template(
        "shift.html", shift=shift, entry=typed, written=written, zones=zones_offered(), shown=_shown(shift),
        roster_words=roster_words,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
