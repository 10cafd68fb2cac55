"""Was the person there? The verdict on one duty window, under the favourable reading of all that is not known.

NO_SHOW stands only if every moment of the window was observed and outside, or where a human found it and nothing shows
the person; what cannot be shown is UNVERIFIED with its cause: silence is not absence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import takewhile
from math import inf
from typing import Any, TypeAlias

from tracker.domain.claims import Earlier, Moment, Period, Reading, Times, believed, left_since, read
from tracker.domain.cleaning import Spot
from tracker.domain.fix import Fix
from tracker.domain.fixes import Fixes
from tracker.domain.geo import Circle, Zone
from tracker.domain.plain import canonical, plain
from tracker.domain.presence import Leg, Place, Span, legs_of, spans
from tracker.domain.segments import IN_VEHICLE, ON_FOOT, MotionRules, SegmentKind, Track, follow


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
    EXCUSED = "EXCUSED"


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
    """One person's shift instance in absolute time; only fixes within [accepts_from, accepts_until] belong to it.

    `breaks` are times in which nobody is asked what they do. `excuse` is why nobody is expected, if so.
    """

    start: datetime
    end: datetime
    accepts_from: datetime
    accepts_until: datetime
    published_at: datetime
    profile: Profile
    zones: tuple[Zone, ...]
    breaks: tuple[Times, ...] = ()
    excuse: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a window. `outages` are periods in which nothing was received from anybody.

    `clock_ahead` counts fixes left out because their device's clock was provably wrong. `clock_proven` is false where
    no fix arrived when it says it was made: a slow clock stamps the evening at home as the day. `moments` and `periods`
    are what else speaks for the person, see `claims`. `earlier` are the duties shortly before, from the first on in
    which something was said: they tell whether the phone was with its person. `absence_found`: a human found them
    absent where nothing shows them. For `fixes` any row of `Fix` will do.
    """

    fixes: Fixes
    expected_interval_s: int = 60
    outages: tuple[Times, ...] = ()
    location_off: bool = False
    clock_ahead: int = 0
    clock_proven: bool = True
    moments: tuple[Moment, ...] = ()
    periods: tuple[Period, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    absence_found: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "fixes", Fixes.of(self.fixes))


@dataclass(frozen=True, slots=True)
class Rules:
    """A rule set; `version` changes with any of its meaning."""

    version: str = "4"
    grace_min: int = 15  # later than this is late, earlier than this is early
    minutes_after_grace: bool = False  # minutes count from the end of grace; else from the window's edge
    visit_s: int = 180  # presence takes this long, and doubt shorter than this cannot hide it
    least_coverage: float = 0.5  # of the window observed, for PRESENT to speak for the whole of it
    low_battery_pct: int = 15
    idle_s: int = 600


Case: TypeAlias = tuple[DutyWindow, Evidence, Rules]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The seconds, `observed_s` apart, sum to `expected_s`. Minutes are None where they were not seen.

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
    excused_s: int
    expected_s: int
    observed_s: int
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """A window as its fixes tell it: legs that tile it, and the spots that were set aside."""

    legs: tuple[Leg, ...]
    vague: tuple[Spot, ...]
    spikes: tuple[Spot, ...]
    rivals: tuple[Spot, ...]
    observed_s: float = field(init=False)

    def __post_init__(self) -> None:
        observed = (leg.seconds for leg in self.legs if leg.place is not Place.UNKNOWN)
        object.__setattr__(self, "observed_s", sum(observed))


def judge(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime) -> Verdict:
    """The verdict on the window as known at `now`; what lies after `now` is unknown."""
    return judge_course(window, evidence, rules, now, course_of(window, evidence, rules, now))


def judge_course(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime, course: Course) -> Verdict:
    """The verdict on a window whose course is known already."""
    if window.excuse:
        return _excused(window)
    reading, left = reading_of(window, evidence, now, course), _left(window, evidence, now)
    told = spans(reading.legs, rules.visit_s)
    seconds = _seconds(window, course, reading)
    status = _status(window, evidence, rules, told, reading, seconds)
    cause = _cause(window, evidence, rules, told, now)
    found_absent = status is Status.UNVERIFIED and _found_absent(evidence, told, cause)
    status = Status.NO_SHOW if found_absent else status
    present = status is Status.PRESENT
    late_min, left_early_min = _minutes(window, evidence, rules, told, reading) if present else (None, None)
    return Verdict(
        status=status,
        cause=cause if status is Status.UNVERIFIED else None,
        late_min=late_min,
        left_early_min=left_early_min,
        **seconds,
        evidence={
            **_explained(window, evidence, course, reading, told, cause if seconds["unknown_s"] else None),
            "left_since": left and left.astimezone(UTC).isoformat(),
            "absence_found": found_absent,
        },
    )


def course_of(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime) -> Course:
    """Where the person was during the window, by the fixes that belong to it and are not in the future."""
    return courses_of([(window, evidence, rules)], now)[0]


def courses_of(cases: Sequence[Case], now: datetime) -> list[Course]:
    """The same of many windows, computed together."""
    if not cases:
        return []
    followed = follow([_track(*case, now) for case in cases], lasting=True)
    seen = followed.seen
    legs = legs_of(followed, [window.zones for window, _, _ in cases])
    aside = (spots.of_each(len(cases)) for spots in (seen.vague, seen.spikes, seen.rivals))
    return [Course(*parts) for parts in zip(legs, *aside, strict=True)]


def _track(window: DutyWindow, evidence: Evidence, rules: Rules, now: datetime) -> Track:
    fixes = evidence.fixes.between(window.accepts_from, min(window.accepts_until, now))
    return Track(fixes, window.start, window.end, motion(window, evidence, rules))


def reading_of(window: DutyWindow, evidence: Evidence, now: datetime, course: Course) -> Reading:
    """The course as all sources tell it."""
    beside, accepted, left = _beside(window, evidence, now), _accepted(window, now), _left(window, evidence, now)
    return read(course.legs, *beside, evidence.periods, window.zones, accepted, left is not None)


def believed_legs(window: DutyWindow, evidence: Evidence, now: datetime, course: Course) -> Sequence[Leg]:
    """The course without the time in which the phone was not with the person."""
    beside, accepted, left = _beside(window, evidence, now), _accepted(window, now), _left(window, evidence, now)
    return believed(course.legs, *beside, window.zones, accepted, left is not None)


def _left(window: DutyWindow, evidence: Evidence, now: datetime) -> datetime | None:
    """Since when, at the beginning of the window, the phone has not been with the person."""
    if not evidence.earlier:
        return None
    until = min(window.start, now)
    arriving = Earlier(window.zones, evidence.fixes.between(window.accepts_from, until))
    return left_since(evidence.earlier, arriving, until)


def _accepted(window: DutyWindow, now: datetime) -> Times:
    return window.accepts_from, min(window.accepts_until, now)


def _beside(window: DutyWindow, evidence: Evidence, now: datetime) -> tuple[list[Fix], Sequence[Moment]]:
    """What was heard by now, and what else was said; nobody asks for the one without the other."""
    if not evidence.moments:
        return [], ()
    since, until = _accepted(window, now)
    return [fix for fix in evidence.fixes if since <= fix.fix_time <= until], evidence.moments


def motion(window: DutyWindow, evidence: Evidence, rules: Rules) -> MotionRules:
    """How stays are told from moves in this window."""
    kind = IN_VEHICLE if window.profile is Profile.DRIVER else ON_FOOT
    return replace(kind, expected_interval_s=float(evidence.expected_interval_s), visit_s=float(rules.visit_s))


def expected_s(window: DutyWindow) -> int:
    return int((window.end - window.start).total_seconds())


def _excused(window: DutyWindow) -> Verdict:
    parts = {"on_site_s": 0, "off_site_s": 0, "moving_s": 0, "unknown_s": 0, "observed_s": 0}
    whole_s = expected_s(window)
    told = {"window": window_told(window), "spans": [], "sources": {}}
    return Verdict(Status.EXCUSED, None, None, None, **parts, excused_s=whole_s, expected_s=whole_s, evidence=told)


def _seconds(window: DutyWindow, course: Course, reading: Reading) -> dict[str, int]:
    """Whole seconds; what a fraction or a doubt leaves over is unknown, so that the parts sum to the whole."""
    on_site = off_site = moving = 0.0
    for leg in reading.legs:
        if leg.place is Place.INSIDE:
            on_site += leg.seconds
        elif leg.kind is SegmentKind.MOVE:
            moving += leg.seconds
        elif leg.place is Place.OUTSIDE:
            off_site += leg.seconds
    parts = {"on_site_s": int(on_site), "off_site_s": int(off_site), "moving_s": int(moving)}
    whole_s = expected_s(window)
    unknown_s = whole_s - sum(parts.values())
    observed_s = int(course.observed_s)
    return {**parts, "unknown_s": unknown_s, "excused_s": 0, "expected_s": whole_s, "observed_s": observed_s}


def _status(
    window: DutyWindow, evidence: Evidence, rules: Rules, told: Sequence[Span], reading: Reading,
    seconds: Mapping[str, int],
) -> Status:  # fmt: skip
    if reading.witnessed:
        return Status.PRESENT
    if seconds["on_site_s"] >= rules.visit_s:
        enough = seconds["observed_s"] >= rules.least_coverage * seconds["expected_s"]
        return Status.PRESENT if enough else Status.UNVERIFIED
    excused = _published_late(window) or evidence.outages or evidence.location_off or not evidence.clock_proven
    return Status.NO_SHOW if _never_inside(told) and not reading.doubted and not excused else Status.UNVERIFIED


def _found_absent(evidence: Evidence, told: Sequence[Span], cause: Cause) -> bool:
    """Whether a human's finding decides: nothing shows the person, and what is unknown is not the city's own fault."""
    shown = any(span.place in (Place.INSIDE, Place.TOUCHED) for span in told)
    return evidence.absence_found and not shown and cause not in (Cause.OUTAGE, Cause.ROSTER_LATE)


def _never_inside(told: Sequence[Span]) -> bool:
    return all(span.place is Place.OUTSIDE for span in told)


def _cause(window: DutyWindow, evidence: Evidence, rules: Rules, told: Sequence[Span], now: datetime) -> Cause:
    """Why the unknown part of the window is unknown; the city's own reasons come before the device's."""
    silences = [span for span in told if span.place is Place.UNKNOWN]
    if evidence.outages and 2 * _overlap_s(silences, evidence.outages) >= sum(span.seconds for span in silences):
        return Cause.OUTAGE
    if _published_late(window):
        return Cause.ROSTER_LATE
    if evidence.location_off:
        return Cause.LOCATION_OFF
    if not evidence.clock_proven and _never_inside(told):
        return Cause.CLOCK_UNPROVEN
    if silences and _battery_low(evidence, rules, max(silences, key=lambda span: span.seconds)):
        return Cause.BATTERY
    last = min(window.end, now)
    heard = evidence.clock_ahead or len(evidence.fixes.between(window.start, last))
    return Cause.PARTIAL if heard else Cause.SILENT


def _published_late(window: DutyWindow) -> bool:
    """Whether fixes of the window were not kept because nobody knew yet that it was on duty."""
    return window.published_at > window.start


def _overlap_s(silences: Sequence[Span], outages: Sequence[tuple[datetime, datetime]]) -> float:
    overlaps = (min(s.end, end) - max(s.start, start) for s in silences for start, end in outages)
    return sum(max(overlap.total_seconds(), 0.0) for overlap in overlaps)


def _battery_low(evidence: Evidence, rules: Rules, silence: Span) -> bool:
    """Whether the last charge heard before the silence was low."""
    charge_pct = evidence.fixes.last_battery_pct(silence.start)
    return charge_pct is not None and charge_pct <= rules.low_battery_pct


def _minutes(
    window: DutyWindow, evidence: Evidence, rules: Rules, told: Sequence[Span], reading: Reading
) -> tuple[int | None, int | None]:
    """Late and left-early minutes; by an unproven clock nobody is either."""
    said = reading.inside_at
    first_s = (said[0] - window.start).total_seconds() if said else inf
    last_s = (window.end - said[-1]).total_seconds() if said else inf
    late_min = None if _published_late(window) else _minutes_away(told, first_s, rules)
    left_early_min = None if window.published_at > window.end else _minutes_away(told[::-1], last_s, rules)
    if evidence.clock_proven:
        return late_min, left_early_min
    return None if late_min else late_min, None if left_early_min else left_early_min


def _minutes_away(spans_inward: Sequence[Span], said_s: float, rules: Rules) -> int | None:
    """Whole minutes seen outside at an edge of the window; 0 if inside within grace of it, None if that is not known.

    `said_s` is how far from the edge something else than the track says inside.
    """
    grace_s, edge = 60 * rules.grace_min, spans_inward[0]
    if edge.place is Place.OUTSIDE and edge.seconds > grace_s:
        counted_s = edge.seconds - grace_s if rules.minutes_after_grace else edge.seconds
        return int(counted_s // 60)
    before = takewhile(lambda span: span.place not in (Place.INSIDE, Place.TOUCHED), spans_inward)
    return 0 if min(said_s, sum(span.seconds for span in before)) <= grace_s else None


def _explained(
    window: DutyWindow, evidence: Evidence, course: Course, reading: Reading, told: Sequence[Span], cause: Cause | None
) -> dict[str, Any]:
    inside = [span for span in told if span.place is Place.INSIDE]
    return {
        "window": window_told(window),
        "spans": spans_told(told),
        "first_inside": inside[0].start.astimezone(UTC).isoformat() if inside else None,
        "last_inside": inside[-1].end.astimezone(UTC).isoformat() if inside else None,
        "sources": _sources(inside),
        "moments": [_moment_told(one, place) for one, place in zip(evidence.moments, reading.placed, strict=True)],
        "periods": [plain(period) for period in evidence.periods],
        "fixes": len(evidence.fixes),
        "vague": len(course.vague),
        "spikes": len(course.spikes),
        "rivals": len(course.rivals),
        "clock_ahead": evidence.clock_ahead,
        "clock_proven": evidence.clock_proven,
        "unknown_because": cause,
    }


def spans_told(told: Sequence[Span]) -> list[dict[str, Any]]:
    """Spans that follow each other, as evidence: each ends where the next begins, so each time is written once."""
    edges = [span.start.astimezone(UTC).isoformat() for span in told[:1]]
    edges += [span.end.astimezone(UTC).isoformat() for span in told]
    return [
        {"start": since, "end": until, "place": span.place, "source": span.source}
        for span, since, until in zip(told, edges, edges[1:], strict=False)
    ]


def _moment_told(moment: Moment, place: Place) -> dict[str, Any]:
    """Without its coordinates, which do not live as long as the verdict."""
    at = moment.at.astimezone(UTC).isoformat()
    return {"source": moment.source, "at": at, "leaves": moment.leaves, "place": place}


def _sources(inside: Sequence[Span]) -> dict[str, int]:
    """How many seconds of presence each source shows."""
    shown: dict[str, int] = {}
    for span in inside:
        if span.source:
            shown[span.source] = shown.get(span.source, 0) + int(span.seconds)
    return shown


def window_told(window: DutyWindow) -> dict[str, Any]:
    """A window as evidence."""
    return {**plain(window, besides=("zones",)), "zones": [_zone_told(zone) for zone in window.zones]}


def _zone_told(zone: Zone) -> dict[str, Any]:
    """A polygon by its fingerprint: thousands of corners would stand in every verdict."""
    if isinstance(zone, Circle):
        return plain(zone)
    return {"lat": zone.lat, "lon": zone.lon, "shape": zone.fingerprint}


def _circles_first(values: list[Any]) -> tuple[bool, list[Any]]:
    return isinstance(values[-1], str), values


def _zones_told(zones: Sequence[Zone]) -> list[list[Any]]:
    return sorted((list(_zone_told(zone).values()) for zone in zones), key=_circles_first)


def digest(window: DutyWindow, evidence: Evidence, rules: Rules) -> str:
    """A SHA-256 over everything a verdict depends on but the clock; the order of the fixes is not part of it."""
    known = {**plain(evidence, besides=("fixes", "earlier", "absence_found")), "fixes": evidence.fixes.digest()}
    if evidence.absence_found:
        known["absence_found"] = True
    if evidence.earlier:
        known["earlier"] = [
            {"zones": _zones_told(one.zones), "fixes": one.fixes.digest(), **plain(one, besides=("zones", "fixes"))}
            for one in evidence.earlier
        ]
    inputs = [{**plain(window, besides=("zones",)), "zones": _zones_told(window.zones)}, known, plain(rules)]
    return hashlib.sha256(canonical(inputs).encode()).hexdigest()
