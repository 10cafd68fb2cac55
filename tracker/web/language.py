"""Indonesian first, English beside it: `?lang=`, then the cookie of an earlier choice, then what the browser says."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, Response, request
from flask_babel import Babel, get_locale

from tracker.web.api.problems import on_api
from tracker.web.city import city

LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}
COOKIE = "lang"
COOKIE_DAYS = 365
FORGOTTEN_ON = (None, "public", "assets", "door", "health", "metrics")  # no cookies for citizens and machines


def init_app(app: Flask) -> None:
    Babel(app, default_locale="id", locale_selector=chosen, default_timezone="UTC")
    app.after_request(remember)
    app.context_processor(_words_for_templates)


def chosen() -> str:
    """The language of this response."""
    for wanted in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return request.accept_languages.best_match(list(LANGUAGES)) or ("en" if on_api() else "id")


def remember(response: Response) -> Response:
    """Keep a choice for the next pages."""
    wanted = request.args.get("lang")
    if wanted in LANGUAGES and request.blueprint not in FORGOTTEN_ON and request.method == "GET":
        response.set_cookie(
            COOKIE, wanted, COOKIE_DAYS * 86400, secure=city().settings.secure_cookies, httponly=True, samesite="Lax"
        )
    return response


def switched(language: str) -> str:
    """This page's address in another language, with all else of its query kept."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{request.path}?{urlencode([*kept, ('lang', language)])}"


def _words_for_templates() -> dict[str, object]:
    return {"languages": LANGUAGES, "language": str(get_locale()), "switched": switched}
