"""What people read when something goes wrong: what happened and what to do next, never a stack trace."""

from __future__ import annotations

import logging
from contextlib import suppress

from flask import Flask, Response, make_response, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from tracker.web.access import recognise
from tracker.web.api import problems
from tracker.web.words import ERRORS

RETRY_AFTER_S = 10
log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(CSRFError, lambda error: page(403))
    for away in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(away, database_away)
    app.register_error_handler(InternalServerError, broken)


def http_error(error: HTTPException) -> Response | HTTPException:
    """The page of an HTTP error; redirects that werkzeug raises as errors pass."""
    if error.code is None or error.code < 400:
        return error
    return page(error.code, error)


def database_away(error: Exception) -> Response:
    """The database does not answer: nobody's mistake, and worth trying again."""
    log.error("the database cannot be reached: %s", error)
    return page(503)


def broken(error: InternalServerError) -> Response:
    """A mistake of ours; Flask has logged it."""
    return page(500)


def page(status: int, error: HTTPException | None = None) -> Response:
    """The error page of a status, or what a program gets in its place."""
    response = _problem(status, error) if problems.on_api() else _page(status)
    if status == ServiceUnavailable.code:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if error is not None:
        response.headers.extend(
            [(name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")]
        )
    return response


def _page(status: int) -> Response:
    if status < InternalServerError.code:
        with suppress(SQLAlchemyError):  # without the database it is a page for anybody
            recognise()
    title, what, next_step = ERRORS.get(status) or ERRORS[400 if status < 500 else 500]
    words = {"title": title, "what": what, "next_step": next_step}
    return make_response(render_template("error.html", status=status, **words), status)


def _problem(status: int, error: HTTPException | None) -> Response:
    if isinstance(error, problems.Problem):
        return problems.problem(status, error.description or "", error.faults)
    return problems.problem(status)
