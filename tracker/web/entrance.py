"""How a browser gets its session, once somebody has shown enough."""

from __future__ import annotations

from flask import redirect, request, session, url_for
from werkzeug.wrappers import Response

from tracker.storage.accounts import check_password
from tracker.storage.attempts import give_back, undo_attempt
from tracker.storage.audit import Action, Actor, record
from tracker.storage.models import Account
from tracker.storage.second_factor import sealed_secret, use_step
from tracker.storage.sessions import close_session, open_session
from tracker.web.access import address, viewer
from tracker.web.addresses import is_ours
from tracker.web.city import city, db
from tracker.web.cookies import keep_session, session_token
from tracker.web.one_time_codes import step_of
from tracker.web.passwords import typed


def admitted(account: Account, wanted: str) -> Response:
    """Nothing else is asked: the attempts are given back, and the page that was wanted follows."""
    give_back(db.session(), account, city().now(), address())
    record(db.session(), Actor(account.id, address()), Action.SIGN_IN, {}, people=account.people)
    return session_begun(account, _ours(wanted))


def admitted_or_code(account: Account, wanted: str) -> Response:
    """What was shown was right: in, or where the account has a second factor no further than to its code.

    Then only this one attempt is given back. The codes' stay counted, or a known password would be endless guesses.
    """
    if sealed_secret(db.session(), account.id, confirmed=True) is None:
        return admitted(account, wanted)
    undo_attempt(db.session(), account, address())
    return session_begun(account, _ours(wanted), awaits_code=True)


def session_begun(account: Account, target: str, *, awaits_code: bool = False) -> Response:
    """A session with a new token in place of the one this browser had, and on to `target`. Commits."""
    close_session(db.session(), session_token() or "")
    token, expires_at = open_session(
        db.session(), account, city().now(), city().today(), address(), request.user_agent.string,
        awaits_code=awaits_code,
    )
    db.session.commit()
    session.clear()  # what was signed before is not valid afterwards
    response = redirect(target, 303)
    keep_session(response, token, expires_at)
    return response


def reentered() -> Account | None:
    """The account of this page, if the form has its password, and a code of its second factor. It counts as a guess.

    The account is held until the caller's transaction ends, and the attempt given back if that commits.
    """
    account = check_password(db.session(), viewer().username, typed("password"), city().now(), address())
    if account is None or not _code_too(account):
        return None
    undo_attempt(db.session(), account, address())  # with the change that follows, if one does
    return account


def _code_too(account: Account) -> bool:
    """Whether the form has a fresh code, where the account has a second factor."""
    sealed = sealed_secret(db.session(), account.id, confirmed=True)
    if sealed is None:
        return True
    step = step_of(sealed, request.form.get("code", ""), city().now())
    return step is not None and use_step(db.session(), account.id, step)


def _ours(target: str) -> str:
    """The address, if it leads to a page of ours; otherwise the one that leads to the first page."""
    return target if is_ours(target) else url_for("signing_in.form")
