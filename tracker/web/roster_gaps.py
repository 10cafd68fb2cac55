"""Where something is missing: people without a roster, rosters that cannot be published, posts without people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import administered
from tracker.storage import roster_changes as changes
from tracker.storage.models import Post, Unit
from tracker.storage.register import Why
from tracker.storage.roster_pages import (
    MOST_POST_DAYS,
    offered_shifts,
    placeless,
    posts_of,
    short_posts,
    with_problem,
    without_roster,
)
from tracker.web import roster_words
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.changing import refused, wrong_with
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, PageQuery, parse
from tracker.web.roster_forms import OnForm, PostForm, weekdays_of
from tracker.web.unit_choice import standing, unit_of
from tracker.web.words import FIELD
from tracker.web.zone_choice import zone_ids, zones_offered

pages = Blueprint("roster_gaps", __name__, url_prefix="/admin/roster-gaps")
BESIDE = {"unit": "unit", "zone": "zone", "shift": "shift", Why.TOO_FAR: "first", Why.BACKWARDS: "last"}


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> Response:
    """What is missing today and on the next days; the unit and the page are in the address."""
    return _page(NOTHING_TYPED)


@pages.post("/posts")
@allowed(Access.ADMINISTRATOR)
def add_post() -> Response:
    """A unit needs so many people at a place in a shift."""
    sent, weekdays = parse(PostForm(), request.form), weekdays_of(request.form)
    errors = dict(sent.errors) if weekdays else {**sent.errors, "weekday": FIELD["weekday"]}
    wrong = wrong_with(errors, lambda: _add(sent.values, weekdays), BESIDE)
    if wrong:
        return _page(wrong)
    flash(_("The post is added."), "good")
    return redirect(url_for("roster_gaps.overview"), 303)


@pages.post("/posts/<id:post_id>/end")
@allowed(Access.ADMINISTRATOR)
def end_post(post_id: int) -> Response:
    """A post is kept no more from a day on."""
    ours = db.session.query(Post.id).join(Unit, Unit.id == Post.unit_id).filter(administered.units(viewer()))
    if ours.filter(Post.id == post_id).first() is None:
        abort(404)
    sent = parse(OnForm(), request.form)
    if sent.errors:
        return _page(EntryInput({}, {"": sent.errors["on"]}))
    wrong = refused(lambda: changes.end_post(by(), post_id, sent.values["on"]), {})
    if wrong:
        return _page(EntryInput({}, wrong.errors))
    flash(_("The post is kept no more from that day on."), "good")
    return redirect(url_for("roster_gaps.overview"), 303)


def _add(values: Any, weekdays: list[int]) -> None:
    (zone_id,) = zone_ids([values["zone"]])
    first, last = values["first"], values["last"]
    changes.add_post(by(), values["unit"], zone_id, values["shift"], values["people"], weekdays, first, last)


def _page(typed: EntryInput) -> Response:
    session, today, unit_id = db.session(), city().today(), unit_of(request.args)
    number = parse(PageQuery(), request.args).values.get("page", 1)
    last = today + timedelta(days=MOST_POST_DAYS - 1)
    page = render_template(
        "roster_gaps.html", page=without_roster(session, viewer(), unit_id, today, number), entry=typed, today=today,
        wanted={"unit_id": unit_id}, problems=with_problem(session, viewer(), unit_id, today),
        placeless=placeless(session, viewer(), unit_id, today, last),
        short=short_posts(session, viewer(), unit_id, today, last), posts=posts_of(session, viewer(), unit_id, today),
        units=standing(), zones=zones_offered(), shifts=offered_shifts(session), roster_words=roster_words,
        days=MOST_POST_DAYS,
        weekdays=weekdays_of(request.form) if "unit" in request.form else list(range(1, 8)),
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
