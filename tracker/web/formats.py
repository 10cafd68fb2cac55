"""How times, shares and icons look on a page. Times are in the city's zone, on a 24-hour clock."""

from __future__ import annotations

import math
import uuid
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request, url_for
from flask_babel import format_date, format_decimal, get_locale, gettext, ngettext

from tracker.domain.coverage import coverage
from tracker.web import words
from tracker.web.city import city

CLOCK = {"id": "%H.%M", "en": "%H:%M"}
JUST_NOW_S = 60
SIZES = ("B", "kB", "MB", "GB", "TB")


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        clock=clock, machine_clock=machine_clock, day=day, iso_day=iso_day, short_day=short_day,
        short_date=short_date, moment=moment, ago=ago, duration=duration, lag=lag, share=share, number=format_decimal,
        size=size,
    )  # fmt: skip
    app.jinja_env.globals.update(words=words, page_url=page_url, new_key=uuid.uuid4, coverage=coverage)
    app.context_processor(lambda: {"demo": city().settings.demo, "zone_name": city().zone.key})


def local(at: datetime) -> datetime:
    return at.astimezone(city().zone)


def clock(at: datetime) -> str:
    """08.30 (Indonesian) or 08:30."""
    return local(at).strftime(CLOCK[str(get_locale())])


def machine_clock(at: datetime) -> str:
    """08:30, as form fields want it."""
    return local(at).strftime("%H:%M")


def day(value: date) -> str:
    """Thursday, 20 November 2026."""
    return str(format_date(value, "EEEE, d MMMM y"))


def iso_day(value: str) -> str:
    """The day that a stored detail names as 2026-11-20."""
    return day(date.fromisoformat(value))


def short_day(value: date) -> str:
    """Thu, 20 Nov."""
    return str(format_date(value, "EEE, d MMM"))


def short_date(value: date) -> str:
    """Thu, 20 Nov, of this year; Wed, 20 Jan 2027, of another one."""
    return short_day(value) if value.year == city().today().year else str(format_date(value, "EEE, d MMM y"))


def moment(at: datetime) -> str:
    """Day and time; of another year with it."""
    return f"{short_date(local(at).date())}, {clock(at)}"


def ago(at: datetime) -> str:
    """How long ago, in one unit."""
    elapsed = city().now() - at
    if elapsed < timedelta(seconds=JUST_NOW_S):
        return str(gettext("just now"))
    if elapsed < timedelta(hours=1):
        minutes = int(elapsed.total_seconds() // 60)
        return str(ngettext("%(num)d minute ago", "%(num)d minutes ago", minutes))
    if elapsed < timedelta(days=1):
        hours = int(elapsed.total_seconds() // 3600)
        return str(ngettext("%(num)d hour ago", "%(num)d hours ago", hours))
    return str(ngettext("%(num)d day ago", "%(num)d days ago", elapsed.days))


def duration(seconds: float) -> str:
    """6 h 30 min."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return str(gettext("%(minutes)d min", minutes=minutes))
    if not minutes:
        return str(gettext("%(hours)d h", hours=hours))
    return str(gettext("%(hours)d h %(minutes)d min", hours=hours, minutes=minutes))


def lag(seconds: float) -> str:
    """12 s, or in minutes and hours what is longer."""
    return str(gettext("%(seconds)d s", seconds=seconds)) if seconds < 60 else duration(seconds)


def size(bytes_: float) -> str:
    """1.2 GB, in the largest unit of which there is one at least."""
    power = max(0, min(len(SIZES) - 1, int(math.log10(bytes_) // 3))) if bytes_ >= 1 else 0
    return f"{format_decimal(round(bytes_ / 1000**power, 1))} {SIZES[power]}"


def share(part: float, whole: float) -> str:
    """A coordinate on a bar of 1000 units."""
    return f"{1000 * part / whole:.1f}" if whole else "0"


def page_url(**changes: Any) -> str:
    """This page with some of its query changed; None removes a value."""
    query = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    path = url_for(str(request.endpoint), **(request.view_args or {}))
    return f"{path}?{urlencode(kept)}" if kept else path  # url_for would take some names as options of its own
