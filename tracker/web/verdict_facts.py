"""What a verdict rests on and how it came about, in words for the person and for who decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask_babel import gettext as _

from tracker.domain.coverage import coverage
from tracker.domain.differences import DECISIVE, TOLD, Difference, differences
from tracker.storage.models import DutyWindow, Notification, VerdictRevision
from tracker.web import attendance_words, words
from tracker.web.city import city
from tracker.web.formats import clock, duration

NOTHING = "–"
WHOLE = 100  # percent


@dataclass(frozen=True, slots=True)
class Change:
    """A value of a verdict that is another one than before, each as text."""

    name: Any
    before: str
    after: str


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        attendance=attendance_words, sources_of=sources_of, moments_of=moments_of, periods_of=periods_of,
        left_since_of=left_since_of, excuse_of=excuse_of, final_at=final_at, is_final=is_final,
        changes_between=changes_between, proposed_changes=proposed_changes, terms_in_words=terms_in_words,
        news_changes=news_changes, meaning_of=meaning_of,
    )  # fmt: skip


def meaning_of(verdict: VerdictRevision) -> Any:
    """What a verdict says, in a sentence. `partial` stands for all that is not clear, however much was heard."""
    if verdict.evidence.get("absence_found"):
        return words.FOUND_ABSENT
    if verdict.status != "UNVERIFIED" or verdict.cause not in words.CAUSE:
        return words.MEANING[verdict.status]
    if verdict.cause == "partial" and not verdict.evidence.get("window", {}).get("zones", True):
        return attendance_words.NO_ZONE
    if verdict.cause == "partial" and coverage(verdict.observed_s, verdict.watched_s) == WHOLE:
        return attendance_words.NOT_CLEAR
    return words.CAUSE[verdict.cause]


def sources_of(verdict: VerdictRevision) -> list[tuple[Any, int]]:
    """Each source with how many seconds of presence it shows."""
    shown = verdict.evidence.get("sources", {})
    return [(label, shown[name]) for name, label in attendance_words.SOURCE.items() if name in shown]


def moments_of(verdict: VerdictRevision) -> list[dict[str, Any]]:
    """Check-ins and activities in order of time, each with what it shows."""
    return [
        {
            "at": datetime.fromisoformat(told["at"]),
            "what": attendance_words.CHECK_IN[bool(told["leaves"])] if told["source"] == "check_in"
            else attendance_words.SOURCE[told["source"]],
            "place": attendance_words.PLACE[told["place"]],
        }
        for told in sorted(verdict.evidence.get("moments", ()), key=lambda told: str(told["at"]))
    ]  # fmt: skip


def periods_of(verdict: VerdictRevision) -> list[dict[str, Any]]:
    """Drives and attested times."""
    return [
        {
            "what": attendance_words.SOURCE[told["source"]],
            **{edge: datetime.fromisoformat(told[edge]) for edge in ("start", "end")},
        }
        for told in verdict.evidence.get("periods", ())
    ]


def left_since_of(verdict: VerdictRevision) -> datetime | None:
    """When, in a duty shortly before, the person checked in without their phone; None where it was with them."""
    since = verdict.evidence.get("left_since")
    return datetime.fromisoformat(since) if since else None


def excuse_of(window: DutyWindow) -> Any:
    """Why nobody is expected in a duty; None where somebody is."""
    return window.excuse and attendance_words.EXCUSE.get(window.excuse, window.excuse)


def final_at(window: DutyWindow) -> datetime:
    """From when on another result opens a case in place of a new verdict."""
    return window.ends_at + city().settings.lock


def is_final(window: DutyWindow) -> bool:
    return final_at(window) <= city().now()


def changes_between(before: VerdictRevision, after: VerdictRevision) -> list[Change]:
    """What a revision says otherwise than the one before."""
    return told(differences(_said(before), _said(after)))


def proposed_changes(standing: VerdictRevision | None, proposed: Mapping[str, Any]) -> list[Change]:
    """What a case would change of the verdict that stands, or of the duty itself."""
    if "terms" in proposed:
        return []
    before = {name: getattr(standing, name, None) for name in DECISIVE}
    return told(differences(before, {name: proposed.get(name) for name in DECISIVE}))


def news_changes(one: Notification) -> list[Change]:
    """What a notification says of a verdict, before and after."""
    if one.kind != "verdict_worse":
        return []
    return told([Difference(name, one.detail[name]["before"], one.detail[name]["after"]) for name in DECISIVE
                 if name in one.detail])  # fmt: skip


def told(changed: Sequence[Difference]) -> list[Change]:
    """Differences as text."""
    return [
        Change(attendance_words.VALUE[one.name], _value(one.name, one.before), _value(one.name, one.after))
        for one in changed
    ]


def _said(verdict: VerdictRevision) -> dict[str, Any]:
    return {name: getattr(verdict, name) for name in TOLD}


def _value(name: str, value: Any) -> str:
    if value is None:
        return NOTHING
    if name == "status":
        return str(words.VERDICT[value].text)
    if name == "cause":
        return str(words.SHORT_CAUSE.get(value, value))
    return duration(value) if name.endswith("_s") else str(_("%(minutes)d min", minutes=value))


def terms_in_words(proposed: Mapping[str, Any]) -> str:
    """The hours that a case about a duty itself proposes, in order, and why nobody would be expected in them."""
    parts = proposed["terms"], *proposed.get("beside", ())
    in_order = sorted(parts, key=lambda one: datetime.fromisoformat(one["start"]))
    return "; ".join(_hours_in_words(terms) for terms in in_order)


def _hours_in_words(terms: Mapping[str, Any]) -> str:
    start, end = (datetime.fromisoformat(terms[edge]) for edge in ("start", "end"))
    hours = f"{clock(start)}–{clock(end)}"
    excuse = terms.get("excuse")
    return f"{hours}, {attendance_words.EXCUSE.get(excuse, excuse)}" if excuse else hours
