"""Machines that read with a token: `Authorization: Bearer jejak_...`.

Only views that declare a scope take one, for reading. A machine gets a plain sentence where a browser would get a
redirect, its cookies are not looked at, and it is given none.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request, session
from flask_babel import gettext as _

from tracker.storage.tokens import machine_by
from tracker.web.access import Access, declared, declared_scope
from tracker.web.city import city, db

READING = ("GET", "HEAD")


def init_app(app: Flask) -> None:
    app.before_request(admit)
    app.after_request(without_cookies)


def admit() -> Response | None:
    """Let a machine pass on to the rights of its account, or refuse it; browsers are no concern of this."""
    if request.endpoint is None or declared(current_app, request.endpoint) in (Access.PUBLIC, Access.DEVICE):
        return None
    given = request.authorization
    if given is None or given.type != "bearer":
        return None
    g.machine = ""  # not admitted yet
    found = machine_by(db.session(), given.token or "", city().now(), city().today())
    if found is None:
        return _refused(_("This token is unknown, has expired or was revoked. Make a new one on the account's page."))
    scope = declared_scope(current_app, request.endpoint)
    if scope not in found.scopes or request.method not in READING:
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
    return Response(
        f"{sentence}\n", 401, {"WWW-Authenticate": 'Bearer realm="jejak"', "Cache-Control": "no-store"},
        content_type="text/plain; charset=utf-8",
    )  # fmt: skip
