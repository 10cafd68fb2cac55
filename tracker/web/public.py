"""The citizens' map and the open data behind it: no account, no cookies, no tracking."""

from __future__ import annotations

import geojson
from flask import Blueprint, Response, jsonify, make_response, render_template, send_from_directory
from flask_babel import gettext as _

from tracker.storage.models import Zone
from tracker.storage.public_map import stations
from tracker.storage.zones import geometry_of
from tracker.web import words
from tracker.web.access import Access, allowed
from tracker.web.city import city, db
from tracker.web.cookies import session_token

RETRY_AFTER_S = 5
STATIONS_MAX_AGE_S = 300
VEHICLES = "vehicles.geojson"
BOUNDARIES = "boundaries.geojson"

pages = Blueprint("public", __name__)


@pages.get("/")
@allowed(Access.PUBLIC)
def citizens() -> str:
    """The map. Whether somebody is signed in is not looked up: the map works without the database."""
    return render_template("citizens.html", kinds=words.KIND, has_session=session_token() is not None)


@pages.get("/about")
@allowed(Access.PUBLIC)
def about() -> str:
    """What is shown, what is hidden and why; how to use the open data."""
    return render_template("about.html")


@pages.get("/public/vehicles.geojson")
@allowed(Access.PUBLIC)
def vehicles() -> Response:
    """The vehicles' newest positions, as the live process wrote them."""
    if (city().public_dir / VEHICLES).is_file():
        return _opened(send_from_directory(city().public_dir, VEHICLES, conditional=True))
    response = jsonify(error=_("The live positions are not ready yet. Try again in a few seconds."))
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return _opened(response, "application/json")


@pages.get("/public/boundaries.geojson")
@allowed(Access.PUBLIC)
def boundaries() -> Response:
    """Lines under the map, from a file the operator may put beside the snapshot; nothing where there is none."""
    if (city().public_dir / BOUNDARIES).is_file():
        return _opened(send_from_directory(city().public_dir, BOUNDARIES, conditional=True))
    return _opened(make_response(geojson.dumps(geojson.FeatureCollection([]))))


@pages.get("/public/stations.geojson")
@allowed(Access.PUBLIC)
def station_zones() -> Response:
    """Where the city's vehicles are stationed."""
    zones = geojson.FeatureCollection([_station(zone) for zone in stations(db.session())])
    response = _opened(make_response(geojson.dumps(zones)))
    response.headers["Cache-Control"] = f"public, max-age={STATIONS_MAX_AGE_S}"
    return response


def _station(zone: Zone) -> geojson.Feature:
    """A circle as its centre with the radius, a polygon as it is; `centre` is where both are marked."""
    centre = (zone.lon_e7 / 1e7, zone.lat_e7 / 1e7)
    properties = {"name": zone.name, "radius_m": zone.radius_m, "centre": centre}
    return geojson.Feature(geometry=geometry_of(zone), properties=properties)


def _opened(response: Response, content_type: str = "application/geo+json") -> Response:
    """Open to every site, and never taken from a cache without asking."""
    response.content_type = content_type
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-cache"
    return response
