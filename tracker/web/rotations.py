"""The city's rotations: a cycle of shifts, one a day. The number of days is chosen first, then the shift of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import calendar_changes as changes
from tracker.storage.models import Rotation, Shift
from tracker.storage.register import Why
from tracker.storage.roster_pages import all_rotations, offered_shifts
from tracker.web import roster_words
from tracker.web.access import Access, allowed, by
from tracker.web.changing import refused, version, wrong_with
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.roster_forms import CycleForm, RotationForm, cycle_of

pages = Blueprint("rotations", __name__, url_prefix="/admin/rotations")
BESIDE = {Why.ROTATION_TAKEN: "name", Why.NO_SHIFT: "day", Why.CYCLE_OVERLAPS: "day", "shift": "day"}
WEEK = 7


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """All rotations, each with who works by it."""
    rows = all_rotations(db.session(), city().today())
    cycles = {row.Rotation.id: _shifts_of(row.Rotation) for row in rows}
    return render_template("rotations.html", rows=rows, cycles=cycles, roster_words=roster_words)


@pages.get("/new")
@allowed(Access.CITY_ADMINISTRATOR)
def new() -> Response:
    """How many days first, then the form for another rotation."""
    asked = parse(CycleForm(), request.args)
    wrong = EntryInput(request.args, asked.errors) if "days" in request.args else NOTHING_TYPED
    return _form(asked.values, wrong)


@pages.post("/new")
@allowed(Access.CITY_ADMINISTRATOR)
def add() -> Response:
    """Add a rotation."""
    sent = parse(RotationForm(), request.form)
    wrong = wrong_with(sent.errors, lambda: changes.add_rotation(by(), *_columns(sent.values)), BESIDE)
    if wrong:
        return _form(sent.values, wrong)
    flash(_("The rotation %(name)s is added.", name=sent.values["name"]), "good")
    return redirect(url_for("rotations.overview"), 303)


@pages.get("/<id:rotation_id>")
@allowed(Access.ADMINISTRATOR)
def show(rotation_id: int) -> Response:
    """One rotation and what can be done with it; the address may ask for another number of days."""
    asked = parse(CycleForm(), request.args)
    wrong = EntryInput(request.args, asked.errors) if "days" in request.args else NOTHING_TYPED
    return _page(_known(rotation_id), {} if asked.errors else asked.values, wrong)


@pages.post("/<id:rotation_id>")
@allowed(Access.CITY_ADMINISTRATOR)
def change(rotation_id: int) -> Response:
    """Put another cycle in its place, for duties that have not begun."""
    rotation, sent = _known(rotation_id), parse(RotationForm(), request.form)
    if sent.errors:
        return _page(rotation, sent.values, EntryInput(request.form, sent.errors))
    done = _("The rotation is changed, for duties from tomorrow on.")
    changed = lambda: changes.change_rotation(by(), rotation_id, *_columns(sent.values))  # noqa: E731
    return _done(rotation_id, changed, done, sent.values)


@pages.post("/<id:rotation_id>/retire")
@allowed(Access.CITY_ADMINISTRATOR)
def retire(rotation_id: int) -> Response:
    """It is offered no more."""
    _known(rotation_id)
    done = _("The rotation is offered no more.")
    return _done(rotation_id, lambda: changes.retire_rotation(by(), rotation_id), done, {})


def _columns(values: Any) -> tuple[str, date, list[int | None], bool]:
    return values["name"], values["anchor"], cycle_of(request.form, values["days"]), values["beats_holidays"]


def _known(rotation_id: int) -> Rotation:
    return db.session.get(Rotation, rotation_id) or abort(404)


def _done(rotation_id: int, change: Callable[[], Any], done: str, asked: Any) -> Response:
    now = lambda: _shown(db.session.get_one(Rotation, rotation_id, populate_existing=True))  # noqa: E731
    wrong = refused(change, BESIDE, now)
    if wrong:
        return _page(_known(rotation_id), asked if wrong.values else {}, wrong)
    flash(done, "good")
    return redirect(url_for("rotations.show", rotation_id=rotation_id), 303)


def _shown(rotation: Rotation) -> str:
    """The version of what can be changed of a rotation."""
    cycle = changes.cycle_of(rotation)
    return version(rotation.name, rotation.anchor, cycle, rotation.beats_holidays, rotation.retired_at is None)


def _shifts_of(rotation: Rotation) -> list[Shift | None]:
    """The shift of each day."""
    shifts = {one.number: one.shift for one in rotation.shifts}
    return [shifts.get(number) for number in range(rotation.days)]


def _labels(anchor: date, days: int) -> list[str]:
    """What the days of a cycle are called: in whole weeks by their day of the week, too."""
    if days % WEEK:
        return [str(_("Day %(number)d", number=number + 1)) for number in range(days)]
    names = (roster_words.weekday((anchor + timedelta(days=number)).isoweekday(), "EEEE") for number in range(days))
    return [str(_("Day %(number)d, %(weekday)s", number=n, weekday=name)) for n, name in enumerate(names, 1)]


def _chosen(stored: Sequence[int | None], days: int) -> list[int | None]:
    """The shifts that the form shows: those that were sent, else those that hold."""
    sent = cycle_of(request.form, days) if "day" in request.form else list(stored)
    return (sent + [None] * days)[:days]


def _form(asked: Any, typed: EntryInput) -> Response:
    today = city().today()
    monday = today - timedelta(days=today.weekday())
    ready = "days" in asked and "anchor" in asked
    page = render_template(
        "rotation_new.html", entry=typed, ready=ready, days=asked.get("days", WEEK), anchor=asked.get("anchor", monday),
        labels=_labels(asked["anchor"], asked["days"]) if ready else (), shifts=offered_shifts(db.session()),
        chosen=_chosen((), asked["days"]) if ready else (), roster_words=roster_words,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)


def _page(rotation: Rotation, asked: Any, typed: EntryInput = NOTHING_TYPED) -> Response:
    days, anchor = asked.get("days", rotation.days), asked.get("anchor", rotation.anchor)
    page = render_template(
        "rotation.html", rotation=rotation, entry=typed, days=days, anchor=anchor, labels=_labels(anchor, days),
        cycle=_shifts_of(rotation), other=bool(asked), shifts=offered_shifts(db.session()),
        chosen=_chosen(changes.cycle_of(rotation), days), shown=_shown(rotation), roster_words=roster_words,
        own_labels=_labels(rotation.anchor, rotation.days),
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
