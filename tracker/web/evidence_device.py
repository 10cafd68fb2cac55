"""How the device was during a duty, and which of its positions were set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from flask_babel import format_decimal, lazy_gettext, ngettext
from flask_babel import gettext as _

from tracker.domain.cleaning import Spot
from tracker.exports.document import Section, Table
from tracker.storage.evidence import Carried
from tracker.web.device_words import PERMISSION
from tracker.web.evidence import Evidence
from tracker.web.formats import ago, clock, duration, moment

MOST_LISTED = 100  # positions that were set aside
NOT_SAID = lazy_gettext("not said")
WHY = {
    "vague": lazy_gettext("Not exact enough to decide"),
    "spikes": lazy_gettext("A jump that nobody can make"),
    "rivals": lazy_gettext("Another position of the same moment is more exact"),
}


def device_section(known: Evidence) -> Section | None:
    """Device, interval, gaps, battery, permission, when it was last heard, and outages; None: nobody is followed."""
    if known.window.excuse:
        return None
    facts = [fact for one in known.carried for fact in _facts(one, known)]
    tables = []
    gaps = [] if known.course is None else list(silences(known))
    if gaps:
        rows = [(clock(start), clock(end), duration((end - start).total_seconds())) for start, end in gaps]
        tables.append(_times(_("Silences within the duty"), rows))
    quiet = known.inputs.evidence.outages if known.course is not None else ()
    if quiet:
        rows = [(clock(start), clock(end), duration((end - start).total_seconds())) for start, end in quiet]
        tables.append(_times(_("Outages of the city or of this area"), rows))
    notes = []
    if not known.carried:
        notes.append(_("No device was assigned to the person in this duty."))
    if known.course is not None and not quiet:
        notes.append(_("No outage of the city or of this area is known within the duty."))
    if not known.inputs.evidence.clock_proven:
        notes.append(_("No position arrived when it was made: the clock of the device is not proven."))
    return Section("device", _("Device"), facts, notes, tables)


def aside_section(known: Evidence) -> Section | None:
    """Positions that decided nothing, and why."""
    if known.window.excuse or (known.course is None and known.verdict is None):
        return None
    facts = [(label, format_decimal(number)) for label, number in _counts(known)]
    notes, tables = [], []
    if known.course is None:
        notes.append(_("The positions themselves are deleted; these numbers are kept with the verdict."))
    else:
        rows = sorted(_aside(known), key=lambda row: row[0])
        if rows:
            table = Table(
                [_("Time"), _("Until"), _("Accuracy"), _("Positions"), _("Why set aside")],
                [(clock(at), clock(until), f"{metres:.0f} m", str(count), why)
                 for at, until, metres, count, why in rows[:MOST_LISTED]],
                [1, 1, 1, 1, 5], frozenset({2, 3}),
            )  # fmt: skip
            tables.append(table)
        if len(rows) > MOST_LISTED:
            more = len(rows) - MOST_LISTED
            notes.append(ngettext("%(num)d more is not listed.", "%(num)d more are not listed.", more))
    return Section("aside", _("Positions set aside"), facts, notes, tables)


def silences(known: Evidence) -> Iterator[tuple[datetime, datetime]]:
    """Parts of the duty, as far as it went, without a position for longer than the rules call known."""
    window, until = known.window, min(known.window.ends_at, known.now)
    times = [fix.fix_time for fix in known.inputs.evidence.fixes if window.starts_at < fix.fix_time < until]
    edges = [window.starts_at, *times, until]
    for before, after in zip(edges, edges[1:], strict=False):
        if after - before > timedelta(seconds=known.track.gap_s):
            yield before, after


def _facts(one: Carried, known: Evidence) -> list[tuple[str, str]]:
    device = one.device
    name = f"{device.login} ({device.model})" if device.model else device.login
    told = [
        (_("Device"), name),
        (_("Expected interval"), _("%(seconds)d s", seconds=device.expected_interval_s)),
    ]
    if known.course is not None:
        told.append((_("Positions"), format_decimal(one.fixes)))
        if one.first and one.last:
            told.append((_("First and last position"), f"{clock(one.first)}, {clock(one.last)}"))
        if one.late:
            told.append((_("Arrived late"), format_decimal(one.late)))
        told.append((_("Battery"), _battery(one.batteries)))
    permission = [f"{_when(said.received_at, known)} {PERMISSION.get(said.permission or '', NOT_SAID)}"
                  for said in one.statuses if said.permission]  # fmt: skip
    told.append((_("Permission for the location"), ", ".join(permission) or str(NOT_SAID)))
    if one.state is not None:
        told.append((_("Last heard"), f"{moment(one.state.last_heard_at)} ({ago(one.state.last_heard_at)})"))
        if one.state.lost_at and known.window.accepts_from <= one.state.lost_at <= known.window.accepts_until:
            told.append((_("Connection broke"), moment(one.state.lost_at)))
    return told


def _when(at: datetime, known: Evidence) -> str:
    return clock(at) if at >= known.window.accepts_from else moment(at)


def _battery(said: Sequence[tuple[datetime, int]]) -> str:
    if not said:
        return str(NOT_SAID)
    lowest = min(said, key=lambda one: one[1])
    shown = dict.fromkeys((said[0], lowest, said[-1]))
    return ", ".join(f"{clock(at)} {percent} %" for at, percent in shown)


def _counts(known: Evidence) -> list[tuple[str, int]]:
    told = known.verdict.evidence if known.verdict else {}
    course = known.course
    if course:
        seen = known.inputs.evidence
        counts = {"fixes": len(seen.fixes), "clock_ahead": seen.clock_ahead,
                  **{name: len(getattr(course, name)) for name in WHY}}  # fmt: skip
    else:
        counts = {name: int(told.get(name, 0)) for name in ("fixes", "clock_ahead", *WHY)}
    why = [(str(text), counts[name]) for name, text in WHY.items()]
    left_out = (_("Left out: the clock was ahead"), counts["clock_ahead"])
    return [(_("Positions of the duty"), counts["fixes"]), *why, left_out]


def _aside(known: Evidence) -> Iterator[tuple[datetime, datetime, float, int, str]]:
    assert known.course is not None
    parts: dict[str, Sequence[Spot]] = {name: getattr(known.course, name) for name in WHY}
    for name, spots in parts.items():
        for spot in spots:
            yield spot.start, spot.end, spot.accuracy_m, spot.fixes, str(WHY[name])


def _times(title: str, rows: Sequence[Sequence[str]]) -> Table:
    return Table([_("From"), _("Until"), _("Length")], rows, [1, 1, 1], frozenset({2}), title)

