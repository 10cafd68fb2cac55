"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage.accounts import FIRST_PAUSE, FREE_ATTEMPTS, MINUTE, check_password, close_session, open_session
from tracker.storage.audit import Action, Actor, record
from tracker.storage.models import Account
from tracker.web.access import COOKIE, Access, allowed, home_of, signed_in
from tracker.web.addresses import is_ours
from tracker.web.city import city, db
from tracker.web.forms import SignInForm, parse

pages = Blueprint("signing_in", __name__)


@pages.get("/sign-in")
@allowed(Access.PUBLIC)
def form() -> Response:
    """The form; whoever is signed in already goes on to their first page."""
    who = signed_in()
    if who is not None:
        return redirect(home_of(who), 303)
    return make_response(render_template("sign_in.html", next=request.args.get("next", "")))


@pages.post("/sign-in")
@allowed(Access.PUBLIC)
def sign_in() -> Response:
    """Check name and password; every wrong answer looks the same."""
    sent = parse(SignInForm(), request.form).values
    name, password, address = sent.get("username", ""), sent.get("password", ""), request.remote_addr or ""
    account = check_password(db.session(), name, password, city().now(), address)
    if account is None:
        refused = render_template(
            "sign_in.html", next=sent.get("next", ""), username=sent.get("username", ""), refused=True,
            free_attempts=FREE_ATTEMPTS, pause_min=FIRST_PAUSE // MINUTE,
        )  # fmt: skip
        return make_response(refused, 401)
    return _admitted(account, sent.get("next", ""))


@pages.post("/sign-out")
@allowed(Access.PUBLIC)
def sign_out() -> Response:
    """End this browser's session, here and in the table."""
    token = request.cookies.get(COOKIE)
    if token:
        _note_sign_out()
        close_session(db.session(), token)
        db.session.commit()
    session.clear()
    flash(_("You are signed out."), "good")
    response = redirect(url_for("signing_in.form"), 303)
    response.delete_cookie(COOKIE)
    return response


def _note_sign_out() -> None:
    who = signed_in()
    if who is not None:
        people = [] if who.person_id is None else [who.person_id]
        record(db.session(), Actor(who.account_id, request.remote_addr or ""), Action.SIGN_OUT, {}, people=people)


def _admitted(account: Account, wanted: str) -> Response:
    close_session(db.session(), request.cookies.get(COOKIE, ""))  # whoever used this browser before
    token, expires_at = open_session(db.session(), account, city().now(), city().today())
    record(db.session(), Actor(account.id, request.remote_addr or ""), Action.SIGN_IN, {}, people=account.people)
    db.session.commit()
    session.clear()  # what was signed before signing in is not valid afterwards
    response = redirect(wanted if is_ours(wanted) else url_for("signing_in.form"), 303)
    response.set_cookie(
        COOKIE, token, expires=expires_at, secure=city().settings.secure_cookies, httponly=True, samesite="Lax"
    )
    return response
