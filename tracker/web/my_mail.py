"""Reports by mail: the address of one's account, confirmed by a code that is sent there, and what one subscribes to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from tracker.domain.periods import Cadence
from tracker.storage import subscriptions
from tracker.storage.audit import Action, record
from tracker.storage.mail_pages import undelivered
from tracker.storage.models import Unit
from tracker.storage.person_days import units_for
from tracker.storage.register import same_name
from tracker.storage.rights import Right, units_covered
from tracker.web import mail_words
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.city import city, db
from tracker.web.forms import parse
from tracker.web.language import LANGUAGES
from tracker.web.mail_forms import AddressForm, CodeForm, SubscriptionForm
from tracker.web.words import FIELD

pages = Blueprint("my_mail", __name__, url_prefix="/account/mail")
Page = Response | tuple[str, int]


@pages.get("")
@allowed(Access.ACCOUNT)
def overview() -> str:
    """The address and the subscriptions of the account."""
    return _page({}, {})


@pages.post("/address")
@allowed(Access.ACCOUNT)
def set_address() -> Page:
    """Give an address, or another; a code goes there. The same address may be given in another language."""
    parsed = parse(AddressForm(), request.form)
    if not city().settings.smtp_url:
        return _page(request.form, {"": mail_words.NO_SERVER}), 422
    if parsed.errors:
        return _page(request.form, parsed.errors), 422
    address, language = parsed.values["address"], parsed.values["language"]
    kept = subscriptions.address_of(db.session(), viewer().account_id)
    if kept is not None and kept.confirmed_at is not None and kept.address == address:
        kept.language = language
        return _done(Action.SET_MAIL_ADDRESS, {}, _("Your mails come in this language from now on."))
    if not subscriptions.set_address(db.session(), viewer().account_id, address, language, city().now()):
        return _page(request.form, {"": mail_words.TOO_MANY_CODES}), 422
    return _done(Action.SET_MAIL_ADDRESS, {}, _("A code is on its way to that address. Type it here."))


@pages.post("/confirm")
@allowed(Access.ACCOUNT)
def confirm() -> Page:
    """Take the address into use by the code that was sent there."""
    code = parse(CodeForm(), request.form).values.get("code", "")
    if not subscriptions.confirm(db.session(), viewer().account_id, "".join(code.split()), city().now()):
        db.session.commit()  # a wrong try counts
        kept = subscriptions.address_of(db.session(), viewer().account_id)
        if kept is not None and kept.confirmed_at is not None:  # sent twice, or from another tab
            return redirect(url_for("my_mail.overview"), 303)
        return _page({}, {"code": mail_words.WRONG_CODE}), 422
    return _done(Action.CONFIRM_MAIL_ADDRESS, {}, _("The address is confirmed."))


@pages.post("/remove")
@allowed(Access.ACCOUNT)
def remove() -> Page:
    """Forget the address: no mail is sent any more. Where there is none nothing happens."""
    if not subscriptions.remove_address(db.session(), viewer().account_id):
        return redirect(url_for("my_mail.overview"), 303)
    return _done(Action.REMOVE_MAIL_ADDRESS, {}, _("The address is removed. No report is sent any more."))


@pages.post("/subscriptions")
@allowed(Access.ACCOUNT)
def subscribe() -> Page:
    """Ask for a report: about oneself, or about a unit that one may read about."""
    parsed = parse(SubscriptionForm(), request.form)
    about, name = parsed.values.get("about"), parsed.values.get("unit", "")
    unit_id = _readable(name) if about == "unit" else None
    errors = dict(parsed.errors)
    if about == "unit" and unit_id is None:
        errors["unit"] = mail_words.NO_UNIT
    if about == "own" and viewer().person_id is None:
        errors["about"] = FIELD["kind"]
    if errors:
        return _page(request.form, errors), 422
    cadence = parsed.values["cadence"]
    number = subscriptions.subscribe(db.session(), viewer().account_id, cadence, unit_id, city().now())
    if number is None:
        return _page(request.form, {"": mail_words.TOO_MANY % {"most": subscriptions.MOST_SUBSCRIPTIONS}}), 422
    detail = {"cadence": cadence} | ({"unit": name} if unit_id else {})
    return _done(Action.SUBSCRIBE, detail, _("You are subscribed. The first report is of the period that now runs."))


@pages.post("/subscriptions/<id:subscription_id>/end")
@allowed(Access.ACCOUNT)
def unsubscribe(subscription_id: int) -> Page:
    """End a subscription, at once."""
    ended = subscriptions.end_subscription(db.session(), viewer().account_id, subscription_id, city().now())
    if ended is None:
        abort(404)
    detail = {"cadence": ended.cadence} | ({"unit": ended.unit.name} if ended.unit else {})
    return _done(Action.UNSUBSCRIBE, detail, _("This report is not sent to you any more."))


def _done(action: Action, detail: dict[str, Any], sentence: str) -> Response:
    """Commit with its record; the address itself is not in it: what is written there stays for ever."""
    record(db.session(), actor(), action, detail, people=viewer().people)
    db.session.commit()
    flash(sentence, "good")
    return redirect(url_for("my_mail.overview"), 303)


def _readable(name: str) -> int | None:
    """The unit of this name, where the viewer may read about it today."""
    today = city().today()
    covered = units_covered(viewer(), Right.READ, today, today)
    named = select(Unit.id).where(same_name(Unit.name, name), Unit.id.in_(covered))
    return db.session.scalar(named) if name else None


def _page(typed: Any, errors: dict[str, Any]) -> str:
    session, who, today = db.session(), viewer(), city().today()
    problem = undelivered(session, who.account_id)
    return render_template(
        "my_mail.html", typed=typed, errors=errors, address=subscriptions.address_of(session, who.account_id),
        wanted=subscriptions.subscriptions_of(session, who.account_id), cadences=list(Cadence),
        units=units_for(session, who, today, today) if who.reads else [], mail_words=mail_words,
        has_server=bool(city().settings.smtp_url), most=subscriptions.MOST_SUBSCRIPTIONS, choices=LANGUAGES,
        present=str(get_locale()), problem=mail_words.problem_told(problem) if problem else None,
    )  # fmt: skip
