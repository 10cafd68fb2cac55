"""The second factor: codes of an app on one's phone. Asked for at sign-in, set up and taken away on one's account."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage.attempts import FIRST_PAUSE, FREE_ATTEMPTS, MINUTE, note_failure, take_attempt
from tracker.storage.audit import Action, record
from tracker.storage.models import Account
from tracker.storage.second_factor import begin_enrolment, confirm, remove_second_factor, sealed_secret, use_step
from tracker.storage.sessions import end_sessions, still_awaits_code
from tracker.web.access import Access, actor, address, allowed, home_of, must_have_second_factor, this_session, viewer
from tracker.web.city import city, db
from tracker.web.entrance import admitted, reentered, session_begun
from tracker.web.one_time_codes import fresh_secret, offer, step_of

pages = Blueprint("second_factor", __name__)


@pages.route("/sign-in/code", methods=["GET", "POST"])
@allowed(Access.ACCOUNT)
def code() -> Response:
    """The second step of a sign-in."""
    if not this_session().awaits_code:
        return redirect(home_of(viewer()), 303)
    wanted = request.values.get("next", "")
    if request.method == "GET":
        return make_response(render_template("code.html", next=wanted))
    account = _account_with_right_code()
    if account is not None:
        return admitted(account, wanted)
    sentence = _(
        "This code is not right, or it was used already. Wait for the next one and type it. After %(attempts)d wrong "
        "tries an account pauses for %(minutes)d minutes or more.",
        attempts=FREE_ATTEMPTS,
        minutes=FIRST_PAUSE // MINUTE,
    )
    return make_response(render_template("code.html", next=wanted, problem=sentence), 401)


def _account_with_right_code() -> Account | None:
    """The account of this half-open session, if a try is left and the code is right and fresh."""
    session, now = db.session(), city().now()
    account = take_attempt(session, viewer().username, now, address())
    if account is None or not still_awaits_code(session, account.id, this_session().session_id):
        return None  # it may have ended since this request began
    sealed = sealed_secret(session, account.id, confirmed=True)
    step = step_of(sealed, request.form.get("code", ""), now) if sealed else None
    if step is not None and use_step(session, account.id, step):
        return account
    note_failure(session, account, "second factor", address())
    return None


@pages.route("/account/second-factor", methods=["GET", "POST"])
@allowed(Access.ACCOUNT)
def show() -> Response:
    """The key of a new second factor, or that there is one."""
    if this_session().has_second_factor:
        return _page()
    if request.method == "POST":
        return _taken_into_use()
    sealed = fresh_secret()
    begin_enrolment(db.session(), viewer().account_id, sealed)
    db.session.commit()
    return _page(sealed)


def _taken_into_use() -> Response:
    """The key that was shown, if password and code are right; every other session ends."""
    session, now, account_id = db.session(), city().now(), viewer().account_id
    sealed = sealed_secret(session, account_id, confirmed=False)
    if sealed is None:
        return redirect(url_for(".show"), 303)
    account = reentered()
    if account is None:
        return _page(sealed, _("The password or the code is not right. Nothing was changed."))
    step = step_of(sealed, request.form.get("code", ""), now)
    if step is None or not confirm(session, account_id, sealed, step, now):
        return _page(sealed, _("The code does not fit this key. Enter the key again, then type the code that follows."))
    record(session, actor(), Action.SECOND_FACTOR_ON, {}, people=viewer().people)
    end_sessions(session, account_id)
    response = session_begun(account, url_for("account.overview"))
    flash(_("From now on a code is asked for when you sign in. Your other sessions have ended."), "good")
    return response


@pages.post("/account/second-factor/remove")
@allowed(Access.ACCOUNT)
def remove() -> Response:
    """Take it away again, where it is the person's own choice."""
    if must_have_second_factor(viewer()):
        return _page(problem=_("Your account decides about others, so it keeps its second factor. If the phone is "
                               "lost, your administrator resets the account."))  # fmt: skip
    if reentered() is None:
        return _page(problem=_("The password or the code is not right. Nothing was changed."))
    if remove_second_factor(db.session(), viewer().account_id):
        record(db.session(), actor(), Action.SECOND_FACTOR_OFF, {}, people=viewer().people)
    db.session.commit()
    flash(_("No code is asked for any more when you sign in."), "good")
    return redirect(url_for("account.overview"), 303)


def _page(sealed: bytes | None = None, problem: str | None = None) -> Response:
    page = render_template(
        "second_factor.html",
        offer=offer(sealed, viewer().username) if sealed else None,
        required=must_have_second_factor(viewer()),
        in_use=this_session().has_second_factor,
        problem=problem,
    )
    return make_response(page, 422 if problem else 200)
