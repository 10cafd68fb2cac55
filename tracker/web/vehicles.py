"""The city's vehicles: what they are, whose, what citizens see of them, who drives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from tracker.storage import changes
from tracker.storage.models import Vehicle, Zone
from tracker.storage.paging import ANY_STATE
from tracker.storage.register import NotFound, Why, same_name
from tracker.storage.vehicle_days import days_of
from tracker.storage.vehicle_pages import VehicleFilter, drives_of, vehicle_list, vehicles_wanted
from tracker.web import administration_words, choosing
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.changing import refused, version, wrong_with
from tracker.web.choosing import Choosing, Rows
from tracker.web.city import db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.register_forms import (
    BESIDE_UNIT,
    InUnitForm,
    NewVehicleForm,
    VehicleForm,
    capabilities_of,
    vehicle_filter,
)
from tracker.web.unit_choice import standing, unit_of

pages = Blueprint("vehicles", __name__, url_prefix="/admin/vehicles")
BESIDE = {**BESIDE_UNIT, "zone": "base", Why.CALL_SIGN_TAKEN: "call_sign", Why.PLATE_TAKEN: "plate"}
DAYS_SHOWN = 14
MANY = Choosing("vehicles", administration_words.VEHICLES_TOGETHER, "call_sign")


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """The vehicles one administers; search, filters and page are in the address."""
    wanted, number = vehicle_filter(request.args, unit_of(request.args))
    return render_template(
        "vehicles.html", wanted=wanted, page=vehicle_list(db.session(), viewer(), wanted, number), units=standing(),
        many=MANY, most=choosing.MOST_AT_ONCE, administration_words=administration_words,
    )  # fmt: skip


@pages.get("/new")
@allowed(Access.ADMINISTRATOR)
def new() -> Response:
    """The form for another vehicle."""
    return _form(EntryInput(request.args, {}))


@pages.post("/new")
@allowed(Access.ADMINISTRATOR)
def add() -> Response:
    """Add a vehicle."""
    sent = parse(NewVehicleForm(), request.form)
    wrong = wrong_with(sent.errors, lambda: _add(sent.values), BESIDE)
    if wrong:
        return _form(wrong)
    flash(_("The vehicle %(name)s is added.", name=sent.values["call_sign"]), "good")
    return redirect(url_for("vehicles.show", vehicle_id=by().vehicle(sent.values["call_sign"]).id), 303)


@pages.get("/<id:vehicle_id>")
@allowed(Access.ADMINISTRATOR)
def show(vehicle_id: int) -> Response:
    """One vehicle and what can be done with it."""
    return _page(vehicle_id)


@pages.post("/<id:vehicle_id>")
@allowed(Access.ADMINISTRATOR)
def change(vehicle_id: int) -> Response:
    """Put right what is written of it."""
    row, sent = _living(vehicle_id), parse(VehicleForm(), request.form)
    if sent.errors:
        return _page(vehicle_id, EntryInput(request.form, sent.errors))

    def changed() -> None:
        values = {name: sent.values[name] for name in ("call_sign", "plate", "kind", "public_view")}
        more = {"capabilities": capabilities_of(request.form), "base_zone_id": _zone_id(sent.values["base"])}
        changes.change_vehicle(by(), row.call_sign, values | more)

    return _done(vehicle_id, changed, _("The vehicle is changed."))


@pages.post("/<id:vehicle_id>/unit")
@allowed(Access.ADMINISTRATOR)
def move(vehicle_id: int) -> Response:
    """Give it to another unit, now."""
    row, sent = _living(vehicle_id), parse(InUnitForm(), request.form)
    if sent.errors:
        return _page(vehicle_id, EntryInput(request.form, sent.errors))
    given = _("The vehicle belongs to %(unit)s now.", unit=sent.values["unit"])
    return _done(vehicle_id, lambda: changes.move_vehicle(by(), row.call_sign, sent.values["unit"]), given)


@pages.post("/<id:vehicle_id>/retire")
@allowed(Access.ADMINISTRATOR)
def retire(vehicle_id: int) -> Response:
    """It serves no more."""
    row = _living(vehicle_id)
    return _done(vehicle_id, lambda: changes.retire_vehicle(by(), row.call_sign), _("The vehicle serves no more."))


@pages.post("/chosen")
@allowed(Access.ADMINISTRATOR)
def chosen() -> Response:
    """What is to be done with many: asked once more, then done with all or with none."""
    return choosing.chosen(MANY, _chosen, _together)


def _chosen(sent: Mapping[str, Any]) -> Rows:
    asked = choosing.asked_list()
    of_filter, anything = (vehicles_wanted(viewer(), wanted).where(Vehicle.retired_at.is_(None))
                           for wanted in (vehicle_filter(asked, unit_of(asked))[0], VehicleFilter()))  # fmt: skip
    return choosing.rows(sent, of_filter, anything, Vehicle.id, Vehicle.call_sign)


def _together(action: str, rows: Rows) -> Response:
    def change(row: Any, to: Mapping[str, Any]) -> None:
        if action == "move":
            changes.move_vehicle(by(), row.call_sign, to["unit"])
        else:
            changes.retire_vehicle(by(), row.call_sign)

    return choosing.done_with(MANY, action, rows, change)


def _add(values: Any) -> None:
    changes.add_vehicle(
        by(), values["call_sign"], values["plate"], values["kind"], values["unit"], capabilities_of(request.form),
        values["public_view"], _zone_id(values["base"]),
    )  # fmt: skip


def _zone_id(name: str | None) -> int | None:
    """The zone that somebody named as a base."""
    if not name:
        return None
    found = db.session.scalar(select(Zone.id).where(same_name(Zone.name, name), Zone.retired_at.is_(None)))
    if found is None:
        raise NotFound(f"there is no zone named {name!r}", "zone")
    return found


def _row(vehicle_id: int) -> Any:
    """A vehicle that one administers; any other does not exist here."""
    wanted = vehicles_wanted(viewer(), VehicleFilter(state=ANY_STATE)).where(Vehicle.id == vehicle_id)
    return db.session.execute(wanted).one_or_none() or abort(404)


def _living(vehicle_id: int) -> Any:
    row = _row(vehicle_id)
    return abort(404) if row.retired_at else row


def _done(vehicle_id: int, change: Callable[[], Any], done: str) -> Response:
    wrong = refused(change, BESIDE, lambda: _shown(_row(vehicle_id)))
    if wrong:
        return _page(vehicle_id, wrong)
    flash(done, "good")
    return redirect(url_for("vehicles.show", vehicle_id=vehicle_id), 303)


def _shown(row: Any) -> str:
    """The version of what can be changed of a vehicle."""
    names = ("call_sign", "plate", "kind", "public_view", "base_zone", "capabilities", "unit_id", "retired_at")
    return version(*(getattr(row, name) for name in names))


def _zones() -> Any:
    return db.session.scalars(select(Zone.name).where(Zone.retired_at.is_(None)).order_by(Zone.name)).all()


def _form(typed: EntryInput) -> Response:
    page = render_template(
        "vehicle_new.html", entry=typed, units=standing(), zones=_zones(), able=capabilities_of(request.form),
        administration_words=administration_words,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)


def _page(vehicle_id: int, typed: EntryInput = NOTHING_TYPED) -> Response:
    row = _row(vehicle_id)
    written = {"call_sign": row.call_sign, "plate": row.plate, "kind": row.kind, "public_view": row.public_view,
               "base": row.base_zone or ""}  # fmt: skip
    days = days_of(db.session(), vehicle_id, DAYS_SHOWN)
    page = render_template(
        "vehicle.html", row=row, entry=typed, written=written, units=standing(), days=days,
        counters=any(day.counted_operating_s is not None for day in days),
        zones=_zones(), drives=drives_of(db.session(), vehicle_id), administration_words=administration_words,
        able=capabilities_of(request.form) if "plate" in typed.values else row.capabilities, shown=_shown(row),
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
