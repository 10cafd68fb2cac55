"""Checking in and out on one's own day, and what there is new to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import check_ins, notifications
from tracker.storage.check_ins import OffDuty
from tracker.storage.models import DutyWindow
from tracker.web import attendance_words
from tracker.web.access import Access, allowed, own_person
from tracker.web.attendance_forms import CheckInForm, PlaceForm, ReadForm, place_of
from tracker.web.city import city, db
from tracker.web.forms import parse

pages = Blueprint("my_attendance", __name__, url_prefix="/me")


@pages.post("/check-in")
@allowed(Access.EMPLOYEE)
def check_in() -> Response:
    """Check in or out now; the form's key makes a repeated request harmless, and a place that is no place is none."""
    sent = parse(CheckInForm(), request.form)
    if sent.errors:
        abort(400)
    place = place_of(parse(PlaceForm(), request.form).values)
    key, leaves = sent.values["key"], sent.values["leaves"]
    try:
        check_ins.check_in(db.session(), own_person(), key, leaves, place, city().now())
        db.session.commit()
        flash(_said(leaves), "good")
        if place is None:
            flash(_("It has no place: that alone shows no presence, but leaves it open that you were there."), "plain")
    except OffDuty:
        db.session.rollback()
        flash(attendance_words.OFF_DUTY, "bad")
    return redirect(url_for("my_day.today"), 303)


def _said(leaves: bool) -> str:
    return str(_("You are checked out.") if leaves else _("You are checked in."))


@pages.post("/notifications/read")
@allowed(Access.EMPLOYEE)
def read() -> Response:
    """What was shown has been read; what came since stays new."""
    sent = parse(ReadForm(), request.form)
    if sent.errors:
        abort(400)
    notifications.read(db.session(), own_person(), sent.values["last"], city().now())
    db.session.commit()
    return redirect(url_for("my_day.today"), 303)


def checking_in(person_id: int, windows: Sequence[DutyWindow], is_today: bool) -> dict[str, Any]:
    """The check-ins of a day's duties, and whether one is possible now."""
    now, session = city().now(), db.session()
    made = [
        one
        for window in windows
        for one in check_ins.check_ins_of(session, person_id, window.accepts_from, window.accepts_until)
    ]
    possible = is_today and check_ins.duty_for_check_in(session, person_id, now) is not None
    return {"check_ins": list(dict.fromkeys(made)), "may_check_in": possible}
