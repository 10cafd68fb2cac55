"""Labels and sentences about accounts as administrators see them, each once."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from tracker.storage.account_changes import Why
from tracker.web.words import Label

STATE = {
    "open": Label(_("Open"), "check", "good"),
    "waiting": Label(_("Waits for its code"), "hourglass", "info"),
    "no_second_factor": Label(_("Second factor missing"), "warning", "warn"),
    "closed": Label(_("Closed"), "lock", "plain"),
}
SORT = {
    "name": _("Name"),
    "last_seen": _("Last seen first"),
    "never_seen": _("Never or long not seen first"),
}
WHY = {
    Why.UNKNOWN: _("Nobody whom you administer has this NIP. Check it, or ask the administrator of their unit."),
    Why.TAKEN: _("There is an account for this NIP already. Look for it in the list below."),
    Why.ROLE: _("Your account cannot give this role. Choose one of the list."),
    Why.NO_UNIT: _("This role needs a unit. Choose one of the list."),
    Why.WHOLE_CITY: _("A system administrator is one of the whole city. Choose no unit."),
    Why.UNIT: _("You do not administer this unit. Choose one of the list."),
    Why.DAYS: _("The first day has passed, or the last day lies before it. Check both days."),
    Why.CLOSED: _("This account is closed. Open it again first."),
    Why.OWN_RIGHTS: _("You stand in for this person, so the role would be yours, too. Ask another administrator."),
    Why.HELD: _("The account has this role over this unit on some of these days already. End that role first."),
}
