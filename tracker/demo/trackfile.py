"""Recorded tracks: GPX 1.x, and CSV with named columns -> fixes. Errors name the line.

CSV columns: `timestamp` or `time`, `latitude` or `lat`, `longitude` or `lon`, and if there are any `bearing` or
`course` (degrees), `speed` (m/s), `vehicle_id`. A time without a zone is UTC.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any
from xml.parsers import expat

from tracker.domain.fix import Fix

COLUMNS = {  # what we call it -> what files call it
    "time": ("timestamp", "time"),
    "lat": ("latitude", "lat"),
    "lon": ("longitude", "lon"),
    "course": ("bearing", "course"),
    "speed": ("speed",),
    "vehicle": ("vehicle_id", "vehicle"),
}
REQUIRED = ("time", "lat", "lon")
NAMESPACE_SEPARATOR = " "


class TrackError(ValueError):
    """A file that is no track, or not the one that was asked for; one sentence says what and where."""


def read_track(path: Path, vehicle: str | None = None) -> list[Fix]:
    """The fixes of a file in the order of their times; of `vehicle`, where the file holds several."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TrackError(f"{path}: {error.strerror}") from error
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        tracks: Mapping[str, list[Fix]] = {"": _GpxReader(path).read(content)}
    else:
        tracks = _read_csv(path, content)
    fixes = _chosen(path, tracks, vehicle)
    if not fixes:
        raise TrackError(f"{path}: there is no position in this file")
    return sorted(fixes, key=lambda fix: fix.fix_time)


def _chosen(path: Path, tracks: Mapping[str, list[Fix]], vehicle: str | None) -> list[Fix]:
    if vehicle is None and len(tracks) <= 1:
        return next(iter(tracks.values()), [])
    if vehicle is not None and vehicle in tracks and vehicle:
        return tracks[vehicle]
    names = ", ".join(sorted(name for name in tracks if name))
    if not names:
        raise TrackError(f"{path}: this file names no vehicles; leave out --vehicle")
    asked = f"there is no vehicle {vehicle!r}" if vehicle is not None else "there are several vehicles"
    raise TrackError(f"{path}: {asked}; name one with --vehicle: {names}")


# ---- CSV -----------------------------------------------------------------------------------------------------------


def _read_csv(path: Path, content: bytes) -> dict[str, list[Fix]]:
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError as error:
        raise TrackError(f"{path}: neither GPX nor CSV in UTF-8") from error
    columns = _columns(path, rows.fieldnames or ())
    tracks: dict[str, list[Fix]] = defaultdict(list)
    try:
        for row in rows:
            values = {name: (row[column] or "").strip() for name, column in columns.items()}
            tracks[values.get("vehicle", "")].append(_fix(f"{path}, line {rows.line_num}", values))
    except csv.Error as error:
        raise TrackError(f"{path}, line {rows.line_num}: {error}") from error
    return tracks


def _columns(path: Path, found: Any) -> dict[str, str]:
    """Our name of each column that is there -> the file's name of it."""
    names = {str(name).strip().lower(): name for name in found}
    columns = {ours: names[theirs] for ours, choices in COLUMNS.items() for theirs in choices[::-1] if theirs in names}
    missing = [" or ".join(COLUMNS[name]) for name in REQUIRED if name not in columns]
    if missing:
        raise TrackError(f"{path}, line 1: no column {', '.join(missing)}; this is neither GPX nor a CSV track")
    return columns


# ---- GPX -----------------------------------------------------------------------------------------------------------


class _GpxReader:
    """Reads `trkpt` elements. A document type is refused: no track needs one, and entities can be made to explode."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parser = expat.ParserCreate(namespace_separator=NAMESPACE_SEPARATOR)
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._fixes: list[Fix] = []
        self._point: dict[str, str] | None = None
        self._said = ""
        self._depth = 0

    def read(self, content: bytes) -> list[Fix]:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            text = expat.errors.messages[error.code]
            raise TrackError(f"{self._path}, line {error.lineno}: not well-formed XML ({text})") from error
        return self._fixes

    @property
    def _where(self) -> str:
        return f"{self._path}, line {self._parser.CurrentLineNumber}"

    def _refuse(self, *_declaration: object) -> None:
        raise TrackError(f"{self._where}: a document type declaration has no place in a track")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        tag = name.rpartition(NAMESPACE_SEPARATOR)[2]
        if self._depth == 1 and tag != "gpx":
            raise TrackError(f"{self._where}: <{tag}> is not GPX")
        if tag == "trkpt":
            self._point = {key: attributes.get(key, "") for key in ("lat", "lon")}
        self._said = ""

    def _end(self, name: str) -> None:
        self._depth -= 1
        tag = name.rpartition(NAMESPACE_SEPARATOR)[2]
        if self._point is None:
            return
        if tag == "trkpt":
            self._fixes.append(_fix(self._where, self._point))
            self._point = None
        elif tag in ("time", "ele", "speed", "course"):
            self._point[tag] = self._said.strip()

    def _text(self, data: str) -> None:
        self._said += data


# ---- both ----------------------------------------------------------------------------------------------------------


def _fix(where: str, values: Mapping[str, str]) -> Fix:
    lat, lon = _number(where, "latitude", values["lat"], 90), _number(where, "longitude", values["lon"], 180)
    speed = _optional(where, "speed", values.get("speed"))
    course = _optional(where, "course", values.get("course"))
    return Fix(
        fix_time=_time(where, values.get("time", "")),
        lat=lat,
        lon=lon,
        altitude_m=_optional(where, "elevation", values.get("ele")),
        speed_mps=speed if speed is not None and speed >= 0 else None,
        course_deg=None if course is None else course % 360.0,
    )


def _number(where: str, what: str, text: str, limit: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or abs(number) > limit:
        raise TrackError(f"{where}: {what} {text!r}: expected a number from {-limit:g} to {limit:g}")
    return number


def _optional(where: str, what: str, text: str | None) -> float | None:
    return _number(where, what, text, 1e6) if text else None


def _time(where: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TrackError(f"{where}: time {text!r}: expected a time such as 2026-01-26T15:57:02Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
