"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage.accounts import check_password
from tracker.storage.attempts import FIRST_PAUSE, FREE_ATTEMPTS, MINUTE
from tracker.storage.audit import Action, Actor, record
from tracker.storage.models import Account
from tracker.storage.sessions import close_session
from tracker.web.access import Access, address, allowed, home_of, signed_in
from tracker.web.city import city, db
from tracker.web.cookies import forget_session, session_token
from tracker.web.entrance import admitted_or_code
from tracker.web.forms import SignInForm, parse
from tracker.web.passwords import typed

pages = Blueprint("signing_in", __name__)


@pages.get("/sign-in")
@allowed(Access.PUBLIC)
def form() -> Response:
    """The form; whoever is signed in already goes on to their first page."""
    who = signed_in()
    if who is not None:
        return redirect(home_of(who.viewer), 303)
    return make_response(render_template("sign_in.html", next=request.args.get("next", "")))


@pages.post("/sign-in")
@allowed(Access.PUBLIC)
def sign_in() -> Response:
    """Check name and password; every wrong answer looks the same."""
    sent = parse(SignInForm(), request.form).values
    username, wanted = sent.get("username", ""), sent.get("next", "")
    account = check_password(db.session(), username, typed("password"), city().now(), address())
    if account is None:
        refused = render_template(
            "sign_in.html", next=wanted, username=username, refused=True, free_attempts=FREE_ATTEMPTS,
            pause_min=FIRST_PAUSE // MINUTE,
        )  # fmt: skip
        return make_response(refused, 401)
    return admitted_or_code(account, wanted)


@pages.post("/sign-out")
@allowed(Access.PUBLIC)
def sign_out() -> Response:
    """End this browser's session, here and in the table."""
    account_id = close_session(db.session(), session_token() or "")
    if account_id is not None:
        people = db.session.get_one(Account, account_id).people
        record(db.session(), Actor(account_id, address()), Action.SIGN_OUT, {}, people=people)
        db.session.commit()
    session.clear()
    flash(_("You are signed out."), "good")
    response = redirect(url_for("signing_in.form"), 303)
    forget_session(response)
    return response
