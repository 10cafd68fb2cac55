"""The road over HTTP, for devices that cannot reach the broker: they show their secret and are heard like any other.

2xx only after the commit. A fix that will never be good gets 200 and lies in quarantine, because apps repeat what was
refused for ever and in order.
"""

from __future__ import annotations

import logging
from typing import NoReturn, cast

from flask import Blueprint, Flask, Response, abort, current_app, request
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from tracker.ingest import Ingest, Message
from tracker.sealing import Sealer
from tracker.storage.device_secrets import SecretCheck
from tracker.storage.devices import DeviceLogin, device_login
from tracker.storage.quarantine import count_refusal
from tracker.web.access import Access, allowed
from tracker.web.city import city, csrf, db
from tracker.web.door_saving import SharedIngest
from tracker.web.errors import RETRY_AFTER_S
from tracker.wire import osmand_request
from tracker.wire.topics import LOGIN, position_topic

LARGEST_BODY = 64 * 1024  # bytes; a hundred fixes
MOST_DISCARDED = 4 * 1024 * 1024  # bytes; a photograph that an app sends along
REFUSED = "This login and secret are not admitted. Enter them as the administrator gave them to you.\n"
CUT_OFF = "The message was cut off, or took too long. Nothing of it is kept: send it again.\n"
AGAIN = "The database cannot be reached. Nothing is lost: keep the message and send it again.\n"

pages = Blueprint("door", __name__)
csrf.exempt(pages)  # no browser speaks here
log = logging.getLogger(__name__)


class Door:
    """What a process keeps between requests."""

    def __init__(self, engine: Engine, ingest: Ingest) -> None:
        self.engine = engine
        self.road = SharedIngest(ingest)
        self.secrets = SecretCheck()


def init_app(app: Flask) -> None:
    with app.app_context():
        settings = city().settings
        ingest = Ingest(db.engine, settings.retention_days, Sealer(settings.secret_key), "http")
        app.extensions["door"] = Door(db.engine, ingest)


@pages.post("/pub")
@allowed(Access.DEVICE)
def owntracks() -> Response:
    """OwnTracks in HTTP mode: one JSON object; any 2xx takes it off the phone's queue, the answer is a JSON array."""
    login, secret = _basic() or _refused()
    device, body = _admitted(login, secret), _body()
    _hear(device, None if body is None else body.replace(secret.encode(), b""))
    return Response("[]", content_type="application/json")


@pages.route("/osmand", methods=["GET", "POST"])
@allowed(Access.DEVICE)
def osmand() -> Response:
    """Traccar Client, OsmAnd and whatever speaks like them: query, form, JSON, arrays of it."""
    query = request.query_string
    shown = _basic() or osmand_request.credentials(osmand_request.read(query))
    device = _admitted(*shown) if shown else None  # before more of it is read
    body = _body()
    if body is None:
        _hear(device or abort(413), None)
        return Response(status=200)
    spoken = osmand_request.read(query, body)
    login, secret = shown or osmand_request.credentials(spoken) or _refused()
    device = device or _admitted(login, secret)
    _hear(device, osmand_request.payload(spoken, device.login, secret))
    return Response(status=200)


@pages.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    """Plain text: nobody reads a page here."""
    return Response(f"{error.description}\n", error.code)


@pages.errorhandler(DBAPIError)
@pages.errorhandler(PoolTimeout)
def away(error: Exception) -> Response:
    """The phone keeps what it sent."""
    log.error("the door cannot save: %s", getattr(error, "orig", None) or error)
    return Response(AGAIN, 503, {"Retry-After": str(RETRY_AFTER_S)})


def _door() -> Door:
    return cast(Door, current_app.extensions["door"])


def _basic() -> tuple[str, str] | None:
    """Login and secret of HTTP Basic authentication."""
    sent = request.authorization
    if sent is None or sent.type != "basic":
        return None
    return (sent.username or "").strip(), (sent.password or "").strip()


def _admitted(login: str, secret: str) -> DeviceLogin:
    """The device whose secret this is; who is refused is counted, and cannot tell why."""
    door, login = _door(), login.lower()  # a keyboard may have begun with a capital
    with door.engine.begin() as conn:
        device = device_login(conn, login) if LOGIN.fullmatch(login) else None
        right = door.secrets.right(device.secret_bcrypt if device else None, secret)
        if device is None:
            reason = "unknown_login"
        elif not right:
            reason = "wrong_secret"
        elif device.revoked:
            reason = "revoked"
        else:
            return device
        count_refusal(conn, device.id if device else None, reason, city().now())
    _refused()


def _refused() -> NoReturn:
    abort(Response(REFUSED, 401, {"WWW-Authenticate": 'Basic realm="Jejak devices", charset="UTF-8"'}))


def _body() -> bytes | None:
    """What was sent, None where that is too much; not more of it is read than may be kept."""
    announced = request.content_length or 0
    if announced > LARGEST_BODY:
        return None
    body = request.stream.read(LARGEST_BODY + 1)
    if len(body) < announced:
        abort(408, CUT_OFF)
    return body if len(body) <= LARGEST_BODY else None


def _discard() -> None:
    """Read on for a while what nobody keeps: who is still sending hears no answer, and sends again."""
    request.max_content_length = MOST_DISCARDED
    try:
        while request.stream.read(LARGEST_BODY):
            pass
    except RequestEntityTooLarge:
        return


def _hear(device: DeviceLogin, payload: bytes | None) -> None:
    """Hand on what a device said; None is more than it may say at once, which is counted and not kept."""
    topic, now = position_topic(device.login), city().now()
    if payload is not None:
        _door().road.save(Message(topic, payload, now))
        return
    _discard()
    _door().road.refuse(Message(topic, b"", now), device.id, "too_large")
