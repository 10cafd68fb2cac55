"""One's own account: where it is signed in, and its password."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from tracker.storage.accounts import set_password
from tracker.storage.audit import Action, record
from tracker.storage.sessions import end_session, end_sessions, sessions_of
from tracker.web.access import Access, actor, allowed, must_have_second_factor, this_session, viewer
from tracker.web.city import city, db
from tracker.web.entrance import reentered, session_begun
from tracker.web.passwords import SHORTEST, problem_with, typed
from tracker.web.user_agents import device_name

pages = Blueprint("account", __name__, url_prefix="/account")


@pages.get("")
@allowed(Access.ACCOUNT)
def overview() -> str:
    """Everything about the account that its owner may change, and every browser that is signed in."""
    who = this_session()
    sessions = sessions_of(db.session(), who.viewer, city().now())
    return render_template(
        "account.html",
        sessions=[(one, device_name(one.user_agent)) for one in sessions],
        this=who.session_id,
        has_second_factor=who.has_second_factor,
        required=must_have_second_factor(who.viewer),
    )


@pages.post("/sessions/<id:session_id>/end")
@allowed(Access.ACCOUNT)
def end_one(session_id: int) -> Response:
    """Sign one browser out."""
    if not end_session(db.session(), viewer().account_id, session_id):
        abort(404)
    record(db.session(), actor(), Action.END_SESSION, {"session_id": session_id}, people=viewer().people)
    db.session.commit()
    flash(_("That browser is signed out."), "good")
    return redirect(url_for(".overview"), 303)


@pages.post("/sessions/end-others")
@allowed(Access.ACCOUNT)
def end_others() -> Response:
    """Sign every browser out but this one."""
    who = this_session()
    ended = end_sessions(db.session(), who.viewer.account_id, but=who.session_id)
    if ended:
        record(db.session(), actor(), Action.END_SESSION, {"sessions": ended}, people=viewer().people)
        db.session.commit()
    flash(ngettext("%(num)d other browser is signed out.", "%(num)d other browsers are signed out.", ended), "good")
    return redirect(url_for(".overview"), 303)


@pages.route("/password", methods=["GET", "POST"])
@allowed(Access.ACCOUNT)
def password() -> Response:
    """Another password; the one so far is needed."""
    if request.method == "GET":
        return _password_page()
    account = reentered()
    if account is None:
        return _password_page(_("The password or the code is not right. Nothing was changed."))
    problem = problem_with(account)
    if problem:
        return _password_page(problem)
    set_password(account, typed("new_password"))
    end_sessions(db.session(), account.id)
    record(db.session(), actor(), Action.CHANGE_PASSWORD, {}, people=viewer().people)
    response = session_begun(account, url_for(".overview"))
    flash(_("Your password is changed. Your other sessions have ended."), "good")
    return response


def _password_page(problem: str | None = None) -> Response:
    page = render_template("password.html", problem=problem, shortest=SHORTEST)
    return make_response(page, 422 if problem else 200)
