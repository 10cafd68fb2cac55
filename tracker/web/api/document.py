"""Puts the API together: its resources, the OpenAPI document at `/api/v1/openapi.json`, and the page that shows it.

Both are public: they hold no secret, and who is to write a program reads them before there is a token.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Flask, Response, current_app, json, render_template
from flask_babel import force_locale
from flask_smorest import Api
from marshmallow import Schema, fields

from tracker.web.access import Access, allowed
from tracker.web.api.described import TOKEN
from tracker.web.api.devices import devices
from tracker.web.api.imports import imports
from tracker.web.api.page import sections
from tracker.web.api.people import people
from tracker.web.api.problem_words import OTHERS, PROBLEMS
from tracker.web.api.problems import DESCRIBED_AT, MEDIA_TYPE
from tracker.web.api.shapes import Shape
from tracker.web.api.units import units
from tracker.web.api.vehicles import vehicles
from tracker.web.api.zones import zones
from tracker.web.city import csrf

RESOURCES = (units, people, vehicles, devices, zones, imports)
INTRODUCTION = "The city's register for other programs. Each acts with the rights of the account that made its token."
SIGNING_IN = {
    "type": "http", "scheme": "bearer", "description": "Made on the page of one's account; its scopes say what it opens"
}  # fmt: skip
pages = Blueprint("api", __name__, url_prefix="/api/v1")


class FaultShape(Shape):
    place = fields.String(required=True, metadata={"enum": ["body", "query", "header"]})
    field = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemShape(Shape):
    """Whatever is refused (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "Where it is described."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What happened, and what to do next."})
    errors = fields.List(fields.Nested(FaultShape), required=True)


class Document(Api):  # type: ignore[misc]  # flask-smorest has no types
    """The document. Errors are the application's own, and so are the addresses of the document."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass

    def _register_doc_blueprint(self) -> None:
        pass

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            self.spec.components.response(status.name, _refusal(status), lazy=True)


def init_app(app: Flask) -> None:
    document = Document(spec_kwargs={
        "title": "Jejak", "version": "1", "openapi_version": "3.1.0", "info": {"description": INTRODUCTION},
        "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_name),
    })  # fmt: skip
    with app.app_context():
        document.init_app(app)
    document.spec.components.security_scheme(TOKEN, SIGNING_IN)
    for resource in RESOURCES:
        csrf.exempt(resource)  # no cookie is looked at, so no form can be sent in somebody's name
        document.register_blueprint(resource)
    app.register_blueprint(pages)
    tags = [{"name": one.title, "description": one.description} for one in RESOURCES]
    app.extensions["api_document"] = {**document.spec.to_dict(), "tags": tags}


@pages.get("/openapi.json")
@allowed(Access.PUBLIC)
def openapi() -> Response:
    """The OpenAPI document."""
    return Response(json.dumps(_document()), content_type="application/json")


@pages.get("/docs")
@allowed(Access.PUBLIC)
def docs() -> str:
    """The same for people to read, and what each refusal means."""
    return render_template("api.html", info=_document()["info"], sections=sections(_document()), problems=PROBLEMS)


def _document() -> dict[str, Any]:
    found: dict[str, Any] = current_app.extensions["api_document"]
    return found


def _refusal(status: HTTPStatus) -> dict[str, Any]:
    """How the document shows a refusal of this status."""
    if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        return {"description": status.phrase}
    title, detail = PROBLEMS.get(status) or OTHERS[status >= HTTPStatus.INTERNAL_SERVER_ERROR]
    words = {"type": f"{DESCRIBED_AT}{status.value}", "title": _english(title), "detail": _english(detail)}
    example = {**words, "status": status.value, "errors": []}
    return {
        "description": words["title"], "content": {MEDIA_TYPE: {"schema": ProblemShape, "example": example}}
    }  # fmt: skip


def _english(words: Any) -> str:
    """The words in the language of the document."""
    with force_locale("en"):
        return str(words)


def _name(schema: type[Schema] | Schema) -> str:
    """How the document calls a shape."""
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return name.removesuffix("Shape")
