"""Who decides in a supervisor's place while they are away: named, and taken back, by the supervisor."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import granting
from tracker.storage.accounts import account_named
from tracker.storage.audit import Action, record
from tracker.storage.models import Account, Deputy
from tracker.storage.register import Impossible, NotFound
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.city import city, db
from tracker.web.forms import DeputyForm, parse
from tracker.web.words import DEPUTY, FIELD

pages = Blueprint("deputies", __name__, url_prefix="/team/deputies")


@pages.get("")
@allowed(Access.DECIDER)
def overview() -> str:
    """One's deputies, and in whose place one decides."""
    return _page({}, {})


@pages.post("")
@allowed(Access.DECIDER)
def name() -> Response | tuple[str, int]:
    """Name a deputy for some days."""
    parsed = parse(DeputyForm(), request.form)
    if parsed.errors:
        return _page(request.form, parsed.errors), 422
    sent = parsed.values
    try:
        deputy = account_named(db.session(), sent["username"])
        if not granting.may_stand_in(db.session(), _own(), deputy, city().today()):
            raise NotFound(sent["username"])  # whether others have an account is not said
        granting.name_deputy(db.session(), _own(), deputy, sent["first"], sent["last"], city().today())
    except NotFound:
        return _page(request.form, {"username": FIELD["username"]}), 422
    except granting.NoDeputy as error:
        db.session.rollback()
        return _page(request.form, {"": DEPUTY[error.why]}), 422
    days = {"first": str(sent["first"]), "last": str(sent["last"])}
    _record(Action.NAME_DEPUTY, deputy, days)
    flash(_("%(name)s decides in your place on these days.", name=_name(deputy)), "good")
    return redirect(url_for("deputies.overview"), 303)


@pages.post("/<id:deputy_id>/end")
@allowed(Access.DECIDER)
def end(deputy_id: int) -> Response:
    """Decide oneself again, at once."""
    named = db.session.get(Deputy, deputy_id)
    if named is None or named.principal_id != viewer().account_id:
        abort(404)
    try:
        granting.end_now(db.session(), named, city().today())
    except Impossible:
        abort(404)
    _record(Action.END_DEPUTY, named.deputy, {"first": str(named.first), "last": str(named.last)})
    flash(_("You decide yourself again."), "good")
    return redirect(url_for("deputies.overview"), 303)


def _record(action: Action, deputy: Account, days: dict[str, str]) -> None:
    principal = _own()
    detail = {"principal": principal.username, "deputy": deputy.username, **days}
    record(db.session(), actor(), action, detail, people=principal.people + deputy.people)
    db.session.commit()


def _own() -> Account:
    return db.session.get_one(Account, viewer().account_id)


def _name(account: Account) -> str:
    return account.person.name if account.person else account.username


def _page(typed: Any, errors: dict[str, Any]) -> str:
    session, today = db.session(), city().today()
    return render_template(
        "deputies.html", typed=typed, errors=errors, today=today,
        named=granting.deputies_of(session, viewer().account_id, today),
        standing_in=granting.principals_of(session, viewer().account_id, today),
    )  # fmt: skip
