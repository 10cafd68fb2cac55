"""What browsers send about contests and absence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from marshmallow import ValidationError, fields, validate, validates_schema

from tracker.domain.contest import LONGEST_STATEMENT, MOST_PHOTOS, SHORTEST_STATEMENT
from tracker.storage.contests import LEVELS, STATES, Answer
from tracker.web.attendance_forms import A_REASON
from tracker.web.forms import LONGEST_SEARCH, EntryInput, Form, PageQuery, Prose, parse
from tracker.web.photos import LARGEST, NoPhoto, photos_in
from tracker.web.words import FIELD

LARGEST_ANSWER = (MOST_PHOTOS + 1) * LARGEST  # bytes of a form with its pictures: one too large is said, not cut off
A_DIGEST = validate.Length(max=LONGEST_SEARCH)


class AnswerForm(Form):
    statement = Prose(required=True, validate=validate.Length(SHORTEST_STATEMENT, LONGEST_STATEMENT))


class ContestDecisionForm(Form):
    outcome = fields.String(required=True, validate=validate.OneOf(("changed", "kept")))
    digest = fields.String(required=True, validate=A_DIGEST)
    start = fields.Time("%H:%M", load_default=None)
    end = fields.Time("%H:%M", load_default=None)
    why_decided = Prose(required=True, validate=A_REASON)

    @validates_schema
    def both_times(self, data: dict[str, Any], **_: Any) -> None:
        """Only without both is the whole duty meant: half a span is a slip, and nobody vouches by one."""
        missing = [name for name in ("start", "end") if data.get(name) is None]
        if len(missing) == 1:
            raise ValidationError("missing", missing[0])


class AbsenceForm(Form):
    digest = fields.String(required=True, validate=A_DIGEST)
    why_absent = Prose(required=True, validate=A_REASON)


class ContestQuery(PageQuery):
    state = fields.String(load_default="open", validate=validate.OneOf(STATES))
    level = fields.String(load_default="all", validate=validate.OneOf(LEVELS))


@dataclass(frozen=True, slots=True)
class SentAnswer:
    """An answer that was sent, and how its form is shown again; without an answer the form has errors."""

    answer: Answer | None
    typed: EntryInput


def answer_sent() -> SentAnswer:
    """The answer of this request's form, its pictures drawn anew once the text is one."""
    parsed = parse(AnswerForm(), request.form)
    errors: dict[str, Any] = dict(parsed.errors)
    photos: list[bytes] = []
    try:
        files = [file for file in request.files.getlist("photos") if file.filename]
        if len(files) > MOST_PHOTOS:
            raise NoPhoto
        photos = [] if errors else photos_in(files)
    except NoPhoto:
        errors["photos"] = FIELD["photos"]
    answer = None if errors else Answer(parsed.values["statement"], photos)
    return SentAnswer(answer, EntryInput(request.form, errors))
