"""An employee's day: duty, phone, verdict, activities, submitting."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from tracker.domain import daily_log as rules
from tracker.domain.daily_log import LogState, Period
from tracker.storage import daily_logs
from tracker.storage.absences import findings_of
from tracker.storage.attestations import attestations_of
from tracker.storage.cases import cases_of
from tracker.storage.contests import contests_of, refusals
from tracker.storage.daily_logs import Day
from tracker.storage.models import Activity, DailyLog, Notification, VerdictRevision
from tracker.storage.notifications import unread
from tracker.storage.person_days import current_work_date, phone_of, recent_windows, verdicts_of, windows_on
from tracker.web.access import Access, allowed, own_person
from tracker.web.changing import do_and_say, ruled_out
from tracker.web.city import city, db
from tracker.web.formats import machine_clock
from tracker.web.forms import EntryForm, EntryInput, KeyForm, entry_of, parse
from tracker.web.my_attendance import checking_in
from tracker.web.my_contests import times
from tracker.web.words import REFUSAL

RECENT_DAYS = 10
FIRST_CHOICES = 6  # activity types shown at once; the others are one tap away

pages = Blueprint("my_day", __name__, url_prefix="/me")


@pages.get("")
@allowed(Access.EMPLOYEE)
def today() -> str:
    """The day one is on duty for: at 2 at night that of the evening before."""
    return _day_page(_day(_current_date()), news=unread(db.session(), own_person()))


@pages.get("/days/<date:work_date>")
@allowed(Access.EMPLOYEE)
def day(work_date: date) -> str:
    return _day_page(_day(work_date))


@pages.post("/days/<date:work_date>/activities")
@allowed(Access.EMPLOYEE)
def add(work_date: date) -> Response | tuple[str, int]:
    """Add an activity; the form's key makes a repeated request harmless."""
    key = parse(KeyForm(), request.form).values.get("key")
    if key is None:
        abort(400)
    return _write(_day(work_date), key, daily_logs.add_activity, _("Saved."))


@pages.get("/days/<date:work_date>/activities/<uuid:key>")
@allowed(Access.EMPLOYEE)
def entry(work_date: date, key: uuid.UUID) -> str:
    """The form of one activity."""
    return _entry_page(_day(work_date), key)


@pages.post("/days/<date:work_date>/activities/<uuid:key>")
@allowed(Access.EMPLOYEE)
def change(work_date: date, key: uuid.UUID) -> Response | tuple[str, int]:
    return _write(_day(work_date), key, daily_logs.change_activity, _("Saved."))


@pages.post("/days/<date:work_date>/activities/<uuid:key>/delete")
@allowed(Access.EMPLOYEE)
def delete(work_date: date, key: uuid.UUID) -> Response:
    the_day = _day(work_date)
    return _done(the_day, _("Deleted."), lambda: daily_logs.delete_activity(db.session(), the_day, key))


@pages.post("/days/<date:work_date>/submit")
@allowed(Access.EMPLOYEE)
def submit(work_date: date) -> Response:
    the_day, said = _day(work_date), _("Submitted. Your supervisor sees it now.")
    return _done(the_day, said, lambda: daily_logs.submit(db.session(), the_day))


def _current_date() -> date:
    return current_work_date(db.session(), own_person(), city().now()) or city().today()


def _day(work_date: date) -> Day:
    return daily_logs.day_of(db.session(), own_person(), work_date, city().zone, city().now())


def _day_page(the_day: Day, typed: EntryInput | None = None, news: Sequence[Notification] = ()) -> str:
    session = db.session()
    log = daily_logs.read_log(session, the_day.person_id, the_day.work_date)
    windows = windows_on(session, the_day.person_id, the_day.work_date)
    verdicts = verdicts_of(session, [window.id for window in windows])
    ids, is_today = [window.id for window in windows], the_day.work_date == _current_date()
    return render_template(
        "my_day.html",
        day=the_day, log=log, windows=windows, verdicts=verdicts, is_today=is_today, news=news,
        attestations=attestations_of(session, ids), cases=cases_of(session, ids), **_answering(verdicts, ids),
        **checking_in(the_day.person_id, windows, is_today),
        phone=phone_of(session, the_day.person_id, the_day.now),
        entry=typed or EntryInput(_suggestion(the_day, log), {}),
        catalogue=daily_logs.catalogue(session, the_day.person_id), first_choices=FIRST_CHOICES,
        recent=_recent(the_day), yesterday=the_day.work_date - timedelta(days=1),
        tomorrow=the_day.work_date + timedelta(days=1), **_state(the_day, log),
    )  # fmt: skip


def _answering(verdicts: Mapping[int, Sequence[VerdictRevision]], ids: Sequence[int]) -> dict[str, Any]:
    """What was contested of these windows, what may be, and whether a human found absence."""
    session = db.session()
    return {
        "contests": contests_of(session, ids), "findings": findings_of(session, ids),
        "contest_refusals": refusals(session, verdicts, times()),
    }  # fmt: skip


def _state(the_day: Day, log: DailyLog | None) -> dict[str, Any]:
    """Whether the day can be written, and what the supervisor said last."""
    state = LogState(log.state) if log else LogState.DRAFT
    begun = the_day.now >= the_day.span.start
    return {
        "state": state,
        "editable": begun and rules.editable(state, the_day.closes_at, the_day.now),
        "begun": begun,
        "last_decision": log.decisions[-1] if log and log.decisions else None,
        "worked_s": sum((a.ends_at - a.starts_at).total_seconds() for a in log.activities) if log else 0,
    }


def _suggestion(the_day: Day, log: DailyLog | None) -> dict[str, str]:
    spans = [Period(a.starts_at, a.ends_at) for a in log.activities] if log else []
    span = rules.suggested(the_day.span, the_day.windows, spans, the_day.now)
    return {"start": machine_clock(span.start), "end": machine_clock(span.end), "volume": "1"}


def _recent(the_day: Day) -> list[dict[str, Any]]:
    """The newest days of duty with verdict and log state, one row per window."""
    session, newest = db.session(), city().today()
    windows = recent_windows(session, the_day.person_id, newest, RECENT_DAYS)
    verdicts = verdicts_of(session, [window.id for window in windows])
    logs = daily_logs.recent_logs(session, the_day.person_id, newest, 2 * RECENT_DAYS)
    states = {log.work_date: log.state for log in logs}
    return [
        {
            "window": window,
            "verdict": next(iter(verdicts.get(window.id, [])), None),
            "log_state": states.get(window.work_date, "none"),
        }
        for window in windows
    ]


def _entry_page(the_day: Day, key: uuid.UUID, typed: EntryInput | None = None) -> str:
    log = daily_logs.read_log(db.session(), the_day.person_id, the_day.work_date)
    activity = next((a for a in log.activities if a.key == key), None) if log else None
    if activity is None or not _state(the_day, log)["editable"]:
        abort(404)
    return render_template(
        "my_entry.html", day=the_day, key=key, entry=typed or EntryInput(_values(activity), {}),
        catalogue=daily_logs.catalogue(db.session(), the_day.person_id), first_choices=FIRST_CHOICES,
    )  # fmt: skip


def _values(activity: Activity) -> dict[str, str]:
    return {
        "type_id": str(activity.type_id),
        "start": machine_clock(activity.starts_at),
        "end": machine_clock(activity.ends_at),
        "volume": str(activity.volume),
        "note": activity.note,
    }


def _write(the_day: Day, key: uuid.UUID, write: Any, saved: str) -> Response | tuple[str, int]:
    """Check the form and write it; what was typed is shown again where it cannot be saved."""
    parsed = parse(EntryForm(), request.form)
    wrong = ruled_out(parsed.errors, lambda: write(db.session(), the_day, key, entry_of(parsed.values)), REFUSAL)
    if wrong:
        return _typed_again(the_day, key, wrong), 422
    flash(saved, "good")
    return _to(the_day)


def _typed_again(the_day: Day, key: uuid.UUID, typed: EntryInput) -> str:
    values = MultiDict(typed.values)
    if request.endpoint == "my_day.add":
        return _day_page(the_day, EntryInput(values, typed.errors))
    return _entry_page(the_day, key, EntryInput(values, typed.errors))


def _done(the_day: Day, said: str, change: Any) -> Response:
    do_and_say(change, said, REFUSAL)
    return _to(the_day)


def _to(the_day: Day) -> Response:
    return redirect(url_for("my_day.day", work_date=the_day.work_date), 303)
