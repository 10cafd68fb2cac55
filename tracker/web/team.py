"""A supervisor's team on a date, and the queue of logs that wait for a decision."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template, request

from tracker.storage.cases import open_cases
from tracker.storage.contests import open_contests
from tracker.storage.leave import open_requests
from tracker.storage.person_days import units_for
from tracker.storage.team_days import STATUSES, team_list, waiting_count, waiting_logs
from tracker.web.access import Access, allowed, viewer
from tracker.web.city import city, db
from tracker.web.forms import PageQuery, parse, team_filter

# the tiles on top of the page: what a supervisor asks first
TILES = ("on_duty", "silent_now", "no_show", "unverified", "late", "present")

pages = Blueprint("team", __name__, url_prefix="/team")


@pages.get("")
@allowed(Access.READER)
def overview() -> str:
    """Everybody on a date, flags first; search, filters and page are in the address."""
    session, now = db.session(), city().now()
    wanted, number = team_filter(request.args, city().today())
    people, counts = team_list(session, viewer(), wanted, now, number)
    return render_template(
        "team.html",
        wanted=wanted,
        people=people,
        now=now,
        counts=counts,
        waiting=waiting_count(session, viewer()),
        **_waiting(),
        units=units_for(session, viewer(), wanted.work_date, wanted.work_date),
        statuses=STATUSES,
        tiles=TILES,
        yesterday=wanted.work_date - timedelta(days=1),
        tomorrow=wanted.work_date + timedelta(days=1),
    )


@pages.get("/reviews")
@allowed(Access.DECIDER)
def reviews() -> str:
    """The logs that wait for this supervisor, oldest first."""
    number = parse(PageQuery(), request.args).values.get("page", 1)
    session = db.session()
    return render_template("reviews.html", logs=waiting_logs(session, viewer(), number), **_waiting())


def _waiting() -> dict[str, int]:
    """How many requests for leave, cases and contests wait for this viewer, who may decide on none."""
    session = db.session()
    return {
        "leave_waiting": open_requests(session, viewer()), "cases_waiting": open_cases(session, viewer()),
        "contests_waiting": open_contests(session, viewer()),
    }  # fmt: skip
