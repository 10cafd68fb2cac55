"""Tokens that an account makes for machines. A new one is shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage.audit import Action, record
from tracker.storage.rights import Right
from tracker.storage.tokens import LONGEST_VALID, NameTaken, make_token, revoke_token, tokens_of
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.city import city, db
from tracker.web.entrance import reentered
from tracker.web.forms import TokenForm, parse

# which right makes a scope worth having
RIGHT_OF = {"reports:read": Right.READ, "register:read": Right.ADMINISTER, "register:write": Right.ADMINISTER}
pages = Blueprint("tokens", __name__, url_prefix="/account/tokens")


@pages.get("")
@allowed(Access.ACCOUNT)
def overview() -> Response:
    """The tokens in use, and the form for another."""
    return _page()


@pages.post("")
@allowed(Access.PRINCIPAL)
def make() -> Response:
    """A new token, on this answer only."""
    sent = parse(TokenForm(), request.form)
    scopes = [scope for scope in _offered() if scope in request.form.getlist("scope")]
    if sent.errors or not scopes:
        return _page(_("Write a name, choose what the token is for, and a number of days from 1 to %(most)d.",
                       most=LONGEST_VALID.days))  # fmt: skip
    if reentered() is None:
        return _page(_("The password or the code is not right. Nothing was changed."))
    name, valid = sent.values["name"], timedelta(days=sent.values["days"])
    try:
        token_id, token = make_token(db.session(), viewer().account_id, name, scopes, city().now(), valid)
    except NameTaken:
        db.session.rollback()
        return _page(_("You have a token of this name. Revoke it first, or choose another name."))
    record(db.session(), actor(), Action.MAKE_TOKEN, {"token_id": token_id, "name": name, "scopes": scopes},
           people=viewer().people)  # fmt: skip
    db.session.commit()
    return _page(fresh=token)


@pages.post("/<id:token_id>/revoke")
@allowed(Access.ACCOUNT)
def revoke(token_id: int) -> Response:
    """Take one out of use."""
    if not revoke_token(db.session(), viewer().account_id, token_id, city().now()):
        abort(404)
    record(db.session(), actor(), Action.REVOKE_TOKEN, {"token_id": token_id}, people=viewer().people)
    db.session.commit()
    flash(_("The token is revoked: it opens nothing any more."), "good")
    return redirect(url_for(".overview"), 303)


def _offered() -> list[str]:
    """The scopes that this account's rights are good for."""
    return [scope for scope, right in RIGHT_OF.items() if viewer().holds(right)]


def _page(problem: Any = None, fresh: str | None = None) -> Response:
    page = render_template(
        "tokens.html",
        tokens=tokens_of(db.session(), viewer().account_id),
        now=city().now(),
        scopes=_offered(),
        chosen=request.form.getlist("scope"),
        longest_days=LONGEST_VALID.days,
        problem=problem,
        fresh=fresh,
        sent=request.form if problem else {},
    )
    return make_response(page, 422 if problem else 200)
