"""The right to answer a verdict: who may contest what and until when, when a decision is due, and the second level.

A verdict may be contested for some days from the revision that made it as bad as it is: the newest one that is worse
than the one before it, or the first. So computing the same, or something better, again neither takes days away nor
gives new ones, and whatever becomes worse can be answered. What was answered once is answered: the second level is for
who does not agree, and only a still worse verdict begins anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from tracker.domain.differences import DECISIVE, worse
from tracker.domain.plain import canonical
from tracker.domain.ruling import RuledOut

SHORTEST_STATEMENT, LONGEST_STATEMENT = 10, 2000  # characters
MOST_PHOTOS = 3
WORKING_DAYS = 5  # within which a decision is due
APPEAL = timedelta(days=7)  # from the first decision
MOST_WITHDRAWN = 5  # of the same verdict: after that it is no mistake any more
NOT_BY_FINDING = ("outage", "roster_late")  # what is unknown by the city's own fault is held against nobody
SHOWN = {"inside", "touched"}  # places of spans that show somebody
SATURDAY = 5  # the first day of the week that is no working day


class Refusal(StrEnum):
    """Why something cannot be done; the pages hold the sentence that says what to do next."""

    NOTHING = "contest_nothing"
    TOO_LATE = "contest_too_late"
    OPEN = "contest_open"
    ANSWERED = "contest_answered"
    OFTEN = "contest_often"
    DECIDED = "contest_decided"
    CHANGED = "contest_changed"
    NO_APPEAL = "contest_no_appeal"
    APPEAL_LATE = "contest_appeal_late"
    TOO_OLD = "contest_too_old"
    OWN = "absence_own"
    NOT_SILENT = "absence_not_silent"
    FOUND = "absence_found_already"
    WITHDRAWN = "absence_withdrawn"
    POSITIONS_GONE = "absence_too_old"


class Refused(RuledOut):
    """A rule of contests says no."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Said:
    """A revision of a verdict as the rules see it; `said` holds the `DECISIVE` values."""

    revision: int
    computed_at: datetime
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Before:
    """A first-level contest about the same duty: which revision it was about, and what became of it, if anything."""

    revision: int
    outcome: str | None


def contestable(said: Mapping[str, Any]) -> bool:
    """Whether there is something to contest: not present, or present with minutes that are held against somebody."""
    if said["status"] == "PRESENT":
        return bool(said["late_min"] or said["left_early_min"])
    return said["status"] in ("NO_SHOW", "UNVERIFIED")


def standing_since(revisions: Sequence[Said]) -> Said:
    """The revision that made the verdict as bad as it is; `revisions` in order, at least one."""
    since = revisions[0]
    for before, after in zip(revisions, revisions[1:], strict=False):
        if worse(before.said, after.said):
            since = after
    return since


def closes_at(revisions: Sequence[Said], days: int) -> datetime:
    """Until when the verdict that stands may be contested."""
    return standing_since(revisions).computed_at + timedelta(days=days)


def refusal_of(revisions: Sequence[Said], before: Collection[Before], days: int, now: datetime) -> Refusal | None:
    """Why the person concerned cannot contest the verdict on a duty; None where they can."""
    if not revisions or not contestable(revisions[-1].said):
        return Refusal.NOTHING
    if any(one.outcome is None for one in before):
        return Refusal.OPEN
    same = [one for one in before if one.revision >= standing_since(revisions).revision]
    if any(one.outcome != "withdrawn" for one in same):
        return Refusal.ANSWERED
    if len(same) >= MOST_WITHDRAWN:
        return Refusal.OFTEN
    return Refusal.TOO_LATE if now > closes_at(revisions, days) else None


def refusal_of_appeal(
    standing: Mapping[str, Any], outcome: str | None, decided_at: datetime | None, appealed: bool, now: datetime
) -> Refusal | None:
    """Why the first decision on a contest cannot be brought before the second level; None where it can."""
    if outcome not in ("kept", "changed") or decided_at is None or appealed:
        return Refusal.NO_APPEAL
    if not contestable(standing):
        return Refusal.NOTHING
    return Refusal.APPEAL_LATE if now > decided_at + APPEAL else None


def due_at(opened_at: datetime, holidays: Collection[date], zone: ZoneInfo) -> datetime:
    """By when a contest is to be decided: the last second of the fifth working day after the one it was opened on."""
    day, left = opened_at.astimezone(zone).date(), WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY and day not in holidays
    return datetime.combine(day, time(23, 59, 59), zone)


def digest_of(said: Mapping[str, Any]) -> str:
    """What a verdict says, as a page remembers it: a decision is about what was seen, or it is none."""
    return hashlib.sha256(canonical({name: said[name] for name in DECISIVE}).encode()).hexdigest()


def absence_possible(status: str, cause: str | None, places: Collection[str]) -> bool:
    """Whether a human may find somebody absent: what is missing is no fault of ours, and nothing shows them present.

    `places` are those of the verdict's spans.
    """
    return status == "UNVERIFIED" and cause not in NOT_BY_FINDING and not SHOWN & set(places)
