"""The cookie that says which session a browser has.

Behind HTTPS its name begins with `__Host-`: browsers take such a cookie over HTTPS only, and from this very host, so no
neighbour under the city's domain can plant one.
"""

from __future__ import annotations

from datetime import datetime

from flask import request
from werkzeug.wrappers import Response

from tracker.web.city import city

SESSION, FORM = "jejak_session", "jejak_form"  # the second one is Flask's: tokens of forms, messages


def cookie_name(name: str, secure: bool) -> str:
    return f"__Host-{name}" if secure else name


def session_token() -> str | None:
    """What this browser shows of its session, if anything."""
    return request.cookies.get(_name())


def keep_session(response: Response, token: str, expires_at: datetime) -> None:
    """Let the browser have a session's token."""
    secure = city().settings.secure_cookies
    response.set_cookie(_name(), token, expires=expires_at, secure=secure, httponly=True, samesite="Lax")


def forget_session(response: Response) -> None:
    """Take it away again; browsers let go of a `__Host-` cookie only if it is named as it was set."""
    response.delete_cookie(_name(), secure=city().settings.secure_cookies, httponly=True, samesite="Lax")


def _name() -> str:
    return cookie_name(SESSION, city().settings.secure_cookies)
