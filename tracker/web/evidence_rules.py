"""The figures by which a verdict was found, each with what it means."""

from __future__ import annotations

from flask_babel import gettext as _

from tracker.domain.cleaning import DECIDING_ACCURACY_M
from tracker.domain.duty import Profile, Rules, motion
from tracker.exports.document import Section, Table
from tracker.storage.duty import RULES
from tracker.web.evidence import Evidence
from tracker.web.formats import duration


def rules_section(known: Evidence) -> Section:
    """The rule set and the meaning of each figure."""
    rules = known.inputs.rules
    version = known.verdict.rule_version if known.verdict else rules.version
    named = f"{version} ({known.rules_name})" if known.rules_name else version
    notes = []
    if version.partition("/")[0] != RULES.version:
        notes.append(
            _("The verdict was found by version %(then)s. The figures below are those of version %(now)s.",
              then=version, now=rules.version)
        )  # fmt: skip
    table = Table([_("Figure"), _("Value"), _("What it means")], _figures(known, rules), [2, 1.2, 5])
    return Section("rules", _("Rules"), [(_("Version"), named)], notes, [table])


def _figures(known: Evidence, rules: Rules) -> list[tuple[str, str, str]]:
    moving = motion(known.inputs.window, known.inputs.evidence, rules)
    counted = (
        _("Minutes count from the end of grace.") if rules.minutes_after_grace
        else _("Minutes count from the edge of the duty.")
    )  # fmt: skip
    longer = _("Elsewhere for longer at the beginning is late, at the end left early.")
    told = [
        (_("Grace"), duration(60 * rules.grace_min), f"{longer} {counted}"),
        (_("Visit"), duration(rules.visit_s),
         _("Presence takes this long at the place of duty; a shorter stop is a pause on the way.")),
        (_("Coverage"), f"{100 * rules.least_coverage:.0f} %",
         _("So much of the duty must be observed for the positions to show presence in the whole of it.")),
        (_("Silence"), duration(moving.gap_s),
         _("After this long without a position nobody knows where the phone was. Silence is not absence.")),
        (_("Accuracy"), f"{DECIDING_ACCURACY_M:.0f} m", _("A position that is less exact decides nothing.")),
        (_("Stop"), f"{moving.radius_m:.0f} m", _("Positions within this distance of one another are one stop.")),
        (_("Speed"), f"{3.6 * moving.top_speed_mps:.0f} km/h",
         _("A place that could be reached only faster was measured wrongly and is set aside.")),
        (_("Low battery"), f"{rules.low_battery_pct} %",
         _("A silence after so low a charge is put down to the battery.")),
    ]  # fmt: skip
    if known.inputs.window.profile not in (Profile.OFFICE, Profile.POST):
        told.append((_("Idle"), duration(rules.idle_s), _("A stop outside the zones counts as idle from this length.")))
    return told
