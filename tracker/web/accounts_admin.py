"""Who may sign in and what they may do, for administrators. A code is on the answer that makes it, and nowhere else."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import accounts, granting
from tracker.storage.account_changes import MayNot, give_role, make_account, roles_to_give, units_to_give
from tracker.storage.account_pages import account_list, manageable, state_of
from tracker.storage.audit import Action, record
from tracker.storage.models import Account, RoleGrant
from tracker.storage.rights import viewer_for
from tracker.storage.sessions import sessions_of
from tracker.web import account_words
from tracker.web.access import Access, actor, allowed, viewer
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, NewAccountForm, RoleForm, account_filter, parse, role_of

pages = Blueprint("accounts_admin", __name__, url_prefix="/admin/accounts")


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> Response:
    """The accounts of the people one administers; filters and page are in the address."""
    return _list()


@pages.post("")
@allowed(Access.ADMINISTRATOR)
def make() -> Response:
    """Make an account for a person who has none; its code is on this answer only."""
    parsed = parse(NewAccountForm(), request.form)
    if parsed.errors:
        return _list(EntryInput(request.form, parsed.errors))
    try:
        account = make_account(db.session(), viewer(), parsed.values["nip"], city().today())
    except MayNot as error:
        db.session.rollback()
        return _list(EntryInput(request.form, {"": account_words.WHY[error.why]}))
    code = accounts.give_code(account, city().now())
    _note(Action.ADD_ACCOUNT, account)
    return _page(account, code=code)


@pages.get("/<id:account_id>")
@allowed(Access.ADMINISTRATOR)
def show(account_id: int) -> Response:
    """One account: its roles, deputies and sessions, and what can be done with it."""
    return _page(_known(account_id))


@pages.post("/<id:account_id>/reset")
@allowed(Access.ADMINISTRATOR)
def reset(account_id: int) -> Response:
    """Everything that opened the account ends, and it opens again with a code, which is on this answer only."""
    account = _known(account_id)
    lost_phone = bool(request.form.get("lost_phone"))
    code = accounts.reset_account(db.session(), account.username, city().now(), lost_phone=lost_phone)
    _note(Action.RESET_ACCOUNT, account, **({"lost_phone": True} if lost_phone else {}))
    return _page(account, code=code)


@pages.post("/<id:account_id>/close")
@allowed(Access.ADMINISTRATOR)
def close(account_id: int) -> Response:
    """Let nobody in with the account any more. One that is closed already is no mistake."""
    account = _known(account_id)
    if account.closed_at is None:
        accounts.close_account(db.session(), account.username, city().now())
        _note(Action.CLOSE_ACCOUNT, account)
    flash(_("The account is closed. Nobody gets in with it any more."), "good")
    return _back_to(account)


@pages.post("/<id:account_id>/roles")
@allowed(Access.ADMINISTRATOR)
def give(account_id: int) -> Response:
    """Give the account a role."""
    account, parsed = _known(account_id), parse(RoleForm(), request.form)
    if parsed.errors:
        return _page(account, EntryInput(request.form, parsed.errors))
    try:
        grant = give_role(db.session(), viewer(), account, role_of(parsed.values), city().today())
    except MayNot as error:
        db.session.rollback()
        return _page(account, EntryInput(request.form, {"": account_words.WHY[error.why]}))
    last = parsed.values["last"]
    _note(Action.GRANT_ROLE, account, **_over(grant), since=str(parsed.values["first"]), until=last and str(last))
    flash(_("The role is given."), "good")
    return _back_to(account)


@pages.post("/<id:account_id>/roles/<id:grant_id>/end")
@allowed(Access.ADMINISTRATOR)
def end(account_id: int, grant_id: int) -> Response:
    """Take a role of today or of days to come away, at once."""
    account, today = _known(account_id), city().today()
    held = {grant.id: grant for grant in granting.grants_held(db.session(), account.id, today)}
    grant = held.get(grant_id) or abort(404)
    over = _over(grant)
    granting.end_now(db.session(), grant, today)
    _note(Action.END_GRANT, account, **over)
    flash(_("The role has ended."), "good")
    return _back_to(account)


def _known(account_id: int) -> Account:
    """An account that one may change; any other does not exist here."""
    account = db.session.get(Account, account_id)
    if account is None or not manageable(db.session(), viewer(), account, city().today()):
        abort(404)
    return account


def _over(grant: RoleGrant) -> dict[str, Any]:
    return {"role": grant.role, "unit": grant.unit.name if grant.unit else None}


def _note(action: Action, account: Account, **detail: Any) -> None:
    """Write down what was done and keep both."""
    record(db.session(), actor(), action, {"account": account.username, **detail}, people=account.people)
    db.session.commit()


def _back_to(account: Account) -> Response:
    return redirect(url_for("accounts_admin.show", account_id=account.id), 303)


def _list(typed: EntryInput = NOTHING_TYPED) -> Response:
    wanted, number = account_filter(request.args)
    second_factor = city().settings.second_factor
    found = account_list(db.session(), viewer(), wanted, city().today(), number, second_factor)
    page = render_template(
        "accounts_admin.html", wanted=wanted, found=found, account_words=account_words, entry=typed,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)


def _page(account: Account, typed: EntryInput = NOTHING_TYPED, code: str | None = None) -> Response:
    session, today, now = db.session(), city().today(), city().now()
    page = render_template(
        "account_admin.html", account=account, code=code, entry=typed, today=today, now=now,
        state=account_words.STATE[state_of(session, account, today, city().settings.second_factor)],
        grants=granting.grants_held(session, account.id, today),
        deputies=granting.deputies_of(session, account.id, today),
        principals=granting.principals_of(session, account.id, today),
        sessions=sessions_of(session, viewer_for(session, account, today), now),
        roles=roles_to_give(viewer()), units=units_to_give(session, viewer(), today), code_valid=accounts.CODE_VALID,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
