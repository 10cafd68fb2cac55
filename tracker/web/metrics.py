"""`/metrics` for Prometheus, with a token; without it there is no such page."""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Mapping

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from tracker.metrics import REQUESTS
from tracker.web.access import Access, allowed
from tracker.web.city import city

SHARED = "PROMETHEUS_MULTIPROC_DIR"

pages = Blueprint("metrics", __name__)


@pages.get("/metrics")
@allowed(Access.PUBLIC)
def show() -> Response:
    """What all processes of this machine counted; with `Authorization: Bearer <token>` only."""
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {city().settings.metrics_token}".encode()):
        abort(404)
    return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def samples() -> Mapping[tuple[str, ...], float]:
    """The newest value of everything that is counted, by its name and the values of its labels."""
    return {(one.name, *one.labels.values()): one.value for family in _registry().collect() for one in family.samples}


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_count)


def _registry() -> CollectorRegistry:
    """Of all processes where they share a folder, else of this one alone."""
    if not os.environ.get(SHARED):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    if "began" in g:
        seconds = time.perf_counter() - g.began
        REQUESTS.labels(request.endpoint or "none", f"{response.status_code // 100}xx").observe(seconds)
    return response
