"""A map of a track without tiles, as shapes on a plane: zones, the way with its direction, stays, a scale and north.

A page draws the shapes as SVG, a PDF as vectors; x goes right and y down, in points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import cos, floor, hypot, log10, radians
from typing import TypeAlias

Place: TypeAlias = tuple[float, float]  # longitude, latitude
Point: TypeAlias = tuple[float, float]  # x, y

METRES_PER_DEGREE = 111_195.08
PADDING = 26.0  # points around what is shown
HALF_LETTER = 4.0  # points, of the widest type that names are written in
LEAST_SPAN_M = 200.0
ZONE_FACTOR = 6.0  # a zone so many times larger than the track is cut off, else nothing of the track could be seen
ARROW_EVERY = 42.0  # points along the way
ARROW_ROOM = 14.0  # points between heads: who drifts about for hours is no thicket
STAY_RADIUS, ARROW = 8.0, 5.0
SCALE_SHARE = 0.25  # of the width, at most


@dataclass(frozen=True, slots=True)
class ZoneShape:
    """A zone: `radius_m` around a place, or rings."""

    name: str
    at: Place
    radius_m: float | None
    rings: Sequence[Sequence[Place]] = ()


@dataclass(frozen=True, slots=True)
class MapFacts:
    """What is to be drawn: `ways` are parts of the track with the kind of their segment, in order of time.

    `stays` are numbers with kinds and places, `ends` labels of the first and the last place.
    """

    zones: Sequence[ZoneShape]
    ways: Sequence[tuple[str, Sequence[Place]]] = ()
    stays: Sequence[tuple[int, str, Place]] = ()
    ends: Sequence[tuple[str, Place]] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """Something drawn: `form` is area, line, dot, arrow, label, scale or north; `kind` its style, as of a segment."""

    form: str
    kind: str
    points: Sequence[Point]
    radius: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class _Plane:
    """Degrees to points: true to scale at the middle, which is exact enough for a city."""

    lon: float
    lat: float
    per_m: float
    width: float
    height: float

    def point(self, place: Place) -> Point:
        x = (place[0] - self.lon) * METRES_PER_DEGREE * cos(radians(self.lat))
        y = (place[1] - self.lat) * METRES_PER_DEGREE
        return round(self.width / 2 + x * self.per_m, 2), round(self.height / 2 - y * self.per_m, 2)


def map_of(facts: MapFacts, width: float, height: float) -> Drawing | None:
    """The drawing; None where there is nothing to see."""
    box = _shown(facts)
    if box is None:
        return None
    plane = _plane(box, width, height)
    return Drawing(width, height, tuple(_shapes(facts, plane)))


def _shapes(facts: MapFacts, plane: _Plane) -> Iterator[Shape]:
    for zone in facts.zones:
        yield from _zone(zone, plane)
    for kind, places in facts.ways:
        points = [plane.point(place) for place in places]
        if len(points) > 1:
            yield Shape("line", kind, points)
    drawn: list[Point] = []
    for kind, places in facts.ways:
        yield from _arrows(kind, [plane.point(place) for place in places], drawn)
    for number, kind, place in facts.stays:
        yield Shape("dot", kind, [plane.point(place)], STAY_RADIUS, str(number))
    yield from _ends(facts, plane)
    yield from _scale(plane)


def _zone(zone: ZoneShape, plane: _Plane) -> Iterator[Shape]:
    x, y = plane.point(zone.at)
    if zone.radius_m is not None:
        yield Shape("dot", "zone", [(x, y)], zone.radius_m * plane.per_m)
        top = y - zone.radius_m * plane.per_m
    else:
        points = [plane.point(place) for ring in zone.rings for place in ring]
        yield from (Shape("area", "zone", [plane.point(place) for place in ring]) for ring in zone.rings)
        top = min(y for _, y in points)
    half = min(max(60.0, HALF_LETTER * len(zone.name)), plane.width / 2)  # of the name, which stays on the map
    yield Shape("label", "zone", [(min(max(x, half), plane.width - half), max(top - 4, 12))], text=zone.name)


def _arrows(kind: str, points: Sequence[Point], drawn: list[Point]) -> Iterator[Shape]:
    """Heads along the way, at even distances; none on one of those `drawn`, to which they are added."""
    gone, due = 0.0, ARROW_EVERY / 2
    for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
        length = hypot(bx - ax, by - ay)
        if length and gone + length >= due:
            part = (due - gone) / length
            ux, uy = (bx - ax) / length * ARROW, (by - ay) / length * ARROW
            x, y = ax + (bx - ax) * part, ay + (by - ay) * part
            due = gone + length + ARROW_EVERY
            gone += length
            if any(hypot(x - px, y - py) < ARROW_ROOM for px, py in drawn):
                continue
            drawn.append((x, y))
            tips = [(x + ux, y + uy), (x - ux - uy * 0.7, y - uy + ux * 0.7), (x - ux + uy * 0.7, y - uy - ux * 0.7)]
            yield Shape("arrow", kind, [(round(px, 2), round(py, 2)) for px, py in tips])
        else:
            gone += length


def _ends(facts: MapFacts, plane: _Plane) -> Iterator[Shape]:
    """Where the track begins and ends; the labels never on one another."""
    for number, (text, place) in enumerate(facts.ends):
        x, y = plane.point(place)
        yield Shape("dot", "end", [(x, y)], 3.0)
        yield Shape("label", "end", [(min(max(x, 70), plane.width - 70), y + (20 + 12 * number))], text=text)


def _scale(plane: _Plane) -> Iterator[Shape]:
    most_m = plane.width * SCALE_SHARE / plane.per_m
    power = 10 ** floor(log10(most_m))
    length_m = max(power * factor for factor in (1, 2, 5) if power * factor <= most_m)
    y = plane.height - 12
    text = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    yield Shape("scale", "scale", [(12, y), (12 + round(length_m * plane.per_m, 2), y)], text=text)
    yield Shape("north", "scale", [(plane.width - 16, 14), (plane.width - 16, 36)], text="N")


def _plane(box: tuple[float, float, float, float], width: float, height: float) -> _Plane:
    west, south, east, north = box
    lon, lat = (west + east) / 2, (south + north) / 2
    x_m = max((east - west) * METRES_PER_DEGREE * cos(radians(lat)), LEAST_SPAN_M)
    y_m = max((north - south) * METRES_PER_DEGREE, LEAST_SPAN_M)
    per_m = min((width - 2 * PADDING) / x_m, (height - 2 * PADDING) / y_m)
    return _Plane(lon, lat, per_m, width, height)


def _shown(facts: MapFacts) -> tuple[float, float, float, float] | None:
    """The box of the track, and of the zones that are not far larger; of the zones where there is no track."""
    ways = [place for _, places in facts.ways for place in places] + [place for _, _, place in facts.stays]
    track = _box(ways)
    every = [corner for zone in facts.zones for corner in _corners(zone)]
    if track is None:
        return _box(every)
    limit = ZONE_FACTOR * max(_span(track), LEAST_SPAN_M)
    near = [corner for zone in facts.zones for corner in _corners(zone) if _span(_box(_corners(zone))) <= limit]
    return _box([*ways, *near])


def _corners(zone: ZoneShape) -> list[Place]:
    if zone.radius_m is None:
        return [place for ring in zone.rings for place in ring]
    lon, lat = zone.at
    up = zone.radius_m / METRES_PER_DEGREE
    right = up / cos(radians(lat))
    return [(lon - right, lat - up), (lon + right, lat + up)]


def _box(places: Sequence[Place]) -> tuple[float, float, float, float] | None:
    if not places:
        return None
    lons, lats = zip(*places, strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def _span(box: tuple[float, float, float, float] | None) -> float:
    """The diagonal in metres."""
    if box is None:
        return 0.0
    west, south, east, north = box
    return hypot((east - west) * cos(radians(south)), north - south) * METRES_PER_DEGREE


def moved(drawing: Drawing, up_from: float, left: float) -> Drawing:
    """The same with y going up from `up_from`, as paper has it, and so far to the right."""
    shapes = (
        replace(shape, points=[(left + x, up_from - y) for x, y in shape.points]) for shape in drawing.shapes
    )
    return replace(drawing, shapes=tuple(shapes))
