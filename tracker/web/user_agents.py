"""What a person calls a browser: "Chrome, Android". A few lines, because it only has to remind its owner."""

from __future__ import annotations

from flask_babel import gettext as _

# the first that occurs counts: most say the names of others, too
BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox", "FxiOS": "Firefox",
    "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "Mac", "CrOS": "ChromeOS",
    "Linux": "Linux",
}  # fmt: skip


def device_name(user_agent: str) -> str:
    """Browser and system, as far as they are known."""
    known = [next((name for sign, name in table.items() if sign in user_agent), "") for table in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, known)) or str(_("Unknown browser"))
