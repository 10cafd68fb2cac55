"""Words of attendance, each once: what a verdict rests on, leave, attestations, cases."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from tracker.domain.attestation import Refusal as NoAttestation
from tracker.domain.leave import MOST_OPEN
from tracker.domain.leave import Refusal as NoLeave
from tracker.web.words import Label

SOURCE = {
    "track": _("Positions of the phone"),
    "check_in": _("Check-in"),
    "activity": _("Activity with a place"),
    "vehicle": _("Vehicle of the city"),
    "attestation": _("Attested by a superior"),
}
PLACE = {
    "inside": _("at the place of duty"),
    "touched": _("at the edge of the place of duty"),
    "uncertain": _("not clear where"),
    "unknown": _("not clear where"),
    "outside": _("elsewhere"),
}
CHECK_IN = {False: _("Check-in"), True: _("Check-out")}
EXCUSE = {
    "leave": _("On leave"),
    "sick": _("Sick"),
    "official_trip": _("On an official trip"),
    "maternity": _("On maternity leave"),
    "other": _("Excused for another reason"),
    "holiday": _("Holiday"),
    "off_roster": _("Taken off the roster"),
}
LEAVE_KIND = {
    "leave": _("Leave"),
    "sick": _("Sickness"),
    "official_trip": _("Official trip"),
    "maternity": _("Maternity leave"),
    "other": _("Another reason"),
}
PART = {
    "full": _("Whole days"),
    "first_half": _("First half of the duty"),
    "second_half": _("Second half of the duty"),
}
LEAVE_STATE = {
    "open": Label(_("Waits for an answer"), "hourglass", "info"),
    "approved": Label(_("Approved"), "check", "good"),
    "refused": Label(_("Refused"), "cross", "warn"),
    "withdrawn": Label(_("Withdrawn"), "undo", "plain"),
}
CASE_STATE = {
    "open": Label(_("Waits for a decision"), "hourglass", "info"),
    "accepted": Label(_("The other result holds"), "check", "good"),
    "kept": Label(_("The verdict stays"), "lock", "plain"),
}
CASE_TAB = {"open": _("Open"), "decided": _("Decided")}
PROVISIONAL = Label(_("Provisional"), "hourglass", "plain")
FINAL = Label(_("Final"), "lock", "plain")

VALUE = {  # what a verdict says, by its name
    "status": _("Verdict"),
    "cause": _("Cause"),
    "late_min": _("Minutes elsewhere at the beginning"),
    "left_early_min": _("Minutes elsewhere at the end"),
    "on_site_s": _("At the place of duty"),
    "off_site_s": _("Stopped elsewhere"),
    "moving_s": _("Moving"),
    "unknown_s": _("Unknown"),
    "excused_s": _("Excused"),
    "expected_s": _("Length of the duty"),
    "observed_s": _("Observed"),
}

LEAVE_REFUSAL = {
    NoLeave.BACKWARDS: _("The last day comes before the first. Check both."),
    NoLeave.TOO_LONG: _("This is longer than a year. Ask for a part of it."),
    NoLeave.TOO_FAR: _("This begins more than a year from now. Ask for it later."),
    NoLeave.LONG_AGO: _("This began more than 30 days ago. That is too long past: tell your supervisor."),
    NoLeave.PLACE: _("Write where the official trip leads."),
    NoLeave.OVERLAPS: _(
        "Some of these days are asked for or granted already. Choose other days, or withdraw the other request."
    ),
    NoLeave.TOO_MANY_OPEN: _(
        "%(num)d of your requests wait for an answer already. Ask again once one of them is answered.", num=MOST_OPEN
    ),
    NoLeave.OWN_REQUEST: _("Nobody decides on their own leave. Your own supervisor does."),
    NoLeave.DECIDED_MEANWHILE: _("This request was answered or withdrawn in the meantime. Nothing was changed."),
    NoLeave.REASON: _("Write in at least 10 characters why: the person has nothing else to go by."),
    NoLeave.BEGUN: _("This leave has begun, so it cannot be withdrawn here. Your supervisor can end it early."),
    NoLeave.NOT_AHEAD: _("Choose a day from tomorrow to the last day of the leave."),
}
ATTESTATION_REFUSAL = {
    NoAttestation.OUTSIDE_WINDOW: _("These times are not within the duty. Check both."),
    NoAttestation.FUTURE: _("The end lies in the future. Attest once the time has passed."),
    NoAttestation.OWN: _("Nobody attests their own presence. Your own supervisor does."),
    NoAttestation.EXCUSED: _("Nobody is expected in this duty, so there is nothing to attest."),
    NoAttestation.WITHDRAWN: _("This attestation was withdrawn already."),
    NoAttestation.TOO_OLD: _("This duty is so long ago that its verdict cannot be computed again."),
}
NO_ZONE = _("This duty has no zone, so no position can show whether the person was there. Nobody is judged by that.")
NOT_CLEAR = _("The phone was heard throughout, but whether the person was at the place of duty is not clear from it.")
OFF_DUTY = _("No duty of yours takes a check-in now. It works on duty and shortly before and after it.")
CASE_TOO_OLD = _("The positions of this duty are deleted, so nothing of it can be computed again. Keep the verdict.")
CASE_STALE = _("The case was decided or says something else in the meantime. Look at it again. Nothing was changed.")
