"""How the ways of asking stand in the document: what each is asked with, answers and refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tracker.web.api.reading import KEY, KEY_PATTERN

TOKEN = "token"  # the one way to sign in
ETAG = {"description": "The version of what is shown.", "schema": {"type": "string"}, "required": True}
LOCATION = {"description": "Where it is.", "schema": {"type": "string"}, "required": True}
LINK = {"description": 'Where the list goes on, as rel="next"; absent: it ends here.', "schema": {"type": "string"}}


def _header(name: str, description: str, required: bool = False, **schema: Any) -> Mapping[str, Any]:
    schema = {"type": "string", **schema}
    return {"name": name, "in": "header", "description": description, "required": required, "schema": schema}


IF_MATCH = _header("If-Match", "The ETag that you got when you read it.", True)
IF_NONE_MATCH = _header("If-None-Match", "An ETag that you have: 304 where it is still right.")
IDEMPOTENCY_KEY = _header(
    KEY, "A new one for each thing that is to be created, such as a UUID. Sent again with the same body within 24 "
    "hours it gets what was created, and creates no other.", pattern=KEY_PATTERN,
)  # fmt: skip
ALWAYS = (401, 404, 405, 500, 503)
OF_BODIES = (400, 409, 413, 415, 422)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of asking: its method, its answer, with which headers it is asked, and which statuses else it answers."""

    method: str
    status: int
    answers: str
    headers: Mapping[str, Any]
    asked_with: Sequence[Mapping[str, Any]] = ()
    others: Sequence[int] = field(default=ALWAYS)


LIST = Way("GET", 200, "Some of them, in the order of their ids.", {"Link": LINK}, (), (*ALWAYS, 422))
ONE = Way("GET", 200, "As it is now.", {"ETag": ETAG}, (IF_NONE_MATCH,), (*ALWAYS, 304))
CREATE = Way(
    "POST", 201, "It was created.", {"ETag": ETAG, "Location": LOCATION}, (IDEMPOTENCY_KEY,), (*ALWAYS, *OF_BODIES)
)
_OF_CHANGES = (*ALWAYS, *OF_BODIES, 204, 412, 428)
CHANGE = Way("PATCH", 200, "As it is now.", {"ETag": ETAG}, (IF_MATCH,), _OF_CHANGES)
ACT = Way("POST", 200, "As it is now.", {"ETag": ETAG}, (IF_MATCH,), _OF_CHANGES)


def going(view: Callable[..., Any], way: Way, scope: str) -> Callable[..., Any]:
    """Note at a view which way it goes, and what opens it."""
    view._apidoc = {**deepcopy(view._apidoc), "way": (way, scope)}  # type: ignore[attr-defined]
    return view


def describe(doc: dict[str, Any], doc_info: Mapping[str, Any], **_: Any) -> dict[str, Any]:
    """Complete what the document says of an operation."""
    way, scope = doc_info["way"]
    doc["parameters"] = [*doc.get("parameters", []), *way.asked_with]
    doc["responses"].update({status: HTTPStatus(status).name for status in way.others})
    return {**doc, "security": [{TOKEN: [scope]}]}
