"""The evidence of one verdict, as a page and as PDF: for who may read about the person, and for the person."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from tracker.storage.audit import Action, record
from tracker.storage.evidence import duty_of
from tracker.storage.models import DutyWindow
from tracker.storage.rights import Right
from tracker.web.access import Access, actor, allowed, own_person
from tracker.web.city import city, db
from tracker.web.day_rights import ground_of, member_on, noted
from tracker.web.evidence import Evidence, evidence_of
from tracker.web.evidence_map import map_of_track
from tracker.web.evidence_pdf import write_evidence
from tracker.web.evidence_sections import sections_of
from tracker.web.exporting import PDF, made
from tracker.web.team_day import reason_given, reason_page

MAP_SIZE = 720.0, 420.0  # of the drawing on the page, which grows and shrinks with it

pages = Blueprint("evidence", __name__, url_prefix="/team/<id:person_id>/days/<date:work_date>/duties")
own_pages = Blueprint("my_evidence", __name__, url_prefix="/me/duties")


@pages.get("/<id:window_id>")
@allowed(Access.READER)
def show(person_id: int, work_date: date, window_id: int) -> str:
    """The page. That it was opened is recorded before anything is shown; auditors say why first."""
    member = member_on(Right.READ, person_id, work_date)
    window = _duty(person_id, work_date, window_id)
    why = _why(person_id, work_date)
    if why is None:
        return reason_page(member, work_date, duty=window_id)
    _record(Action.VIEW_TRACK, window, {}, why)
    back = url_for("team_day.show", person_id=person_id, work_date=work_date)
    file = url_for("evidence.as_pdf", person_id=person_id, work_date=work_date, window_id=window_id)
    return _page(window, here="team", back=back, file=file)


@pages.get("/<id:window_id>.pdf")
@allowed(Access.READER)
def as_pdf(person_id: int, work_date: date, window_id: int) -> Response | AnyResponse:
    """The same to take away, which is recorded too."""
    member_on(Right.READ, person_id, work_date)
    window = _duty(person_id, work_date, window_id)
    why = _why(person_id, work_date)
    if why is None:
        address = url_for("evidence.show", person_id=person_id, work_date=work_date, window_id=window_id)
        return redirect(address, 303)
    days = {"first": str(work_date), "last": str(work_date)}
    _record(Action.EXPORT_REPORT, window, {"report": "evidence", "format": "pdf", **days}, why)
    return _file(window)


@own_pages.get("/<id:duty_id>")
@allowed(Access.EMPLOYEE)
def own(duty_id: int) -> str:
    """One's own."""
    window = duty_of(db.session(), own_person(), duty_id) or abort(404)
    back, file = url_for("my_day.day", work_date=window.work_date), url_for("my_evidence.own_pdf", duty_id=duty_id)
    return _page(window, here="my_day", back=back, file=file)


@own_pages.get("/<id:duty_id>.pdf")
@allowed(Access.EMPLOYEE)
def own_pdf(duty_id: int) -> Response:
    return _file(duty_of(db.session(), own_person(), duty_id) or abort(404))


def _duty(person_id: int, work_date: date, window_id: int) -> DutyWindow:
    """A duty of that person and day: the right is looked at for that day."""
    window = duty_of(db.session(), person_id, window_id)
    return window if window is not None and window.work_date == work_date else abort(404)


def _why(person_id: int, work_date: date) -> str | None:
    """The reason an auditor gave; empty for who needs none, None where it is yet to be given."""
    if ground_of(Right.READ, person_id, work_date).role != "auditor":
        return ""
    return reason_given(person_id, work_date) or None


def _record(action: Action, window: DutyWindow, more: dict[str, Any], why: str) -> None:
    looked = noted(Right.READ, window.person_id, window.work_date)
    record(db.session(), actor(), action, {**looked, **more, "duty": window.id}, people=[window.person_id], why=why)
    db.session.commit()


def _known(window: DutyWindow) -> Evidence:
    return evidence_of(db.session(), window, city().now(), city().oldest_kept)


def _page(window: DutyWindow, **more: Any) -> str:
    known = _known(window)
    drawing = map_of_track(known.track, *MAP_SIZE)
    return render_template(
        "evidence.html", known=known, window=window, track=known.track, sections=sections_of(known), drawing=drawing,
        **more,
    )  # fmt: skip


def _file(window: DutyWindow) -> Response:
    known = _known(window)
    name = f"{window.person.nip}-{window.work_date}-{window.id}.pdf"
    return made(lambda file: write_evidence(known, sections_of(known), file), name, PDF)
