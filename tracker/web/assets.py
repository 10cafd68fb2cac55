"""Static files: our own, and the few files of installed packages named in `VENDOR`.

Every address carries a version made of the contents, so browsers may keep a file for ever; relative imports between
modules inherit it.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import mimetypes
from pathlib import Path

from flask import Blueprint, Response, abort, make_response, request, url_for

from tracker.web.access import Access, allowed

OWN = Path(__file__).parent / "static"
CHECKOUT = Path(__file__).parents[2]
PACKAGES = CHECKOUT / "node_modules"
VENDOR = {
    "vendor/maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    "vendor/maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "vendor/maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
    "vendor/htmx.js": "htmx.org/dist/htmx.min.js",
    "vendor/kinds/ambulance.svg": "@mapbox/maki/icons/hospital.svg",
    "vendor/kinds/fire_truck.svg": "@mapbox/maki/icons/fire-station.svg",
    "vendor/kinds/heavy_equipment.svg": "@rapideditor/temaki/icons/bulldozer.svg",
    "vendor/kinds/garbage_truck.svg": "@rapideditor/temaki/icons/truck.svg",
    "vendor/kinds/street_sweeper.svg": "@rapideditor/temaki/icons/vacuum.svg",
    "vendor/kinds/patrol_car.svg": "@mapbox/maki/icons/police.svg",
}
TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".webmanifest": "application/manifest+json"}
FOR_EVER = "public, max-age=31536000, immutable"

pages = Blueprint("assets", __name__)


@pages.get("/static/<version>/<path:name>")
@allowed(Access.PUBLIC)
def file(version: str, name: str) -> Response:
    """One static file, compressed where the browser takes it."""
    path = located(name)
    if path is None:
        abort(404)
    plain, packed, digest = contents(path, path.stat().st_mtime_ns)
    squeezed = request.accept_encodings.quality("gzip") > 0
    response = make_response(packed if squeezed else plain)
    response.content_type = content_type(path)
    response.headers["Cache-Control"] = FOR_EVER if version == current_version() else "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    if squeezed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{digest}-gzip" if squeezed else digest)
    response.make_conditional(request)
    return response


@pages.app_template_global()
def asset(name: str) -> str:
    """The versioned address of a static file."""
    return url_for("assets.file", version=current_version(), name=name)


def located(name: str) -> Path | None:
    """Where a static file lies, or None: nothing outside our folder but what `VENDOR` names."""
    if name in VENDOR:
        path = PACKAGES / VENDOR[name]
        return path if path.is_file() else None
    try:
        path = (OWN / name).resolve()
        return path if path.is_relative_to(OWN) and path.is_file() else None
    except (ValueError, OSError):  # no file can have such a name: a NUL in it, or too long
        return None


@functools.cache
def current_version() -> str:
    """A digest of our files and of the packages' lock file."""
    digest = hashlib.sha256((CHECKOUT / "package-lock.json").read_bytes())
    for path in sorted(OWN.rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.lru_cache(maxsize=128)
def contents(path: Path, changed: int) -> tuple[bytes, bytes, str]:
    """A file plain and compressed, with its digest; read again when `changed` (its time stamp) changes."""
    plain = path.read_bytes()
    return plain, gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest()[:16]


def content_type(path: Path) -> str:
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
