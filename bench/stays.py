"""`python -m bench.stays`: how fast is our stay detector, beside trackintel's and movingpandas' on the same tracks?

Buses of Limerick and Liverpool, copied as many users on other days; one core, one thread. Every detector begins with
what it reads best (columns, or a GeoDataFrame) and ends with its stays. bench/README.md says what the lines mean; which
stays they find alike, and why not the others, is said by tests/domain/test_stay_oracles.py.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from tests.domain.test_segments import TRACKS, limerick_bus, liverpool_buses
from tracker.domain.fix import Fix
from tracker.domain.fixes import Fixes, moment
from tracker.domain.segments import IN_VEHICLE, SegmentKind, Track, segments
from tracker.domain.stays import MARGIN_LIMIT_M

VISIT = timedelta(seconds=IN_VEHICLE.visit_s)
REACH_M = IN_VEHICLE.radius_m + MARGIN_LIMIT_M  # ours for fixes without accuracy, which these are
TRACKS_AT_A_TIME = 300  # of ours: as many windows as are judged together
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Journeys = Mapping[str, Sequence[Fix]]


@dataclass(frozen=True, slots=True)
class Found:
    """A stay as a detector tells it."""

    user: str
    start: datetime
    end: datetime


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.stays", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of all three in turn; medians are printed (5)")
    parser.add_argument("--copies", type=int, default=200, help="of each track for ours (200)")
    parser.add_argument("--oracle-copies", type=int, default=20, help="for trackintel; a tenth for movingpandas (20)")
    options = parser.parse_args(arguments)
    if not TRACKS.is_dir():
        sys.exit(f"bench: the recorded tracks are not here: {TRACKS} is absent")
    on_one_core()
    lots = options.copies, options.oracle_copies, max(1, options.oracle_copies // 10)
    real = journeys()
    rates = _rates([copies(real, lot) for lot in lots], options.rounds)
    long = _rates([one_user({"limerick": real["limerick"]}, lot) for lot in lots], options.rounds)
    print(f"stays.ratio {rates['ours'] / rates['trackintel']:.1f} ours/trackintel")
    print(f"stays.ratio.movingpandas {rates['ours'] / rates['movingpandas']:.0f} ours/movingpandas")
    print(f"stays.ratio.long {long['ours'] / long['trackintel']:.1f} ours/trackintel_on_one_long_track")
    for name, found in (("stays", rates), ("stays.long", long)):
        for detector, rate in found.items():
            print(f"{name}.{detector} {rate:.0f} fixes/s")
    print(f"load_average {os.getloadavg()[0]:.1f} over_a_minute_at_the_end")


def _rates(told: Sequence[Journeys], rounds: int) -> dict[str, float]:
    """Fixes a second of each detector on its own lot, medians over the rounds."""
    lots = zip(DETECTORS.items(), told, strict=True)
    work = {name: (maker(some), sum(map(len, some.values()))) for (name, maker), some in lots}
    rates: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, (detect, fixes) in work.items():
            rates[name].append(fixes / seconds(detect))
    return {name: median(found) for name, found in rates.items()}


def on_one_core() -> None:
    """This process and what it loads keep to one core; another process of the machine may use it too."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ.update(dict.fromkeys(THREADS, "1"))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def journeys() -> dict[str, list[Fix]]:
    """The real tracks by their bus, each in order of time."""
    every = {"limerick": limerick_bus(), **liverpool_buses()}
    return {bus: sorted(fixes, key=lambda fix: fix.fix_time) for bus, fixes in every.items()}


def copies(real: Journeys, number: int) -> dict[str, list[Fix]]:
    """Each track as that of so many users, a day apart."""
    return {
        f"{bus}-{n}": [fix._replace(fix_time=fix.fix_time + timedelta(days=n)) for fix in fixes]
        for bus, fixes in real.items()
        for n in range(number)
    }


def one_user(real: Journeys, number: int) -> dict[str, list[Fix]]:
    """Each track as that of one user on so many days."""
    days: dict[str, list[Fix]] = {bus: [] for bus in real}
    for name, fixes in copies(real, number).items():
        days[name.rpartition("-")[0]] += fixes
    return days


def of_ours(told: Journeys) -> Callable[[], list[Found]]:
    """Our detector on these tracks, ready to run."""
    tracks = [
        Track(fixes, moment(int(fixes.time_us[0])), moment(int(fixes.time_us[-1])), IN_VEHICLE)
        for fixes in map(Fixes.of, told.values())
    ]
    users = list(told)

    def detect() -> list[Found]:
        found = []
        for first in range(0, len(tracks), TRACKS_AT_A_TIME):
            for user, parts in zip(users[first:], segments(tracks[first : first + TRACKS_AT_A_TIME]), strict=False):
                found += [Found(user, part.start, part.end) for part in parts if part.kind is SegmentKind.STAY]
        return found

    return detect


def of_trackintel(told: Journeys) -> Callable[[], list[Found]]:
    """The sliding detector (Li et al. 2008) of trackintel, with our reach, visit and gap."""
    import trackintel

    frame = _frame(told, "user_id", "tracked_at")
    frame.index.name = "id"
    fixes = trackintel.Positionfixes(frame)

    def detect() -> list[Found]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of stays it does not see the end of
            _, stays = fixes.generate_staypoints(
                method="sliding", distance_metric="haversine", dist_threshold=REACH_M,
                time_threshold=VISIT.total_seconds() / 60, gap_threshold=IN_VEHICLE.gap_s / 60,
                print_progress=False, n_jobs=1,
            )  # fmt: skip
        rows = zip(stays.user_id, stays.started_at, stays.finished_at, strict=True)
        return [Found(str(user), start.to_pydatetime(), end.to_pydatetime()) for user, start, end in rows]

    return detect


def of_movingpandas(told: Journeys) -> Callable[[], list[Found]]:
    """The stop detector of movingpandas: all within a circle of our reach."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what is not installed beside it
        import movingpandas
    import pandas

    frame = _frame(told, "user_id", "t")
    frame["t"] = frame["t"].dt.tz_localize(None)
    detector = movingpandas.TrajectoryStopDetector(
        movingpandas.TrajectoryCollection(frame.set_index("t"), "user_id", min_length=0)
    )

    def detect() -> list[Found]:
        stops = detector.get_stop_time_ranges(max_diameter=2 * REACH_M, min_duration=pandas.Timedelta(VISIT))
        return [Found(str(s.traj_id), _aware(s.t_0), _aware(s.t_n)) for s in stops]

    return detect


DETECTORS = {"ours": of_ours, "trackintel": of_trackintel, "movingpandas": of_movingpandas}


def _frame(told: Journeys, user: str, at: str) -> Any:
    import geopandas
    import pandas

    rows = [(name, fix) for name, fixes in told.items() for fix in fixes]
    columns = {user: [name for name, _ in rows], at: pandas.to_datetime([fix.fix_time for _, fix in rows], utc=True)}
    points = geopandas.points_from_xy([fix.lon for _, fix in rows], [fix.lat for _, fix in rows])
    return geopandas.GeoDataFrame(columns, geometry=points, crs=4326)


def _aware(when: Any) -> datetime:
    aware: datetime = when.tz_localize("UTC").to_pydatetime()
    return aware


if __name__ == "__main__":
    main()
