"""Which figures a reader asks for, as the address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import fields, validate

from tracker.domain.periods import Cadence, Period, period_of
from tracker.storage.people_summaries import SORTS as SORTS_OF_PEOPLE
from tracker.storage.unit_summaries import SORTS as SORTS_OF_UNITS
from tracker.web.figure_facts import SHOWN
from tracker.web.forms import A_DATE, ListQuery, parse

SORTS = ("name", *SORTS_OF_UNITS)
assert SORTS_OF_UNITS.keys() == SORTS_OF_PEOPLE.keys()


class SummaryQuery(ListQuery):
    period = fields.Enum(Cadence, by_value=True, load_default=Cadence.WEEKLY)
    date = fields.Date(validate=A_DATE)
    sort = fields.String(load_default="name", validate=validate.OneOf(SORTS))
    show = fields.String(load_default="", validate=validate.OneOf(SHOWN))


@dataclass(frozen=True, slots=True)
class SummaryAsked:
    """A period, and of it what is listed: `sort` is one of `SORTS`, `show` one of `SHOWN`."""

    period: Period
    unit_id: int | None
    search: str
    sort: str
    show: str
    page: int


def summary_asked(sent: Mapping[str, str], today: date) -> SummaryAsked:
    """What a reader asked for; by default the week of today."""
    asked: dict[str, Any] = parse(SummaryQuery(), sent).values
    period = period_of(asked.get("period", Cadence.WEEKLY), asked.get("date", today))
    return SummaryAsked(
        period, asked.get("unit"), asked.get("q", ""), asked.get("sort", "name"), asked.get("show", ""),
        asked.get("page", 1),
    )  # fmt: skip
