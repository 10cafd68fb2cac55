"""Periods of reports by their names, in the language of the response."""

from __future__ import annotations

from datetime import date

from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _

from tracker.domain.periods import Cadence, Period
from tracker.web.formats import day

CADENCE = {Cadence.DAILY: _("Day"), Cadence.WEEKLY: _("Week"), Cadence.MONTHLY: _("Month")}
BEFORE = {
    Cadence.DAILY: _("The day before"),
    Cadence.WEEKLY: _("The week before"),
    Cadence.MONTHLY: _("The month before"),
}
AFTER = {
    Cadence.DAILY: _("The day after"),
    Cadence.WEEKLY: _("The week after"),
    Cadence.MONTHLY: _("The month after"),
}


def period_name(period: Period) -> str:
    """Thursday, 19 November 2026; Week 48, 23–29 November 2026; November 2026."""
    if period.cadence is Cadence.DAILY:
        return day(period.first)
    if period.cadence is Cadence.MONTHLY:
        return str(format_date(period.first, "LLLL y"))
    days = span(period.first, period.last)
    return str(gettext("Week %(number)d, %(days)s", number=period.first.isocalendar().week, days=days))


def span(first: date, last: date) -> str:
    """23–29 November 2026, with what differs said twice."""
    if first.year != last.year:
        return f"{format_date(first, 'd MMMM y')} – {format_date(last, 'd MMMM y')}"
    if first.month != last.month:
        return f"{format_date(first, 'd MMMM')} – {format_date(last, 'd MMMM y')}"
    return f"{first.day}–{format_date(last, 'd MMMM y')}"
