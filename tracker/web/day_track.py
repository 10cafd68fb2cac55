"""A day's track as the page shows it: what the verdict says of it, on a bar, in a table and on a map.

A judged window is drawn from the spans its verdict keeps, which outlive the positions and later rules. Stops and moves
are told apart only where the positions still say what the verdict says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, count, groupby
from typing import Any

from sqlalchemy.orm import Session

from tracker.domain.cleaning import Spot
from tracker.domain.daily_log import Period
from tracker.domain.duty import Course, course_of, motion, reading_of, spans_told
from tracker.domain.fix import Fix
from tracker.domain.presence import Leg, Place, Source, spans
from tracker.domain.segments import SegmentKind, Stay
from tracker.storage.duty import Inputs, inputs_of
from tracker.storage.models import DutyWindow, VerdictRevision, Zone
from tracker.storage.zones import geometry_of

PLACES = ("on_site", "off_site")  # the kinds that have a place on the map
TICKS = 5  # labels on the bar's axis
COORDINATE_DIGITS = 5  # about a metre
SHOWN_AS = {Place.INSIDE: "on_site", Place.OUTSIDE: "outside", Place.UNKNOWN: "unknown"}  # others are "uncertain"


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring steps of one kind (a key of words.SEGMENT); where somebody stayed, it has a number and a place.

    The place of duty is one place, however much one moves about in it; elsewhere each stay is a piece of its own.
    """

    kind: str
    start: datetime
    end: datetime
    observed_s: float | None = None  # not told by a stored verdict
    number: int | None = None
    at: tuple[float, float] | None = None  # longitude, latitude

    @property
    def length_s(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class DayTrack:
    """Everything the page draws of one day, within `span`.

    `fixes` are those the verdict rests on; a silence longer than `gap_s` seconds is unknown. `deleted`: its positions
    are older than what is kept.
    """

    span: Period
    pieces: tuple[Piece, ...]
    fixes: tuple[Fix, ...]
    zones: tuple[Zone, ...]
    gap_s: float
    begun: bool
    deleted: bool

    @property
    def kinds(self) -> list[str]:
        """The kinds of the pieces, each once, in the order in which they come."""
        return list(dict.fromkeys(piece.kind for piece in self.pieces))

    @property
    def length_s(self) -> float:
        return (self.span.end - self.span.start).total_seconds()

    def ticks(self) -> list[datetime]:
        """Times at even distances, from the beginning to the end of the bar."""
        step = (self.span.end - self.span.start) / (TICKS - 1)
        return [self.span.start + n * step for n in range(TICKS)]

    def offset_s(self, at: datetime) -> float:
        """Seconds since the beginning of the bar, kept within it."""
        return min(max((at - self.span.start).total_seconds(), 0.0), self.length_s)

    def for_script(self) -> dict[str, Any]:
        """Fixes as [seconds since the start, longitude, latitude, accuracy], stays and zones."""
        return {
            "start": self.span.start.isoformat(),
            "gap_s": self.gap_s,
            "fixes": [[round(self.offset_s(f.fix_time)), *_rounded(f.lon, f.lat), f.accuracy_m] for f in self.fixes],
            "stays": [{"number": p.number, "kind": p.kind, "at": _rounded(*p.at)} for p in self.pieces if p.at],
            "zones": [
                {"name": zone.name, "radius_m": zone.radius_m, "geometry": geometry_of(zone)} for zone in self.zones
            ],
        }


def day_track(
    session: Session,
    windows: Sequence[DutyWindow],
    verdicts: Mapping[int, Sequence[VerdictRevision]],
    now: datetime,
    oldest: datetime,
) -> DayTrack | None:
    """The track of a day's duty windows with their revisions, newest first; None where there was no duty.

    Positions from before `oldest` are deleted.
    """
    if not windows:
        return None
    span = Period(min(w.starts_at for w in windows), max(w.ends_at for w in windows))
    known = inputs_of(session.connection(), [window.id for window in windows])
    numbers = count(1)
    pieces = tuple(
        piece for inputs in known for piece in _window_pieces(inputs, _told(verdicts, inputs.window_id), now, numbers)
    )
    way = {fix.fix_time: fix for inputs in known for fix in _kept(inputs, now)}
    within = tuple(way[at] for at in sorted(way) if span.start <= at <= span.end)
    gap_s = min(motion(inputs.window, inputs.evidence, inputs.rules).gap_s for inputs in known)
    zones = tuple({zone.id: zone for window in windows for zone in window.zones}.values())
    return DayTrack(span, pieces, within, zones, gap_s, now > span.start, span.start < oldest)


def _told(verdicts: Mapping[int, Sequence[VerdictRevision]], window_id: int) -> list[dict[str, str]] | None:
    """The spans that the newest verdict on a window keeps; None without one."""
    revisions = verdicts.get(window_id, ())
    return revisions[0].evidence.get("spans") if revisions else None


def _window_pieces(
    inputs: Inputs, told: list[dict[str, str]] | None, now: datetime, numbers: Iterator[int]
) -> Iterator[Piece]:
    """A window by its verdict; one that has none as far as it went, the rest being not yet. An excused one is empty."""
    window = inputs.window
    end = window.end if told is not None else min(window.end, now)
    course = _course(inputs, end, now) if window.start < end else None
    visit_s = inputs.rules.visit_s
    legs = reading_of(window, inputs.evidence, now, course).legs if course else ()
    if told is not None and _places(told) != _places(spans_told(spans(legs, visit_s))):
        yield from map(_told_piece, told)
    else:
        yield from _pieces(legs, numbers)
    if end < window.end:
        yield Piece("not_yet", max(end, window.start), window.end)


def _places(told: Sequence[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    return [(span["start"], span["end"], span["place"]) for span in told]


def _told_piece(span: Mapping[str, str]) -> Piece:
    kind = SHOWN_AS.get(Place(span["place"]), "uncertain")
    return Piece(kind, datetime.fromisoformat(span["start"]), datetime.fromisoformat(span["end"]))


def _kept(inputs: Inputs, now: datetime) -> list[Fix]:
    """The fixes a verdict rests on: without spikes, vague ones and those of a rival device."""
    course = _course(inputs, inputs.window.end, now)
    aside = [*chain(course.vague, course.spikes, course.rivals)]
    return [fix for fix in inputs.evidence.fixes if not any(_is_of(fix, spot) for spot in aside)]


def _is_of(fix: Fix, spot: Spot) -> bool:
    return spot.start <= fix.fix_time <= spot.end and (fix.lat, fix.lon) == (spot.lat, spot.lon)


def _course(inputs: Inputs, end: datetime, now: datetime) -> Course:
    return course_of(replace(inputs.window, end=end), inputs.evidence, inputs.rules, now)


def _pieces(told: Sequence[Leg], numbers: Iterator[int]) -> Iterator[Piece]:
    """Legs with the neighbours of one kind put together as the verdict counts them."""
    for (kind, _stay), group in groupby(told, key=lambda leg: (_kind(leg), _own_stay(leg))):
        legs = list(group)
        observed_s = sum(leg.seconds for leg in legs if leg.place is not Place.UNKNOWN)
        at = _centre(legs) if kind in PLACES else None
        yield Piece(kind, legs[0].start, legs[-1].end, observed_s, next(numbers) if at else None, at)


def _own_stay(leg: Leg) -> Stay | None:
    return leg.stay if _kind(leg) == "off_site" else None


def _centre(legs: Sequence[Leg]) -> tuple[float, float] | None:
    """Longitude and latitude of the stay that most of the time was spent in; None where all was moving.

    Where something else than the track shows somebody inside, the phone lay wherever it was: that is no such place.
    """
    spent: dict[Stay, float] = {}
    for leg in legs:
        if leg.stay and leg.source in (None, Source.TRACK):
            spent[leg.stay] = spent.get(leg.stay, 0.0) + leg.seconds
    longest = max(spent, key=lambda stay: spent[stay], default=None)
    return (longest.lon, longest.lat) if longest else None


def _kind(leg: Leg) -> str:
    if leg.place is Place.INSIDE:
        return "on_site"
    if leg.kind is SegmentKind.MOVE:
        return "moving"
    return "off_site" if leg.place is Place.OUTSIDE else "unknown"


def _rounded(lon: float, lat: float) -> tuple[float, float]:
    return round(lon, COORDINATE_DIGITS), round(lat, COORDINATE_DIGITS)
