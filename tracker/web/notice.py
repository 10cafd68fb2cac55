"""The privacy notice, which every employee reads at the first sign-in, and again when it says something else."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tracker.storage.notices import NOTICE_VERSION, acknowledge, acknowledged_at
from tracker.web.access import Access, allowed, home_of, own_person, viewer
from tracker.web.addresses import is_ours
from tracker.web.city import city, db
from tracker.web.forms import NoticeForm, parse

pages = Blueprint("notice", __name__, url_prefix="/me/notice")


@pages.get("")
@allowed(Access.EMPLOYEE)
def show() -> str:
    """The notice; with a button where it was not read yet."""
    return render_template(
        "notice.html",
        next=request.args.get("next", ""),
        read_at=acknowledged_at(db.session(), own_person()),
        version=NOTICE_VERSION,
        retention_days=city().settings.retention_days,
    )


@pages.post("")
@allowed(Access.EMPLOYEE)
def read() -> Response:
    """Note that the notice was read, and go on to where the employee wanted to go."""
    sent = parse(NoticeForm(), request.form).values
    wanted = sent.get("next", "")
    if sent.get("version") != NOTICE_VERSION:  # it says something else since this page was opened
        return redirect(url_for("notice.show", next=wanted), 303)
    acknowledge(db.session(), own_person(), city().now())
    db.session.commit()
    return redirect(wanted if is_ours(wanted) else home_of(viewer()), 303)
