"""A superior finds somebody absent where nothing shows them, and may withdraw it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import absences
from tracker.storage.audit import Action, record
from tracker.storage.models import AbsenceFinding, DutyWindow
from tracker.storage.rights import Right
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.changing import do_and_say, ruled_out
from tracker.web.city import city, db
from tracker.web.contest_forms import AbsenceForm
from tracker.web.contest_words import REFUSAL
from tracker.web.day_rights import member_on, noted, window_on
from tracker.web.forms import parse
from tracker.web.team_day import day_page, to_day

pages = Blueprint("team_absence", __name__, url_prefix="/team/<id:person_id>/days/<date:work_date>")


@pages.post("/windows/<id:window_id>/absence")
@allowed(Access.DECIDER)
def find(person_id: int, work_date: date, window_id: int) -> Response | tuple[str, int]:
    """Find somebody absent; what was typed is shown again where it cannot be."""
    member = member_on(Right.DECIDE, person_id, work_date)
    window = window_on(person_id, work_date, window_id)
    parsed = parse(AbsenceForm(), request.form)
    wrong = ruled_out(parsed.errors, lambda: _find(window, parsed.values), REFUSAL)
    if wrong:
        return day_page(member, work_date, finding={window_id: wrong}), 422
    flash(_("Found absent. The verdict is computed again within minutes; the person is told, and may contest it."),
          "good")  # fmt: skip
    return to_day(person_id, work_date)


def _find(window: DutyWindow, sent: dict[str, Any]) -> None:
    session, why = db.session(), sent["why_absent"]
    absences.find(session, viewer(), window, sent["digest"], why, city().now(), city().oldest_kept)
    said = noted(Right.DECIDE, window.person_id, window.work_date)
    record(session, actor(), Action.FIND_ABSENCE, said, people=[window.person_id], why=why)


@pages.post("/absences/<id:finding_id>/withdraw")
@allowed(Access.DECIDER)
def withdraw(person_id: int, work_date: date, finding_id: int) -> Response:
    """Take a finding back; nobody does about themselves."""
    member_on(Right.DECIDE, person_id, work_date)
    found = absences.finding_of(db.session(), person_id, finding_id)
    if found is None or found[1].work_date != work_date:
        abort(404)
    done = _("Withdrawn. The verdict is computed again within minutes; the person is told.")
    do_and_say(lambda: _withdraw(*found), done, REFUSAL)
    return to_day(person_id, work_date)


def _withdraw(finding: AbsenceFinding, window: DutyWindow) -> None:
    session = db.session()
    absences.withdraw(session, viewer(), finding, window, city().now(), city().oldest_kept)
    said = noted(Right.DECIDE, window.person_id, window.work_date)
    record(session, actor(), Action.WITHDRAW_ABSENCE, said, people=[window.person_id])
