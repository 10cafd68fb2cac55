"""Doing what a form asks of the register and keeping it; or what the form is to say where it cannot be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, request
from flask_babel import lazy_gettext as _

from tracker.domain.ruling import RuledOut
from tracker.storage.account_changes import MayNot
from tracker.storage.periods import Later
from tracker.storage.register import Impossible, NotFound, lock_tree
from tracker.web import account_words, register_words
from tracker.web.city import db
from tracker.web.forms import EntryInput

REFUSALS = (Impossible, NotFound, Later)
CHANGED = _(
    "Somebody else changed this in the meantime, and nothing of yours was kept. It is shown as it is now: look at it, "
    "and send yours again if it is still right."
)
SHOWN = "shown"  # the field of a form that carries the version of what its page showed


class Stale(ValueError):
    """Somebody else changed the thing since its page was opened."""


def version(*shown: Any) -> str:
    """The version of what a page shows of a thing: it is another one when any of it changes."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def refused(
    change: Callable[[], Any], beside: Mapping[Any, str], now: Callable[[], str] | None = None
) -> EntryInput | None:
    """Make a change in one transaction; None where it is kept, else what was typed and why it cannot be.

    `beside` says next to which field a refusal stands, by its `Why` or by what was not found; others stand above all.
    `now` gives the version of the thing: a form of an earlier one is refused, and shows what holds now. The tree is
    locked before it is asked, as pages, programs and files do: none of them changes the thing between this and that.
    """
    try:
        if now is not None:
            lock_tree(db.session())
            if request.form.get(SHOWN, "") not in ("", now()):
                raise Stale
        change()
        db.session.commit()
    except Stale:
        db.session.rollback()
        return EntryInput({}, {"": str(CHANGED)})
    except REFUSALS as error:
        db.session.rollback()
        return EntryInput(request.form, {place_of(error, beside): said(error)})
    return None


def wrong_with(
    errors: Mapping[str, Any], change: Callable[[], Any], beside: Mapping[Any, str],
    now: Callable[[], str] | None = None,
) -> EntryInput | None:  # fmt: skip
    """What is wrong with a form by itself; where nothing is, `refused`."""
    return EntryInput(request.form, errors) if errors else refused(change, beside, now)


def ruled_out(errors: Mapping[str, Any], do: Callable[[], Any], words: Mapping[Any, Any]) -> EntryInput | None:
    """Do what a form asks in one transaction; None where it is kept, else what was typed and why it cannot be.

    `words` are the sentences of the rules that may say no, which stand above all fields.
    """
    if errors:
        return EntryInput(request.form, errors)
    try:
        do()
        db.session.commit()
    except RuledOut as no:
        db.session.rollback()
        return EntryInput(request.form, {"": words[no.refusal]})
    return None


def do_and_say(do: Callable[[], Any], done: Any, words: Mapping[Any, Any]) -> None:
    """Do what a button asks for in one transaction; the next page says that it is `done`, or why it is not."""
    wrong = ruled_out({}, do, words)
    flash(wrong.errors[""] if wrong else done, "bad" if wrong else "good")


def said(error: Impossible | NotFound | Later) -> str:
    """The sentence for a refusal."""
    return str(account_words.WHY[error.why]) if isinstance(error, MayNot) else register_words.sentence(error)


def place_of(error: Impossible | NotFound | Later, beside: Mapping[Any, str]) -> str:
    """The field next to which a refusal stands; none is above all."""
    return beside.get(error.what if isinstance(error, NotFound) else getattr(error, "why", None), "")
