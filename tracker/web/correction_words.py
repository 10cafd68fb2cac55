"""Labels and sentences of correction requests, each once."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from tracker.domain.correction import MOST_OPEN, Outcome, Refusal
from tracker.web.words import Label

OPEN = Label(_("Waits for an answer"), "hourglass", "info")
OUTCOME = {
    Outcome.CORRECTED: Label(_("Corrected"), "check", "good"),
    Outcome.EXPLAINED: Label(_("Explained"), "info", "plain"),
    Outcome.REFUSED: Label(_("Not corrected"), "cross", "warn"),
}
OUTCOME_CHOICE = {
    Outcome.CORRECTED: _("It was wrong and is corrected now."),
    Outcome.EXPLAINED: _("It is right, and the answer explains why."),
    Outcome.REFUSED: _("It cannot be corrected, and the answer says why."),
}
STATE = {"open": _("Open"), "answered": _("Answered")}

REFUSAL = {
    Refusal.TOO_MANY_OPEN: _(
        "%(num)d of your requests wait for an answer already. Make another one once one of them is answered.",
        num=MOST_OPEN,
    ),
    Refusal.OWN_REQUEST: _("Nobody answers their own request. Another administrator does."),
    Refusal.ANSWERED_MEANWHILE: _("Somebody answered this request in the meantime. Their answer stands below."),
}
