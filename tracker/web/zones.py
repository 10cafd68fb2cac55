"""The city's zones: drawn on the map, typed or from a file. Administrators look at them; the city's change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geojson
from flask import Blueprint, Flask, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from tracker.domain.outline import BadShape, Flaw
from tracker.storage import zone_changes
from tracker.storage.mending import area_m2, mended
from tracker.storage.models import Zone
from tracker.storage.register import Impossible
from tracker.storage.zone_changes import Area, Shape
from tracker.storage.zone_pages import (
    ZoneFilter,
    earlier_shapes,
    zone_list,
    zone_use,
    zones_state,
    zones_there,
    zones_wanted,
)
from tracker.storage.zones import geometry_of
from tracker.web import administration_words, choosing, register_words, zone_words
from tracker.web.access import Access, allowed, by, signed_in
from tracker.web.choosing import Choosing, Rows
from tracker.web.city import city, db
from tracker.web.forms import NOTHING_TYPED, EntryInput, parse
from tracker.web.words import FIELD
from tracker.web.zone_forms import (
    DEFAULT_RADIUS_M,
    ShapeForm,
    ZoneForm,
    ZoneNameForm,
    fields_of,
    missing,
    outline_text,
    shape_of,
    zone_filter,
)

pages = Blueprint("zones", __name__, url_prefix="/admin/zones")
LARGEST_OUTLINE = 4 * 1024 * 1024  # bytes of a request: 10,000 corners, however they are written
MANY = Choosing("zones", administration_words.ZONES_TOGETHER, "name", "kind")
A_NEW_ONE = EntryInput({"kind": "circle", "radius_m": DEFAULT_RADIUS_M}, {})


def init_app(app: Flask) -> None:
    app.before_request(admit_outlines)


def admit_outlines() -> None:
    """Outlines may be larger than other forms, of those who may draw zones; asked before anything reads the request."""
    drawing = request.endpoint in ("zones.add", "zones.reshape")
    if drawing and (who := signed_in()) and who.viewer.administers_city:
        request.max_content_length = request.max_form_memory_size = LARGEST_OUTLINE


class Refused(Exception):
    """A form is shown again, with what was typed and why it was not taken."""

    def __init__(self, typed: EntryInput) -> None:
        super().__init__()
        self.typed = typed


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """All zones; search, filters and page are in the address."""
    wanted, number = zone_filter(request.args)
    found = zone_list(db.session(), wanted, city().now(), number)
    return render_template(
        "zones.html", wanted=wanted, page=found, many=MANY, most=choosing.MOST_AT_ONCE, zone_words=zone_words
    )


@pages.get("/shapes.geojson")
@allowed(Access.ADMINISTRATOR)
def shapes() -> Response:
    """Every zone that is there, as a layer of a map; a browser that has it asks whether anything changed."""
    tag = "-".join(map(str, zones_state(db.session())))
    if tag in request.if_none_match:
        response = make_response("", 304)
    else:
        layer = geojson.FeatureCollection([_feature(zone) for zone in zones_there(db.session())])
        response = make_response(geojson.dumps(layer, separators=(",", ":")))
        response.content_type = "application/geo+json"
    response.set_etag(tag)
    return response


@pages.get("/new")
@allowed(Access.CITY_ADMINISTRATOR)
def new() -> Response:
    """The form and the map for another zone."""
    return _form(None, A_NEW_ONE)


@pages.post("/new")
@allowed(Access.CITY_ADMINISTRATOR)
def add() -> Response:
    """Add a zone."""
    try:
        values, shape = _sent(ZoneForm())
        zone = _changed(lambda: zone_changes.add_zone(by(), values["name"], shape))
    except Refused as refused:
        return _form(None, refused.typed)
    flash(_("The zone %(name)s is added.", name=zone.name), "good")
    return _to(zone)


@pages.get("/<id:zone_id>")
@allowed(Access.ADMINISTRATOR)
def show(zone_id: int) -> Response:
    """One zone on the map, who uses it, and what it was before."""
    return _page(_known(zone_id))


@pages.get("/<id:zone_id>/shape")
@allowed(Access.CITY_ADMINISTRATOR)
def shape(zone_id: int) -> Response:
    """The form and the map for another shape of a zone."""
    zone = _known(zone_id, there=True)
    return _form(zone, EntryInput(fields_of(zone), {}))


@pages.post("/<id:zone_id>/shape")
@allowed(Access.CITY_ADMINISTRATOR)
def reshape(zone_id: int) -> Response:
    """Put another shape in the place of the present one."""
    zone = _known(zone_id, there=True)
    try:
        _values, wanted = _sent(ShapeForm())
        fresh = _changed(lambda: zone_changes.reshape_zone(by(), zone, wanted))
    except Refused as refused:
        return _form(zone, refused.typed)
    flash(_("The shape is changed.") if fresh.id != zone_id else _("The shape is the same as before."), "good")
    return _to(fresh)


@pages.post("/<id:zone_id>/name")
@allowed(Access.CITY_ADMINISTRATOR)
def rename(zone_id: int) -> Response:
    """Call a zone by another name."""
    zone, parsed = _known(zone_id, there=True), parse(ZoneNameForm(), request.form)
    if parsed.errors:
        return _page(zone, EntryInput(request.form, parsed.errors))
    try:
        _changed(lambda: zone_changes.rename_zone(by(), zone, parsed.values["name"]))
    except Refused as refused:
        return _page(_known(zone_id), refused.typed)
    flash(_("The zone has its new name."), "good")
    return _to(zone)


@pages.post("/<id:zone_id>/remove")
@allowed(Access.CITY_ADMINISTRATOR)
def remove(zone_id: int) -> Response:
    """A zone is used no more."""
    zone = _known(zone_id, there=True)
    name = zone.name
    try:
        _changed(lambda: zone_changes.remove_zone(by(), zone))
    except Refused as refused:
        return _page(_known(zone_id), refused.typed)
    flash(_("The zone %(name)s is removed.", name=name), "good")
    return redirect(url_for("zones.overview"), 303)


@pages.post("/chosen")
@allowed(Access.CITY_ADMINISTRATOR)
def chosen() -> Response:
    """What is to be done with many: asked once more, then done with all or with none."""
    return choosing.chosen(MANY, _chosen, _together)


def _chosen(sent: Mapping[str, Any]) -> Rows:
    of_filter, anywhere = (zones_wanted(wanted, city().now()).where(Zone.retired_at.is_(None))
                           for wanted in (zone_filter(choosing.asked_list())[0], ZoneFilter()))  # fmt: skip
    return choosing.rows(sent, of_filter, anywhere, Zone.id, Zone.name)


def _together(action: str, rows: Rows) -> Response:
    def remove_one(row: Any, _to: Mapping[str, Any]) -> None:
        zone_changes.remove_zone(by(), db.session.get_one(Zone, row.id))

    return choosing.done_with(MANY, action, rows, remove_one)


def _known(zone_id: int, *, there: bool = False) -> Zone:
    """A zone by its number; with `there` one that is not removed."""
    zone = db.session.get(Zone, zone_id)
    if zone is None or (there and zone.retired_at is not None):
        abort(404)
    return zone


def _sent(form: ShapeForm) -> tuple[dict[str, Any], Shape]:
    """What was sent, with the shape in it. Raises Refused, with a mended outline to look at where there is one."""
    parsed, file = parse(form, request.form), _file()
    lacking = [] if "kind" in parsed.errors else missing({**_NOTHING, **parsed.values}, file)
    errors = {**dict.fromkeys(lacking), **parsed.errors}
    if errors:
        raise Refused(EntryInput(request.form, {name: FIELD[name] for name in errors}))
    try:
        wanted = shape_of(parsed.values, file)
    except BadShape as error:
        raise Refused(EntryInput(request.form, {"outline": zone_words.sentence(error)})) from error
    return parsed.values, wanted


_NOTHING = {"lat": None, "lon": None, "radius_m": None, "outline": ""}


def _file() -> bytes:
    sent = request.files.get("file")
    return sent.read() if sent else b""


def _changed(change: Any) -> Any:
    """Do it and keep it. Raises Refused where it cannot be."""
    try:
        done = change()
        db.session.commit()
    except (BadShape, Impossible) as error:
        db.session.rollback()
        raise Refused(_refusal(error)) from error
    return done


def _refusal(error: BadShape | Impossible) -> EntryInput:
    if isinstance(error, Impossible):
        return EntryInput(request.form, {"name" if "name" in request.form else "": register_words.sentence(error)})
    if error.flaw in (Flaw.CROSSES, Flaw.HOLE) and (offer := _mended()):
        return offer
    where = "radius_m" if error.flaw is Flaw.RADIUS else "outline"
    return EntryInput(request.form, {where: zone_words.sentence(error)})


def _mended() -> EntryInput | None:
    """What was sent with its outline mended, to be looked at and sent again; None where it cannot be."""
    try:
        wanted = shape_of(parse(ShapeForm(), request.form).values, _file())
        found = mended(wanted.geometry) if isinstance(wanted, Area) else None
    except BadShape:
        return None
    if found is None:
        return None
    said = _(
        "The outline crossed or touched itself. Here it is mended; its area changed by %(change)s m². Look at it and "
        "send it again.",
        change=f"{found.change_m2:,.0f}",
    )
    return EntryInput({**request.form, "outline": outline_text(found.geometry)}, {"outline": said})


def _feature(zone: Zone) -> geojson.Feature:
    return geojson.Feature(zone.id, geometry_of(zone), {"name": zone.name, "radius_m": zone.radius_m})


def _to(zone: Zone) -> Response:
    return redirect(url_for("zones.show", zone_id=zone.id), 303)


def _form(zone: Zone | None, typed: EntryInput) -> Response:
    page = render_template("zone_form.html", zone=zone, entry=typed, zone_words=zone_words)
    return make_response(page, 422 if typed.errors else 200)


def _page(zone: Zone, typed: EntryInput = NOTHING_TYPED) -> Response:
    vehicles, people = zone_use(db.session(), zone.id, city().now())
    size_m2 = None if zone.radius_m is not None else area_m2(geometry_of(zone))
    page = render_template(
        "zone.html", zone=zone, feature=_feature(zone), entry=typed, vehicles=vehicles, people=people, size_m2=size_m2,
        earlier=earlier_shapes(db.session(), zone), zone_words=zone_words,
    )  # fmt: skip
    return make_response(page, 422 if typed.errors else 200)
