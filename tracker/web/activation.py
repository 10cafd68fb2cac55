"""Choosing the password of one's own account, with the one-time code that an administrator handed over."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import accounts
from tracker.storage.attempts import FIRST_PAUSE, FREE_ATTEMPTS, MINUTE, undo_attempt
from tracker.storage.audit import Action, Actor, record
from tracker.web.access import Access, address, allowed
from tracker.web.city import city, db
from tracker.web.entrance import admitted_or_code
from tracker.web.forms import ActivationForm, parse
from tracker.web.passwords import SHORTEST, problem_with, typed

pages = Blueprint("activation", __name__)


@pages.get("/activate")
@allowed(Access.PUBLIC)
def form() -> str:
    """Name, code and the password to be."""
    return render_template("activate.html", sent={}, shortest=SHORTEST)


@pages.post("/activate")
@allowed(Access.PUBLIC)
def activate() -> Response:
    """Check the code, then the password. A wrong code, an unknown name and an expired code look the same."""
    sent = parse(ActivationForm(), request.form).values
    code, session = sent.get("code", ""), db.session()
    account = accounts.check_code(session, sent.get("username", ""), code, city().now(), address())
    if account is None:
        return _refused(sent)
    problem = problem_with(account)
    if problem:
        undo_attempt(session, account, address())
        db.session.commit()
        return make_response(render_template("activate.html", sent=sent, shortest=SHORTEST, problem=problem), 422)
    if not accounts.activate(session, account, code, typed("new_password")):
        return _refused(sent)
    record(session, Actor(account.id, address()), Action.ACTIVATE_ACCOUNT, {}, people=account.people)
    return admitted_or_code(account, "")


def _refused(sent: dict[str, str]) -> Response:
    sentence = _(
        "The user name or the code is not right, or the code has expired. After %(attempts)d wrong tries an account "
        "pauses for %(minutes)d minutes or more. Your administrator can give you another code.",
        attempts=FREE_ATTEMPTS,
        minutes=FIRST_PAUSE // MINUTE,
    )
    return make_response(render_template("activate.html", sent=sent, shortest=SHORTEST, problem=sentence), 401)
