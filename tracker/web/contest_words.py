"""Words of contests and of absence found by a human, each once."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from tracker.domain.contest import Refusal
from tracker.web.words import Label

LEVEL = {1: _("First level"), 2: _("Second level")}
LEVEL_CHOICE = {
    "all": _("All"), "first": _("First level"), "second": _("Second level"), "escalated": _("Not decided in time"),
}  # fmt: skip
STATE = {
    "open": Label(_("Waits for a decision"), "hourglass", "info"),
    "overdue": Label(_("Overdue"), "warning", "warn"),
    "changed": Label(_("Decided: presence attested"), "check", "good"),
    "kept": Label(_("Decided: the verdict stays"), "lock", "plain"),
    "withdrawn": Label(_("Withdrawn"), "undo", "plain"),
}
TAB = {"open": _("Open"), "decided": _("Decided")}
REFUSAL = {
    Refusal.NOTHING: _("This verdict holds nothing against you, so there is nothing to contest."),
    Refusal.TOO_LATE: _("The time in which this verdict may be contested is over. Tell your supervisor."),
    Refusal.OPEN: _("You contest this verdict already. The decision is shown here."),
    Refusal.ANSWERED: _(
        "This verdict was contested and decided. If you do not agree, bring it before the second level."
    ),
    Refusal.OFTEN: _("You contested this verdict and withdrew it several times. Tell your supervisor."),
    Refusal.DECIDED: _("This was decided or withdrawn in the meantime. Nothing was changed."),
    Refusal.CHANGED: _("The verdict is another one by now. Look at it again. Nothing was changed."),
    Refusal.NO_APPEAL: _("There is no decision that could be brought before the second level, or it was already."),
    Refusal.APPEAL_LATE: _("The 7 days in which this decision could be brought before the second level are over."),
    Refusal.TOO_OLD: _(
        "The positions of this duty are deleted, so a part of it cannot be computed again. Attest the whole duty, or "
        "keep the verdict."
    ),
    Refusal.OWN: _("Nobody decides about themselves. Your own supervisor does."),
    Refusal.NOT_SILENT: _(
        "Absence can be found only where the verdict is Unverified, nothing shows the person, and not for the city's "
        "own failures."
    ),
    Refusal.FOUND: _("Absence was found already."),
    Refusal.WITHDRAWN: _("This was withdrawn already."),
    Refusal.POSITIONS_GONE: _("This duty is so long ago that its verdict cannot be computed again."),
}
