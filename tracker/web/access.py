"""Who may open which page. A view without a declared access is closed to everybody.

The browser's session is read at each request, so a changed right or a sign-out takes effect at once. What an account
may not open does not exist for it: 404. Until all `STEPS` are done a session opens nothing but the step that is due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from tracker.storage.audit import Actor
from tracker.storage.changes import By
from tracker.storage.notices import acknowledged_at
from tracker.storage.rights import Right, Viewer
from tracker.storage.sessions import SignedIn, signed_in_by
from tracker.web.city import city, db
from tracker.web.cookies import session_token

BEFORE_NOTICE = ("notice.show", "my_data.as_json", "my_data.as_zip")  # open to who has not read the notice yet


class Access(Enum):
    PUBLIC = "anybody"
    ACCOUNT = "whoever is signed in"
    EMPLOYEE = "an account that belongs to a person"
    READER = "who may see other people's days"
    PRINCIPAL = "who may let programs act in their place"
    DECIDER = "who decides on other people's logs"
    AUDITOR = "who watches over what others do"
    ADMINISTRATOR = "who keeps the register of a unit or of the city"
    CITY_ADMINISTRATOR = "who keeps the city's register and its devices"
    DEVICE = "a device that shows its secret: the view checks it"


POLL = "Jejak-Poll"  # of a page that asks by itself, whoever sits before it
OPEN = (Access.PUBLIC, Access.DEVICE)
# one of which is needed
RIGHTS = {
    Access.READER: (Right.READ,),
    Access.PRINCIPAL: (Right.READ, Right.ADMINISTER),
    Access.DECIDER: (Right.DECIDE,),
    Access.AUDITOR: (Right.READ_AUDIT,),
    Access.ADMINISTRATOR: (Right.ADMINISTER,),
    Access.CITY_ADMINISTRATOR: (Right.ADMINISTER_CITY,),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What a session must do before it opens anything else: one endpoint, which reads and takes the answer."""

    endpoint: str
    due: Callable[[SignedIn], bool]


def must_have_second_factor(who: Viewer) -> bool:
    """Whether this city wants a second factor of this account."""
    return city().settings.second_factor and who.decides_or_administers


# the first one that is due comes first
STEPS = (
    Step("second_factor.code", lambda who: who.awaits_code),
    Step("second_factor.show", lambda who: not who.has_second_factor and must_have_second_factor(who.viewer)),
)

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def allowed(access: Access, scope: str | None = None) -> Callable[[ViewT], ViewT]:
    """Declare who may open a view; with a `scope`, also machines whose token has it (see `machines`)."""

    def declare(view: ViewT) -> ViewT:
        view.access, view.scope = access, scope  # type: ignore[attr-defined]
        return view

    return declare


def declared(app: Flask, endpoint: str) -> Access | None:
    """What the view of an endpoint declares."""
    access: Access | None = getattr(app.view_functions.get(endpoint), "access", None)
    return access


def declared_scope(app: Flask, endpoint: str) -> str | None:
    """Which scope of a token opens the view of an endpoint; None: no token does."""
    scope: str | None = getattr(app.view_functions.get(endpoint), "scope", None)
    return scope


def init_app(app: Flask) -> None:
    app.before_request(enforce)
    app.context_processor(known)


def enforce() -> AnyResponse | None:
    """Stop a request that the page's declaration does not allow; None lets it through."""
    if request.endpoint is None:
        return None  # no such page: the routing error follows
    access = declared(current_app, request.endpoint)
    if access in OPEN:
        return None
    if "machine" not in g:
        refused_or_due = _enter()
        if g.get("step") or refused_or_due:
            return refused_or_due
    if access is None or not _may(g.viewer, access):
        abort(404)
    return None if "machine" in g else _to_notice(g.viewer)


def known() -> dict[str, Any]:
    """What every page may ask about who opens it."""
    in_use = "signed_in" in g and g.signed_in.has_second_factor
    return {"viewer": g.get("viewer"), "step": g.get("step"), "may_open": may_open, "second_factor_in_use": in_use}


def may_open(endpoint: str) -> bool:
    """Whether the viewer's rights open a page: what leads to it is shown to nobody else."""
    access = declared(current_app, endpoint)
    return access in OPEN or (access is not None and _may(viewer(), access))


def _enter() -> AnyResponse | None:
    """Find out whose browser this is; a redirect where it is nobody's, or where another step comes first."""
    who = signed_in()
    if who is None:
        return _away_to("signing_in.form")
    g.signed_in, g.viewer = who, who.viewer
    g.step = next((step for step in STEPS if step.due(who)), None)
    return None if g.step is None or g.step.endpoint == request.endpoint else _away_to(g.step.endpoint)


def signed_in() -> SignedIn | None:
    """Whose browser this is, and what is still due."""
    token = session_token()
    if not token:
        return None
    seen_from = None if POLL in request.headers else address()
    return signed_in_by(db.session(), token, city().now(), city().today(), seen_from)


def recognise() -> None:
    """Find out whose browser an error page is for: it may come before `enforce` has."""
    if "viewer" in g or "machine" in g:
        return
    who = signed_in()
    if who is not None and not any(step.due(who) for step in STEPS):
        g.signed_in, g.viewer = who, who.viewer


def this_session() -> SignedIn:
    """The session that opens this page; only for pages that are not public, and not for machines."""
    found: SignedIn = g.signed_in
    return found


def address() -> str:
    """Where this request comes from."""
    return request.remote_addr or ""


def viewer() -> Viewer:
    """Who opens this page; only for pages that are not public."""
    found: Viewer = g.viewer
    return found


def actor() -> Actor:
    """Who acts in this request, and from where; of a program also with which token."""
    token = g.get("machine")
    return Actor(viewer().account_id, f"{address()}, token {token}" if token else address())


def by() -> By:
    """On whose behalf this request changes the register."""
    return By(db.session(), actor(), viewer(), city().now(), city().today())


def own_person() -> int:
    """The person an employee's page is about."""
    person_id = viewer().person_id
    assert person_id is not None  # what Access.EMPLOYEE promises
    return person_id


def home_of(who: Viewer) -> str:
    """The page an account starts from."""
    if who.reads:
        return url_for("team.overview")
    if who.person_id is not None:
        return url_for("my_day.today")
    return url_for("administration.overview" if who.administers else "account.overview")


def _may(who: Viewer, access: Access) -> bool:
    if access is Access.ACCOUNT:
        return True
    if access is Access.EMPLOYEE:
        return who.person_id is not None
    return any(who.holds(right) for right in RIGHTS[access])


def _to_notice(who: Viewer) -> AnyResponse | None:
    """An employee reads the present notice before anything else. What is sent is taken: it was begun before."""
    if who.person_id is None or request.method == "POST" or request.endpoint in BEFORE_NOTICE:
        return None
    return None if acknowledged_at(db.session(), who.person_id) else _away_to("notice.show")


def _away_to(endpoint: str) -> AnyResponse:
    """To another page, which leads back here afterwards."""
    if "HX-Request" in request.headers:  # a fragment cannot show that page: let the whole page go there
        return Response(headers={"HX-Redirect": url_for(endpoint)})
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(endpoint, next=wanted), 303)
