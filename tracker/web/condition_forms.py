"""What is asked of the pages about the system's condition."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import fields, validate

from tracker.storage.report_runs import SORTS, STATES, RunFilter
from tracker.web.forms import LONGEST_SEARCH, PageQuery, parse


class RunQuery(PageQuery):
    report = fields.String(load_default="", validate=validate.Length(max=LONGEST_SEARCH))
    state = fields.String(load_default="", validate=validate.OneOf(STATES))
    sort = fields.String(load_default="period", validate=validate.OneOf(SORTS))


def run_filter(sent: Mapping[str, str]) -> tuple[RunFilter, int]:
    """The runs of reports an administrator asked for, and which page of them."""
    asked = parse(RunQuery(), sent).values
    wanted = RunFilter(asked.get("report", ""), asked.get("state", ""), asked.get("sort", "period"))
    return wanted, asked.get("page", 1)
