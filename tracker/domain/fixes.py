"""Many fixes as columns: what the rules read of them, as arrays that are computed on together.

Times are whole microseconds since 1970 (UTC), exact as Python's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from tracker.domain.fix import Fix

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
NOT_SAID = -1  # of a battery, which is 0 to 100 else; of an accuracy it is NaN
# how a fix is written for its digest, for ever: little-endian whatever the machine
WRITTEN = np.dtype([("time_us", "<i8"), ("lat", "<f8"), ("lon", "<f8"), ("accuracy_m", "<f8"), ("battery_pct", "<i8")])


def micros(when: datetime) -> int:
    """A time as the columns have it."""
    return (when - EPOCH) // MICROSECOND


def moment(time_us: int) -> datetime:
    """The time of a column's value, in UTC."""
    return EPOCH + timedelta(0, 0, time_us)  # `microseconds=` takes half as long again, and a duty has 50 moments


class Fixes(Sequence[Fix]):
    """Fixes in the order in which they came; not to be changed. Reads as a sequence of `Fix` with what rules ask for.

    `time_us` int64; `lat`, `lon` degrees and `accuracy_m` metres, float64; `battery_pct` int64; all of one length.
    """

    __slots__ = ("accuracy_m", "battery_pct", "lat", "lon", "time_us")

    def __init__(self, time_us: Ints, lat: Floats, lon: Floats, accuracy_m: Floats, battery_pct: Ints) -> None:
        self.time_us, self.lat, self.lon = time_us, lat, lon
        self.accuracy_m, self.battery_pct = accuracy_m, battery_pct

    @classmethod
    def of(cls, fixes: Iterable[Fix]) -> Fixes:
        """The columns of fixes."""
        if isinstance(fixes, Fixes):
            return fixes
        told = list(fixes)
        return cls(
            np.array([micros(fix.fix_time) for fix in told], np.int64),
            np.array([fix.lat for fix in told], np.float64),
            np.array([fix.lon for fix in told], np.float64),
            np.array([np.nan if fix.accuracy_m is None else fix.accuracy_m for fix in told], np.float64),
            np.array([NOT_SAID if fix.battery_pct is None else fix.battery_pct for fix in told], np.int64),
        )

    @classmethod
    def joined(cls, parts: Sequence[Fixes]) -> Fixes:
        """Those of all parts, one part after the other."""
        return cls(*(np.concatenate(columns) for columns in zip(*(part.columns for part in parts), strict=True)))

    @property
    def columns(self) -> tuple[Ints, Floats, Floats, Floats, Ints]:
        return self.time_us, self.lat, self.lon, self.accuracy_m, self.battery_pct

    def where(self, wanted: Flags | Ints | slice) -> Fixes:
        """Some of them."""
        return Fixes(
            self.time_us[wanted], self.lat[wanted], self.lon[wanted], self.accuracy_m[wanted], self.battery_pct[wanted]
        )

    def between(self, first: datetime, last: datetime) -> Fixes:
        """Those of a time, both ends included."""
        since, until = micros(first), micros(last)
        if not len(self) or (since <= self.time_us.min() and self.time_us.max() <= until):
            return self
        return self.where((since <= self.time_us) & (self.time_us <= until))

    def longest_silence_s(self, start: datetime, end: datetime) -> float:
        """The longest time within [start, end] without any of them."""
        since, until = micros(start), micros(end)
        within = self.time_us[(since < self.time_us) & (self.time_us < until)]
        return float(np.diff(np.sort(within), prepend=since, append=until).max()) / SECOND_US

    def last_battery_pct(self, until: datetime) -> int | None:
        """The charge that was heard last, up to a moment; None where nobody said."""
        said = self.where((self.battery_pct != NOT_SAID) & (self.time_us <= micros(until)))
        return int(said.battery_pct[said.time_us.argmax()]) if len(said) else None

    def digest(self) -> str:
        """A SHA-256 of them all; the order in which they came is not part of it."""
        rows = np.empty(len(self), WRITTEN)
        for name, column in zip(WRITTEN.names or (), self.columns, strict=True):
            rows[name] = column
        rows["accuracy_m"][np.isnan(self.accuracy_m)] = np.nan  # which has many ways to be written
        if np.any(self.time_us[1:] <= self.time_us[:-1]):
            rows = rows[np.lexsort(self.columns[::-1])]
        return hashlib.sha256(rows.tobytes()).hexdigest()

    @overload
    def __getitem__(self, at: int) -> Fix: ...
    @overload
    def __getitem__(self, at: slice) -> Fixes: ...
    def __getitem__(self, at: int | slice) -> Fix | Fixes:
        return self.where(at) if isinstance(at, slice) else next(iter(self.where(np.array([at]))))

    def __iter__(self) -> Iterator[Fix]:
        for time_us, lat, lon, accuracy_m, battery_pct in zip(*(c.tolist() for c in self.columns), strict=True):
            yield Fix(
                moment(time_us), lat, lon, None if accuracy_m != accuracy_m else accuracy_m,
                battery_pct=None if battery_pct == NOT_SAID else battery_pct,
            )  # fmt: skip

    def __len__(self) -> int:
        return len(self.time_us)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fixes) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self.time_us.tobytes())


NO_FIXES = Fixes.of(())
