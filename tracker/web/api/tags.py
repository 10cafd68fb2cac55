"""Versions of one thing: a strong ETag over what is shown of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Response, json, request

from tracker.web.api.problems import Problem


def answer_with_tag(body: Mapping[str, Any], status: int = 200, **more: Any) -> Response:
    """A thing as it is now, with its tag; 304 to who has it already. `more` is shown, too, and is not of the tag."""
    response = Response(json.dumps({**body, **more}), status, content_type="application/json")
    response.set_etag(tag_of(body))
    response.make_conditional(request)  # of a GET; a change has been made by now
    return response


def require_tag(body: Mapping[str, Any]) -> None:
    """Refuse a change by somebody who does not say, or not rightly, which version they saw."""
    if not request.headers.get("If-Match", "").strip():
        raise Problem(428)
    if not request.if_match.contains(tag_of(body)):
        raise Problem(412)


def tag_of(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]
