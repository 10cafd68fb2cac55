"""Headers that keep browsers from doing what our pages never ask for."""

from __future__ import annotations

from flask import Flask, Response, g, request

from tracker.web.city import city

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "form-action": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
}
FRAMEABLE = ("public.citizens",)  # the map is made to be embedded; nothing else may be dressed up
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=()",
}


def init_app(app: Flask) -> None:
    app.after_request(guard)


def guard(response: Response) -> Response:
    """Add the headers to every response."""
    framed = request.endpoint in FRAMEABLE
    policy = POLICY | {"frame-ancestors": "*" if framed else "'none'"}
    response.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    response.headers.update(ALWAYS)
    if not framed:
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if g.get("viewer"):
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if city().settings.secure_cookies:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if g.get("viewer") or request.method == "POST":
        response.headers["Cache-Control"] = "no-store"  # a shared phone keeps nothing of somebody's day
    return response
