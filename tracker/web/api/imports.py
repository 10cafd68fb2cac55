"""Files brought into the register: the door for an HR system. Each is checked, then approved; all of it or nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validate
from sqlalchemy import Select

from tracker.imports import runs
from tracker.imports.kinds import KINDS
from tracker.imports.problems import Problem as RowProblem
from tracker.storage.changes import By
from tracker.storage.models import ImportRun
from tracker.web import import_words
from tracker.web.access import address, viewer
from tracker.web.api.problems import Problem
from tracker.web.api.resource import Body, Kind, Made, Resource
from tracker.web.api.shapes import Day, ListQuery, Nothing, Shape, Text, shown_id

MOST_ERRORS = 100
COLUMNS: Sequence[Any] = (
    ImportRun.id, ImportRun.kind, ImportRun.file_name, ImportRun.state, ImportRun.rows_done, ImportRun.rows_all,
    ImportRun.outcome,
)  # fmt: skip


class Base64(fields.String):
    """Bytes as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        try:
            return base64.b64decode(super()._deserialize(value, attr, data, **more), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError(_("This is no base64.")) from error


class ImportShape(Shape):
    id = shown_id()
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    file_name = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(import_words.STATE)})
    rows_done = fields.Integer(required=True)
    rows_all = fields.Integer(required=True, allow_none=True)
    counts = fields.Function(
        lambda run: run.outcome.get("counts", {}), required=True,
        metadata={"type": "object", "description": "How many rows are new, changed, same, and errors."},
    )  # fmt: skip
    notes = fields.Function(
        lambda run: [import_words.note(run.kind, one) for one in run.outcome.get("notes", [])], required=True,
        metadata={"type": "array", "items": {"type": "string"}, "description": "What to know of the reading."},
    )  # fmt: skip
    errors = fields.Function(
        lambda run: [_told(run, one) for one in run.outcome.get("errors", [])[:MOST_ERRORS]], required=True,
        metadata={"type": "array", "items": {"type": "object"}, "description": "The first 100: line, column, detail."},
    )  # fmt: skip


class NewImportShape(Shape):
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    file_name = Text(required=True, metadata={"example": "people.csv"})
    content = Base64(
        required=True, validate=validate.Length(min=1),
        metadata={"format": "byte", "description": "The file: CSV, XLSX or GeoJSON."},
    )  # fmt: skip
    since = Day(load_default=None, metadata={"description": "From which day on changes hold; without it from today."})


def wanted() -> Select[Any]:
    return runs.visible(viewer()).with_only_columns(*COLUMNS)


imports = Resource(
    "imports", Kind(ImportRun, ImportShape, wanted),
    "Files with many rows: checked, then approved, then brought in; all of a file or nothing of it.",
)  # fmt: skip


@imports.listing(ListQuery)
def list_imports(asked: Body) -> Select[Any]:
    """One's own imports; system administrators see all."""
    return wanted().where(ImportRun.file_name.icontains(asked["q"], autoescape=True))


@imports.creating(NewImportShape)
def add_import(by: By, sent: Body) -> Made:
    """Hand in a file: it is checked within seconds, and waits for its approval."""
    run = runs.create(
        by.session, viewer(), address(), sent["kind"], sent["file_name"], sent["content"], by.now, sent["since"]
    )
    return Made(run.id)


@imports.changing("approval", Nothing)
def approve_import(by: By, row: Any, sent: Body) -> None:
    """Let a checked file be brought in."""
    _waiting(runs.approve(by.session, viewer(), row.id, by.now))


@imports.changing("cancellation", Nothing)
def cancel_import(by: By, row: Any, sent: Body) -> None:
    """Give a checked file up: nothing changes."""
    _waiting(runs.cancel(by.session, viewer(), row.id, by.now))


def _waiting(moved: bool) -> None:
    if not moved:
        raise Problem(409, _("This import was not waiting for a yes any more. This is how it stands now."))


def _told(run: ImportRun, kept: Any) -> Body:
    problem = RowProblem.from_json(kept)
    column = import_words.heading(run.kind, problem.column)
    return {"line": problem.line, "column": column, "detail": import_words.sentence(run.kind, problem)}
