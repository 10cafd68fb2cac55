"""What could not be stored, for administrators: why, how often, what was said, and once more through the decoder."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from tracker.replay import Replay, Replayed
from tracker.sealing import Sealer
from tracker.storage.audit import Action, record
from tracker.storage.quarantine_pages import (
    SORTS,
    QuarantineFilter,
    count_waiting,
    quarantine_list,
    quarantined,
    rejection_days,
)
from tracker.web import device_words
from tracker.web.access import Access, actor, allowed
from tracker.web.city import city, db
from tracker.web.forms import chosen_ids, quarantine_filter

COUNTED_DAYS = 7
MOST_AT_ONCE = 5_000  # messages of one press of the button: a few seconds
BYTES_A_LINE = 8  # in hexadecimal: as many as a phone shows in one line

pages = Blueprint("quarantine", __name__, url_prefix="/admin/quarantine")


@pages.get("")
@allowed(Access.CITY_ADMINISTRATOR)
def overview() -> str:
    """The messages, and how often each reason was counted; filter and order are in the address."""
    wanted, number = quarantine_filter(request.args)
    session, today = db.session(), city().now().astimezone(UTC).date()
    waiting, without_payload = count_waiting(session, wanted)
    return render_template(
        "quarantine.html",
        wanted=wanted,
        messages=quarantine_list(session, wanted, number),
        days=[today - timedelta(days=ago) for ago in range(COUNTED_DAYS)],
        counts=rejection_days(session, wanted.login, today, COUNTED_DAYS),
        waiting=waiting,
        without_payload=without_payload,
        most=MOST_AT_ONCE,
        device_words=device_words,
    )


@pages.get("/<id:quarantine_id>")
@allowed(Access.CITY_ADMINISTRATOR)
def message(quarantine_id: int) -> str:
    """One message with what it says. That it was opened is recorded before it is shown."""
    row = quarantined(db.session(), quarantine_id)
    if row is None:
        abort(404)
    if row.payload is not None:
        record(db.session(), actor(), Action.VIEW_MESSAGE, {"quarantine_id": quarantine_id, "login": row.login})
        db.session.commit()
    text, is_text = readable(row.payload or b"")
    return render_template("quarantined.html", row=row, text=text, is_text=is_text, device_words=device_words)


@pages.post("/replay")
@allowed(Access.CITY_ADMINISTRATOR)
def replay() -> Response:
    """Send what the filter names through the decoder once more, or of that only what was ticked."""
    wanted, _page = quarantine_filter(request.form)
    asked = _asked(wanted)
    order = {} if wanted.sort == SORTS[0] else {"sort": wanted.sort}
    back = redirect(f"{url_for('quarantine.overview')}?{urlencode({**asked, **order})}", 303)
    ids = chosen_ids(request.form.getlist("id"))
    if "only_ticked" in request.form:
        if not ids:
            flash(_("Nothing was replayed: no message is ticked. Tick some, then send them."), "warn")
            return back
        wanted, asked = replace(wanted, ids=ids), {**asked, "messages": ", ".join(map(str, sorted(ids)))}
    record(db.session(), actor(), Action.REPLAY_MESSAGES, asked)
    db.session.commit()
    settings = city().settings
    done = Replay(db.engine, settings.retention_days, Sealer(settings.secret_key)).run(wanted, MOST_AT_ONCE)
    for tone, sentence in told(done):
        flash(sentence, tone)
    return back


def _asked(wanted: QuarantineFilter) -> dict[str, str]:
    """What a filter narrows, as it stands in the address."""
    fields = {"reason": wanted.reason, "device": wanted.login, "day": wanted.day, "state": wanted.state}
    return {name: str(value) for name, value in fields.items() if value}


def told(done: Replayed) -> list[tuple[str, str]]:
    """What a replay did, in sentences with their tones."""
    saved = done.saved
    followed = _(
        "Of what they say %(stored)d positions were stored, %(duplicate)d were there before, %(off_duty)d not kept.",
        stored=saved.stored, duplicate=saved.duplicate, off_duty=saved.off_duty + saved.unassigned + saved.clock_ahead,
    )  # fmt: skip
    good = ngettext("%(num)d message is good now.", "%(num)d messages are good now.", done.mended)
    sentences = [("good", f"{good} {followed}") if done.mended else ("info", _("No message is good now."))]
    if done.still_bad:
        still = ngettext("%(num)d message stays as it was.", "%(num)d messages stay as they were.", done.still_bad)
        sentences.append(("info", still))
    if done.without_payload:
        sentences.append(("info", told_without_payload(done.without_payload)))
    if done.left:
        sentences.append(("warn", _("%(left)d more were not looked at. Narrow the filter, or use the command line.",
                                    left=done.left)))  # fmt: skip
    return sentences


def told_without_payload(count: int) -> str:
    return str(ngettext(
        "%(num)d message cannot be replayed: only its reasons were kept.",
        "%(num)d messages cannot be replayed: only their reasons were kept.", count,
    ))  # fmt: skip


def readable(payload: bytes) -> tuple[str, bool]:
    """A payload as text, or where it is none as lines of hexadecimal numbers; and whether it is text."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return _hexadecimal(payload), False
    if all(character.isprintable() or character in "\n\r\t" for character in text):
        return text, True
    return _hexadecimal(payload), False


def _hexadecimal(payload: bytes) -> str:
    starts = range(0, len(payload), BYTES_A_LINE)
    return "\n".join(f"{start:05x}  {payload[start : start + BYTES_A_LINE].hex(' ')}" for start in starts)
