"""Who may open which page. A view without a declared access is closed to everybody.

The browser's session is read at each request, so a changed right or a sign-out takes effect at once. What an account
may not open does not exist for it: 404.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from tracker.storage.accounts import viewer_of
from tracker.storage.audit import Actor
from tracker.storage.notices import acknowledged_at
from tracker.storage.rights import Right, Viewer
from tracker.web.city import city, db

COOKIE = "jejak_session"
BEFORE_NOTICE = ("notice.show", "my_data.as_json", "my_data.as_zip")  # open to who has not read the notice yet


class Access(Enum):
    PUBLIC = "anybody"
    EMPLOYEE = "an account that belongs to a person"
    READER = "who may see other people's days"
    DECIDER = "who decides on other people's logs"
    AUDITOR = "who watches over what others do"
    ADMINISTRATOR = "who keeps the register of a unit or of the city"
    CITY_ADMINISTRATOR = "who keeps the city's register and its devices"
    DEVICE = "a device that shows its secret: the view checks it"


OPEN = (Access.PUBLIC, Access.DEVICE)
RIGHTS = {
    Access.READER: Right.READ,
    Access.DECIDER: Right.DECIDE,
    Access.AUDITOR: Right.READ_AUDIT,
    Access.ADMINISTRATOR: Right.ADMINISTER,
    Access.CITY_ADMINISTRATOR: Right.ADMINISTER_CITY,
}

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def allowed(access: Access) -> Callable[[ViewT], ViewT]:
    """Declare who may open a view."""

    def declare(view: ViewT) -> ViewT:
        view.access = access  # type: ignore[attr-defined]
        return view

    return declare


def declared(app: Flask, endpoint: str) -> Access | None:
    """What the view of an endpoint declares."""
    access: Access | None = getattr(app.view_functions.get(endpoint), "access", None)
    return access


def init_app(app: Flask) -> None:
    app.before_request(enforce)
    app.context_processor(lambda: {"viewer": g.get("viewer"), "may_open": may_open})


def enforce() -> AnyResponse | None:
    """Stop a request that the page's declaration does not allow; None lets it through."""
    if request.endpoint is None:
        return None  # no such page: the routing error follows
    access = declared(current_app, request.endpoint)
    if access in OPEN:
        return None
    g.viewer = signed_in()
    if g.viewer is None:
        return _to_sign_in()
    if access is None or not _may(g.viewer, access):
        abort(404)
    return _to_notice(g.viewer)


def may_open(endpoint: str) -> bool:
    """Whether the viewer's rights open a page: what leads to it is shown to nobody else."""
    access = declared(current_app, endpoint)
    return access in OPEN or (access is not None and _may(viewer(), access))


def signed_in() -> Viewer | None:
    """Whose browser this is."""
    token = request.cookies.get(COOKIE)
    return viewer_of(db.session(), token, city().now(), city().today()) if token else None


def viewer() -> Viewer:
    """Who opens this page; only for pages that are not public."""
    found: Viewer = g.viewer
    return found


def actor() -> Actor:
    """Who acts in this request, and from where."""
    return Actor(viewer().account_id, request.remote_addr or "")


def own_person() -> int:
    """The person an employee's page is about."""
    person_id = viewer().person_id
    assert person_id is not None  # what Access.EMPLOYEE promises
    return person_id


def home_of(who: Viewer) -> str:
    """The page an account starts from."""
    if who.reads:
        return url_for("team.overview")
    return url_for("my_day.today" if who.person_id is not None else "devices.overview")


def _may(who: Viewer, access: Access) -> bool:
    return who.person_id is not None if access is Access.EMPLOYEE else who.holds(RIGHTS[access])


def _to_sign_in() -> AnyResponse:
    return _first_to("signing_in.form")


def _to_notice(who: Viewer) -> AnyResponse | None:
    """An employee reads the present notice before anything else. What is sent is taken: it was begun before."""
    if who.person_id is None or request.method == "POST" or request.endpoint in BEFORE_NOTICE:
        return None
    return None if acknowledged_at(db.session(), who.person_id) else _first_to("notice.show")


def _first_to(endpoint: str) -> AnyResponse:
    """Send a browser to another page first, from which it comes back to the one it wanted."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    if "HX-Request" in request.headers:  # a fragment cannot show that page: let the whole page go there
        return Response(headers={"HX-Redirect": url_for(endpoint)})
    return redirect(url_for(endpoint, next=wanted), 303)
