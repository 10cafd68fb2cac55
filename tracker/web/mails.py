"""The mails, for administrators: which wait or failed and why; those that may have been sent, to be settled by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.domain.mailing import is_stuck
from tracker.storage import mail_pages
from tracker.storage.audit import Action, record
from tracker.storage.models import Mail
from tracker.web import mail_words
from tracker.web.access import Access, actor, allowed
from tracker.web.city import city, db
from tracker.web.mail_forms import mail_filter

pages = Blueprint("mails", __name__, url_prefix="/admin/condition/mails")


@pages.get("")
@allowed(Access.CITY_ADMINISTRATOR)
def overview() -> str:
    """The mails by their state; filter and page are in the address."""
    session, now = db.session(), city().now()
    state, number = mail_filter(request.args)
    counts = mail_pages.counts_by_state(session)
    return render_template(
        "mails.html", state=state, counts=counts, found=mail_pages.mail_list(session, state, counts, number),
        queue=mail_pages.queue_of(session, now), has_server=bool(city().settings.smtp_url), mail_words=mail_words,
        is_stuck=lambda row: row.state == "sending" and is_stuck(row.claimed_at, now),
    )  # fmt: skip


@pages.post("/<id:mail_id>/again")
@allowed(Access.CITY_ADMINISTRATOR)
def again(mail_id: int) -> Response:
    """Send a mail once more that failed, or that may have been sent."""
    return _dealt_with(mail_id, mail_pages.send_again, Action.SEND_MAIL_AGAIN, _("It is sent within a minute."))


@pages.post("/<id:mail_id>/close")
@allowed(Access.CITY_ADMINISTRATOR)
def close(mail_id: int) -> Response:
    """Leave a mail as it is: it is not sent again."""
    return _dealt_with(mail_id, mail_pages.close, Action.CLOSE_MAIL, _("It is closed and not sent again."))


def _dealt_with(mail_id: int, deal: Callable[[Mail, datetime], None], action: Action, sentence: str) -> Response:
    mail = mail_pages.held_mail(db.session(), mail_id)
    if mail is None:
        abort(404)
    if not mail_pages.waits_for_somebody(mail, city().now()):  # the button of a page that is no longer true
        flash(_("This mail was dealt with in the meantime. Nothing was changed."), "bad")
        return redirect(url_for("mails.overview"), 303)
    detail = {"mail_id": mail_id, "account": mail.account.username, "before": mail.state}
    deal(mail, city().now())
    record(db.session(), actor(), action, detail, people=mail.account.people)
    db.session.commit()
    flash(sentence, "good")
    return redirect(url_for("mails.overview"), 303)
