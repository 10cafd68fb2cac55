"""Labels of the administrator's pages about units, people and vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel import ngettext

# what needs somebody: a label, and the list that the number leads to
ATTENTION = {
    "devices_denied": (_("devices write where they may not"), "devices.overview", {"state": "denied"}),
    "devices_rejected": (_("devices send what cannot be stored"), "devices.overview", {"state": "rejected"}),
    "devices_silent": (_("devices are silent"), "devices.overview", {"state": "silent"}),
    "devices_low_battery": (_("devices have a low battery"), "devices.overview", {"state": "low_battery"}),
    "devices_not_set_up": (_("devices are not set up yet"), "devices.overview", {"state": "not_set_up"}),
    "people_no_phone": (_("people have no phone"), "people.overview", {"state": "no_phone"}),
    "people_no_account": (_("people have no account"), "people.overview", {"state": "no_account"}),
    "people_left_behind": (
        _("people have left and keep an account or a phone"), "people.overview", {"state": "left_behind"},
    ),
    "vehicles_no_tracker": (_("vehicles have no tracker"), "vehicles.overview", {"state": "no_tracker"}),
    "corrections": (_("requests for correction wait"), "corrections.overview", {}),
    "without_roster": (_("people have no roster"), "roster_gaps.overview", {}),
    "roster_problems": (_("rosters cannot be published"), "roster_gaps.overview", {}),
    "posts_short": (_("times a post lacks people in the next two weeks"), "roster_gaps.overview", {}),
    "quarantine": (_("messages wait in quarantine"), "quarantine.overview", {"state": "waiting"}),
}
# what a vehicle's engine did, in the columns of its days
ENGINE = {
    "moving": _("Moving"), "idle": _("Idle, engine on"), "working": _("Working where it stands"),
    "parked": _("Parked"), "unknown": _("Unknown"),
}  # fmt: skip
GRAVE = ("devices_denied", "devices_rejected", "people_left_behind", "corrections", "roster_problems")
STEPS = {
    "units": (_("Units: the city's tree, from the agency down to the team"), "units.new", "units.overview"),
    "people": (_("People: who works where"), "people.new", "people.overview"),
    "vehicles": (_("Vehicles: what the units drive"), "vehicles.new", "vehicles.overview"),
    "devices": (_("Devices: the phones and trackers they carry"), "device.new", "devices.overview"),
    "zones": (_("Zones: where work takes place"), "zones.new", "zones.overview"),
}
UNIT_STATE = {"empty": _("Without people, vehicles or parts"), "ended": _("Ended")}
UNIT_SORT = {"name": _("Name"), "people": _("Most people first")}
PERSON_STATE = {
    "no_phone": _("Without a phone"),
    "no_account": _("Without an account"),
    "coming": _("Beginning later"),
    "left": _("Have left"),
    "left_behind": _("Have left, with an account or a phone"),
}
PERSON_SORT = {"name": _("Name"), "nip": _("NIP"), "unit": _("Unit")}
VEHICLE_STATE = {"no_tracker": _("Without a tracker"), "hidden": _("Less shown to citizens"), "retired": _("Retired")}
VEHICLE_SORT = {"call_sign": _("Call sign"), "kind": _("Kind"), "unit": _("Unit")}
PUBLIC_VIEW = {
    "by_kind": _("As the rule of its kind says"),
    "at_base": _("Only while it is parked at its base"),
    "hidden": _("Never"),
}
CAPABILITY = {
    "compactor": _("compactor"), "crane": _("crane"), "ladder": _("ladder"), "life_support": _("life support"),
    "power_take_off": _("power take-off"), "pump": _("pump"), "stretcher": _("stretcher"),
    "water_tank": _("water tank"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Together:
    """What may be done with many at once: its name, what follows from it, the button that does it, what it asks for."""

    text: Any
    consequence: Any
    confirm: Any
    fields: tuple[str, ...] = ()


PEOPLE_TOGETHER = {
    "move": Together(
        _("Move to a unit"),
        _("From that day on they belong to the other unit: its superiors see their days from then on, those of before "
          "the days of before."),
        _("Yes, move them"),
        ("unit", "on"),
    ),
    "accounts": Together(
        _("Make accounts and print their codes"),
        _("Who has no account gets one, with the NIP as its user name. The codes are shown on the next page, this "
          "once: print it and hand each code to its person."),
        _("Yes, make the accounts"),
    ),
    "codes": Together(
        _("Print codes anew"),
        _("Who has not activated their account yet gets another code; the one before is worth nothing. Who has a "
          "password keeps it and gets none. The codes are shown on the next page, this once."),
        _("Yes, print new codes"),
    ),
    "leave": Together(
        _("Register as left"),
        _("From that day on they belong to no unit and are not followed. Accounts and phones stay until they are "
          "closed and taken back."),
        _("Yes, they have left"),
        ("on",),
    ),
}  # fmt: skip
UNITS_TOGETHER = {
    "move": Together(
        _("Place below a unit"),
        _("From that day on other superiors see and decide about their people and all below them; those of before keep "
          "the days of before. A unit whose superior is chosen, too, moves along with it."),
        _("Yes, place them there"),
        ("unit", "on"),
    ),
}  # fmt: skip
ROSTERS_TOGETHER = {
    "assign": Together(
        _("Assign a rotation"),
        _("What they worked by before ends the day before. Phones and people know their duties two weeks ahead."),
        _("Yes, assign it"),
        ("rotation", "first", "last", "offset"),
    ),
    "end": Together(
        _("End their roster"),
        _("From that day on nobody expects them, until they have another rotation."),
        _("Yes, end it"),
        ("on",),
    ),
}  # fmt: skip
ZONES_TOGETHER = {
    "remove": Together(
        _("Remove"),
        _("They are used no more from now on. What was judged by them keeps them, and can be explained."),
        _("Yes, remove them"),
    ),
}
VEHICLES_TOGETHER = {
    "move": Together(
        _("Give to another unit"),
        _("They change hands at once: who administers the other unit keeps them from now on."),
        _("Yes, give them away"),
        ("unit",),
    ),
    "retire": Together(
        _("Retire"),
        _("Nobody drives them from now on, their devices are carried by nobody, and citizens do not see them any more. "
          "They cannot be taken into service again."),
        _("Yes, retire them"),
    ),
}  # fmt: skip


def many(blueprint: str, count: int) -> str:
    """So many of the things of a list."""
    said = {
        "units": ngettext("%(num)d unit", "%(num)d units", count),
        "people": ngettext("%(num)d person", "%(num)d people", count),
        "vehicles": ngettext("%(num)d vehicle", "%(num)d vehicles", count),
        "zones": ngettext("%(num)d zone", "%(num)d zones", count),
        "rosters": ngettext("%(num)d person", "%(num)d people", count),
    }
    return str(said[blueprint])


def done(blueprint: str, action: str, count: int) -> str:
    """What was done with so many."""
    said = {
        ("units", "move"): ngettext("%(num)d unit was moved.", "%(num)d units were moved.", count),
        ("zones", "remove"): ngettext("%(num)d zone is removed.", "%(num)d zones are removed.", count),
        ("rosters", "assign"): ngettext("%(num)d person has the rotation.", "%(num)d people have the rotation.", count),
        ("rosters", "end"): ngettext("The roster of %(num)d person ends.", "The rosters of %(num)d people end.", count),
        ("people", "move"): ngettext("%(num)d person was moved.", "%(num)d people were moved.", count),
        ("people", "leave"): ngettext("%(num)d person is registered as left.", "%(num)d people are registered as left.",
                                      count),
        ("vehicles", "move"): ngettext("%(num)d vehicle was given away.", "%(num)d vehicles were given away.", count),
        ("vehicles", "retire"): ngettext("%(num)d vehicle serves no more.", "%(num)d vehicles serve no more.", count),
    }  # fmt: skip
    return str(said[blueprint, action])
