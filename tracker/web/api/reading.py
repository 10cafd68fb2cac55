"""Bodies and queries of the API, read and checked: what is not as described is refused, field by field."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from flask import Request, json, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from tracker.web.api.problem_words import BAD_KEY
from tracker.web.api.problems import Fault, Problem, faults_of

PLACES = {"json": "body", "query": "query"}
KEY = "Idempotency-Key"
KEY_PATTERN = r"^[!-~]{1,200}$"


class Reader(FlaskParser):
    """Reads what the views declare."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}

    def load_json(self, req: Request, schema: Schema) -> Any:
        """A body of JSON, whatever is wrong with it."""
        if not req.is_json:
            raise Problem(415)
        try:
            return json.loads(req.get_data(), parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise Problem(400) from error

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **_: Any) -> NoReturn:
        """Each field that is wrong, and why."""
        assert isinstance(error.messages, dict)
        found = [fault for place, messages in error.messages.items() for fault in faults_of(messages, PLACES[place])]
        raise Problem(422, faults=found) from error


def idempotency_key() -> str | None:
    """The key by which a creation is known, if it has one."""
    key = request.headers.get(KEY)
    if key is not None and not re.match(KEY_PATTERN, key):
        raise Problem(422, faults=[Fault("header", KEY, str(BAD_KEY))])
    return key


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
