"""The figures of a day, week or month: of a unit with its parts, and of its people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, abort, render_template, request

from tracker.domain.periods import Period
from tracker.storage.figures import Figures, due_days, figures_by_day
from tracker.storage.models import Unit
from tracker.storage.people_summaries import MOST_SORTED, PeopleFilter, people_list
from tracker.storage.person_days import units_for
from tracker.storage.unit_summaries import only_unit, parts_of, unit_above
from tracker.web import figure_facts, period_words
from tracker.web.access import Access, allowed, viewer
from tracker.web.city import city, db
from tracker.web.figure_facts import causes_of, facts_of, trend_days, trend_of
from tracker.web.summary_forms import SummaryAsked, summary_asked

pages = Blueprint("team_summary", __name__, url_prefix="/team/reports")


@pages.get("/summary")
@allowed(Access.READER)
def show() -> str:
    """A unit's numbers, their trend and those of its parts; period, unit and order are in the address."""
    asked, chosen, units = _asked()
    period, unit_id, session = asked.period, chosen.id if chosen else None, db.session()
    shown = trend_days(period)
    days = dict(figures_by_day(session, viewer(), min(shown[0], period.before.first), period.last, unit_id))
    return render_template(
        "team_summary.html",
        asked=asked,
        chosen=chosen,
        units=units,
        above=unit_above(session, viewer(), chosen.id, period.last) if chosen else None,
        parts=parts_of(session, viewer(), period.first, period.last, unit_id, asked.sort),
        **told(period, days, shown),
        due=[day for day in due_days(session) if day in period.days],
    )


@pages.get("/people")
@allowed(Access.READER)
def people() -> str:
    """The numbers of each person of a unit and all below it, a page at a time."""
    asked, chosen, units = _asked()
    wanted = PeopleFilter(
        asked.period.first, asked.period.last, asked.search, chosen.id if chosen else None, asked.sort
    )
    listed = people_list(db.session(), viewer(), wanted, city().now(), asked.page)
    return render_template(
        "people_summary.html", asked=asked, chosen=chosen, units=units, people=listed.page, most=MOST_SORTED,
        sortable=listed.sortable, facts=figure_facts, period_words=period_words, today=city().today(),
    )  # fmt: skip


def told(period: Period, days: dict[date, Figures], shown: Sequence[date]) -> dict[str, Any]:
    """What every page of figures says, of the figures of each day of a period, of the one before and of its trend."""
    figures = sum((days.get(day, Figures()) for day in period.days), Figures())
    before = sum((days.get(day, Figures()) for day in period.before.days), Figures())
    trend = [(day, days.get(day, Figures())) for day in shown if day <= city().today()]
    return {
        "figures": figures, "before": before, "numbers": facts_of(figures, before), "causes": causes_of(figures),
        "trend": trend, "plot": trend_of(trend), "facts": figure_facts, "period_words": period_words,
        "today": city().today(),
    }  # fmt: skip


def _asked() -> tuple[SummaryAsked, Unit | None, Sequence[Unit]]:
    """What was asked for, the unit it is about, and the units to choose from; another unit is not there."""
    asked = summary_asked(request.args, city().today())
    units = units_for(db.session(), viewer(), asked.period.first, asked.period.last)
    unit_id = asked.unit_id or only_unit(viewer())
    chosen = next((unit for unit in units if unit.id == unit_id), None)
    if asked.unit_id and chosen is None:
        abort(404)
    return asked, chosen, units
