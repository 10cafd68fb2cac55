"""Asking for leave, saying that one is sick or on an official trip; and what became of it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import leave
from tracker.web.access import Access, allowed, own_person
from tracker.web.attendance_forms import LeaveForm, wanted_of
from tracker.web.attendance_words import LEAVE_REFUSAL
from tracker.web.changing import do_and_say, ruled_out
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse

pages = Blueprint("my_leave", __name__, url_prefix="/me/leave")


@pages.get("")
@allowed(Access.EMPLOYEE)
def show() -> str:
    """One's requests, and the form for another."""
    return _page()


@pages.post("")
@allowed(Access.EMPLOYEE)
def ask() -> Response | tuple[str, int]:
    """Ask for leave; what was typed is shown again where it cannot be."""
    parsed = parse(LeaveForm(), request.form)
    asked = lambda: leave.ask(db.session(), own_person(), wanted_of(parsed.values), city().now(), city().today())  # noqa: E731
    wrong = ruled_out(parsed.errors, asked, LEAVE_REFUSAL)
    if wrong:
        return _page(wrong), 422
    flash(_("Asked. Your supervisor sees it now; the answer stands on this page."), "good")
    return redirect(url_for("my_leave.show"), 303)


@pages.post("/<id:leave_id>/withdraw")
@allowed(Access.EMPLOYEE)
def withdraw(leave_id: int) -> Response:
    """Take a request back, or leave that was granted and has not begun."""
    done = _("Withdrawn. You are expected at work on these days.")
    do_and_say(lambda: leave.withdraw(db.session(), own_person(), leave_id, city().today()) or abort(404), done,
               LEAVE_REFUSAL)  # fmt: skip
    return redirect(url_for("my_leave.show"), 303)


def _page(typed: EntryInput = NOTHING_TYPED) -> str:
    requests = leave.own_requests(db.session(), own_person())
    return render_template("my_leave.html", requests=requests, entry=typed, today=city().today())
