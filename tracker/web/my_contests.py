"""Contesting a verdict on a duty of one's own, and what became of it."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from tracker.domain.contest import MOST_PHOTOS, Refusal
from tracker.storage import contests
from tracker.storage.contests import Times
from tracker.storage.models import Contest, ContestPhoto, DutyWindow
from tracker.storage.person_days import verdicts_of
from tracker.web import contest_words
from tracker.web.access import Access, allowed, own_person, signed_in, viewer
from tracker.web.changing import do_and_say, ruled_out
from tracker.web.city import city, db
from tracker.web.contest_forms import LARGEST_ANSWER, answer_sent
from tracker.web.forms import NOTHING_TYPED, EntryInput

pages = Blueprint("my_contests", __name__, url_prefix="/me/contests")
WITH_PHOTOS = ("my_contests.ask", "my_contests.appeal")


def init_app(app: Flask) -> None:
    app.before_request(admit_photos)
    app.jinja_env.globals.update(contest_words=contest_words, contest_state=state_of)


def admit_photos() -> None:
    """Pictures may be larger than forms, of employees; asked before anything reads the request."""
    if request.endpoint in WITH_PHOTOS and (who := signed_in()) and who.viewer.person_id is not None:
        request.max_content_length = LARGEST_ANSWER


def times() -> Times:
    """What the rules ask of the clock and the city."""
    return Times(city().now(), city().zone, city().settings.contest_days, city().oldest_kept)


def state_of(contest: Contest) -> str:
    """How it is with a contest, as the words name it."""
    return contest.outcome or ("overdue" if contest.due_at < city().now() else "open")


@pages.get("")
@allowed(Access.EMPLOYEE)
def overview() -> str:
    """What one contested, newest first, with every answer."""
    return _list({})


@pages.get("/duties/<id:duty_id>")
@allowed(Access.EMPLOYEE)
def form(duty_id: int) -> str:
    """The verdict, and the form to contest it, or why that is not possible."""
    return _form(_window(duty_id), NOTHING_TYPED)


@pages.post("/duties/<id:duty_id>")
@allowed(Access.EMPLOYEE)
def ask(duty_id: int) -> AnyResponse | tuple[str, int]:
    """Contest the verdict; what was typed is shown again where it cannot be."""
    window, sent = _window(duty_id), answer_sent()
    answer = sent.answer
    if answer is None:
        return _form(window, sent.typed), 422
    wrong = ruled_out({}, lambda: contests.open_contest(db.session(), window, answer, times()), contest_words.REFUSAL)
    if wrong:
        return _form(window, wrong), 422
    flash(_("Sent. Somebody else decides; the answer stands on this page."), "good")
    return _to_list()


@pages.post("/<id:contest_id>/withdraw")
@allowed(Access.EMPLOYEE)
def withdraw(contest_id: int) -> AnyResponse:
    """Take it back while nobody decided."""
    contest = _contest(contest_id)
    do_and_say(lambda: contests.withdraw(db.session(), viewer(), contest, city().now()),
               _("Withdrawn. The verdict stays as it is."), contest_words.REFUSAL)  # fmt: skip
    return _to_list()


@pages.post("/<id:contest_id>/appeal")
@allowed(Access.EMPLOYEE)
def appeal(contest_id: int) -> AnyResponse | tuple[str, int]:
    """Bring the decision before the second level."""
    contest, sent = _contest(contest_id), answer_sent()
    answer = sent.answer
    if answer is None:
        return _list({contest_id: sent.typed}), 422
    do_and_say(lambda: contests.appeal(db.session(), contest, answer, times()),
               _("Sent to the second level. Somebody else decides than before."), contest_words.REFUSAL)  # fmt: skip
    return _to_list()


@pages.get(f"/<id:contest_id>/photos/<int(min=1, max={MOST_PHOTOS}):number>")
@allowed(Access.EMPLOYEE)
def photo(contest_id: int, number: int) -> Response:
    """A picture of one's own contest."""
    return picture(contests.photo(db.session(), _contest(contest_id), number))


def picture(found: ContestPhoto | None) -> Response:
    """A picture as the file it is; to be shown and not kept."""
    if found is None:
        abort(404)
    headers = {"Content-Disposition": f'inline; filename="{found.contest_id}-{found.number}.jpg"',
               "Cache-Control": "no-store"}  # fmt: skip
    return Response(found.content, mimetype=found.media_type, headers=headers)


def _window(window_id: int) -> DutyWindow:
    return contests.own_window(db.session(), own_person(), window_id) or abort(404)


def _contest(contest_id: int) -> Contest:
    return contests.own_contest(db.session(), own_person(), contest_id) or abort(404)


def _to_list() -> AnyResponse:
    return redirect(url_for("my_contests.overview"), 303)


def _form(window: DutyWindow, typed: EntryInput) -> str:
    revisions = verdicts_of(db.session(), [window.id]).get(window.id, [])
    refusal = contests.refusals(db.session(), {window.id: revisions}, times())[window.id]
    closes = contests.closes_at(revisions, city().settings.contest_days) if revisions else None
    return render_template(
        "my_contest.html", window=window, verdict=next(iter(revisions), None), entry=typed, closes_at=closes,
        refusal=refusal and contest_words.REFUSAL[refusal],
    )  # fmt: skip


def _list(typed: dict[int, EntryInput]) -> str:
    session = db.session()
    listed = contests.own_contests(session, own_person())
    verdicts = verdicts_of(session, [one.window_id for one in listed])
    refusals: dict[int, Refusal | None] = {
        one.id: contests.appeal_refusal(session, one, verdicts[one.window_id][0], city().now()) for one in listed
    }
    return render_template(
        "my_contests.html", contests=listed, photos=contests.photos_of(session, [one.id for one in listed]),
        may_appeal={number for number, refusal in refusals.items() if refusal is None}, typed=typed,
        nothing_typed=NOTHING_TYPED, verdicts={one.id: verdicts[one.window_id][0] for one in listed},
    )  # fmt: skip
