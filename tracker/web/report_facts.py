"""What every file of a report says of itself: what was asked for, by whom and when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from tracker.storage.models import Unit
from tracker.web.access import viewer
from tracker.web.city import city, db
from tracker.web.formats import clock, day, local

if TYPE_CHECKING:
    from tracker.web.team_reports import Taken

LEAVES_OPEN = lazy_gettext(
    "Observed is the share of the duty in which the position was known. Nothing here has an effect before a person has"
    " looked at the single duty and heard the employee."
)


def asked_for(taken: Taken) -> list[tuple[str, str]]:
    """The filter in words; what did not narrow is not named."""
    wanted = taken.wanted
    unit = db.session().get(Unit, wanted.unit_id) if wanted.unit_id is not None else None
    told = [
        (_("Report"), str(taken.page.title)),
        (_("Period"), f"{day(wanted.first)} – {day(wanted.last)}"),
        (_("Unit"), _("%(unit)s and all below it", unit=unit.name) if unit else ""),
        (_("Search"), wanted.search),
        (_("Only"), str(taken.page.choices[wanted.status]) if wanted.status else ""),
    ]
    return [(name, value) for name, value in told if value]


def made_at() -> datetime:
    return city().now()


def made_by(now: datetime) -> str:
    """Who made a file, and when."""
    when = f"{day(local(now).date())}, {clock(now)} ({city().zone.key})"
    return str(_("%(when)s by %(who)s", when=when, who=viewer().username))
