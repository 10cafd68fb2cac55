"""Where administrators begin: what needs somebody, and in a city that is not set up yet, the steps to it."""

from __future__ import annotations

from flask import Blueprint, render_template

from tracker.storage.administration import attention, first_steps
from tracker.web import administration_words
from tracker.web.access import Access, allowed, viewer
from tracker.web.city import city, db

pages = Blueprint("administration", __name__, url_prefix="/admin")


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """Numbers that lead to lists; nothing else."""
    session = db.session()
    return render_template(
        "administration.html", counts=attention(session, viewer(), city().now()), steps=first_steps(session, viewer()),
        administration_words=administration_words,
    )  # fmt: skip
