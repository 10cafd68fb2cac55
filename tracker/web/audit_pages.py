"""The audit, for auditors within their units and for those who keep the city."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from tracker.storage.audit import Action
from tracker.storage.audit_pages import audit_list
from tracker.web import audit_words
from tracker.web.access import Access, allowed, viewer
from tracker.web.city import city, db
from tracker.web.forms import audit_filter

pages = Blueprint("audit", __name__, url_prefix="/admin/audit")
MOST_NAMES = 3  # of those a row is about; a download may be about a hundred thousand


@pages.get("")
@allowed(Access.AUDITOR)
def overview() -> str:
    """Who did what with whose data; filters and page are in the address."""
    wanted, number = audit_filter(request.args)
    found = audit_list(db.session(), viewer(), wanted, city().zone, number)
    return render_template(
        "audit.html", wanted=wanted, rows=found.page, names=found.names, most_names=MOST_NAMES,
        actions=audit_words.choices(Action), unnamed=audit_words.unnamed, details=audit_words.details,
    )  # fmt: skip
