"""Cases: after its lock a duty would be judged otherwise, and a supervisor decides whether it is."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.domain.attestation import LONGEST_REASON, SHORTEST_REASON
from tracker.storage import cases
from tracker.storage.audit import Action, record
from tracker.storage.cases import DecidedMeanwhile, Decision, TooOld
from tracker.storage.models import DutyCase
from tracker.storage.rights import Right
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.attendance_forms import CaseDecisionForm, CaseQuery
from tracker.web.attendance_words import CASE_STALE, CASE_TOO_OLD
from tracker.web.city import city, db
from tracker.web.day_rights import noted
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse

pages = Blueprint("team_cases", __name__, url_prefix="/team/cases")


@pages.get("")
@allowed(Access.DECIDER)
def overview() -> str:
    """The cases in a state, open ones by default, the oldest first; state and page are in the address."""
    asked = parse(CaseQuery(), request.args).values
    state = asked.get("state", "open")
    listed, counts = cases.case_list(db.session(), viewer(), state, asked.get("page", 1))
    return render_template("team_cases.html", state=state, cases=listed, counts=counts)


@pages.get("/<id:case_id>")
@allowed(Access.DECIDER)
def show(case_id: int) -> str:
    """What stands, what would be, and the form for the decision."""
    return _page(_known(case_id))


@pages.post("/<id:case_id>")
@allowed(Access.DECIDER)
def decide(case_id: int) -> Response | tuple[str, int]:
    """Let the other result hold, or keep the verdict; always with a reason, and only as the case was seen."""
    case, parsed = _known(case_id), parse(CaseDecisionForm(), request.form)
    errors = parsed.errors
    if not errors:
        try:
            _decide(case, parsed.values["digest"], _decision(parsed.values))
            flash(_("Decided. The person sees it on their page."), "good")
            return redirect(url_for("team_cases.overview"), 303)
        except DecidedMeanwhile:
            db.session.rollback()
            errors = {"": CASE_STALE}
        except TooOld:
            db.session.rollback()
            errors = {"": CASE_TOO_OLD}
    return _page(_known(case_id), EntryInput(request.form, errors)), 422


def _decision(sent: dict[str, str]) -> Decision:
    return Decision(sent["holds"] == "accepted", sent["why_decided"])


def _decide(case: DutyCase, seen: str, decision: Decision) -> None:
    session = db.session()
    by_right = noted(Right.DECIDE, case.window.person_id, case.window.work_date)
    detail = {**by_right, "decision": "accepted" if decision.accepted else "kept"}
    people = [case.window.person_id]
    cases.decide(session, viewer(), case, seen, decision, city().now(), city().oldest_kept)
    record(session, actor(), Action.DECIDE_CASE, detail, people=people, why=decision.reason)
    session.commit()


def _known(case_id: int) -> DutyCase:
    return cases.case_for(db.session(), viewer(), case_id) or abort(404)


def _page(case: DutyCase, typed: EntryInput = NOTHING_TYPED) -> str:
    return render_template(
        "team_case.html", case=case, entry=typed, verdict=cases.standing(db.session(), case.window_id),
        shortest=SHORTEST_REASON, longest=LONGEST_REASON,
    )  # fmt: skip
