"""One person's figures over a day, week or month, with the duties behind them: for superiors, and for themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask import session as browser
from werkzeug.wrappers import Response

from tracker.domain.idle_spots import spots
from tracker.domain.periods import Period
from tracker.storage import people_summaries as summaries
from tracker.storage.audit import Action, record
from tracker.storage.models import Membership, Person
from tracker.storage.person_days import idle_of, verdicts_of
from tracker.storage.rights import Right, Viewer
from tracker.web import period_words
from tracker.web.access import Access, actor, allowed, own_person, viewer
from tracker.web.city import city, db
from tracker.web.day_rights import ground_of
from tracker.web.figure_facts import SHOWN, trend_days
from tracker.web.forms import LookForm, parse
from tracker.web.summary_forms import SummaryAsked, summary_asked
from tracker.web.team_summary import told

REASON = "look_summary"  # in the signed cookie of forms
MOST_SPOTS = 5

pages = Blueprint("person_summary", __name__)


@pages.get("/me/summary")
@allowed(Access.EMPLOYEE)
def mine() -> str:
    """One's own."""
    asked = summary_asked(request.args, city().today())
    return _page(asked, db.session.get_one(Person, own_person()), _days(asked.period), None)


@pages.get("/team/<id:person_id>/summary")
@allowed(Access.READER)
def show(person_id: int) -> str:
    """Somebody's, of the days that may be read. That it was opened is recorded first; auditors say why."""
    asked = summary_asked(request.args, city().today())
    readable, member = _readable(person_id, asked.period)
    why = _reason_given(person_id, asked.period)
    if not why and _says_why(person_id, asked.period, readable):
        return _reason_page(member, asked)
    ground = ground_of(Right.READ, person_id, readable[-1])
    instead_of = {"instead_of": ground.instead_of} if ground.instead_of else {}
    looked = {"first": str(readable[0]), "last": str(readable[-1]), "role": ground.role, **instead_of}
    record(db.session(), actor(), Action.VIEW_SUMMARY, looked, people=[person_id], why=why)
    db.session.commit()
    return _page(asked, member.person, readable, member)


@pages.post("/team/<id:person_id>/summary")
@allowed(Access.READER)
def look(person_id: int) -> Response | tuple[str, int]:
    """Take an auditor's reason, and on to the figures."""
    asked = summary_asked(request.args, city().today())
    _, member = _readable(person_id, asked.period)
    given = parse(LookForm(), request.form)
    if given.errors:
        return _reason_page(member, asked, request.form.get("why", ""), given.errors), 422
    browser[REASON] = [*_about(person_id, asked.period), given.values["why"]]
    return redirect(_address(person_id, asked), 303)


def _page(asked: SummaryAsked, person: Person, readable: Sequence[date], member: Membership | None) -> str:
    """The figures of these days, and the duties of those of the period."""
    session, now, period = db.session(), city().now(), asked.period
    days = _within(period, readable)
    found = dict(summaries.person_days(session, person.id, readable, now))
    windows = summaries.duties_on(session, person.id, days, now)
    ids = [window.id for window in windows]
    verdicts = {number: revisions[0] for number, revisions in verdicts_of(session, ids).items()}
    idle = idle_of(session, ids)
    shown = SHOWN.get(asked.show, lambda _, __: True)
    return render_template(
        "person_summary.html", asked=asked, person=person, member=member, verdicts=verdicts, idle=idle,
        windows=[one for one in windows if shown(verdicts.get(one.id), idle.get(one.id))],
        now=now, spots=spots(summaries.idle_places(session, person.id, days))[:MOST_SPOTS],
        forgotten=bool(windows) and days[0] < city().oldest_kept.date(), retention_days=city().settings.retention_days,
        **told(period, found, trend_days(period)),
    )  # fmt: skip


def _readable(person_id: int, period: Period) -> tuple[list[date], Membership]:
    """The days that may be read of all that are shown, some of the period among them, and who the person was."""
    days = _readable_by(viewer(), person_id, period)
    member = summaries.last_unit(db.session(), person_id, days) if _within(period, days) else None
    return days, member or abort(404)


def _says_why(person_id: int, period: Period, days: Sequence[date]) -> bool:
    """Whether some of the days are open to an auditor only."""
    others = tuple(grant for grant in viewer().grants if grant.role != "auditor")
    return _readable_by(replace(viewer(), grants=others), person_id, period) != list(days)


def _readable_by(who: Viewer, person_id: int, period: Period) -> list[date]:
    days = _days(period)
    return summaries.readable_days_of(db.session(), who, person_id, days[0], days[-1])


def _within(period: Period, days: Sequence[date]) -> list[date]:
    return [day for day in days if period.first <= day <= period.last]


def _days(period: Period) -> list[date]:
    """All that are shown: the period, the one before and the trend."""
    return sorted({*period.before.days, *trend_days(period), *period.days})


def _about(person_id: int, period: Period) -> list[Any]:
    return [person_id, str(period.cadence), str(period.first)]


def _reason_given(person_id: int, period: Period) -> str:
    """Why this browser's auditor looks at these figures, if they said so last."""
    *about, why = browser.get(REASON, [""])
    return str(why) if about == _about(person_id, period) else ""


def _address(person_id: int, asked: SummaryAsked) -> str:
    period: dict[str, Any] = {"period": str(asked.period.cadence), "date": str(asked.period.first)}
    return url_for("person_summary.show", person_id=person_id, **period, show=asked.show or None)


def _reason_page(member: Membership, asked: SummaryAsked, typed: str = "", errors: Any = None) -> str:
    return render_template(
        "look_reason_summary.html", member=member, asked=asked, typed=typed, errors=errors or {},
        target=_address(member.person_id, asked), period_words=period_words,
    )  # fmt: skip
