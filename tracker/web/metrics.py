"""`/metrics` for Prometheus, with a token; without it there is no such page."""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

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
    shared = os.environ.get(SHARED)
    if not shared:
        return REGISTRY
    registry = CollectorRegistry()
    registry.register(_Shared(Path(shared)))
    return registry


@dataclass(frozen=True, slots=True)
class _Shared(Collector):
    """What the processes wrote into their folder.

    A file is empty for a moment after it is made, and for good where its process was killed just then. The library's
    own collector fails at one, and tells nothing of the others either (prometheus/client_python#1199).
    """

    folder: Path

    def collect(self) -> Iterable[Metric]:
        written = [str(file) for file in self.folder.glob("*.db") if file.stat().st_size]
        metrics: Iterable[Metric] = MultiProcessCollector.merge(written)  # type: ignore[no-untyped-call]
        return metrics


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    if "began" in g:
        seconds = time.perf_counter() - g.began
        REQUESTS.labels(request.endpoint or "none", f"{response.status_code // 100}xx").observe(seconds)
    return response
