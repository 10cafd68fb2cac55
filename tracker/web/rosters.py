"""A unit's month: who works which shift on which day; and giving many people a rotation at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from tracker.domain.roster import Duty
from tracker.storage import roster_changes as changes
from tracker.storage.models import Person
from tracker.storage.register import NotFound
from tracker.storage.roster_pages import members, month_of
from tracker.web import administration_words, choosing, roster_words
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.changing import said
from tracker.web.choosing import Choosing, Rows
from tracker.web.city import city, db
from tracker.web.forms import EntryInput, PageQuery, parse
from tracker.web.roster_forms import month_asked
from tracker.web.unit_choice import standing, unit_of
from tracker.web.zone_choice import zone_ids

pages = Blueprint("rosters", __name__, url_prefix="/admin/rosters")
MANY = Choosing("rosters", administration_words.ROSTERS_TOGETHER, "name")


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """People and days of a month; unit, month and page are in the address."""
    month, number = month_asked(request.args, city().today()), parse(PageQuery(), request.args).values.get("page", 1)
    unit_id = unit_of(request.args)
    page, lines, known = month_of(db.session(), viewer(), unit_id, month.first, month.last, city().zone, number)
    shifts = _shifts(lines)
    return render_template(
        "rosters.html", month=month, page=page, lines=lines, holidays=known.holidays, wanted={"unit_id": unit_id},
        units=standing(), short=roster_words.short_names(shifts), shifts=shifts, many=MANY, most=choosing.MOST_AT_ONCE,
        today=city().today(), roster_words=roster_words,
    )  # fmt: skip


@pages.post("/chosen")
@allowed(Access.ADMINISTRATOR)
def chosen() -> Response:
    """What is to be done with many: asked once more, then done with all or with none."""
    return choosing.chosen(MANY, _chosen, _together)


def _shifts(lines: Any) -> dict[str, list[Duty]]:
    """The shifts of a month by name, each with one duty of each hours it has."""
    found: dict[str, dict[tuple[str, str], Duty]] = {}
    for line in lines:
        for duties in line.days.values():
            for duty in duties:
                if not duty.excuse:
                    times = tuple(at.astimezone(city().zone).strftime("%H:%M") for at in duty.times)
                    found.setdefault(duty.pattern, {}).setdefault((times[0], times[1]), duty)
                else:
                    found.setdefault(duty.pattern, {})
    return {name: list(found[name].values()) for name in sorted(found)}


def _chosen(sent: Mapping[str, Any]) -> Rows:
    asked, today = choosing.asked_list(), city().today()
    month = month_asked(asked, today)
    of_filter = members(viewer(), unit_of(asked), month.first, month.last)
    anybody = members(viewer(), None, month.first, month.last)
    return choosing.rows(sent, of_filter, anybody, Person.id, Person.name)


def _together(action: str, rows: Rows) -> Response:
    try:
        zones = zone_ids(request.form.getlist("zone"))
    except NotFound as error:
        return choosing.ask(MANY, action, rows, EntryInput(request.form, {"zone": said(error)}))

    def change(row: Any, to: Mapping[str, Any]) -> None:
        if action == "assign":
            changes.assign(by(), row.nip, to["rotation"], to["first"], to["last"], to["offset"], zones)
        else:
            changes.end_roster(by(), row.nip, to["on"])

    return choosing.done_with(MANY, action, rows, change)


