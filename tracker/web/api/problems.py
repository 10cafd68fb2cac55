"""One shape for whatever the API refuses: `application/problem+json` (RFC 9457), which says what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, json, request
from werkzeug.exceptions import HTTPException

from tracker.domain.outline import BadShape
from tracker.storage.periods import Later
from tracker.storage.register import Impossible, NotFound
from tracker.web.api.problem_words import OTHERS, PROBLEMS
from tracker.web.register_words import sentence

PREFIX = "/api/"
MEDIA_TYPE = "application/problem+json"
DESCRIBED_AT = "/api/v1/docs#problem-"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: `place` is body, query or header; `field` its name, with dots on the way to it."""

    place: str
    field: str
    detail: str


class Problem(HTTPException):
    """A refusal: an HTTP status, a sentence in place of the usual one, and the fields that are wrong."""

    def __init__(self, status: int, detail: str = "", faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.code, self.faults = status, faults


def on_api() -> bool:
    """Whether this request is a program's: whatever it gets has the API's shape."""
    return request.path.startswith(PREFIX)


def problem(status: int, detail: str = "", faults: Sequence[Fault] = ()) -> Response:
    """A refusal as it is sent."""
    title, usual = PROBLEMS.get(status) or OTHERS[status >= HTTPStatus.INTERNAL_SERVER_ERROR]
    said = {"title": str(title), "status": status, "detail": detail or str(usual)}
    body = {"type": f"{DESCRIBED_AT}{status}", **said, "errors": [asdict(fault) for fault in faults]}
    return Response(json.dumps(body), status, content_type=MEDIA_TYPE)


@contextmanager
def refusals(missing: int = 404) -> Iterator[None]:
    """What the register refuses is a problem: it conflicts with how things are, or a shape is none."""
    try:
        yield
    except NotFound as error:
        raise Problem(missing) from error
    except (Impossible, Later) as error:
        raise Problem(409, sentence(error)) from error
    except BadShape as error:
        raise Problem(422, faults=[Fault("body", "geometry", str(error))]) from error


def faults_of(messages: Mapping[str, Any], place: str, above: str = "") -> Iterator[Fault]:
    """What marshmallow found, one field after the other."""
    for name, found in messages.items():
        field = "" if name == "_schema" else f"{above}{name}"
        if isinstance(found, Mapping):
            yield from faults_of(found, place, f"{field}." if field else "")
        else:
            yield from (Fault(place, field or above.rstrip("."), str(text)) for text in found)
