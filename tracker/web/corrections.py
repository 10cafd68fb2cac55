"""Requests for correction, for administrators: what people say is wrong, and answering them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.domain.correction import LONGEST_TEXT, SHORTEST_TEXT
from tracker.storage import corrections
from tracker.storage.audit import Action, record
from tracker.storage.corrections import Answer
from tracker.storage.models import CorrectionRequest
from tracker.web import correction_words
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.changing import ruled_out
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, AnswerForm, CorrectionQuery, EntryInput, parse
from tracker.web.my_data_categories import CATEGORIES

pages = Blueprint("corrections", __name__, url_prefix="/admin/corrections")


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """The requests in a state, open ones by default; state and page are in the address."""
    asked = parse(CorrectionQuery(), request.args).values
    state = asked.get("state", "open")
    requests, counts = corrections.request_list(db.session(), viewer(), state, asked.get("page", 1))
    return render_template(
        "corrections.html", state=state, requests=requests, counts=counts, categories=CATEGORIES,
        correction_words=correction_words,
    )  # fmt: skip


@pages.get("/<id:request_id>")
@allowed(Access.ADMINISTRATOR)
def show(request_id: int) -> str:
    """One request, with its answer or the form for it."""
    return _page(_known(request_id))


@pages.post("/<id:request_id>")
@allowed(Access.ADMINISTRATOR)
def answer(request_id: int) -> Response | tuple[str, int]:
    """Answer a request; what was typed is shown again where it cannot be saved."""
    asked, parsed = _known(request_id), parse(AnswerForm(), request.form)
    wrong = ruled_out(parsed.errors, lambda: _answer(asked, parsed.values), correction_words.REFUSAL)
    if wrong:
        return _page(asked, wrong), 422
    flash(_("Answered. The person sees it on their page."), "good")
    return redirect(url_for("corrections.overview"), 303)


def _answer(asked: CorrectionRequest, sent: dict[str, Any]) -> None:
    session, said = db.session(), Answer(sent["outcome"], sent["answer"])
    detail = {"request_id": asked.id, "about": asked.about, "outcome": said.outcome}
    corrections.answer(session, viewer(), asked, said, city().now())
    record(session, actor(), Action.ANSWER_CORRECTION, detail, people=[asked.person_id])


def _known(request_id: int) -> CorrectionRequest:
    return corrections.request_for(db.session(), viewer(), request_id) or abort(404)


def _page(asked: CorrectionRequest, typed: EntryInput = NOTHING_TYPED) -> str:
    return render_template(
        "correction.html", asked=asked, own=asked.person_id == viewer().person_id, categories=CATEGORIES,
        correction_words=correction_words, entry=typed, shortest=SHORTEST_TEXT,
        longest=LONGEST_TEXT,
    )  # fmt: skip
