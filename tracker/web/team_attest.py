"""A superior attests that somebody was present in a part of a duty, and may withdraw it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.domain.attestation import times_within
from tracker.storage import attestations
from tracker.storage.attestations import Word
from tracker.storage.audit import Action, record
from tracker.storage.models import Attestation, DutyWindow
from tracker.storage.rights import Right
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.attendance_forms import AttestForm
from tracker.web.attendance_words import ATTESTATION_REFUSAL
from tracker.web.changing import do_and_say, ruled_out
from tracker.web.city import city, db
from tracker.web.day_rights import member_on, noted, window_on
from tracker.web.formats import machine_clock
from tracker.web.forms import parse
from tracker.web.team_day import day_page, to_day

pages = Blueprint("team_attest", __name__, url_prefix="/team/<id:person_id>/days/<date:work_date>")


@pages.post("/windows/<id:window_id>/attest")
@allowed(Access.DECIDER)
def attest(person_id: int, work_date: date, window_id: int) -> Response | tuple[str, int]:
    """Vouch for somebody's presence; what was typed is shown again where it cannot be."""
    member = member_on(Right.DECIDE, person_id, work_date)
    window = window_on(person_id, work_date, window_id)
    parsed = parse(AttestForm(), request.form)
    wrong = ruled_out(parsed.errors, lambda: _attest(window, parsed.values), ATTESTATION_REFUSAL)
    if wrong:
        return day_page(member, work_date, attesting={window_id: wrong}), 422
    flash(_("Attested. The verdict is computed again within minutes."), "good")
    return to_day(person_id, work_date)


def _attest(window: DutyWindow, sent: dict[str, Any]) -> None:
    session, person_id, work_date = db.session(), window.person_id, window.work_date
    start, end = times_within(sent["start"], sent["end"], (window.starts_at, window.ends_at), city().zone)
    word = Word(start, end, sent["why_present"])
    attestations.attest(session, viewer(), window, word, city().now(), city().oldest_kept)
    said = noted(Right.DECIDE, person_id, work_date) | {"start": machine_clock(start), "end": machine_clock(end)}
    record(session, actor(), Action.ATTEST, said, people=[person_id], why=word.reason)


@pages.post("/attestations/<id:attestation_id>/withdraw")
@allowed(Access.DECIDER)
def withdraw(person_id: int, work_date: date, attestation_id: int) -> Response:
    """Take a word back; nobody does about themselves."""
    member_on(Right.DECIDE, person_id, work_date)
    found = attestations.attestation_of(db.session(), person_id, attestation_id)
    if found is None or found[1].work_date != work_date:
        abort(404)
    done = _("Withdrawn. The verdict is computed again within minutes.")
    do_and_say(lambda: _withdraw(found[0], person_id, work_date), done, ATTESTATION_REFUSAL)
    return to_day(person_id, work_date)


def _withdraw(word: Attestation, person_id: int, work_date: date) -> None:
    session, own = db.session(), person_id == viewer().person_id
    attestations.withdraw(session, viewer(), word, city().now(), city().oldest_kept, own=own)
    said = noted(Right.DECIDE, person_id, work_date)
    record(session, actor(), Action.WITHDRAW_ATTESTATION, said, people=[person_id])
