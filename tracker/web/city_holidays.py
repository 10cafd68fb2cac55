"""The city's holidays: what the library drafts beside what is confirmed, and what an administrator makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from tracker.domain.writing import LONGEST_NAME, one_line
from tracker.storage import calendar_changes as changes
from tracker.storage.models import HOLIDAY_KINDS, Holiday
from tracker.storage.register import Impossible
from tracker.storage.roster_pages import holidays_of
from tracker.web import roster_words
from tracker.web.access import Access, allowed, by
from tracker.web.changing import refused, version
from tracker.web.city import FIRST_DATE, LAST_DATE, city, db
from tracker.web.formats import day
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.holiday_draft import drafted
from tracker.web.roster_forms import HolidayForm, OnForm, YearQuery
from tracker.web.words import FIELD

pages = Blueprint("city_holidays", __name__, url_prefix="/admin/holidays")


@dataclass(frozen=True, slots=True)
class Line:
    """A day that is a holiday, or that the library says is one, or both."""

    day: date
    name: str
    kind: str
    confirmed: bool
    draft: tuple[str, str] | None = None  # what the library says: name and kind

    @property
    def differs(self) -> bool:
        return self.confirmed and self.draft is not None and self.draft != (self.name, self.kind)


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> Response:
    """A year of them."""
    return _page(_year())


@pages.post("")
@allowed(Access.CITY_ADMINISTRATOR)
def confirm() -> Response:
    """Let the days that are ticked be holidays, by the names and kinds that are written beside them."""
    year, count = _year(), 0

    def confirmed() -> None:
        nonlocal count
        count = changes.confirm_holidays(by(), _sent(year))

    return _done(year, confirmed, lambda: str(ngettext("%(num)d day was confirmed or changed.",
                                                       "%(num)d days were confirmed or changed.", count)))  # fmt: skip


@pages.post("/add")
@allowed(Access.CITY_ADMINISTRATOR)
def add() -> Response:
    """Add another day."""
    sent = parse(HolidayForm(), request.form)
    if sent.errors:
        return _page(_year(), EntryInput(request.form, sent.errors))
    on, name, kind = (sent.values[one] for one in ("on", "name", "kind"))
    done = str(_("The holiday %(name)s is added.", name=name))
    return _done(on.year, lambda: changes.confirm_holidays(by(), [(on, name, kind)]), lambda: done)


@pages.post("/remove")
@allowed(Access.CITY_ADMINISTRATOR)
def remove() -> Response:
    """A day is a working day after all."""
    sent = parse(OnForm(), request.form)
    if sent.errors:
        return _page(_year(), EntryInput({}, {"": sent.errors["on"]}))
    on, done = sent.values["on"], str(_("That day is a working day again."))
    return _done(on.year, lambda: changes.remove_holiday(by(), on), lambda: done)


def _sent(year: int) -> list[tuple[date, str, str]]:
    """The days that are ticked, or all, with their names and kinds. Raises Impossible."""
    lines, ticked, whole = _lines(year), set(request.form.getlist("day")), bool(request.form.get("all"))
    unticked = [line.day for line in lines if line.confirmed and str(line.day) not in ticked]
    if unticked:
        raise Impossible(_stay_confirmed(unticked))
    days = [_written(line) for line in lines if whole or str(line.day) in ticked]
    if not days:
        raise Impossible(str(_("Tick at least one day.")))
    if any(not name or len(name) > LONGEST_NAME or kind not in HOLIDAY_KINDS for _day, name, kind in days):
        raise Impossible(str(FIELD["name"]))
    return days


def _stay_confirmed(days: Sequence[date]) -> str:
    """Taking a tick away could be a slip: whole duties depend on it."""
    names = ", ".join(day(one) for one in days)
    return str(_("Nothing was kept. Confirmed days keep their tick: %(days)s. If one is a working day after all, press "
                 "Remove beside it.", days=names))  # fmt: skip


def _year() -> int:
    asked = parse(YearQuery(), request.values).values
    return int(asked.get("year", city().today().year))


def _lines(year: int) -> list[Line]:
    confirmed: dict[date, Holiday] = {one.day: one for one in holidays_of(db.session(), year)}
    drafts = {day: (name, kind) for day, name, kind in drafted(year)}
    return [_line(day, confirmed.get(day), drafts.get(day)) for day in sorted(confirmed.keys() | drafts.keys())]


def _line(day: date, held: Holiday | None, draft: tuple[str, str] | None) -> Line:
    if held is not None:
        return Line(day, held.name, held.kind, True, draft)
    name, kind = draft or ("", "public")
    return Line(day, name, kind, False, draft)


def _written(line: Line) -> tuple[date, str, str]:
    name = one_line(request.form.get(f"name-{line.day}", line.name).replace("\0", ""))
    return line.day, name, request.form.get(f"kind-{line.day}", line.kind)


def _done(year: int, change: Callable[[], Any], done: Callable[[], str]) -> Response:
    wrong = refused(change, {}, lambda: _shown(_year()))
    if wrong:
        return _page(_year(), wrong)
    flash(done(), "good")
    return redirect(url_for("city_holidays.overview", year=year), 303)


def _shown(year: int) -> str:
    """The version of a year's confirmed holidays."""
    return version(year, [(one.day, one.name, one.kind) for one in holidays_of(db.session(), year)])


def _page(year: int, typed: EntryInput = NOTHING_TYPED) -> Response:
    page = render_template(
        "city_holidays.html", year=year, lines=_lines(year), entry=typed, shown=_shown(year),
        ticked=request.form.getlist("day") if typed.values else (),
        first=FIRST_DATE.year, last=LAST_DATE.year, tomorrow=city().today() + timedelta(days=1),
        roster_words=roster_words,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
