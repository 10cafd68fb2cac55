"""Machines that come with a token: `Authorization: Bearer jejak_...`.

Only views that declare a scope take one; the API takes nothing else. A machine gets a plain sentence, or a problem of
the API, where a browser would get a redirect. Its cookies are not looked at, and it is given none.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request, session
from flask_babel import gettext as _

from tracker.storage.tokens import machine_by
from tracker.web.access import Access, declared, declared_scope
from tracker.web.api.problems import on_api, problem
from tracker.web.city import city, db

READING = ("GET", "HEAD")
CHANGES = ":write"  # at the end of each scope that does more than read


def init_app(app: Flask) -> None:
    app.before_request(admit)
    app.after_request(without_cookies)


def admit() -> Response | None:
    """Let a machine pass on to the rights of its account, or refuse it; browsers are no concern of this."""
    if request.endpoint is None or declared(current_app, request.endpoint) in (Access.PUBLIC, Access.DEVICE):
        return None
    given = request.authorization
    if (given is None or given.type != "bearer") and not on_api():
        return None
    g.machine = ""  # not admitted yet
    found = machine_by(db.session(), given and given.token or "", city().now(), city().today())
    if found is None:
        return _refused(_("This token is unknown, has expired or was revoked. Make a new one on the account's page."))
    scope = declared_scope(current_app, request.endpoint)
    if scope is None or scope not in found.scopes or not (request.method in READING or scope.endswith(CHANGES)):
        return _refused(_("This token is not for this. Make one whose scope covers what you ask for."))
    g.viewer, g.machine = found.viewer, found.name
    return None


def without_cookies(response: Response) -> Response:
    """A machine keeps nothing from one request to the next."""
    if "machine" in g:
        response.headers.remove("Set-Cookie")
        session.clear()
        session.modified = False  # nothing to be kept, nothing to be taken away
    return response


def _refused(sentence: str) -> Response:
    plain = Response(f"{sentence}\n", 401, content_type="text/plain; charset=utf-8")
    response = problem(401, sentence) if on_api() else plain
    response.headers.update({"WWW-Authenticate": 'Bearer realm="jejak"', "Cache-Control": "no-store"})
    return response
