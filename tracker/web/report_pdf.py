"""A report as PDF: what was asked for, its days as a plot, employees and units with their sums, and few duties singly.

All of it is counted from the same rows as they are at one moment, so that the sums agree whatever is judged meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from flask_babel import format_decimal, get_locale
from flask_babel import gettext as _

from tracker.domain.coverage import coverage
from tracker.exports.day_plot import Series, draw_days
from tracker.exports.document import Table
from tracker.exports.paper import Imprint, Paper
from tracker.storage.figures import Figures
from tracker.storage.report_rows import NO_SHOW, Report, report_days, report_people, report_rows
from tracker.web import words
from tracker.web.access import viewer
from tracker.web.city import city, db
from tracker.web.formats import clock, duration, moment, short_date, short_day
from tracker.web.report_facts import LEAVES_OPEN, asked_for, made_at, made_by
from tracker.web.team_reports import Taken

MOST_DUTIES = 2000  # that are listed one by one
HOUR = 3600
Cell = tuple[str, Callable[[Figures], str], float]  # a title, its text, and a width


def write_report(taken: Taken, file: IO[bytes]) -> None:
    """Write the whole document."""
    session, now, report = db.session(), made_at(), taken.page.report
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    days = report_days(session, report, viewer(), taken.wanted, taken.people, now)
    whole = sum(days.values(), Figures())
    title = str(taken.page.title)
    paper = Paper(file, Imprint(title, made_by(now), _("Page"), str(get_locale())), wide=True)
    paper.title(title, str(taken.page.about))
    paper.facts([*asked_for(taken)[1:], *_told(whole, len(taken.people), made_by(now))])
    paper.write(str(LEAVES_OPEN))
    if not days:
        paper.space(6)
        paper.write(_("No judged duty in these days. Duties are judged soon after they end; choose other days or fewer"
                      " filters."))  # fmt: skip
        paper.close()
        return
    paper.heading(_("By day"), least=230)
    draw_days(paper, [short_day(day) for day in days], _series(report, list(days.values()), whole), _unit(report))
    units: dict[str, Figures] = {}
    paper.heading(_("By employee"))
    paper.table(_person_table(report), _person_rows(taken, report, units))
    paper.heading(_("By unit"))
    paper.table(_unit_table(report), _unit_rows(report, units))
    if whole.duties <= MOST_DUTIES:
        paper.heading(_("By duty"))
        rows = report_rows(session, report, viewer(), taken.wanted, taken.people)
        paper.table(_duty_table(report), (_duty_row(report, row) for row in rows))
    paper.close()


def _told(whole: Figures, people: int, made: str) -> list[tuple[str, str]]:
    told = [
        (_("Employees"), format_decimal(people)),
        (_("Duties"), format_decimal(whole.duties)),
        (_("Observed"), _share(whole)),
        (_("Rules"), ", ".join(whole.rule_versions)),
        (_("Newest verdict"), moment(whole.computed_at) if whole.computed_at else ""),
        (_("Made"), made),
    ]
    return [(name, value) for name, value in told if value]


def _unit(report: Report) -> str:
    return str(_("Duties") if report is NO_SHOW else _("Hours"))


def _series(report: Report, days: Sequence[Figures], whole: Figures) -> list[Series]:
    if report is NO_SHOW:
        names = {"present": "PRESENT", "excused": "EXCUSED", "unverified": "UNVERIFIED", "no_show": "NO_SHOW"}
        return [
            Series(name, f"{words.VERDICT[status].text}: {format_decimal(getattr(whole, name))}",
                   [getattr(day, name) for day in days])
            for name, status in names.items()
        ]  # fmt: skip
    return [
        Series(ink, f"{words.MEASURE[measure]}: {duration(getattr(whole, name))}",
               [getattr(day, name) / HOUR for day in days])
        for ink, name, measure in (("idle", "idle_s", "idle"), ("away", "away_s", "away_from_post"))
    ]  # fmt: skip


def _cells(report: Report) -> list[Cell]:
    """What is said of a person or a unit, with titles."""
    first: list[Cell] = [(_("Duties"), _count("judged" if report is NO_SHOW else "duties"), 1.0)]
    last: list[Cell] = [(_("Observed"), _share, 1.2)]
    if report is not NO_SHOW:
        idle = [(str(words.MEASURE[name]), _time(column), 1.8)
                for name, column in (("idle", "idle_s"), ("away_from_post", "away_s"))]  # fmt: skip
        return [*first, *idle, (_("Length"), _time("expected_s"), 1.8), *last]
    counted: list[Cell] = [
        (str(words.VERDICT[status].text), _count(name), 1.25)
        for name, status in (("present", "PRESENT"), ("excused", "EXCUSED"), ("unverified", "UNVERIFIED"),
                             ("no_show", "NO_SHOW"))
    ]  # fmt: skip
    late: list[Cell] = [(_("Late"), _count("late"), 1.1), (_("Late minutes"), _count("late_min"), 1.1),
                        (_("Left early"), _count("left_early"), 1.1)]  # fmt: skip
    at_place: list[Cell] = [(str(words.SEGMENT["on_site"]), _time("on_site_s"), 1.7),
                            (str(words.SEGMENT["unknown"]), _time("unknown_s"), 1.7)]  # fmt: skip
    return [*first, *counted, *late, *at_place, *last]


def _person_table(report: Report) -> Table:
    return _table([_("NIP"), _("Name"), _("Unit")], [3.4, 3.4, 3.0], _cells(report))


def _unit_table(report: Report) -> Table:
    return _table([_("Unit")], [6.0], _cells(report))


def _table(names: list[str], widths: list[float], cells: Sequence[Cell]) -> Table:
    numbers = frozenset(range(len(names), len(names) + len(cells)))
    head = [*names, *(title for title, _text, _width in cells)]
    return Table(head, (), [*widths, *(width for _title, _text, width in cells)], numbers)


def _person_rows(taken: Taken, report: Report, units: dict[str, Figures]) -> Iterator[list[str]]:
    """A line for each person and unit; `units` gets the sums on the way."""
    cells = _cells(report)
    found = report_people(db.session(), report, viewer(), taken.wanted, taken.people, city().now())
    for row, figures in found:
        units[row.unit] = units.get(row.unit, Figures()) + figures
        yield [row.nip, row.name, row.unit, *(text(figures) for _title, text, _width in cells)]


def _unit_rows(report: Report, units: dict[str, Figures]) -> Iterator[list[str]]:
    cells = _cells(report)
    whole = sum(units.values(), Figures())
    for name, figures in [*sorted(units.items()), (_("Together"), whole)]:
        yield [name, *(text(figures) for _title, text, _width in cells)]


def _duty_table(report: Report) -> Table:
    first, widths = [_("Day"), _("Name"), _("Unit"), _("Hours of duty")], [1.8, 3.0, 3.0, 1.6]
    if report is NO_SHOW:
        own = [_("Status"), _("Cause"), _("Late"), _("Left early"), str(words.SEGMENT["on_site"])]
        more = [3.0, 2.0, 1.0, 1.0, 2.0]
    else:
        own, more = [_("Measure"), _("Length")], [2.0, 2.0]
    head = [*first, *own, _("Observed"), _("Revision"), _("Rules")]
    return Table(head, (), [*widths, *more, 1.3, 1.2, 0.9], frozenset({len(head) - 2, len(head) - 3}))


def _duty_row(report: Report, row: Any) -> list[str]:
    first = [short_date(row.work_date), row.name, row.unit, f"{clock(row.starts_at)}–{clock(row.ends_at)}"]
    percent = coverage(row.observed_s, row.watched_s)
    last = ["" if percent is None else f"{percent} %", str(row.revision), row.rule_version]
    if report is not NO_SHOW:
        return [*first, str(words.MEASURE[row.measure]), duration(row.counted_s), *last]
    minutes = ["–" if value is None else str(value) for value in (row.late_min, row.left_early_min)]
    cause = str(words.SHORT_CAUSE.get(row.cause, row.cause or ""))
    return [*first, str(words.VERDICT[row.status].text), cause, *minutes, duration(row.on_site_s), *last]


def _count(name: str) -> Callable[[Figures], str]:
    return lambda figures: str(getattr(figures, name))


def _time(name: str) -> Callable[[Figures], str]:
    return lambda figures: duration(getattr(figures, name))


def _share(figures: Figures) -> str:
    percent = coverage(figures.observed_s, figures.watched_s)
    return "–" if percent is None else f"{percent} %"
