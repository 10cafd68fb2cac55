"""The city's people: who works where, since when, with which account and phone. Nothing here is a position.

Codes of new accounts are on the answer that makes them, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import accounts, changes, device_changes
from tracker.storage.account_changes import MayNot, make_account
from tracker.storage.account_changes import Why as NoAccount
from tracker.storage.account_pages import manageable
from tracker.storage.audit import Action
from tracker.storage.device_pages import devices_carried
from tracker.storage.models import Account, Person
from tracker.storage.paging import ANY_STATE
from tracker.storage.periods import plans
from tracker.storage.person_pages import PersonFilter, drives_by, memberships_of, people_wanted, person_list
from tracker.storage.register import Why
from tracker.web import administration_words, choosing
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.changing import refused, version
from tracker.web.choosing import Choosing, Rows
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.register_forms import (
    BESIDE_UNIT,
    LeaveForm,
    MovePersonForm,
    NewPersonForm,
    PersonNameForm,
    PlanForm,
    person_filter,
)
from tracker.web.unit_choice import standing, unit_of

pages = Blueprint("people", __name__, url_prefix="/admin/people")
BESIDE = {**BESIDE_UNIT, "person": "nip", Why.NIP_TAKEN: "nip"}
NEW = {**BESIDE, Why.TOO_FAR: "since"}
MANY = Choosing("people", administration_words.PEOPLE_TOGETHER, "name")


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """The people one administers; search, filters and page are in the address."""
    wanted, number = person_filter(request.args, unit_of(request.args))
    return render_template(
        "people.html", wanted=wanted, page=person_list(db.session(), viewer(), wanted, number), units=standing(),
        many=MANY, most=choosing.MOST_AT_ONCE, administration_words=administration_words,
    )  # fmt: skip


@pages.get("/new")
@allowed(Access.ADMINISTRATOR)
def new() -> Response:
    """The form for another person."""
    return _form(EntryInput({"account": "1", **request.args}, {}))


@pages.post("/new")
@allowed(Access.ADMINISTRATOR)
def add() -> Response:
    """Add a person, with an account if that is wanted; its code is on this answer only."""
    sent, codes = parse(NewPersonForm(), request.form), list[str]()
    if sent.errors:
        return _form(EntryInput(request.form, sent.errors))

    def added() -> None:
        values = sent.values
        changes.add_person(by(), values["nip"], values["name"], values["unit"], values["position"], values["since"])
        if values["account"]:
            codes.append(_account_of(values["nip"])[1])

    wrong = refused(added, NEW)
    if wrong:
        return _form(wrong)
    flash(_("%(name)s is added.", name=sent.values["name"]), "good")
    person_id = by().person(sent.values["nip"]).id
    return _page(person_id, code=codes[0]) if codes else redirect(url_for("people.show", member_id=person_id), 303)


@pages.get("/<id:member_id>")
@allowed(Access.ADMINISTRATOR)
def show(member_id: int) -> Response:
    """One person: where they work, their account and phone, and what can be done."""
    return _page(member_id)


@pages.post("/<id:member_id>/name")
@allowed(Access.ADMINISTRATOR)
def rename(member_id: int) -> Response:
    """Put right how somebody is written, and their NIP."""
    row, sent = _row(member_id), parse(PersonNameForm(), request.form)
    if sent.errors:
        return _page(member_id, EntryInput(request.form, sent.errors))
    fresh = sent.values
    put_right = _("Name and NIP are put right.")
    return _done(member_id, lambda: changes.rename_person(by(), row.nip, fresh["nip"], fresh["name"]), put_right)


@pages.post("/<id:member_id>/unit")
@allowed(Access.ADMINISTRATOR)
def move(member_id: int) -> Response:
    """From a day on somebody works in another unit, or in another position."""
    row, sent = _row(member_id), parse(MovePersonForm(), request.form)
    if sent.errors:
        return _page(member_id, EntryInput(request.form, sent.errors))
    to = sent.values
    moved = _("From that day on the unit is %(unit)s.", unit=to["unit"])
    return _done(member_id, lambda: changes.move_person(by(), row.nip, to["unit"], to["position"], to["on"]), moved)


@pages.post("/<id:member_id>/leave")
@allowed(Access.ADMINISTRATOR)
def leave(member_id: int) -> Response:
    """Somebody does not work for the city any more; account and phones go with them where that is wanted."""
    row, sent = _row(member_id), parse(LeaveForm(), request.form)
    if sent.errors:
        return _page(member_id, EntryInput(request.form, sent.errors))
    on, now = sent.values["on"], city().now()
    if (sent.values["close"] or sent.values["take_back"]) and on > city().today():
        later = _("Account and phones stay until the day itself. Leave these out; the overview will remind you then.")
        return _page(member_id, EntryInput(request.form, {"close": later}))

    account = _account_to_close(row.account_id) if sent.values["close"] else None  # before they are out of reach

    def left() -> None:
        if sent.values["take_back"]:
            for device in devices_carried(db.session(), member_id, now):
                device_changes.take_back(by(), device.login, now)
        changes.leave(by(), row.nip, on)
        if account is not None:
            accounts.close_account(db.session(), account.username, city().now())
            by().note(Action.CLOSE_ACCOUNT, {"account": account.username}, account.people)

    return _done(member_id, left, _("It is registered that they leave."))


@pages.post("/<id:member_id>/plan")
@allowed(Access.ADMINISTRATOR)
def cancel_plan(member_id: int) -> Response:
    """What is planned for a day to come does not happen."""
    row, sent = _row(member_id), parse(PlanForm(), request.form)
    if sent.errors:
        return _page(member_id, EntryInput({}, {"": sent.errors["on"]}))
    cancelled = _("The plan is cancelled: it stays as it is.")
    return _done(member_id, lambda: changes.cancel_person_plan(by(), row.nip, sent.values["on"]), cancelled, {})


@pages.post("/chosen")
@allowed(Access.ADMINISTRATOR)
def chosen() -> Response:
    """What is to be done with many: asked once more, then done with all or with nobody."""
    return choosing.chosen(MANY, _chosen, _together)


def _chosen(sent: Mapping[str, Any]) -> Rows:
    asked = choosing.asked_list()
    of_filter = people_wanted(viewer(), person_filter(asked, unit_of(asked))[0])
    anybody = people_wanted(viewer(), PersonFilter(state=ANY_STATE))
    return choosing.rows(sent, of_filter, anybody, Person.id, Person.name, Person.id)


def _together(action: str, rows: Rows) -> Response:
    if action in CODES:
        return _with_codes(action, rows)

    def change(row: Any, to: Mapping[str, Any]) -> None:
        if action == "move":
            changes.move_person(by(), row.nip, to["unit"], None, to["on"])
        else:
            changes.leave(by(), row.nip, to["on"])

    return choosing.done_with(MANY, action, rows, change)


def _with_codes(action: str, rows: Rows) -> Response:
    """A code for each whom it is for, to print; others are left out."""
    codes = dict[str, tuple[str, str] | None]()
    wrong = choosing.each(MANY, action, rows, lambda row, _to: codes.update({row.nip: CODES[action](row)}))
    if wrong:
        return wrong
    theirs = [row for row in rows if codes[row.nip]]
    page = render_template("people_codes.html", rows=theirs, codes=codes, valid=accounts.CODE_VALID, count=len(rows))
    return make_response(page)


def _account_of(nip: str) -> tuple[str, str]:
    """Make the account of a person; returns its user name and its code. Raises MayNot."""
    account = make_account(db.session(), viewer(), nip, city().today())
    by().note(Action.ADD_ACCOUNT, {"account": account.username}, account.people)
    return account.username, accounts.give_code(account, city().now())


def _first_code(row: Any) -> tuple[str, str] | None:
    """User name and code of a new account; None for who has one. Raises MayNot."""
    return None if row.account_id else _account_of(row.nip)


def _code_anew(row: Any) -> tuple[str, str] | None:
    """User name and another code of an account that waits for its first password; None for others. Raises MayNot."""
    if row.account_id is None:
        return None
    account = db.session.get_one(Account, row.account_id, with_for_update=True, populate_existing=True)
    if account.password_argon2 is not None or account.closed_at is not None:
        return None
    if not manageable(db.session(), viewer(), account, city().today()):
        raise MayNot(NoAccount.UNKNOWN)
    by().note(Action.RESET_ACCOUNT, {"account": account.username}, account.people)
    return account.username, accounts.give_code(account, city().now())


CODES: dict[str, Callable[[Any], tuple[str, str] | None]] = {"accounts": _first_code, "codes": _code_anew}


def _account_to_close(account_id: int | None) -> Account | None:
    """An open account that one may change; others have their own administrators."""
    account = db.session.get(Account, account_id) if account_id else None
    ours = account is not None and manageable(db.session(), viewer(), account, city().today())
    return account if ours and account and account.closed_at is None else None


def _row(member_id: int) -> Any:
    """A person whom one administers; any other does not exist here."""
    wanted = people_wanted(viewer(), PersonFilter(state=ANY_STATE)).where(Person.id == member_id)
    return db.session.execute(wanted).one_or_none() or abort(404)


def _done(
    member_id: int, change: Callable[[], Any], done: str, beside: Mapping[Any, str] = BESIDE
) -> Response:
    wrong = refused(change, beside, lambda: _shown(member_id))
    if wrong:
        return _page(member_id, wrong)
    flash(done, "good")
    still = db.session.execute(people_wanted(viewer(), PersonFilter(state=ANY_STATE)).where(Person.id == member_id))
    there = still.one_or_none()
    return redirect(url_for("people.show", member_id=member_id) if there else url_for("people.overview"), 303)


def _shown(member_id: int) -> str:
    """The version of what can be changed of somebody."""
    row, works = _row(member_id), memberships_of(db.session(), member_id)
    return version(row.nip, row.name, [(one.unit_id, one.position, one.period) for one in works])


def _form(typed: EntryInput) -> Response:
    page = render_template("person_new.html", entry=typed, units=standing())
    return make_response(page, 422 if typed.errors else 200)


def _page(member_id: int, typed: EntryInput = NOTHING_TYPED, code: str | None = None) -> Response:
    row = _row(member_id)
    account = db.session.get(Account, row.account_id) if row.account_id else None
    memberships, today = memberships_of(db.session(), member_id), city().today()
    page = render_template(
        "person.html", row=row, account=account, entry=typed, code=code, code_valid=accounts.CODE_VALID,
        may_close=_account_to_close(row.account_id) is not None,
        memberships=memberships, plans=plans(memberships, today), drives=drives_by(db.session(), viewer(), member_id),
        devices=devices_carried(db.session(), member_id, city().now()), units=standing(), today=today,
        shown=_shown(member_id),
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
