"""Requests for leave of those about whom a supervisor decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.domain.leave import SHORTEST_REASON
from tracker.storage import leave
from tracker.storage.audit import Action, record
from tracker.storage.models import LeaveRequest
from tracker.storage.rights import Right
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.attendance_forms import ANY, LeaveDecisionForm, LeaveEndForm, LeaveQuery
from tracker.web.attendance_words import LEAVE_REFUSAL
from tracker.web.changing import ruled_out
from tracker.web.city import city, db
from tracker.web.day_rights import noted
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse

pages = Blueprint("team_leave", __name__, url_prefix="/team/leave")


@pages.get("")
@allowed(Access.DECIDER)
def overview() -> str:
    """The requests in a state, open ones by default; state and page are in the address."""
    asked = parse(LeaveQuery(), request.args).values
    state = asked.get("state", "open")
    wanted = "" if state == ANY else state
    requests, counts = leave.request_list(db.session(), viewer(), wanted, asked.get("page", 1))
    return render_template("team_leave.html", state=state, requests=requests, counts=counts)


@pages.get("/<id:leave_id>")
@allowed(Access.DECIDER)
def show(leave_id: int) -> str:
    """One request, with its answer or the form for it."""
    return _page(_known(leave_id))


@pages.post("/<id:leave_id>")
@allowed(Access.DECIDER)
def decide(leave_id: int) -> Response | tuple[str, int]:
    """Grant a request, or refuse it with a reason."""
    asked, parsed = _known(leave_id), parse(LeaveDecisionForm(), request.form)
    wrong = ruled_out(parsed.errors, lambda: _decide(asked, parsed.values), LEAVE_REFUSAL)
    if wrong:
        return _page(_known(leave_id), wrong), 422
    flash(_("Answered. The person sees it on their page."), "good")
    return redirect(url_for("team_leave.overview"), 303)


@pages.post("/<id:leave_id>/end")
@allowed(Access.DECIDER)
def end(leave_id: int) -> Response | tuple[str, int]:
    """End leave that was granted before a day to come, with a reason."""
    asked, parsed = _known(leave_id), parse(LeaveEndForm(), request.form)
    wrong = ruled_out(parsed.errors, lambda: _end(asked, parsed.values), LEAVE_REFUSAL)
    if wrong:
        return _page(_known(leave_id), wrong), 422
    flash(_("The leave ends. The person sees it on their page."), "good")
    return redirect(url_for("team_leave.show", leave_id=leave_id), 303)


def _end(asked: LeaveRequest, sent: dict[str, Any]) -> None:
    session, on, reason, last = db.session(), sent["on"], sent["reason"], asked.last
    leave.end(session, viewer(), asked, on, reason, city().now())
    detail = {"kind": asked.kind, "on": str(on), "last": str(last),
              **noted(Right.DECIDE, asked.person_id, city().today())}  # fmt: skip
    record(session, actor(), Action.END_LEAVE, detail, people=[asked.person_id], why=reason)


def _decide(asked: LeaveRequest, sent: dict[str, Any]) -> None:
    session, approved, reason = db.session(), sent["decision"] == "approved", sent["reason"]
    detail = {"kind": asked.kind, "first": str(asked.first), "last": str(asked.last),
              "decision": "approved" if approved else "refused",
              **noted(Right.DECIDE, asked.person_id, city().today())}  # fmt: skip
    people = [asked.person_id]
    leave.decide(session, viewer(), asked, approved, reason, city().now())
    record(session, actor(), Action.DECIDE_LEAVE, detail, people=people, why=reason)


def _known(leave_id: int) -> LeaveRequest:
    return leave.request_for(db.session(), viewer(), leave_id) or abort(404)


def _page(asked: LeaveRequest, typed: EntryInput = NOTHING_TYPED) -> str:
    tomorrow = city().today() + timedelta(days=1)
    return render_template(
        "team_leave_one.html", asked=asked, entry=typed, shortest=SHORTEST_REASON, tomorrow=tomorrow,
    )  # fmt: skip
