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
from tracker.storage.account_changes import make_account
from tracker.storage.account_pages import manageable
from tracker.storage.audit import Action
from tracker.storage.models import Account, Person
from tracker.storage.paging import ANY_STATE
from tracker.storage.person_pages import PersonFilter, drives_by, memberships_of, people_wanted, person_list
from tracker.storage.register import Why
from tracker.web import administration_words, choosing
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.changing import refused
from tracker.web.choosing import Choosing, Rows
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.register_forms import (
    BESIDE_UNIT,
    LeaveForm,
    MovePersonForm,
    NewPersonForm,
    PersonNameForm,
    person_filter,
    ticked,
)
from tracker.web.unit_choice import standing, unit_of

pages = Blueprint("people", __name__, url_prefix="/admin/people")
BESIDE = {**BESIDE_UNIT, "person": "nip", Why.NIP_TAKEN: "nip"}
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
            codes.append(_account_of(values["nip"]))

    wrong = refused(added, BESIDE)
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
    """Somebody does not work for the city any more; account and phone go with them where that is wanted."""
    row, sent = _row(member_id), parse(LeaveForm(), request.form)
    if sent.errors:
        return _page(member_id, EntryInput(request.form, {"left_on": sent.errors.get("on")}))

    account = _account_to_close(row.account_id) if sent.values["close"] else None  # before they are out of reach

    def left() -> None:
        if sent.values["take_back"] and row.device:
            device_changes.take_back(by(), row.device, city().now())
        changes.leave(by(), row.nip, sent.values["on"])
        if account is not None:
            accounts.close_account(db.session(), account.username, city().now())
            by().note(Action.CLOSE_ACCOUNT, {"account": account.username}, account.people)

    return _done(member_id, left, _("It is registered that they leave."))


@pages.post("/chosen")
@allowed(Access.ADMINISTRATOR)
def chosen() -> Response:
    """What is to be done with many: asked once more, then done with all or with nobody."""
    return choosing.chosen(MANY, _chosen, _together)


def _chosen(sent: Mapping[str, Any]) -> Rows:
    """The rows that were ticked, or all that a filter holds; one more than may be, where there are more."""
    asked = choosing.asked_list()
    if sent["everybody"]:
        query = people_wanted(viewer(), person_filter(asked, unit_of(asked))[0])
    else:
        anybody = people_wanted(viewer(), PersonFilter(state=ANY_STATE))
        query = anybody.where(Person.id.in_(ticked(request.form, "chosen")))
    return db.session.execute(query.order_by(Person.name, Person.id).limit(choosing.MOST_AT_ONCE + 1)).all()


def _together(action: str, rows: Rows) -> Response:
    if action == "accounts":
        return _accounts(rows)

    def change(row: Any, to: Mapping[str, Any]) -> None:
        if action == "move":
            changes.move_person(by(), row.nip, to["unit"], None, to["on"])
        else:
            changes.leave(by(), row.nip, to["on"])

    wrong = choosing.each(MANY, action, rows, change)
    if wrong:
        return wrong
    flash(administration_words.done("people", action, len(rows)), "good")
    return choosing.back(MANY)


def _accounts(rows: Rows) -> Response:
    """An account for each who has none, with its code; who has one is left out."""
    without, codes = [row for row in rows if not row.account_id], dict[str, str]()
    wrong = choosing.each(MANY, "accounts", without, lambda row, _to: codes.update({row.nip: _account_of(row.nip)}))
    if wrong:
        return wrong
    page = render_template("people_codes.html", rows=without, codes=codes, valid=accounts.CODE_VALID, count=len(rows))
    return make_response(page)


def _account_of(nip: str) -> str:
    """Make the account of a person; returns its code. Raises MayNot."""
    account = make_account(db.session(), viewer(), nip, city().today())
    by().note(Action.ADD_ACCOUNT, {"account": account.username}, account.people)
    return accounts.give_code(account, city().now())


def _account_to_close(account_id: int | None) -> Account | None:
    """An open account that one may change; others have their own administrators."""
    account = db.session.get(Account, account_id) if account_id else None
    ours = account is not None and manageable(db.session(), viewer(), account, city().today())
    return account if ours and account and account.closed_at is None else None


def _row(member_id: int) -> Any:
    """A person whom one administers; any other does not exist here."""
    wanted = people_wanted(viewer(), PersonFilter(state=ANY_STATE)).where(Person.id == member_id)
    return db.session.execute(wanted).one_or_none() or abort(404)


def _done(member_id: int, change: Callable[[], Any], done: str) -> Response:
    wrong = refused(change, BESIDE)
    if wrong:
        return _page(member_id, wrong)
    flash(done, "good")
    still = db.session.execute(people_wanted(viewer(), PersonFilter(state=ANY_STATE)).where(Person.id == member_id))
    there = still.one_or_none()
    return redirect(url_for("people.show", member_id=member_id) if there else url_for("people.overview"), 303)


def _form(typed: EntryInput) -> Response:
    page = render_template("person_new.html", entry=typed, units=standing())
    return make_response(page, 422 if typed.errors else 200)


def _page(member_id: int, typed: EntryInput = NOTHING_TYPED, code: str | None = None) -> Response:
    row = _row(member_id)
    account = db.session.get(Account, row.account_id) if row.account_id else None
    page = render_template(
        "person.html", row=row, account=account, entry=typed, code=code, code_valid=accounts.CODE_VALID,
        may_close=_account_to_close(row.account_id) is not None,
        memberships=memberships_of(db.session(), member_id), drives=drives_by(db.session(), viewer(), member_id),
        units=standing(), today=city().today(),
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
