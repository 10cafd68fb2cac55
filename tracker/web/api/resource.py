"""What all resources of the API do alike: listing, showing, creating, changing.

Each way is declared once, with its rights, its checks and its place in the document. Resources say only what is theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Response, json, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy import Row, Select, select

from tracker.storage.api_creations import Asked, KeyReused, claim, keep
from tracker.storage.changes import By
from tracker.storage.register import lock_tree
from tracker.web.access import Access, allowed, by, viewer
from tracker.web.api import described
from tracker.web.api.cursors import rows_after
from tracker.web.api.problem_words import SUCH_KEY
from tracker.web.api.problems import Problem, refusals
from tracker.web.api.reading import Reader, idempotency_key
from tracker.web.api.shapes import PageOf
from tracker.web.api.tags import answer_with_tag, require_tag
from tracker.web.city import city, db

READ, WRITE = "register:read", "register:write"
Body = Mapping[str, Any]
ListT = TypeVar("ListT", bound=Callable[[Body], Select[Any]])
CreateT = TypeVar("CreateT", bound=Callable[[By, Body], "Made"])
ChangeT = TypeVar("ChangeT", bound=Callable[[By, Any, Body], "Made | None"])


@dataclass(frozen=True, slots=True)
class Made:
    """What was created, or took another one's place; `once` is shown in this one answer and never again."""

    id: int
    once: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing: its rows, which are locked while they change; what is shown of one, and to whom.

    `wanted` selects what the viewer administers of it, whatever its state.
    """

    table: Any
    shape: type[Schema]
    wanted: Callable[[], Select[Any]]
    access: Access = Access.ADMINISTRATOR


class Resource(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """The addresses of one kind of thing, `/api/v1/<name>` and below."""

    ARGUMENTS_PARSER = Reader()

    def __init__(self, name: str, kind: Kind, description: str) -> None:
        super().__init__(f"api_{name}", __name__, url_prefix=f"/api/v1/{name}", description=description)
        self.kind, self.title = kind, name
        self._prepare_doc_cbks.append(described.describe)
        argument = f"{kind.table.__tablename__}_id"
        self.one = f"/<id:{argument}>"
        self._show(kind.shape())

    def listing(self, query: type[Schema]) -> Callable[[ListT], ListT]:
        """Declare the list: the function gives the query of what was asked for."""
        shape = self.kind.shape

        def declare(wanted: ListT) -> ListT:
            @wraps(wanted)
            def listed(asked: Body) -> Response:
                found = rows_after(db.session(), wanted(asked), self.kind.table.id, asked["cursor"], asked["limit"])
                body = {"items": shape(many=True).dump(found.rows), "next": found.next}
                return Response(json.dumps(body), headers=_link(found.next), content_type="application/json")

            self._add("", self.arguments(query, location="query")(listed), READ, described.LIST, _page_of(shape))
            return wanted

        return declare

    def creating(self, body: type[Schema], shape: type[Schema] | None = None) -> Callable[[CreateT], CreateT]:
        """Declare how one is created: the function does it and says which it is. `shape` is shown where it is more."""

        def declare(create: CreateT) -> CreateT:
            @wraps(create)
            def created(sent: Body) -> Response:
                with refusals():
                    made = _once(lambda: create(by(), sent))
                    shown = self._shown(made.id)
                    db.session.commit()
                if shown is None:
                    raise Problem(404)  # it was created, and went out of reach since
                response = answer_with_tag(shown, 201, **made.once)
                response.headers["Location"] = f"{request.path}/{made.id}"
                return response

            self._add("", self.arguments(body)(created), WRITE, described.CREATE, (shape or self.kind.shape)())
            return create

        return declare

    def changing(
        self, what: str, body: type[Schema], shape: type[Schema] | None = None
    ) -> Callable[[ChangeT], ChangeT]:
        """Declare how one changes: the function does it. Without `what` it is the record itself that is put right."""

        def declare(change: ChangeT) -> ChangeT:
            @wraps(change)
            def changed(sent: Body, **path: int) -> Response:
                (row_id,) = path.values()
                with refusals(missing=409):  # the thing itself is there
                    made = change(by(), self._held(row_id), sent) or Made(row_id)
                    shown = self._shown(made.id)
                    db.session.commit()
                return Response(status=204) if shown is None else answer_with_tag(shown, **made.once)

            rule, way = (f"{self.one}/{what}", described.ACT) if what else (self.one, described.CHANGE)
            self._add(rule, self.arguments(body)(changed), WRITE, way, (shape or self.kind.shape)())
            return change

        return declare

    def _show(self, shape: Schema) -> None:
        def show(**path: int) -> Response:
            (row_id,) = path.values()
            shown = self._shown(row_id)
            if shown is None:
                raise Problem(404)
            return answer_with_tag(shown)

        show.__doc__ = "One of them, with its ETag."
        self._add(self.one, show, READ, described.ONE, shape)

    def _add(self, rule: str, view: Callable[..., Response], scope: str, way: described.Way, shape: Schema) -> None:
        """Give a view its rights, its address and its place in the document."""
        view = self.response(way.status, shape, description=way.answers, headers=way.headers)(view)
        view = allowed(self.kind.access, scope)(described.going(view, way, scope))
        options = {"methods": [way.method], "tags": [self.title], "provide_automatic_options": False}
        self.add_url_rule(rule, view.__name__, view, **options)

    def _held(self, row_id: int) -> Row[Any]:
        """The row to be changed, as who changes it saw it; held until the transaction ends."""
        table = self.kind.table
        lock_tree(db.session())  # which many changes need, and which comes before rows
        db.session.execute(select(table.id).where(table.id == row_id).with_for_update(key_share=True))
        row = self._row(row_id)
        if row is None:
            raise Problem(404)
        require_tag(self._body(row))
        return row

    def _shown(self, row_id: int) -> Body | None:
        row = self._row(row_id)
        return None if row is None else self._body(row)

    def _row(self, row_id: int) -> Row[Any] | None:
        return db.session.execute(self.kind.wanted().where(self.kind.table.id == row_id)).one_or_none()

    def _body(self, row: Row[Any]) -> Body:
        body: Body = self.kind.shape().dump(row)
        return body


def _once(create: Callable[[], Made]) -> Made:
    """Create something, or find what the same key created before."""
    key = idempotency_key()
    if key is None:
        return create()
    sent = f"{request.endpoint} {json.dumps(request.get_json(), sort_keys=True)}"
    asked = Asked(viewer().account_id, key, hashlib.sha256(sent.encode()).digest(), city().now())
    try:
        made_id = claim(db.session(), asked)
    except KeyReused as error:
        raise Problem(409, str(SUCH_KEY)) from error
    if made_id is not None:
        return Made(made_id)
    made = create()
    keep(db.session(), asked, made.id)
    return made


def _page_of(shape: type[Schema]) -> Schema:
    """The shape of one page of a list."""
    items = {"items": fields.List(fields.Nested(shape), required=True)}
    page: Schema = type(shape.__name__.replace("Shape", "PageShape"), (PageOf,), items)()
    return page


def _link(cursor: str | None) -> dict[str, str]:
    """Where the list goes on, as a header."""
    if cursor is None:
        return {}
    query = urlencode({**request.args.to_dict(), "cursor": cursor})
    return {"Link": f'<{request.base_url}?{query}>; rel="next"'}
