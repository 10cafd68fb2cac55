"""For watchdogs: is the process alive, and can it serve?"""

from __future__ import annotations

import time

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tracker.web.access import Access, allowed
from tracker.web.city import city, db
from tracker.web.public import VEHICLES

SNAPSHOT_FRESH_S = 60

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@allowed(Access.PUBLIC)
def alive() -> Response:
    """The process answers; whether it can do its work is `/readyz`."""
    return jsonify(alive=True)


@pages.get("/readyz")
@allowed(Access.PUBLIC)
def ready() -> tuple[Response, int]:
    """200 when the database answers, else 503. The body says also whether the citizens' snapshot is fresh.

    An old snapshot does not make the process unready: employees' pages must not go away with the map.
    """
    database = _database_answers()
    return jsonify(database=database, snapshot=_snapshot_is_fresh()), 200 if database else 503


def _database_answers() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _snapshot_is_fresh() -> bool:
    try:
        changed = (city().public_dir / VEHICLES).stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - changed < SNAPSHOT_FRESH_S
