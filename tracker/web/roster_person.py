"""One person's roster: by which rotation they work, single days, overtime, leave, and a month of what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from werkzeug.wrappers import Response

from tracker.storage import roster_changes as changes
from tracker.storage.register import Why
from tracker.storage.roster_pages import (
    Roster,
    lines_of,
    member_for,
    offered_rotations,
    offered_shifts,
    roster_of,
)
from tracker.storage.rostering import calendar
from tracker.web import roster_words
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.changing import refused, version
from tracker.web.city import FIRST_DATE, LAST_DATE, city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.roster_forms import (
    AssignForm,
    DayForm,
    ExtraForm,
    OnForm,
    OvertimeForm,
    Wrong,
    minutes_between,
    month_asked,
)
from tracker.web.zone_choice import zone_ids, zones_named, zones_offered

pages = Blueprint("roster_person", __name__, url_prefix="/admin/rosters")
BESIDE = {"zone": "zone", "rotation": "rotation", "shift": "shift", Why.BACKWARDS: "last"}
FROM_FIRST, FROM_DAY = {**BESIDE, Why.TOO_FAR: "first"}, {**BESIDE, Why.TOO_FAR: "on", Why.NO_ROSTER: "on"}
Values = Mapping[str, Any]


@pages.get("/<id:member_id>")
@allowed(Access.ADMINISTRATOR)
def show(member_id: int) -> Response:
    """A month of one person, and what can be changed of it."""
    return _page(_member(member_id))


@pages.post("/<id:member_id>/rotation")
@allowed(Access.ADMINISTRATOR)
def assign(member_id: int) -> Response:
    """They work by a rotation from a day on."""
    def change(nip: str, to: Values) -> None:
        changes.assign(by(), nip, to["rotation"], to["first"], to["last"], to["offset"], _zones())

    return _sent(member_id, AssignForm(), change, FROM_FIRST, _("The rotation is assigned."))


@pages.post("/<id:member_id>/end")
@allowed(Access.ADMINISTRATOR)
def end(member_id: int) -> Response:
    """They work by no rotation from a day on."""
    def change(nip: str, to: Values) -> None:
        changes.end_roster(by(), nip, to["on"])

    return _sent(member_id, OnForm(), change, FROM_DAY, _("From that day on they work by no rotation."))


@pages.post("/<id:member_id>/day")
@allowed(Access.ADMINISTRATOR)
def day(member_id: int) -> Response:
    """On one day they work another shift, or are off."""
    def change(nip: str, to: Values) -> None:
        changes.set_day(by(), nip, to["on"], to["shift"], _zones(), to["note"])

    return _sent(member_id, DayForm(), change, FROM_DAY, _("The day is changed."))


@pages.post("/<id:member_id>/day/clear")
@allowed(Access.ADMINISTRATOR)
def clear(member_id: int) -> Response:
    """On one day the rotation holds again."""
    def change(nip: str, to: Values) -> None:
        changes.clear_day(by(), nip, to["on"])

    return _sent(member_id, OnForm(), change, {}, _("On that day the rotation holds again."))


@pages.post("/<id:member_id>/overtime")
@allowed(Access.ADMINISTRATOR)
def overtime(member_id: int) -> Response:
    """They work overtime on a day."""
    def change(nip: str, to: Values) -> None:
        minutes = minutes_between(to["start"], to["end"])
        changes.add_overtime(by(), nip, to["on"], to["shift"], to["start"], minutes, _zones(), to["note"])

    return _sent(member_id, OvertimeForm(), change, FROM_DAY, _("The overtime is added."))


@pages.post("/<id:member_id>/overtime/remove")
@allowed(Access.ADMINISTRATOR)
def no_overtime(member_id: int) -> Response:
    """They do not work overtime after all."""
    def change(nip: str, to: Values) -> None:
        changes.remove_overtime(by(), nip, to["extra"])

    return _sent(member_id, ExtraForm(), change, {}, _("The overtime is removed."))


def _sent(
    member_id: int, form: Schema, change: Callable[[str, Values], None], beside: Mapping[Any, str], done: str
) -> Response:
    """Do what a form asks, or show it again with what is in the way."""
    member, sent = _member(member_id), parse(form, request.form)
    if sent.errors:
        return _page(member, EntryInput(request.form, sent.errors))
    try:
        wrong = refused(lambda: change(member.nip, sent.values), beside, lambda: _shown(_roster(member_id)))
    except Wrong as error:
        db.session.rollback()
        wrong = EntryInput(request.form, error.errors)
    if wrong:
        return _page(_member(member_id), wrong)
    flash(done, "good")
    return redirect(url_for("roster_person.show", member_id=member_id, month=request.args.get("month")), 303)


def _zones() -> list[int]:
    return zone_ids(request.form.getlist("zone"))


def _member(member_id: int) -> Any:
    """A person whom one administers; any other does not exist here."""
    return member_for(db.session(), viewer(), member_id, city().today()) or abort(404)


def _roster(member_id: int) -> Roster:
    return roster_of(db.session(), member_id, FIRST_DATE, LAST_DATE)


def _shown(roster: Roster) -> str:
    """The version of what can be changed of somebody's roster."""
    entries = [(one.rotation_id, one.period, one.offset, one.zone_ids) for one in roster.entries]
    days = sorted((one.day, one.shift_id, one.zone_ids, one.note) for one in roster.days.values())
    return version(entries, str(days), [one.id for one in roster.extras])


def _page(member: Any, typed: EntryInput = NOTHING_TYPED) -> Response:
    session, today = db.session(), city().today()
    month, roster = month_asked(request.args, today), _roster(member.id)
    known = calendar(session.connection())
    (line,) = lines_of(session, [member], known, month.first, month.last, city().zone)
    zones = {zone for duties in line.days.values() for one in duties for zone in one.zones}
    zones |= {zone for one in roster.entries for zone in one.zone_ids}
    month_leaves = [one for one in roster.leaves if one.last and one.first and one.last >= month.first]
    page = render_template(
        "roster_person.html", member=member, month=month, line=line, roster=roster, entry=typed, today=today,
        leaves=[one for one in month_leaves if one.first and one.first <= month.last], holidays=known.holidays,
        extras=[one for one in roster.extras if month.first <= one.day <= month.last], shown=_shown(roster),
        named=zones_named(zones), zones=zones_offered(), shifts=offered_shifts(session),
        rotations=offered_rotations(session), roster_words=roster_words,
        where={"month": month.first.strftime("%Y-%m")} if month.first != today.replace(day=1) else {},
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
