"""One device: who carries it, how it is and why it is silent, setting it up, taking its rights away.

What it is set up with is on the answer that makes its secret, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.storage import device_changes
from tracker.storage.device_pages import (
    RECENT_DAYS,
    device_row,
    devices_chosen,
    holders_of,
    rejections_of,
    status_of,
)
from tracker.storage.models import Device
from tracker.storage.register import Why
from tracker.web import device_words
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.changing import REFUSALS, refused, said
from tracker.web.choosing import miscounted
from tracker.web.city import city, db
from tracker.web.device_forms import (
    BulkForm,
    DeviceSettingsForm,
    HolderForm,
    NewDeviceForm,
    SwapForm,
    holder_of,
    proposed_login,
)
from tracker.web.devices import problems
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.register_forms import ticked
from tracker.web.setting_up import SetUp, set_up_with
from tracker.wire.makers import maker_of
from tracker.wire.topics import position_topic

pages = Blueprint("device", __name__, url_prefix="/admin/devices")
MOST_AT_ONCE = 100
FIELDS: dict[Any, str] = {
    "person": "nip", "vehicle": "call_sign", Why.RETIRED: "call_sign",
    Why.NOT_CARRIED: "nip", Why.NEEDS_HOLDER: "nip", Why.LOGIN: "login", Why.LOGIN_TAKEN: "login",
}  # fmt: skip


@pages.get("/new")
@allowed(Access.ADMINISTRATOR)
def new() -> Response:
    """The form for another device; whom or what it is for may stand in the address."""
    asked = parse(HolderForm(), request.args).values
    return _form(EntryInput({"login": proposed_login(), "expected_interval_s": 60, **asked}, {}))


@pages.post("/new")
@allowed(Access.ADMINISTRATOR)
def add() -> Response:
    """Register a device and set it up at once."""
    sent = parse(NewDeviceForm(), request.form)
    if sent.errors:
        return _form(EntryInput(request.form, sent.errors))
    values = sent.values
    if values["nip"] and values["call_sign"]:
        return _form(EntryInput(request.form, {"call_sign": _("Write a NIP or a call sign, not both.")}))
    kind = "tracker" if values["call_sign"] else "phone"
    shared = {name: values[name] for name in device_changes.CHANGEABLE}
    made: list[str] = []

    def added() -> None:
        device_changes.register_device(by(), values["login"], kind, holder_of(values), **shared)
        made.append(device_changes.set_up(by(), values["login"]))

    wrong = refused(added, FIELDS)
    return _form(wrong) if wrong else _with_secret(by().device(values["login"]), made[0])


@pages.get("/<id:device_id>")
@allowed(Access.ADMINISTRATOR)
def show(device_id: int) -> Response:
    """How a device is, and what can be done with it."""
    return _page(device_id)


@pages.post("/<id:device_id>/set-up")
@allowed(Access.ADMINISTRATOR)
def set_up(device_id: int) -> Response:
    """Give it a secret, and show what it is set up with."""
    device = _living(device_id)
    secret = device_changes.set_up(by(), device.login)
    db.session.commit()
    return _with_secret(device, secret)


@pages.post("/<id:device_id>/revoke")
@allowed(Access.ADMINISTRATOR)
def revoke(device_id: int) -> Response:
    """Take its right to publish, for good."""
    row = _row(device_id)
    if row.revoked_at:  # the button was pressed twice, or by two
        flash(_("The device was revoked already: nothing lets it in."), "good")
        return redirect(url_for("device.show", device_id=device_id), 303)
    done = _("The device is revoked: nothing lets it in.")
    return _done(device_id, lambda: device_changes.revoke(by(), row.login), done)


@pages.post("/<id:device_id>/settings")
@allowed(Access.ADMINISTRATOR)
def change(device_id: int) -> Response:
    """Write down another model or interval."""
    device, sent = _living(device_id), parse(DeviceSettingsForm(), request.form)
    if sent.errors:
        return _page(device_id, EntryInput(request.form, sent.errors))
    return _done(device_id, lambda: device_changes.change(by(), device.login, sent.values), _("The device is changed."))


@pages.post("/<id:device_id>/holder")
@allowed(Access.ADMINISTRATOR)
def hand(device_id: int) -> Response:
    """From now on somebody else carries it, or a vehicle does, or nobody."""
    login, sent = _living(device_id).login, parse(HolderForm(), request.form)
    if sent.errors or (sent.values["nip"] and sent.values["call_sign"]):
        both = {"call_sign": _("Write a NIP or a call sign, not both.")}
        return _page(device_id, EntryInput(request.form, sent.errors or both))
    holder = holder_of(sent.values)
    if holder == device_changes.NOBODY:
        taken = _("Nobody carries it now.")
        return _done(device_id, lambda: device_changes.take_back(by(), login, city().now()), taken)
    handed = _("The device was handed over.")
    return _done(device_id, lambda: device_changes.hand_over(by(), login, holder, city().now()), handed)


@pages.post("/<id:device_id>/swap")
@allowed(Access.ADMINISTRATOR)
def swap(device_id: int) -> Response:
    """Put another device in the place of this one, which is lost."""
    lost, sent = _living(device_id), parse(SwapForm(), request.form)
    if sent.errors:
        return _page(device_id, EntryInput(request.form, sent.errors))
    made: list[str] = []
    wrong = refused(lambda: made.append(device_changes.swap(by(), lost.login, sent.values["login"])), FIELDS)
    return _page(device_id, wrong) if wrong else _with_secret(by().device(sent.values["login"]), made[0])


@pages.post("/chosen")
@allowed(Access.ADMINISTRATOR)
def chosen() -> Response:
    """What is to be done with the devices that were ticked: asked once more, then done, all or none."""
    sent = parse(BulkForm(), request.form)
    rows = devices_chosen(db.session(), viewer(), ticked(request.form, "device"), city().now())
    count = len(set(request.form.getlist("device")))
    why_not = _("Choose what to do with them.") if sent.errors else miscounted(len(rows), count, MOST_AT_ONCE)
    if why_not:
        flash(why_not, "warn")
        return redirect(url_for("devices.overview"), 303)
    action = sent.values["action"]
    if not sent.values["confirmed"]:
        page = render_template("devices_chosen.html", action=action, rows=rows, device_words=device_words)
        return make_response(page)
    return _sheets(rows) if action == "set_up" else _each(action, rows)


EACH: dict[str, Callable[[str], None]] = {
    "revoke": lambda login: device_changes.revoke(by(), login),
    "take_back": lambda login: device_changes.take_back(by(), login, city().now()),
}


def _each(action: str, rows: Any) -> Response:
    """Do it with each, or with none where one cannot be."""
    for row in rows:
        try:
            EACH[action](row.login)
        except REFUSALS as error:
            db.session.rollback()
            flash(f"{row.login}: {said(error)} {_('Nothing was changed.')}", "bad")
            return redirect(url_for("devices.overview"), 303)
    db.session.commit()
    flash(device_words.done(action, len(rows)), "good")
    return redirect(url_for("devices.overview"), 303)


def _sheets(rows: Any) -> Response:
    """A sheet to print for each, with a secret of its own: those they had end."""
    secrets = [device_changes.set_up(by(), row.login) for row in rows]
    sheets = [(row, set_up_with(row.login, secret, row.expected_interval_s))
              for row, secret in zip(rows, secrets, strict=True)]  # fmt: skip
    db.session.commit()
    return make_response(render_template("device_sheets.html", sheets=sheets))


def _row(device_id: int) -> Any:
    return device_row(db.session(), viewer(), device_id, city().now()) or abort(404)


def _living(device_id: int) -> Device:
    """A device that one administers and that is not revoked; any other does not exist here."""
    if _row(device_id).revoked_at:
        abort(404)
    device = db.session.get(Device, device_id)
    assert device is not None  # its row was just read
    return device


def _with_secret(device: Device, secret: str) -> Response:
    """The page of a device that has just got a secret, with what it is set up with."""
    return _page(device.id, fresh=set_up_with(device.login, secret, device.expected_interval_s))


def _done(device_id: int, change: Callable[[], None], done: str) -> Response:
    """Do it, keep it and go back to the page; or say there why it cannot be."""
    wrong = refused(change, FIELDS)
    if wrong:
        return _page(device_id, wrong)
    flash(done, "good")
    still_theirs = device_row(db.session(), viewer(), device_id, city().now())
    return redirect(url_for("device.show", device_id=device_id) if still_theirs else url_for("devices.overview"), 303)


def _form(typed: EntryInput) -> Response:
    return make_response(render_template("device_new.html", entry=typed), 422 if typed.errors else 200)


def _page(device_id: int, typed: EntryInput = NOTHING_TYPED, fresh: SetUp | None = None) -> Response:
    session, now, row = db.session(), city().now(), _row(device_id)
    status, rejected = status_of(session, device_id), rejections_of(session, device_id, now)
    page = render_template(
        "device.html", row=row, status=status, rejected=rejected, entry=typed, fresh=fresh,
        wrong=problems(row, status, rejected, now), holders=holders_of(session, device_id), now=now,
        topic=position_topic(row.login), proposed=proposed_login(), device_words=device_words, recent_days=RECENT_DAYS,
        maker=maker_of(row.model, status.platform if status else None),
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
