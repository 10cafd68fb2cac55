"""The evidence of one verdict as sections, which a page and a PDF show alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from flask_babel import gettext as _

from tracker.domain.coverage import coverage
from tracker.domain.idle import Measure
from tracker.exports.document import Section, Table
from tracker.storage.models import DutyWindow, VerdictRevision, Zone
from tracker.web import attendance_words, words
from tracker.web.attendance_words import VALUE
from tracker.web.day_track import Piece
from tracker.web.evidence import Evidence
from tracker.web.evidence_device import aside_section, device_section
from tracker.web.evidence_rules import rules_section
from tracker.web.evidence_said import said_sections
from tracker.web.formats import clock, day, duration, moment
from tracker.web.roster_words import PROFILE
from tracker.web.verdict_facts import changes_between, excuse_of, final_at, is_final, moments_of, periods_of, sources_of

SECONDS = ("on_site_s", "off_site_s", "moving_s", "unknown_s", "excused_s")


def sections_of(known: Evidence) -> list[Section]:
    """All of them in order; what there is nothing to say of is left out."""
    every = [
        _verdict(known), _window(known), rules_section(known), _zones(known), _course(known), _sources(known),
        aside_section(known), device_section(known), _idle(known), _revisions(known), *said_sections(known),
    ]  # fmt: skip
    return [section for section in every if section is not None and any(True for _part in section.parts())]


def _verdict(known: Evidence) -> Section:
    verdict = known.verdict
    if verdict is None:
        return Section("verdict", _("Verdict"), notes=[_("This duty is not judged yet. It is soon after it ends.")])
    percent = coverage(verdict.observed_s, verdict.watched_s)
    facts = [(_("Verdict"), str(words.VERDICT[verdict.status].text))]
    if verdict.cause:
        facts.append((_("Cause"), str(words.CAUSE.get(verdict.cause, verdict.cause))))
    facts.append((_("Observed"), "–" if percent is None else _("%(percent)d %% of the duty", percent=percent)))
    if verdict.status != "EXCUSED":  # of whom nobody looked for minutes
        facts += [(str(VALUE[name]), _minutes(getattr(verdict, name))) for name in ("late_min", "left_early_min")]
    facts += [(str(VALUE[name]), duration(getattr(verdict, name))) for name in SECONDS if getattr(verdict, name)]
    notes = [str(words.MEANING[verdict.status])]
    because = verdict.evidence.get("unknown_because")
    if verdict.status != "UNVERIFIED" and because in words.CAUSE:
        notes.append(f"{_('About the unknown time:')} {words.CAUSE[because]}")
    at = moment(final_at(known.window))
    notes.append(
        _("Final since %(at)s: another result opens a case, which a person decides.", at=at) if is_final(known.window)
        else _("Provisional until %(at)s: what arrives late still counts.", at=at)
    )  # fmt: skip
    return Section("verdict", _("Verdict"), facts, notes)


def _window(known: Evidence) -> Section:
    window = known.window
    breaks = ", ".join(f"{_hour(start)}–{_hour(end)}" for start, end in window.breaks)
    facts = [
        (_("Employee"), f"{window.person.name}, NIP {window.person.nip}"),
        (_("Day"), day(window.work_date)),
        (_("Hours"), f"{clock(window.starts_at)}–{clock(window.ends_at)} ({duration(_length(window))})"),
        (_("Positions count"), f"{moment(window.accepts_from)} – {moment(window.accepts_until)}"),
        (_("Published"), moment(window.published_at)),
        (_("Shift"), window.shift.name),
        (_("Role"), str(PROFILE.get(window.profile, window.profile))),
    ]
    if breaks:
        facts.append((_("Breaks"), breaks))
    if window.excuse:
        facts.append((_("Excuse"), str(excuse_of(window))))
    return Section("window", _("Duty"), facts)


def _zones(known: Evidence) -> Section | None:
    zones = known.window.zones
    if not zones:
        return Section("zones", _("Place of duty"), notes=[_("No zone belongs to this duty.")])
    rows = [(zone.name, _shape(zone), moment(zone.retired_at) if zone.retired_at else "") for zone in zones]
    table = Table([_("Zone"), _("Shape"), _("Replaced or removed")], rows, [3, 2, 2])
    return Section("zones", _("Place of duty"), tables=[table])


def _shape(zone: Zone) -> str:
    return str(_("circle of %(metres)d m", metres=zone.radius_m) if zone.radius_m is not None else _("area"))


def _course(known: Evidence) -> Section:
    """The segments, which tile the duty."""
    notes = []
    if known.track.deleted:
        notes.append(
            _("The positions of this duty are deleted by now. What follows is what the verdict keeps of them.")
        )
    elif not known.track.fixes and not known.window.excuse:
        notes.append(_("There is no usable position of this duty. That alone says nothing about where the person was."))
    rows = [_segment(piece, known) for piece in known.track.pieces]
    head = [_("From"), _("Until"), _("Where"), _("Shown by"), _("Length"), _("Observed")]
    table = Table(head, rows, [1, 1, 3.2, 2.2, 1.3, 1.3], frozenset({4, 5}))
    return Section("course", _("Course of the duty"), (), notes, [table] if rows else [])


def _segment(piece: Piece, known: Evidence) -> tuple[str, ...]:
    number = f"({piece.number}) " if piece.number else ""
    seen = "" if piece.observed_s is None else duration(piece.observed_s)
    where, length = f"{number}{words.SEGMENT[piece.kind]}", duration(piece.length_s)
    return clock(piece.start), clock(piece.end), where, _shown_by(piece, known), length, seen


def _shown_by(piece: Piece, known: Evidence) -> str:
    """By what the verdict's own spans say that somebody was there in this time."""
    told = known.verdict.evidence.get("spans", ()) if known.verdict and piece.kind == "on_site" else ()
    names = [
        span["source"] for span in told
        if span.get("source") and min(piece.end, _time(span["end"])) > max(piece.start, _time(span["start"]))
    ]  # fmt: skip
    return ", ".join(str(attendance_words.SOURCE.get(name, name)) for name in dict.fromkeys(names))


def _sources(known: Evidence) -> Section | None:
    verdict = known.verdict
    if verdict is None:
        return None
    facts = [(str(label), duration(seconds)) for label, seconds in sources_of(verdict)]
    said = [(clock(one["at"]), "", str(one["what"]), str(one["place"])) for one in moments_of(verdict)]
    said += [(clock(one["start"]), clock(one["end"]), str(one["what"]), "") for one in periods_of(verdict)]
    head = [_("From"), _("Until"), _("What"), _("Where")]
    tables = [Table(head, sorted(said), [1, 1, 3, 3], title=_("Check-ins, drives and attested times"))] if said else []
    notes = [] if facts else [_("Nothing shows presence at the place of duty.")]
    if verdict.status == "EXCUSED":
        notes = [_("Nobody was expected, so nothing was looked for.")]
    return Section("sources", _("Shown to be at the place of duty by"), facts, notes, tables)


def _idle(known: Evidence) -> Section | None:
    idle = known.idle
    if idle is None:
        return None
    label = str(words.MEASURE[idle.measure])
    facts = [(label, duration(idle.counted_s))]
    rows = [
        (clock(_time(one["start"])), clock(_time(one["end"])), duration(one["seconds"]), _stay_at(one, known))
        for one in idle.evidence.get("places", ())
    ]
    head = [_("From"), _("Until"), _("Counted"), _("Stop on the map")]
    note = (
        _("Stops outside the zones and outside breaks, as far as they were observed.") if idle.measure == Measure.IDLE
        else _("Time seen away from the post, outside breaks.")
    )  # fmt: skip
    tables = [Table(head, rows, [1, 1, 1, 1.5], frozenset({2}))] if rows else []
    return Section("idle", label, facts, [note], tables)


def _stay_at(place: dict[str, str], known: Evidence) -> str:
    """The number on the map of the stop in which this was."""
    middle = _time(place["start"]) + (_time(place["end"]) - _time(place["start"])) / 2
    return next((str(piece.number) for piece in known.track.pieces
                 if piece.number and piece.start <= middle <= piece.end), "")  # fmt: skip


def _revisions(known: Evidence) -> Section | None:
    if not known.revisions:
        return None
    head = [_("No."), _("Computed"), _("Why"), _("Verdict"), _("Rules"), _("What is different")]
    rows = list(_revision_rows(known.revisions))
    digests = [(_("Inputs of no. %(number)d", number=one.revision), one.inputs_digest) for one in known.revisions]
    note = _("The inputs are told as a fingerprint (SHA-256) of everything the verdict was computed from.")
    return Section("revisions", _("Revisions"), digests, [note], [Table(head, rows, [0.5, 1.8, 2.2, 2, 0.8, 4])])


def _revision_rows(revisions: Sequence[VerdictRevision]) -> Iterator[tuple[str, ...]]:
    for one, before in zip(revisions, [*revisions[1:], None], strict=True):
        yield (
            str(one.revision), moment(one.computed_at), str(words.REVISION_REASON.get(one.reason, one.reason)),
            str(words.VERDICT[one.status].text), one.rule_version, _different(before, one),
        )  # fmt: skip


def _different(before: VerdictRevision | None, after: VerdictRevision) -> str:
    if before is None:
        return ""
    changes = [
        f"{change.name}: {_('%(before)s before, now %(after)s', before=change.before, after=change.after)}"
        for change in changes_between(before, after)
    ]
    return "; ".join(changes) or str(_("The same result from other evidence."))


def _minutes(value: int | None) -> str:
    return str(_("not seen") if value is None else _("%(minutes)d min", minutes=value))


def _hour(text: str) -> str:
    return clock(_time(text))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _length(window: DutyWindow) -> float:
    return (window.ends_at - window.starts_at).total_seconds()
