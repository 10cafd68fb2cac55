"""What the pages say of figures: each number with its share, its change, its coverage and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import format_decimal, gettext, lazy_gettext

from tracker.domain.periods import Cadence, Period
from tracker.domain.trend import PARTS, Plot, Point, plot
from tracker.storage.figures import Figures
from tracker.storage.unit_summaries import share
from tracker.web import words
from tracker.web.formats import duration
from tracker.web.words import Label

DAYS_BEFORE = 13  # that the trend of a single day shows with it

LABEL = {
    "present": words.STATUS["present"],
    "late": Label(lazy_gettext("Late"), "clock", "warn"),
    "left_early": Label(lazy_gettext("Left early"), "clock", "warn"),
    "no_show": words.STATUS["no_show"],
    "unverified": words.STATUS["unverified"],
    "excused": words.STATUS["excused"],
    "not_judged": words.STATUS["not_judged"],
    "idle": Label(words.MEASURE["idle"], "hourglass", "plain"),
    "away_from_post": Label(words.MEASURE["away_from_post"], "hourglass", "plain"),
}
SORT = {
    "name": lazy_gettext("Name"),
    "no_show": lazy_gettext("Not at the place of duty"),
    "unverified": lazy_gettext("Unverified"),
    "late": lazy_gettext("Late"),
    "idle": lazy_gettext("Idle or away"),
    "coverage": lazy_gettext("Least observed"),
}


def _judged(name: str) -> Callable[[Any, Any], bool]:
    return lambda verdict, _: bool(verdict and verdict.status == name.upper())


# which duties of a person a number stands for, by verdict and idle figure of each, which may be None
SHOWN: Mapping[str, Callable[[Any, Any], bool]] = {
    **{name: _judged(name) for name in PARTS},
    "late": lambda verdict, _: bool(verdict and verdict.late_min),
    "left_early": lambda verdict, _: bool(verdict and verdict.left_early_min),
    "not_judged": lambda verdict, _: verdict is None,
    "idle": lambda _, idle: bool(idle and idle.counted_s and idle.measure == "idle"),
    "away_from_post": lambda _, idle: bool(idle and idle.counted_s and idle.measure == "away_from_post"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A number of a period: `share` is its part of the judged duties, or of the observed time; 0 to 1.

    `change` is by how much that differs from the period before; None where either knows nothing.
    """

    name: str
    label: Label
    text: str
    share: float
    change: float | None
    beside: str = ""

    @property
    def nothing(self) -> bool:
        return not self.share


def facts_of(now: Figures, before: Figures) -> list[Fact]:
    """The numbers of a period, each beside the period before."""
    counted = [_counted(name, now, before) for name in ("present", "late", "left_early", "no_show", "unverified",
                                                       "excused")]  # fmt: skip
    waiting = now.duties - now.judged
    not_judged = Fact("not_judged", LABEL["not_judged"], number(waiting), share(waiting, now.duties), None,
                      gettext("of %(duties)s duties", duties=number(now.duties)))  # fmt: skip
    return [*counted, not_judged, _timed("idle", now.idle_s, before.idle_s, now, before),
            _timed("away_from_post", now.away_s, before.away_s, now, before)]  # fmt: skip


def causes_of(figures: Figures) -> list[tuple[Any, int]]:
    """Why what is unverified is so, the most frequent first."""
    most = sorted(figures.causes.items(), key=lambda one: (-one[1], one[0]))
    return [(words.SHORT_CAUSE.get(cause, cause), count) for cause, count in most]


def percent(part: float) -> str:
    """12.5 %, of a share; what is not nothing is never shown as 0."""
    text = format_decimal(round(100 * part, 1))
    return f"< {format_decimal(0.1)} %" if part and not round(100 * part, 1) else f"{text} %"


def points(change: float) -> str:
    """+1.5, in percentage points."""
    rounded = round(100 * change, 1)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else '±'}{format_decimal(abs(rounded))}"


def number(count: int) -> str:
    return str(format_decimal(count))


def trend_days(period: Period) -> list[date]:
    """The days that the trend of a period shows."""
    if period.cadence is Cadence.DAILY:
        return [period.first - timedelta(days=number) for number in range(DAYS_BEFORE, -1, -1)]
    return period.days


def trend_of(days: Sequence[tuple[date, Figures]]) -> Plot:
    """The plot of these days."""
    return plot([Point(day, {part: getattr(one, part) for part in PARTS}, observed(one)) for day, one in days])


def observed(figures: Figures) -> float | None:
    return share(figures.observed_s, figures.watched_s) if figures.watched_s else None


def duties_url(name: str, period: Period, unit_id: int | None = None, search: str = "") -> str:
    """The rows of the report behind a number of a unit."""
    about: dict[str, Any] = {"from": str(period.first), "to": str(period.last), "unit": unit_id, "q": search or None}
    if name in words.MEASURE:
        return url_for("team_reports.show", name="idle", status=name, **about)
    narrowed: dict[str, Any] = {"elsewhere": name} if name in ("late", "left_early") else {"status": name.upper()}
    return url_for("team_reports.show", name="no-show", **narrowed, **about)


def _counted(name: str, now: Figures, before: Figures) -> Fact:
    count, was = getattr(now, name), getattr(before, name)
    change = share(count, now.judged) - share(was, before.judged) if now.judged and before.judged else None
    minutes = getattr(now, f"{name}_min", 0)
    beside = duration(60 * minutes) if minutes else ""
    return Fact(name, LABEL[name], number(count), share(count, now.judged), change, beside)


def _timed(name: str, seconds: int, was: int, now: Figures, before: Figures) -> Fact:
    known = now.observed_s and before.observed_s
    change = share(seconds, now.observed_s) - share(was, before.observed_s) if known else None
    return Fact(name, LABEL[name], duration(seconds), share(seconds, now.observed_s), change)
