"""Was the person there? The verdict on one duty window, under the favourable reading of all that is not known.

NO_SHOW stands only if every moment of the window was observed and outside; what cannot be shown is UNVERIFIED with its
cause: silence is not absence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import takewhile
from typing import Any

from tracker.domain.fix import Fix
from tracker.domain.geo import Circle, Zone
from tracker.domain.plain import canonical, plain
from tracker.domain.presence import Place, Span, places_of, spans
from tracker.domain.segments import IN_VEHICLE, ON_FOOT, MotionRules, SegmentKind, Trail, trail


class Profile(StrEnum):
    OFFICE = "OFFICE"
    POST = "POST"
    FIELD = "FIELD"
    PATROL = "PATROL"
    DRIVER = "DRIVER"


class Status(StrEnum):
    PRESENT = "PRESENT"
    NO_SHOW = "NO_SHOW"
    UNVERIFIED = "UNVERIFIED"


class Cause(StrEnum):
    """Why something could not be shown."""

    SILENT = "silent"
    PARTIAL = "partial"
    BATTERY = "battery"
    LOCATION_OFF = "location_off"
    OUTAGE = "outage"
    ROSTER_LATE = "roster_late"
    CLOCK_UNPROVEN = "clock_unproven"


@dataclass(frozen=True, slots=True)
class DutyWindow:
    """One person's shift instance in absolute time; only fixes within [accepts_from, accepts_until] belong to it."""

    start: datetime
    end: datetime
    accepts_from: datetime
    accepts_until: datetime
    published_at: datetime
    profile: Profile
    zones: tuple[Zone, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a window. `outages` are periods in which nothing was received from anybody.

    `clock_ahead` counts fixes left out because their device's clock was provably wrong. `clock_proven` is false where
    no fix arrived when it says it was made: a slow clock stamps the evening at home as the day.
    """

    fixes: tuple[Fix, ...]
    expected_interval_s: int = 60
    outages: tuple[tuple[datetime, datetime], ...] = ()
    location_off: bool = False
    clock_ahead: int = 0
    clock_proven: bool = True


@dataclass(frozen=True, slots=True)
class Rules:
    """A rule set; `version` changes with any of its meaning."""

    version: str = "2"
    grace_min: int = 15  # later than this is late, earlier than this is early; minutes count from the window's edge
    visit_s: int = 180  # presence takes this long, and doubt shorter than this cannot hide it
    least_coverage: float = 0.5  # of the window observed, for PRESENT to speak for the whole of it
    low_battery_pct: int = 15
    idle_s: int = 600


@dataclass(frozen=True, slots=True)
class Verdict:
    """`on_site_s` + `off_site_s` + `moving_s` + `unknown_s` = `expected_s`. Minutes are None where they were not seen.

    `evidence` explains: JSON-ready and written for the person concerned to check.
    """

    status: Status
    cause: Cause | None
    late_min: int | None
    left_early_min: int | None
    on_site_s: int
    off_site_s: int
    moving_s: int
    unknown_s: int
    expected_s: int
    observed_s: int
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """A window as it went: its trail, the place of each step, and both as spans."""

    trail: Trail
    places: tuple[Place, ...]
    spans: tuple[Span, ...]


def judge(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime) -> Verdict:
    """The verdict on the window as known at `now`; what lies after `now` is unknown."""
    course = course_of(window, evidence, rules, now)
    seconds = _seconds(window, course)
    status = _status(window, evidence, rules, course, seconds)
    cause = _cause(window, evidence, rules, course)
    present = status is Status.PRESENT
    late_min, left_early_min = _minutes(window, evidence, rules, course) if present else (None, None)
    return Verdict(
        status=status,
        cause=cause if status is Status.UNVERIFIED else None,
        late_min=late_min,
        left_early_min=left_early_min,
        **seconds,
        evidence=_explained(window, evidence, course, cause if seconds["unknown_s"] else None),
    )


def course_of(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime) -> Course:
    """Where the person was during the window, by the fixes that belong to it and are not in the future."""
    last = min(window.accepts_until, now)
    fixes = [fix for fix in evidence.fixes if window.accepts_from <= fix.fix_time <= last]
    followed = trail(fixes, window.start, window.end, motion(window, evidence, rules))
    places = places_of(followed.steps, window.zones)
    return Course(followed, places, spans(followed.steps, places, rules.visit_s))


def motion(window: DutyWindow, evidence: Evidence, rules: Rules) -> MotionRules:
    """How stays are told from moves in this window."""
    kind = IN_VEHICLE if window.profile is Profile.DRIVER else ON_FOOT
    return replace(kind, expected_interval_s=float(evidence.expected_interval_s), visit_s=float(rules.visit_s))


def _seconds(window: DutyWindow, course: Course) -> dict[str, int]:
    """Whole seconds; what a fraction or a doubt leaves over is unknown, so that the parts sum to the whole."""
    on_site = off_site = moving = observed = 0.0
    for step, place in zip(course.trail.steps, course.places, strict=True):
        observed += step.seconds if step.observed else 0
        if place is Place.INSIDE:
            on_site += step.seconds
        elif step.kind is SegmentKind.MOVE:
            moving += step.seconds
        elif place is Place.OUTSIDE:
            off_site += step.seconds
    expected_s = int((window.end - window.start).total_seconds())
    parts = {"on_site_s": int(on_site), "off_site_s": int(off_site), "moving_s": int(moving)}
    unknown_s = expected_s - sum(parts.values())
    return {**parts, "unknown_s": unknown_s, "expected_s": expected_s, "observed_s": int(observed)}


def _status(window: DutyWindow, evidence: Evidence, rules: Rules, course: Course, seconds: Mapping[str, int]) -> Status:
    if seconds["on_site_s"] >= rules.visit_s:
        enough = seconds["observed_s"] >= rules.least_coverage * seconds["expected_s"]
        return Status.PRESENT if enough else Status.UNVERIFIED
    excused = _published_late(window) or evidence.outages or evidence.location_off or not evidence.clock_proven
    return Status.NO_SHOW if _never_inside(course) and not excused else Status.UNVERIFIED


def _never_inside(course: Course) -> bool:
    return all(span.place is Place.OUTSIDE for span in course.spans)


def _cause(window: DutyWindow, evidence: Evidence, rules: Rules, course: Course) -> Cause:
    """Why the unknown part of the window is unknown; the city's own reasons come before the device's."""
    silences = [span for span in course.spans if span.place is Place.UNKNOWN]
    if evidence.outages and 2 * _overlap_s(silences, evidence.outages) >= sum(span.seconds for span in silences):
        return Cause.OUTAGE
    if _published_late(window):
        return Cause.ROSTER_LATE
    if evidence.location_off:
        return Cause.LOCATION_OFF
    if not evidence.clock_proven and _never_inside(course):
        return Cause.CLOCK_UNPROVEN
    if silences and _battery_low(evidence, rules, max(silences, key=lambda span: span.seconds)):
        return Cause.BATTERY
    spots = (*course.trail.seen.kept, *course.trail.seen.set_aside)
    heard = evidence.clock_ahead or any(spot.end >= window.start and spot.start <= window.end for spot in spots)
    return Cause.PARTIAL if heard else Cause.SILENT


def _published_late(window: DutyWindow) -> bool:
    """Whether fixes of the window were not kept because nobody knew yet that it was on duty."""
    return window.published_at > window.start


def _overlap_s(silences: Sequence[Span], outages: Sequence[tuple[datetime, datetime]]) -> float:
    overlaps = (min(s.end, end) - max(s.start, start) for s in silences for start, end in outages)
    return sum(max(overlap.total_seconds(), 0.0) for overlap in overlaps)


def _battery_low(evidence: Evidence, rules: Rules, silence: Span) -> bool:
    """Whether the last charge heard before the silence was low."""
    before = [fix for fix in evidence.fixes if fix.fix_time <= silence.start and fix.battery_pct is not None]
    last = max(before, key=lambda fix: fix.fix_time, default=None)
    return last is not None and last.battery_pct is not None and last.battery_pct <= rules.low_battery_pct


def _minutes(window: DutyWindow, evidence: Evidence, rules: Rules, course: Course) -> tuple[int | None, int | None]:
    """Late and left-early minutes; by an unproven clock nobody is either."""
    late_min = None if _published_late(window) else _minutes_away(course.spans, rules)
    left_early_min = _minutes_away(course.spans[::-1], rules)
    if evidence.clock_proven:
        return late_min, left_early_min
    return None if late_min else late_min, None if left_early_min else left_early_min


def _minutes_away(spans_inward: Sequence[Span], rules: Rules) -> int | None:
    """Whole minutes seen outside at an edge of the window; 0 if the zone was seen within grace, None if not known."""
    grace_s, edge = 60 * rules.grace_min, spans_inward[0]
    if edge.place is Place.OUTSIDE and edge.seconds > grace_s:
        return int(edge.seconds // 60)
    before = takewhile(lambda span: span.place not in (Place.INSIDE, Place.TOUCHED), spans_inward)
    return 0 if sum(span.seconds for span in before) <= grace_s else None


def _explained(window: DutyWindow, evidence: Evidence, course: Course, cause: Cause | None) -> dict[str, Any]:
    inside = [span for span in course.spans if span.place is Place.INSIDE]
    seen = course.trail.seen
    return {
        "window": window_told(window),
        "spans": [plain(span) for span in course.spans],
        "first_inside": inside[0].start.astimezone(UTC).isoformat() if inside else None,
        "last_inside": inside[-1].end.astimezone(UTC).isoformat() if inside else None,
        "fixes": len(evidence.fixes),
        "vague": len(seen.vague),
        "spikes": len(seen.spikes),
        "rivals": len(seen.rivals),
        "clock_ahead": evidence.clock_ahead,
        "clock_proven": evidence.clock_proven,
        "unknown_because": cause,
    }


def window_told(window: DutyWindow) -> dict[str, Any]:
    """A window as evidence."""
    return {**plain(replace(window, zones=())), "zones": [_zone_told(zone) for zone in window.zones]}


def _zone_told(zone: Zone) -> dict[str, Any]:
    """A polygon by its fingerprint: thousands of corners would stand in every verdict."""
    if isinstance(zone, Circle):
        return asdict(zone)
    return {"lat": zone.lat, "lon": zone.lon, "shape": zone.fingerprint}


def _circles_first(values: list[Any]) -> tuple[bool, list[Any]]:
    return isinstance(values[-1], str), values


def digest(window: DutyWindow, evidence: Evidence, rules: Rules) -> str:
    """A SHA-256 over everything a verdict depends on but the clock; the order of the fixes is not part of it."""
    zones = sorted((list(_zone_told(zone).values()) for zone in window.zones), key=_circles_first)
    fixes = sorted(map(_decisive, evidence.fixes), key=repr)
    other_evidence = asdict(replace(evidence, fixes=()))
    inputs = [{**asdict(replace(window, zones=())), "zones": zones}, {**other_evidence, "fixes": fixes}, asdict(rules)]
    return hashlib.sha256(canonical(inputs).encode()).hexdigest()


def _decisive(fix: Fix) -> tuple[object, ...]:
    return fix.fix_time.astimezone(UTC), fix.lat, fix.lon, fix.accuracy_m, fix.battery_pct
