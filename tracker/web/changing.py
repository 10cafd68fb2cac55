"""Doing what a form asks of the register and keeping it; or what the form is to say where it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import request

from tracker.storage.account_changes import MayNot
from tracker.storage.periods import Later
from tracker.storage.register import Impossible, NotFound
from tracker.web import account_words, register_words
from tracker.web.city import db
from tracker.web.forms import EntryInput

REFUSALS = (Impossible, NotFound, Later)


def refused(change: Callable[[], Any], beside: Mapping[Any, str]) -> EntryInput | None:
    """Make a change in one transaction; None where it is kept, else what was typed and why it cannot be.

    `beside` says next to which field a refusal stands, by its `Why` or by what was not found; others stand above all.
    """
    try:
        change()
        db.session.commit()
    except REFUSALS as error:
        db.session.rollback()
        return EntryInput(request.form, {place_of(error, beside): said(error)})
    return None


def said(error: Impossible | NotFound | Later) -> str:
    """The sentence for a refusal."""
    return str(account_words.WHY[error.why]) if isinstance(error, MayNot) else register_words.sentence(error)


def place_of(error: Impossible | NotFound | Later, beside: Mapping[Any, str]) -> str:
    """The field next to which a refusal stands; none is above all."""
    return beside.get(error.what if isinstance(error, NotFound) else getattr(error, "why", None), "")
