"""The words of mails, in English; `rendering` says them in the reader's language, from the catalogues of the pages."""

from __future__ import annotations

from collections.abc import Mapping


def _(text: str) -> str:
    """Marks a sentence for the catalogues."""
    return text


CADENCE: Mapping[str, str] = {
    "daily": _("Daily report"), "weekly": _("Weekly report"), "monthly": _("Monthly report"),
}  # fmt: skip

# what is told of a period: counts, then minutes, then seconds
COUNTS: Mapping[str, str] = {
    "duties": _("Duties"),
    "present": _("Present"),
    "late": _("Present, late"),
    "left_early": _("Left early"),
    "no_show": _("Not at the place of duty"),
    "unverified": _("Unverified"),
    "excused": _("Excused"),
}
SPANS: Mapping[str, str] = {
    "on_site_s": _("At the place of duty"),
    "idle_s": _("Idle"),
    "away_s": _("Away from post"),
    "unknown_s": _("Unknown"),
}
CAUSE: Mapping[str, str] = {
    "silent": _("phone silent"),
    "partial": _("seen for a part"),
    "battery": _("battery empty"),
    "location_off": _("location off"),
    "outage": _("outage"),
    "roster_late": _("roster late"),
    "clock_unproven": _("clock not proven"),
}
