"""The holidays of Indonesia as the library `holidays` knows them: a draft that administrators confirm or correct."""

from __future__ import annotations

from datetime import date

import holidays

DRAFTED = {"government": holidays.GOVERNMENT, "public": holidays.PUBLIC}  # of two on one day the last goes first


def drafted(year: int) -> list[tuple[date, str, str]]:
    """The days of a year in order, each with its Indonesian name and kind. Collective leave is known once decreed."""
    days: dict[date, tuple[str, str]] = {}
    for kind, category in DRAFTED.items():
        found = holidays.country_holidays("ID", years=year, language="id", categories=category)
        days |= {day: (name, kind) for day, name in found.items()}
    return [(day, *days[day]) for day in sorted(days)]
