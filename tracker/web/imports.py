"""Files brought into the register: chosen, checked, looked at, approved. See `tracker.imports`."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Flask, Response, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as AnyResponse

from tracker.exports.csv_text import BYTE_ORDER_MARK, line
from tracker.imports import runs, templates
from tracker.imports.kind import Kind
from tracker.imports.kinds import KINDS
from tracker.imports.problems import Problem
from tracker.imports.tables import LARGEST_FILE
from tracker.storage.models import ImportRun
from tracker.storage.register import Impossible, NotFound
from tracker.web import import_words, register_words
from tracker.web.access import Access, address, allowed, signed_in, viewer
from tracker.web.city import city, db
from tracker.web.forms import A_DATE, NOTHING_TYPED, EntryInput, Form, PageQuery, parse

pages = Blueprint("imports", __name__, url_prefix="/admin/imports")
FORM_AROUND = 64 * 1024  # bytes of a request beside its file
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNDER_WAY = runs.TO_DO


class ImportForm(Form):
    kind = fields.String(required=True)
    since = fields.Date(load_default=None, validate=A_DATE)


def init_app(app: Flask) -> None:
    app.before_request(admit_files)


def admit_files() -> None:
    """Files may be larger than forms, of those who may import; asked before anything reads the request."""
    if request.endpoint == "imports.upload" and (who := signed_in()) and who.viewer.administers:
        request.max_content_length = LARGEST_FILE + FORM_AROUND
    elif request.endpoint == "api_imports.add_import" and g.get("machine") and g.viewer.administers:
        request.max_content_length = LARGEST_FILE * 4 // 3 + FORM_AROUND  # three bytes are four letters there


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """What can be imported, and one's earlier imports."""
    return _overview(NOTHING_TYPED)


@pages.post("")
@allowed(Access.ADMINISTRATOR)
def upload() -> AnyResponse | tuple[str, int]:
    """Keep a file to be checked."""
    parsed, file = parse(ImportForm(), request.form), request.files.get("file")
    errors = dict(parsed.errors)
    if file is None or not file.filename:
        errors["file"] = _("Choose a file.")
    if parsed.values.get("kind") not in _kinds():
        errors["kind"] = _("Choose what the file holds.")
    if errors or file is None:
        return _overview(EntryInput(request.form, errors)), 422
    kind, since = parsed.values["kind"], parsed.values["since"]
    name, content = file.filename or "", file.read()
    try:
        run = runs.create(db.session(), viewer(), address(), kind, name, content, city().now(), since)
    except Impossible as error:
        return _overview(EntryInput(request.form, {"file": register_words.sentence(error)})), 422
    db.session.commit()
    return _to(run)


@pages.get("/templates/<string:file>")
@allowed(Access.ADMINISTRATOR)
def template(file: str) -> Response:
    """A file to fill: people.csv, people.xlsx, zones.geojson ..."""
    name, _dot, suffix = file.rpartition(".")
    kind = _kinds().get(name) or abort(404)
    if f".{suffix}" not in kind.suffixes:
        abort(404)
    content, content_type = _template(kind, suffix)
    response = Response(content, content_type=content_type)
    response.headers["Content-Disposition"] = f"attachment; filename={file}"
    return response


@pages.get("/<id:run_id>")
@allowed(Access.ADMINISTRATOR)
def show(run_id: int) -> Response:
    """How far an import is, what it would do or did, and what is wrong with it."""
    run = _known(run_id)
    response = Response(_shown(run))
    if run.state in UNDER_WAY:
        response.headers["Refresh"] = "2"
    return response


@pages.post("/<id:run_id>/approve")
@allowed(Access.ADMINISTRATOR)
def approve(run_id: int) -> AnyResponse:
    """Let it be brought in."""
    run = _known(run_id)
    if run.account_id != viewer().account_id:
        abort(404)
    if not runs.approve(db.session(), viewer(), run_id, city().now()):
        flash(_("This import was not waiting for a yes any more. This is how it stands now."), "warn")
    db.session.commit()
    return _to(run)


@pages.post("/<id:run_id>/cancel")
@allowed(Access.ADMINISTRATOR)
def cancel(run_id: int) -> AnyResponse:
    """Give it up: nothing changes."""
    run = _known(run_id)
    if not runs.cancel(db.session(), viewer(), run_id, city().now()):
        flash(_("This import was not waiting for a yes any more. This is how it stands now."), "warn")
    db.session.commit()
    return _to(run)


@pages.get("/<id:run_id>/errors.csv")
@allowed(Access.ADMINISTRATOR)
def errors(run_id: int) -> Response:
    """All errors that are kept, for whoever corrects the file."""
    run = _known(run_id)
    response = Response(BYTE_ORDER_MARK + "".join(_error_lines(run)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename=errors-{run.id}.csv"
    return response


def _error_lines(run: ImportRun) -> Iterator[str]:
    yield line([_("Line"), _("Column"), _("What is wrong")])
    for problem in _problems(run):
        column = import_words.heading(run.kind, problem.column)
        yield line([problem.line, column, import_words.sentence(run.kind, problem)])


def _problems(run: ImportRun) -> list[Problem]:
    return [Problem.from_json(kept) for kept in run.outcome.get("errors", [])]


def _kinds() -> dict[str, Kind]:
    return {name: kind for name, kind in KINDS.items() if runs.may_import(viewer(), kind)}


def _template(kind: Kind, suffix: str) -> tuple[bytes, str]:
    language = str(get_locale())
    if suffix == "csv":
        return templates.as_csv(kind, language), "text/csv; charset=utf-8"
    if suffix == "xlsx":
        sheet = str(import_words.KIND[kind.name])
        return templates.as_xlsx(kind, language, sheet, _("Notes"), lambda name: _explained(kind, name)), XLSX
    return templates.as_geojson(), "application/geo+json"


def _explained(kind: Kind, name: str) -> tuple[str, str]:
    column = next(one for one in kind.columns if one.name == name)
    language = str(get_locale())
    needed = import_words.REQUIRED if column.required else import_words.OPTIONAL
    return str(needed), " / ".join(filter(None, column.examples(language)))


def _known(run_id: int) -> ImportRun:
    try:
        return runs.run_for(db.session(), viewer(), run_id)
    except NotFound:
        abort(404)


def _to(run: ImportRun) -> AnyResponse:
    return redirect(url_for("imports.show", run_id=run.id), 303)


def _shown(run: ImportRun) -> str:
    return render_template(
        "import_run.html", run=run, import_words=import_words, problems=_problems(run)[:100],
        outcome=run.outcome, under_way=run.state in UNDER_WAY, own=run.account_id == viewer().account_id,
    )  # fmt: skip


def _overview(typed: EntryInput) -> str:
    number = parse(PageQuery(), request.args).values.get("page", 1)
    page = runs.run_list(db.session(), viewer(), number)
    return render_template(
        "imports.html", kinds=_kinds(), page=page, import_words=import_words, entry=typed,
        largest_mb=LARGEST_FILE // 2**20,
    )  # fmt: skip
