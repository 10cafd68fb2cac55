"""One person's day as the supervisor sees it: verdict, track and activities side by side, and the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask import session as browser
from werkzeug.wrappers import Response

from tracker.domain import daily_log as rules
from tracker.domain.daily_log import LogState, Refused
from tracker.storage import daily_logs
from tracker.storage.absences import findings_of, possible, seen
from tracker.storage.attestations import attestations_of
from tracker.storage.audit import Action, record
from tracker.storage.cases import cases_of
from tracker.storage.contests import contest_for, contests_of
from tracker.storage.daily_logs import Day
from tracker.storage.models import DailyLog, Membership, VerdictRevision
from tracker.storage.person_days import idle_of, verdicts_of, windows_on
from tracker.storage.rights import Right, visible_member
from tracker.storage.team_days import next_waiting
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.city import city, db
from tracker.web.day_rights import ground_of, member_on, noted
from tracker.web.day_track import day_track
from tracker.web.forms import NOTHING_TYPED, DecisionForm, EntryInput, LookForm, parse, seen_of
from tracker.web.words import DECIDED, FIELD, REFUSAL

REASON = "look"  # in the signed cookie of forms

pages = Blueprint("team_day", __name__, url_prefix="/team/<id:person_id>/days/<date:work_date>")


@pages.get("")
@allowed(Access.READER)
def show(person_id: int, work_date: date) -> str:
    """The whole day. That it was opened is recorded before anything is shown; auditors say why first."""
    member = member_on(Right.READ, person_id, work_date)
    if ground_of(Right.READ, person_id, work_date).role != "auditor":
        return day_page(member, work_date)
    why = reason_given(person_id, work_date)
    return day_page(member, work_date, why=why) if why else reason_page(member, work_date)


@pages.post("/look")
@allowed(Access.READER)
def look(person_id: int, work_date: date) -> Response | tuple[str, int]:
    """Take an auditor's reason, and on to the day. A link cannot give one in their name: the form has a token."""
    member = member_on(Right.READ, person_id, work_date)
    asked = parse(LookForm(), request.form)
    if asked.errors:
        typed, duty = request.form.get("why", ""), request.form.get("duty", type=int)
        return reason_page(member, work_date, typed, asked.errors, duty), 422
    browser[REASON] = [person_id, work_date.isoformat(), asked.values["why"]]
    if (duty := request.form.get("duty", type=int)) is not None:
        address = url_for("evidence.show", person_id=person_id, work_date=work_date, window_id=duty)
        return redirect(address, 303)
    return to_day(person_id, work_date)


def reason_given(person_id: int, work_date: date) -> str:
    """Why this browser's auditor looks at this day, if they said so last."""
    *about, why = browser.get(REASON, [None, None, ""])
    return str(why) if about == [person_id, work_date.isoformat()] else ""


def reason_page(
    member: Membership, work_date: date, typed: str = "", errors: Any = None, duty: int | None = None
) -> str:
    """Where an auditor says why; `duty` is whose evidence they asked for, if not for the whole day."""
    return render_template(
        "look_reason.html", member=member, work_date=work_date, typed=typed, errors=errors or {}, duty=duty
    )


@pages.post("")
@allowed(Access.DECIDER)
def decide(person_id: int, work_date: date) -> Response | tuple[str, int]:
    """Approve, return or reject the log that was seen; a no needs its reason."""
    member = member_on(Right.DECIDE, person_id, work_date)
    parsed = parse(DecisionForm(), request.form)
    if parsed.errors.keys() - {"reason"}:
        abort(400)
    if parsed.errors:
        return day_page(member, work_date, FIELD["reason"]), 422
    try:
        _decide(person_id, work_date, parsed.values)
    except Refused as refused:
        db.session.rollback()
        return day_page(member, work_date, REFUSAL[refused.refusal]), 422
    flash(DECIDED[parsed.values["decision"]], "good")
    return _onward(person_id, work_date)


def _decide(person_id: int, work_date: date, sent: dict[str, Any]) -> None:
    session = db.session()
    day = daily_logs.day_of(session, person_id, work_date, city().zone, city().now())
    daily_logs.decide(session, viewer(), day, sent["decision"], seen_of(sent), sent["reason"])
    decided = noted(Right.DECIDE, person_id, work_date) | {"decision": str(sent["decision"])}
    record(session, actor(), Action.DECIDE, decided, people=[person_id], why=sent["reason"])
    session.commit()


def to_day(person_id: int, work_date: date) -> Response:
    """On to the page of somebody's day."""
    return redirect(url_for("team_day.show", person_id=person_id, work_date=work_date), 303)


def _onward(person_id: int, work_date: date) -> Response:
    """To the next waiting log where the queue is being worked through, else back to the day."""
    if request.form.get("onward"):
        following = next_waiting(db.session(), viewer(), person_id, work_date)
        if following is None:
            return redirect(url_for("team.reviews"), 303)
        person_id, work_date = following
    return to_day(person_id, work_date)


def day_page(
    member: Membership, work_date: date, problem: Any = None, why: str = "",
    attesting: Mapping[int, EntryInput] | None = None, finding: Mapping[int, EntryInput] | None = None,
) -> str:  # fmt: skip
    """The day; `attesting` and `finding` are forms for a window that could not be taken as they were typed."""
    session, person = db.session(), member.person
    looked = noted(Right.READ, person.id, work_date)
    record(session, actor(), Action.VIEW_TRACK, looked, people=[person.id], why=why)
    session.commit()
    day = daily_logs.day_of(session, person.id, work_date, city().zone, city().now())
    windows = windows_on(session, person.id, work_date)
    log = daily_logs.read_log(session, person.id, work_date)
    ids = [window.id for window in windows]
    verdicts = verdicts_of(session, ids)
    return render_template(
        "team_day.html", person=person, member=member, day=day, windows=windows, log=log, problem=problem,
        verdicts=verdicts, idle=idle_of(session, ids), attesting=attesting or {},
        nothing_typed=NOTHING_TYPED, cases=cases_of(session, ids),
        finding=finding or {}, **_answers(verdicts, ids),
        attestations=attestations_of(session, ids), oldest_kept=city().oldest_kept,
        track=day_track(session, windows, verdicts, day.now, city().oldest_kept),
        retention_days=city().settings.retention_days,
        following=next_waiting(session, viewer(), person.id, work_date),
        yesterday=work_date - timedelta(days=1), tomorrow=work_date + timedelta(days=1), **_choices(day, log),
    )  # fmt: skip


def _answers(verdicts: Mapping[int, Sequence[VerdictRevision]], ids: Sequence[int]) -> dict[str, Any]:
    """What was contested of these windows, what of it this viewer may decide, and where absence may be found."""
    session = db.session()
    contests, findings = contests_of(session, ids), findings_of(session, ids)
    held = {number for number, found in findings.items() if any(one.withdrawn_at is None for one in found)}
    open_ones = [one.id for found in contests.values() for one in found if one.decided_at is None]
    return {
        "contests": contests, "findings": findings,
        "decidable": {number for number in open_ones if contest_for(session, viewer(), number)},
        "absence_possible": {number: seen(found[0]) for number, found in verdicts.items()
                             if number not in held and possible(found[0])},
    }  # fmt: skip


def _choices(day: Day, log: DailyLog | None) -> dict[str, Any]:
    """What may be decided now, by this viewer."""
    state = LogState(log.state) if log else LogState.DRAFT
    own = viewer().person_id == day.person_id
    decides = visible_member(db.session(), viewer(), Right.DECIDE, day.person_id, day.work_date)
    possible = frozenset() if own or not decides else rules.possible_decisions(state, day.closes_at, day.now)
    return {"state": state, "own": own, "possible": possible, "attests": bool(decides) and not own}
