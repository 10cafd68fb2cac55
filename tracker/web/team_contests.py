"""Contests: an employee answers a verdict, and a supervisor decides, on the first or the second level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from tracker.domain.attestation import LONGEST_REASON, SHORTEST_REASON, times_within
from tracker.domain.contest import MOST_PHOTOS, Refusal, Refused, digest_of
from tracker.storage import contests
from tracker.storage.absences import findings_of
from tracker.storage.attestations import attestations_of
from tracker.storage.audit import Action, record
from tracker.storage.contests import Decision, said_of
from tracker.storage.models import Contest
from tracker.storage.person_days import verdicts_of
from tracker.storage.rights import Right
from tracker.web import contest_words
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.attendance_words import ATTESTATION_REFUSAL
from tracker.web.changing import ruled_out
from tracker.web.city import city, db
from tracker.web.contest_forms import ContestDecisionForm, ContestQuery
from tracker.web.day_rights import noted
from tracker.web.formats import machine_clock
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.my_contests import picture, times

pages = Blueprint("team_contests", __name__, url_prefix="/team/contests")
REFUSALS: Mapping[Any, Any] = {**contest_words.REFUSAL, **ATTESTATION_REFUSAL}


@pages.get("")
@allowed(Access.DECIDER)
def overview() -> str:
    """The contests in a state, open ones by default, the oldest first; filters and page are in the address."""
    asked = parse(ContestQuery(), request.args).values
    state, level = asked.get("state", "open"), asked.get("level", "all")
    listed, counts = contests.contest_list(db.session(), viewer(), state, level, asked.get("page", 1))
    return render_template("team_contests.html", state=state, level=level, contests=listed, counts=counts)


@pages.get("/<id:contest_id>")
@allowed(Access.DECIDER)
def show(contest_id: int) -> str:
    """What the person says beside what the verdict rests on. That it was opened is recorded before it is shown."""
    return _page(_known(contest_id))


@pages.post("/<id:contest_id>")
@allowed(Access.DECIDER)
def decide(contest_id: int) -> AnyResponse | tuple[str, int]:
    """Vouch for the person or keep the verdict; always with a reason, and only by the verdict as it was seen."""
    contest, parsed = _known(contest_id), parse(ContestDecisionForm(), request.form)
    wrong = ruled_out(parsed.errors, lambda: _decide(contest, parsed.values), REFUSALS)
    if wrong:
        return _page(_known(contest_id), wrong), 422
    flash(_("Decided. The person sees it on their page."), "good")
    return redirect(url_for("team_contests.overview"), 303)


def _decide(contest: Contest, sent: dict[str, Any]) -> None:
    if contest.outcome is not None:
        raise Refused(Refusal.DECIDED)
    session, window = db.session(), contest.window
    detail = noted(Right.DECIDE, window.person_id, window.work_date) | {"decision": sent["outcome"]}
    present = None
    if sent["outcome"] == "changed":
        present = _present(contest, sent)
        detail |= {"start": machine_clock(present[0]), "end": machine_clock(present[1])}
    decision = Decision(sent["why_decided"], present)
    contests.decide(session, viewer(), contest, sent["digest"], decision, times())
    record(session, actor(), Action.DECIDE_CONTEST, detail, people=[window.person_id], why=decision.reason)


def _present(contest: Contest, sent: dict[str, Any]) -> Any:
    """For which time the decider vouches; the whole duty where the form's times are its own, or none."""
    window, zone = contest.window, city().zone
    edges = machine_clock(window.starts_at), machine_clock(window.ends_at)
    start, end = (sent[name] for name in ("start", "end"))
    if start is None or end is None or (f"{start:%H:%M}", f"{end:%H:%M}") == edges:
        return window.starts_at, window.ends_at
    return times_within(start, end, (window.starts_at, window.ends_at), zone)


@pages.get(f"/<id:contest_id>/photos/<int(min=1, max={MOST_PHOTOS}):number>")
@allowed(Access.DECIDER)
def photo(contest_id: int, number: int) -> Response:
    """A picture, for whoever may open the contest."""
    return picture(contests.photo(db.session(), _known(contest_id), number))


def _known(contest_id: int) -> Contest:
    return contests.contest_for(db.session(), viewer(), contest_id) or abort(404)


def _page(contest: Contest, typed: EntryInput = NOTHING_TYPED) -> str:
    session, window = db.session(), contest.window
    looked = noted(Right.DECIDE, window.person_id, window.work_date)
    record(session, actor(), Action.VIEW_CONTEST, looked, people=[window.person_id])
    session.commit()
    verdict = verdicts_of(session, [window.id])[window.id][0]
    first = contests.contest_for(session, viewer(), contest.appeal_of) if contest.appeal_of else None
    said = [one for one in (first, contest) if one is not None]
    return render_template(
        "team_contest.html", contest=contest, said=said, window=window, verdict=verdict, entry=typed,
        digest=digest_of(said_of(verdict)), photos=contests.photos_of(session, [one.id for one in said]),
        attestations=attestations_of(session, [window.id]).get(window.id, []),
        findings=findings_of(session, [window.id]).get(window.id, []),
        positions_gone=window.accepts_from < city().oldest_kept, shortest=SHORTEST_REASON, longest=LONGEST_REASON,
    )  # fmt: skip
