"""The no-show and idle reports: pages and downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request, stream_with_context
from flask_babel import format_decimal
from flask_babel import lazy_gettext as _

from tracker.domain.coverage import coverage
from tracker.exports.csv_text import BYTE_ORDER_MARK, line
from tracker.storage.audit import Action, record
from tracker.storage.person_days import units_for
from tracker.storage.report_rows import (
    IDLE,
    NO_SHOW,
    NOT_JUDGED,
    Report,
    ReportFilter,
    people_in,
    report_list,
    report_rows,
)
from tracker.storage.rights import Right
from tracker.web import words
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.city import city, db
from tracker.web.formats import local
from tracker.web.forms import LookForm, parse, report_filter
from tracker.web.words import FIELD

LONGEST_DOWNLOAD_DAYS = 92  # a quarter
MOST_ROWS = 500_000  # of a file that is made whole before it is sent; a CSV is sent while it is read
TOO_MANY = _(
    "A file holds at most %(most)s duties, and these are %(rows)s. Choose fewer days or a unit, or the CSV file."
)
NO_FILE = _("Files hold judged duties. These wait for their verdict: choose another status to download.")
TOO_LONG = _("A download covers at most %(days)d days. Choose a later first day.", days=LONGEST_DOWNLOAD_DAYS)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report with the labels of what it can be narrowed to."""

    report: Report
    title: Any
    about: Any
    choices: Mapping[str, Any]


REPORTS = {
    NO_SHOW.name: ReportPage(
        NO_SHOW,
        _("Presence report"),
        _("Every judged duty with its newest verdict. Unverified means that nothing could be shown: "
          "it is not absence."),
        {**{status: label.text for status, label in words.VERDICT.items()},
         NOT_JUDGED: words.STATUS["not_judged"].text},
    ),
    IDLE.name: ReportPage(
        IDLE,
        _("Idle report"),
        _("Observed minutes without work, relative to the role: idle in the field, or away from a post. "
          "Time that was not observed never counts."),
        words.MEASURE,
    ),
}  # fmt: skip

pages = Blueprint("team_reports", __name__, url_prefix="/team/reports")


@pages.get("/<name>")
@allowed(Access.READER, scope="reports:read")
def show(name: str) -> str:
    """One page of a report."""
    page = report_of(name)
    return _page(page, *report_filter(page.choices, request.args, city().today()))


def _page(page: ReportPage, wanted: ReportFilter, number: int, problem: Any = None) -> str:
    rows, counts = report_list(db.session(), page.report, viewer(), wanted, number, city().now())
    return render_template(
        "report.html",
        page=page,
        wanted=wanted,
        rows=rows,
        counts=counts,
        units=units_for(db.session(), viewer(), wanted.first, wanted.last),
        reports=REPORTS,
        problem=problem,
        says_why=says_why(),
        waiting=wanted.status == NOT_JUDGED,
    )


def says_why() -> bool:
    """Whether who downloads gives a reason: an auditor, as before each track."""
    return viewer().holds(Right.READ_AUDIT)


@pages.route("/<name>.csv", methods=["GET", "POST"])
@allowed(Access.READER, scope="reports:read")
def download(name: str) -> Response | tuple[str, int]:
    """All rows of the filter, streamed."""
    try:
        taken = take_away(name, "csv")
    except Refused as refused:
        return refused.page(), 422
    rows = report_rows(db.session(), taken.page.report, viewer(), taken.wanted, taken.people)
    response = Response(stream_with_context(csv_lines(taken.page.report, rows)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{taken.file_name}"'
    return response


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody takes away: the rows of a report about these people, as a file of some form."""

    page: ReportPage
    wanted: ReportFilter
    people: list[int]
    form: str

    @property
    def file_name(self) -> str:
        return f"{self.page.report.name}-{self.wanted.first}-{self.wanted.last}.{self.form}"


@dataclass(eq=False)
class Refused(Exception):
    """That a report cannot be taken away, and why."""

    asked: ReportPage
    wanted: ReportFilter
    number: int
    problem: Any

    @classmethod
    def of(cls, name: str, problem: Any) -> Refused:
        """The refusal of what this request asks for."""
        asked = report_of(name)
        return cls(asked, *report_filter(asked.choices, request.args, city().today()), problem)

    def page(self) -> str:
        """The report's page with the reason."""
        return _page(self.asked, self.wanted, self.number, self.problem)


def take_away(name: str, form: str) -> Taken:
    """What this request takes away. Whose rows that are is recorded before any is sent. Raises `Refused`."""
    page = report_of(name)
    wanted, _number = report_filter(page.choices, request.args, city().today())
    if (wanted.last - wanted.first).days >= LONGEST_DOWNLOAD_DAYS:
        raise Refused.of(name, TOO_LONG)
    if wanted.status == NOT_JUDGED:
        raise Refused.of(name, NO_FILE)
    # an auditor's reason comes by a form of ours, whose token no link has; a program's by its address
    asked = parse(LookForm(), request.args if "machine" in g else request.form)
    if says_why() and asked.errors:
        raise Refused.of(name, FIELD["why"])
    why = asked.values.get("why", "") if says_why() else ""
    days = {"first": str(wanted.first), "last": str(wanted.last)}
    detail = {"report": name, "format": form, **asdict(wanted), **days}
    people = people_in(db.session(), page.report, viewer(), wanted)
    rows = sum(people.values())
    if form != "csv" and rows > MOST_ROWS:
        raise Refused.of(name, TOO_MANY % {"most": format_decimal(MOST_ROWS), "rows": format_decimal(rows)})
    record(db.session(), actor(), Action.EXPORT_REPORT, detail, people=list(people), why=why)
    db.session.commit()
    return Taken(page, wanted, list(people), form)


def csv_lines(report: Report, rows: Iterator[Any]) -> Iterator[str]:
    """A report as CSV text, line by line, titles first."""
    columns = {**SHARED_COLUMNS, **OWN_COLUMNS[report.name], **LAST_COLUMNS}
    yield BYTE_ORDER_MARK + line(columns)
    for row in rows:
        yield line(value(row) for value in columns.values())


def report_of(name: str) -> ReportPage:
    """A report by its name in addresses; 404 where there is none."""
    if name not in REPORTS:
        abort(404)
    return REPORTS[name]


def _iso(at: Any) -> str:
    return local(at).isoformat(timespec="minutes")


def _minutes(column: str) -> Callable[[Any], float]:
    return lambda row: round(getattr(row, column) / 60, 1)


def _plain(column: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, column)


SHARED_COLUMNS: dict[str, Callable[[Any], Any]] = {
    "work_date": _plain("work_date"),
    "nip": _plain("nip"),
    "name": _plain("name"),
    "unit": _plain("unit"),
    "shift": _plain("shift"),
    "duty_start": lambda row: _iso(row.starts_at),
    "duty_end": lambda row: _iso(row.ends_at),
}
OWN_COLUMNS: dict[str, dict[str, Callable[[Any], Any]]] = {
    NO_SHOW.name: {
        **{name: _plain(name) for name in ("status", "cause", "late_min", "left_early_min")},
        **{f"{name}_min": _minutes(f"{name}_s") for name in ("on_site", "off_site", "moving", "unknown")},
    },
    IDLE.name: {"measure": _plain("measure"), "counted_min": _minutes("counted_s")},
}
LAST_COLUMNS: dict[str, Callable[[Any], Any]] = {
    "coverage_pct": lambda row: coverage(row.observed_s, row.watched_s),
    "revision": _plain("revision"),
    "revision_reason": _plain("reason"),
    "computed_at": lambda row: _iso(row.computed_at),
    "rule_version": _plain("rule_version"),
}
