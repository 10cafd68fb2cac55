"""Why the register cannot become as somebody asked, in their language."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from flask_babel import ngettext

from tracker.domain.roster import Duty
from tracker.storage.overlaps import CycleOverlaps, DutiesOverlap
from tracker.storage.periods import Later
from tracker.storage.register import Impossible, NotFound, Why
from tracker.web.formats import day, moment
from tracker.web.roster_words import hours

MINUTE = timedelta(minutes=1)

WHY = {
    Why.OWN_PART: _("A unit cannot stand below itself or below a part of itself. Choose another one."),
    Why.NOT_STANDING: _("That unit ended, or begins later. Choose one that stands from this day on."),
    Why.UNIT_ENDED: _("This unit ended, will end, or begins later. Look at where it stood."),
    Why.TOO_FAR: _("That is over a year away. Check the year."),
    Why.OUT_OF_REACH: _(
        "Without this plan they would belong to no unit. Move them to their unit from an earlier day instead, or ask "
        "the city's administrator."
    ),
    Why.LAST_TOO_FAR: _("That is over a year ago. Check the year."),
    Why.MERGED_LATER: _("A unit is merged on the day itself, not before. Come back then, or choose today."),
    Why.NOT_ALL_YOURS: _("This plan is about units that you do not administer, too. Ask the city's administrator."),
    Why.HEIR_IS_PART: _("The unit that takes over is a part of this one. Move it elsewhere first."),
    Why.NOT_PLANNED: _("Nothing is planned for this day any more. Look at the page again."),
    Why.NO_MEMBER: _("This person belongs to no unit then. Look at where they work and worked."),
    Why.WOULD_END: _("The unit in which it would go on ends before. Move it there from that day instead."),
    Why.RETIRED: _("This vehicle is retired already."),
    Why.NOT_DRIVEN: _("Nobody drove this vehicle at that time."),
    Why.NOT_CARRIED: _("Nobody carried this device at that time."),
    Why.UNIT_TAKEN: _("There is a unit of this name already. Choose another name."),
    Why.NIP_TAKEN: _("There is a person with this NIP already. Look for them in the list."),
    Why.CALL_SIGN_TAKEN: _(
        "There is a vehicle with this call sign already. Look for it in the list, retired ones too."
    ),
    Why.PLATE_TAKEN: _("There is a vehicle with this plate already. Look for it in the list, retired ones too."),
    Why.TOP_OF_YOURS: _(
        "This unit stands directly below one that you do not administer. Who administers that one places or merges it."
    ),
    Why.NEEDS_HOLDER: _("A device that nobody carries is the city's. Write who or what carries this one."),
    Why.TWO_HOLDERS: _("Either a person or a vehicle carries a device, not both. Name one of them."),
    Why.LOGIN_TAKEN: _(
        "There is, or was, a device with this login already. A login is not given again: choose another."
    ),
    Why.LOGIN: _("A login has 2 to 63 small letters, digits and hyphens, and begins with a letter or digit."),
    Why.ZONE_TAKEN: _("There is a zone of this name already. Choose another name."),
    Why.ZONE_USED: _("Vehicles have their base in this zone, or duties to come are worked in it. Change those first."),
    Why.SHIFT_TAKEN: _("There is, or was, a shift of this name already. Choose another name."),
    Why.SHIFT_USED: _("Rotations have this shift. Change or retire those first."),
    Why.NO_SHIFT: _("Choose a shift for one day at least."),
    Why.ROTATION_TAKEN: _("There is, or was, a rotation of this name already. Choose another name."),
    Why.ROTATION_USED: _("People work by this rotation, today or later. Assign them another one first."),
    Why.RULE_SET_TAKEN: _("There are rules of this name already. Choose another name."),
    Why.BACKWARDS: _("The last day is before the first. Check both."),
    Why.NO_ROSTER: _("They work by no rotation on this day. Look at the days of their rotations."),
    Why.FILES_WAIT: _("Ten of your files wait already. Say yes to them, or give them up, before you send another one."),
}
OVERLAP = _(
    "Nothing was kept, as two duties of %(people)s would overlap: %(first)s of %(on)s is not over when %(second)s of "
    "%(and)s begins. Choose other hours or another day, or change one of these two days in their roster first."
)
CYCLE_OVERLAP = _(
    "The rotation %(rotation)s would overlap itself: %(first)s on its day %(on)d is not over when %(second)s of day "
    "%(and)d begins. Choose other shifts or hours, or a day off between them."
)
LATER = _("Something else is planned from %(begins)s on. Name a later time, or cancel that first.")
NOT_FOUND = {
    "unit": _("You administer no unit of this name. Choose one of the list."),
    "person": _("You administer nobody with this NIP. Check it, or ask the administrator of their unit."),
    "vehicle": _("You administer no vehicle with this call sign. Check it."),
    "device": _("You administer no device with this login. Check it."),
    "zone": _("There is no zone of this name. Choose one of the list."),
    "shift": _("This shift is not offered any more. Choose one of the list."),
    "rotation": _("This rotation is not offered any more. Choose one of the list."),
    "rule_set": _("These rules were removed in the meantime."),
    "holiday": _("This day is no holiday any more. Look at the list again."),
    "roster_day": _("On this day the rotation holds already."),
    "overtime": _("This overtime was removed in the meantime."),
    "post": _("This post is not there any more."),
}


def sentence(error: Impossible | NotFound | Later) -> str:
    """What a page says of a change that was refused, and what to do."""
    match error:
        case Later():
            begins = moment(error.begins) if isinstance(error.begins, datetime) else day(error.begins)
            return str(LATER) % {"begins": begins}
        case CycleOverlaps():
            one, other = error.overlap.one, error.overlap.other
            return str(CYCLE_OVERLAP) % {"rotation": error.name, "first": _of_hours(one), "on": error.numbers[0],
                                         "second": _of_hours(other), "and": error.numbers[1]}  # fmt: skip
        case DutiesOverlap():
            one, other = error.overlap.one, error.overlap.other
            return str(OVERLAP) % {"people": _people(error), "first": _of_hours(one), "on": day(one.work_date),
                                   "second": _of_hours(other), "and": day(other.work_date)}  # fmt: skip
        case NotFound():
            return str(NOT_FOUND.get(error.what, error))
    return str(WHY.get(error.why, error)) if isinstance(error.why, Why) else str(error)


def _of_hours(duty: Duty) -> str:
    """Overtime goes by the name of a shift, and not by its hours. `overlaps` compares clocks on the wall, as UTC."""
    return f"{duty.pattern} ({hours(duty.start.time(), (duty.end - duty.start) // MINUTE)})"


def _people(error: DutiesOverlap) -> str:
    """The first of them by name, and how many more they are."""
    names, more = ", ".join(error.people), error.count - len(error.people)
    if not more:
        return names
    return str(ngettext("%(names)s and %(num)d other person", "%(names)s and %(num)d other people", more, names=names))
