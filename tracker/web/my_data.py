"""What is stored about an employee, why and how long; who looked; all of it as files; asking for a correction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.domain.correction import LONGEST_TEXT, MOST_OPEN, SHORTEST_TEXT
from tracker.storage import corrections, my_data
from tracker.storage.audit import Action, looks_at, record
from tracker.storage.my_data import Whose
from tracker.storage.notices import acknowledged_at
from tracker.web import audit_words, correction_words
from tracker.web.access import Access, actor, allowed, own_person
from tracker.web.changing import ruled_out
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, CorrectionForm, EntryInput, PageQuery, parse
from tracker.web.my_data_categories import CATEGORIES, Category
from tracker.web.my_data_files import Part, begun, json_pieces, pieces_of, zip_file

pages = Blueprint("my_data", __name__, url_prefix="/me/data")


@pages.get("")
@allowed(Access.EMPLOYEE)
def show() -> str:
    """What is stored about the person, why, for how long, and who looked at it."""
    return _page()


@pages.post("")
@allowed(Access.EMPLOYEE)
def ask() -> Response | tuple[str, int]:
    """Ask for a correction; what was typed is shown again where it cannot be sent."""
    parsed = parse(CorrectionForm(), request.form)
    asked = lambda: corrections.ask(db.session(), own_person(), **parsed.values, now=city().now())  # noqa: E731
    wrong = ruled_out(parsed.errors, asked, correction_words.REFUSAL)
    if wrong:
        return _page(wrong), 422
    flash(_("Sent. The answer appears on this page."), "good")
    return redirect(url_for("my_data.show"), 303)


@pages.get("/everything.json")
@allowed(Access.EMPLOYEE)
def as_json() -> Response:
    """Everything as one document, streamed."""
    about, parts = _taken("json")
    return _file(stream_with_context(begun(json_pieces(about, parts))), "json", "application/json")


@pages.get("/everything.zip")
@allowed(Access.EMPLOYEE)
def as_zip() -> Response:
    """Everything as tables. Written before it is sent: it needs no database while a slow phone takes it."""
    about, parts = _taken("zip")
    file = zip_file(about, parts, city().now())
    response = _file(pieces_of(file), "zip", "application/zip")
    response.call_on_close(file.close)
    return response


def _page(typed: EntryInput = NOTHING_TYPED) -> str:
    session, whose = db.session(), _whose()
    number = parse(PageQuery(), request.args).values.get("page", 1)
    first, last = my_data.kept_between(session, whose)
    return render_template(
        "my_data.html",
        categories=CATEGORIES, settings=city().settings,
        counts=my_data.counts_of(session, whose, {name: one.query for name, one in CATEGORIES.items()}),
        first=first, last=last, off_duty=my_data.not_kept(session, whose),
        looks=looks_at(session, whose.person_id, number), audit_words=audit_words,
        entry=typed, requests=corrections.own_requests(session, whose.person_id),
        correction_words=correction_words, most_open=MOST_OPEN, shortest=SHORTEST_TEXT, longest=LONGEST_TEXT,
        read_at=acknowledged_at(session, whose.person_id),
    )  # fmt: skip


def _whose() -> Whose:
    return Whose(own_person(), city().now())


def _taken(file_format: str) -> tuple[dict[str, Any], Iterator[Part]]:
    """What a download is made of. That it was taken is recorded before any of it is sent."""
    session, whose = db.session(), _whose()
    record(session, actor(), Action.EXPORT_OWN, {"format": file_format}, people=[whose.person_id])
    session.commit()
    my_data.of_one_moment(session)
    about = {"made_at": whose.now, "time_zone": city().zone.key}
    return about, (_part(category, whose) for category in CATEGORIES.values())


def _part(category: Category, whose: Whose) -> Part:
    said = {
        "what": str(category.what), "why": str(category.why), "ground": str(category.ground),
        "kept": category.kept_words(city().settings),
    }  # fmt: skip
    return Part(category.name, said, *my_data.rows_of(db.session(), whose, category.query))


def _file(pieces: Any, ending: str, content_type: str) -> Response:
    response = Response(pieces, content_type=content_type)
    name = f"jejak-{city().today()}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
