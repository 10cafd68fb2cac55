"""Our stays beside those of trackintel and movingpandas, on real tracks: each that one side alone has, has a reason.

The libraries are large and installed for this alone (`make bench-stays` does, from requirements-oracles.txt).
"""

from __future__ import annotations

import importlib.util
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import pytest

from bench.stays import REACH_M, VISIT, Found, Journeys, journeys, of_movingpandas, of_ours, of_trackintel
from tests.domain import plain_engine
from tests.domain.days import at, track
from tests.domain.test_segments import TRACKS
from tracker.domain.fix import Fix
from tracker.domain.geo import distance_m
from tracker.domain.segments import IN_VEHICLE, SegmentKind

MISSING = [name for name in ("trackintel", "movingpandas") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} not installed; make bench-stays installs them"),
    pytest.mark.filterwarnings("ignore"),  # theirs, about each other
]
real_tracks = pytest.mark.skipif(not TRACKS.is_dir(), reason=f"the recorded tracks are not here: {TRACKS} is absent")


def overlap(one: Found, other: Found) -> bool:
    return one.user == other.user and max(one.start, other.start) < min(one.end, other.end)


def alone(some: Sequence[Found], others: Sequence[Found]) -> list[Found]:
    return [stay for stay in some if not any(overlap(stay, other) for other in others)]


def apart_m(one: Fix, other: Fix) -> float:
    return distance_m(one.lat, one.lon, other.lat, other.lon)


# ---- what may be the reason; each is read off the fixes of the stay and of what came before it ----


@dataclass(frozen=True)
class Case:
    """A stay that one side alone has: its fixes are numbers `first` to `last` of the track."""

    track: Sequence[Fix]
    first: int
    last: int

    @property
    def fixes(self) -> Sequence[Fix]:
        return self.track[self.first : self.last + 1]


def left_after(track: Sequence[Fix], anchor: int) -> int | None:
    """The first fix out of reach of another, as trackintel measures."""
    return next((n for n in range(anchor, len(track)) if apart_m(track[anchor], track[n]) > REACH_M), None)


def centre_moved(case: Case) -> bool:
    """Ours follows its fixes. From whichever of them one measures, it was left before a visit was over."""
    anchored = ((fix, left_after(case.fixes, n)) for n, fix in enumerate(case.fixes))
    return all(until is None or case.fixes[until].fix_time - fix.fix_time < VISIT for fix, until in anchored)


def they_measured_from_elsewhere(case: Case) -> bool:
    """They measure from where they lost the fix they measured from before, and so on from the first of the track."""
    anchor: int | None = 0
    while anchor is not None and anchor <= case.last:
        until = left_after(case.track, anchor)
        if until and until >= case.first and case.track[until].fix_time - case.track[anchor].fix_time >= VISIT:
            return False
        anchor = until
    return True


def ends_with_the_fix_that_left(case: Case) -> bool:
    """Theirs lasts until the first fix elsewhere; until the last one here it was no visit."""
    here = [fix for fix in case.fixes if apart_m(case.fixes[0], fix) <= REACH_M]
    return here[-1].fix_time - case.fixes[0].fix_time < VISIT


def left_our_centre(case: Case) -> bool:
    """It fits into their circle, which they draw when it is over; ours is left by who is far from where they were."""
    return not stays_in(case.fixes)


def we_began_earlier(case: Case) -> bool:
    """On its own it is a stay of ours; after the way before it, it begins with fixes that belong to that."""
    return not any(start >= case.fixes[0].fix_time for start in stays_in(case.track[: case.last + 1]))


def stays_in(fixes: Sequence[Fix]) -> list[datetime]:
    parts = plain_engine.segment(fixes, fixes[0].fix_time, fixes[-1].fix_time, IN_VEHICLE)
    return [part.start for part in parts if part.kind is SegmentKind.STAY]


Reason = Callable[[Case], bool]


def reasons(stays: Sequence[Found], real: Journeys, known: Sequence[Reason]) -> Counter[str]:
    """How often each reason is the first to hold; "none" if no one does."""
    found: Counter[str] = Counter()
    for stay in stays:
        times = [fix.fix_time for fix in real[stay.user]]
        case = Case(real[stay.user], bisect_left(times, stay.start), bisect_right(times, stay.end) - 1)
        found[next((reason.__name__ for reason in known if reason(case)), "none")] += 1
    return found


@real_tracks
def test_stays_that_only_one_of_us_and_trackintel_finds_have_a_reason() -> None:
    real = journeys()
    ours, theirs = of_ours(real)(), of_trackintel(real)()
    assert (len(ours), len(theirs)) == (32, 30)
    assert reasons(alone(ours, theirs), real, [centre_moved, they_measured_from_elsewhere]) == {
        "centre_moved": 5, "they_measured_from_elsewhere": 2,
    }  # fmt: skip
    assert reasons(alone(theirs, ours), real, [ends_with_the_fix_that_left]) == {"ends_with_the_fix_that_left": 3}


@real_tracks
def test_stays_that_only_one_of_us_and_movingpandas_finds_have_a_reason() -> None:
    real = journeys()
    ours, theirs = of_ours(real)(), of_movingpandas(real)()
    assert (len(ours), len(theirs)) == (32, 46)
    assert alone(ours, theirs) == []
    assert reasons(alone(theirs, ours), real, [left_our_centre, we_began_earlier]) == {
        "left_our_centre": 8, "we_began_earlier": 1,
    }  # fmt: skip


def test_trackintel_drops_the_stay_before_a_silence_and_the_last_one_and_we_do_not() -> None:
    told = {"one": track("08:00-09:00 work", "10:00-11:00 kiosk", accuracy_m=None)}
    ours = [Found("one", at("08:00"), at("09:00")), Found("one", at("10:00"), at("11:00"))]
    assert of_ours(told)() == ours
    assert of_trackintel(told)() == []


def test_movingpandas_calls_a_silence_a_stop_and_we_call_it_unknown() -> None:
    told = {"one": track("08:00 work", "09:00 work", "09:02-09:10 kiosk", accuracy_m=None)}
    assert Found("one", at("08:00"), at("09:00")) in of_movingpandas(told)()
    assert [stay.start for stay in of_ours(told)()] == [at("09:02")]


@real_tracks
def test_stays_of_one_detector_do_not_overlap() -> None:
    real = journeys()
    for detect in (of_ours(real), of_trackintel(real)):
        assert all(not overlap(one, other) for one, other in pairwise(detect()))
