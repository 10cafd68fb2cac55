"""Labels of the pages about rosters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import format_date
from flask_babel import lazy_gettext as _

from tracker.domain.roster import DAY
from tracker.web.city import city
from tracker.web.formats import clock, iso_day

PROFILE = {
    "OFFICE": _("Office: works at a desk"),
    "POST": _("Post: stays at a post"),
    "FIELD": _("Field: works in a zone"),
    "PATROL": _("Patrol: goes round"),
    "DRIVER": _("Driver"),
}
EXCUSE = {
    "holiday": _("Holiday"), "leave": _("Leave"), "sick": _("Sick"), "official_trip": _("Official trip"),
    "maternity": _("Maternity leave"), "other": _("Excused"), "off_roster": _("Not on the roster any more"),
}  # fmt: skip
SHORT_EXCUSE = {"official_trip": _("Trip"), "maternity": _("Leave")}  # where there is little room
HOLIDAY_KIND = {"public": _("Public holiday"), "government": _("Collective leave")}
OVERLAP = _("%(first)s of %(on)s is not over when %(second)s of %(and)s begins")
MONDAY = date(2001, 1, 1)


def excuse(name: str) -> str:
    return str(EXCUSE.get(name, name))


def short_excuse(name: str) -> str:
    return str(SHORT_EXCUSE.get(name) or EXCUSE.get(name, name))


def weekday(number: int, width: str = "EEE") -> str:
    """The name of a day of the week, Monday being 1."""
    return str(format_date(MONDAY + (number - 1) * DAY, width))


def month_name(first: date) -> str:
    return str(format_date(first, "LLLL y"))


def problem(kept: Mapping[str, Any]) -> str:
    """Why somebody's roster cannot be published."""
    days = {name: iso_day(kept[name]) if kept.get(name) else "" for name in ("on", "and")}
    return str(OVERLAP) % {"first": kept.get("first", ""), "second": kept.get("second", ""), **days}


def hours(start: Any, minutes: int) -> str:
    """08.00–16.00 of a shift, by the clock on the wall."""
    begins = datetime.combine(MONDAY, start)
    return f"{_wall(begins)}–{_wall(begins + timedelta(minutes=minutes))}"


def short_names(names: Iterable[str]) -> dict[str, str]:
    """A few letters for each name, none for two: initials, or the beginning of a single word."""
    found: dict[str, str] = {}
    for name in names:
        words = name.split()
        short = "".join(word[0] for word in words[:3]).upper() if len(words) > 1 else name[:3]
        taken, number = set(found.values()), 2
        unique = short
        while unique in taken:
            unique, number = f"{short}{number}", number + 1
        found[name] = unique
    return found


def _wall(at: datetime) -> str:
    return clock(at.replace(tzinfo=city().zone))
