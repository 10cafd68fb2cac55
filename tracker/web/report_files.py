"""The reports as XLSX and PDF, of the same rows as the page and the CSV beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

from flask import Blueprint, Response, make_response
from flask_babel import gettext as _

from tracker.exports.workbook import Cover, write_workbook
from tracker.storage.report_rows import report_rows
from tracker.web.access import Access, allowed, viewer
from tracker.web.city import db
from tracker.web.exporting import BUSY, PDF, RETRY_AFTER_S, XLSX, Busy, made, slot
from tracker.web.formats import local
from tracker.web.report_columns import columns_of
from tracker.web.report_facts import LEAVES_OPEN, asked_for, made_at, made_by
from tracker.web.report_pdf import write_report
from tracker.web.team_reports import Refused, Taken, report_of, take_away

pages = Blueprint("report_files", __name__, url_prefix="/team/reports")


@pages.route("/<name>.xlsx", methods=["GET", "POST"])
@allowed(Access.READER, scope="reports:read")
def as_xlsx(name: str) -> Response:
    """A row for each duty, with real dates and numbers, and a sheet that says what they are."""
    return _download(name, "xlsx", XLSX, _write_workbook)


@pages.route("/<name>.pdf", methods=["GET", "POST"])
@allowed(Access.READER, scope="reports:read")
def as_pdf(name: str) -> Response:
    """The days as a plot, and a line for each employee and unit; few duties are listed one by one."""
    return _download(name, "pdf", PDF, write_report)


def _download(name: str, form: str, media_type: str, write: Callable[[Taken, IO[bytes]], Any]) -> Response:
    """The file, once it is written down whom it shows; or the report's page with the reason why not."""
    report_of(name)
    try:
        with slot():
            taken = take_away(name, form)
            return made(lambda file: write(taken, file), taken.file_name, media_type)
    except Refused as refused:
        return make_response(refused.page(), 422)
    except Busy:
        response = make_response(Refused.of(name, BUSY).page(), 503)
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response


def _write_workbook(taken: Taken, file: IO[bytes]) -> None:
    rules: set[str] = set()

    def noting_rules(row: Any) -> Any:
        rules.add(row.rule_version)
        return row

    now = made_at()

    def lines() -> list[tuple[str, str]]:
        told = [*asked_for(taken), (_("Made"), made_by(now)), (_("Rules"), ", ".join(sorted(rules)))]
        return [*told, (_("Note"), str(taken.page.about)), ("", str(LEAVES_OPEN))]

    rows = report_rows(db.session(), taken.page.report, viewer(), taken.wanted, taken.people)
    title = str(taken.page.title)
    cover = Cover(_("About"), title[:24], lines, _naive(now))
    write_workbook(file, columns_of(taken.page.report), map(noting_rules, rows), cover)


def _naive(at: datetime) -> datetime:
    return local(at).replace(tzinfo=None)
