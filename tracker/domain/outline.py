"""What makes the outline of a zone impossible, and a point inside one. In whole 1e-7 degrees: nothing is rounded.

Parts may touch or overlap: a zone is everything that lies in any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import TypeAlias

from tracker.domain.edges import Edge, Edges, edges_of
from tracker.domain.geo import Polygon

Point: TypeAlias = tuple[int, int]  # longitude and latitude in 1e-7 degrees
Ring: TypeAlias = Sequence[Point]
Part: TypeAlias = Sequence[Ring]  # an outer ring and its holes

E7 = 10_000_000
MOST_POINTS = 10_000
LEAST_POINTS = 4  # of a ring: a triangle, closed
LINES = 31  # looked along for a point inside
FARTHEST_LAT_DEG = 80  # no city lies farther from the equator, and maps end beyond it
FARTHEST_LON, FARTHEST_LAT = 180 * E7, FARTHEST_LAT_DEG * E7


class Flaw(StrEnum):
    """What is wrong with a shape, in one word: pages have their own sentences for each."""

    UNREADABLE = "unreadable"
    EMPTY = "empty"
    TOO_MANY = "too_many"
    OUT_OF_RANGE = "out_of_range"
    TOO_FEW = "too_few"
    NOT_CLOSED = "not_closed"
    CROSSES = "crosses"
    HOLE = "hole"
    TOO_THIN = "too_thin"
    UNCLEAR = "unclear"
    RADIUS = "radius"
    SEVERAL = "several"
    CORNER = "corner"


class BadShape(ValueError):
    """No outline of a zone; the text says what is wrong with it and where, in the order of GeoJSON.

    `at` is where in short, if that is known: latitude first, or a line as it was typed.
    """

    def __init__(self, text: str, flaw: Flaw = Flaw.UNREADABLE, at: str = "") -> None:
        super().__init__(text)
        self.flaw, self.at = flaw, at


def checked(parts: Sequence[Part]) -> Sequence[Part]:
    """The parts, each point said once where it was said twice in a row; raises BadShape where they make no outline."""
    if not parts:
        raise BadShape("the geometry is empty: a zone needs at least one part", Flaw.EMPTY)
    points = sum(len(ring) for part in parts for ring in part)
    if points > MOST_POINTS:
        what = f"the geometry has {points:,} points, more than {MOST_POINTS:,}: simplify it first"
        raise BadShape(what, Flaw.TOO_MANY)
    plain = [[_ring(ring, _name(p, r)) for r, ring in enumerate(part)] for p, part in enumerate(parts, 1)]
    for number, part in enumerate(plain, 1):
        _check_part(part, number)
    return plain


def degrees(parts: Sequence[Part]) -> tuple[tuple[tuple[tuple[float, float], ...], ...], ...]:
    """The parts in degrees."""
    return tuple(tuple(tuple((lon / E7, lat / E7) for lon, lat in ring) for ring in part) for part in parts)


def inner_point(parts: Sequence[Part]) -> Point:
    """A point well inside of the largest of checked parts; raises BadShape where it is too thin to have one."""
    largest = max(parts, key=lambda part: abs(_area(part[0])))
    shape = Polygon(0.0, 0.0, degrees([largest]))
    away_m, point = min((shape.distance_m(lat / E7, lon / E7), (lon, lat)) for lon, lat in _middles(largest))
    if away_m >= 0:
        at = _said(point)
        raise BadShape(f"the geometry is too thin to have an inside near {at}", Flaw.TOO_THIN, _at(point))
    return point


def _name(part: int, ring: int) -> str:
    return f"hole {ring} of part {part}" if ring else f"the outer ring of part {part}"


def _said(point: Sequence[float]) -> str:
    return f"{point[0] / E7:.7f}, {point[1] / E7:.7f}"


def _at(point: Sequence[float]) -> str:
    """For people, who write the latitude first."""
    return f"{point[1] / E7:.5f}, {point[0] / E7:.5f}"


def _ring(ring: Ring, name: str) -> Ring:
    for lon, lat in ring:
        if abs(lon) > FARTHEST_LON or abs(lat) > FARTHEST_LAT:
            at = _said((lon, lat))
            what = f"{name} has a point out of range: {at} (longitude comes before latitude)"
            raise BadShape(what, Flaw.OUT_OF_RANGE, _at((lon, lat)))
    if len(ring) < LEAST_POINTS:
        what = f"{name} has {len(ring)} points: a ring needs at least {LEAST_POINTS}, the last being the first"
        raise BadShape(what, Flaw.TOO_FEW)
    if ring[0] != ring[-1]:
        begin, end = _said(ring[0]), _said(ring[-1])
        raise BadShape(f"{name} is not closed: it begins at {begin} and ends at {end}", Flaw.NOT_CLOSED, _at(ring[0]))
    plain = [ring[0], *(point for before, point in pairwise(ring) if point != before)]
    if len(plain) < LEAST_POINTS:
        at = _said(ring[0])
        what = f"{name} has {len(plain) - 1} different points at {at}: it needs at least 3"
        raise BadShape(what, Flaw.TOO_FEW, _at(ring[0]))
    return plain


@dataclass(frozen=True, slots=True)
class _Edges:
    """All edges of the part `number`, the ring of each, and the numbers of each ring's first and last edge."""

    number: int
    found: Edges
    ring_of: Sequence[int]
    ends_of: Sequence[tuple[int, int]]

    def follow(self, one: int, other: int) -> bool:
        """Whether the edge `other`, the later one, is a neighbour of `one` in their ring."""
        return other == one + 1 or (one, other) == self.ends_of[self.ring_of[one]]


def _edges(part: Part, number: int) -> _Edges:
    counts = [len(ring) - 1 for ring in part]
    ends = list(accumulate(counts))
    ring_of = [ring for ring, count in enumerate(counts) for _ in range(count)]
    return _Edges(number, edges_of(part), ring_of, [(e - c, e - 1) for c, e in zip(counts, ends, strict=True)])


def _check_part(part: Part, number: int) -> None:
    """No two edges of a part meet but where they follow each other or rings touch; each hole is in its outer ring."""
    edges = _edges(part, number)
    of_part = ((*one, *other) for ring in part for one, other in pairwise(ring))
    for at, edge in enumerate(of_part):
        _check_edge(edge, at, edges)
    for ring, points in enumerate(part[1:], 1):
        _check_hole(points, ring, edges)


def _check_edge(edge: Edge, at: int, edges: _Edges) -> None:
    """Against those after it."""
    ring = edges.ring_of[at]
    for other_at, other in edges.found.within(*_box(edge)):
        if other_at <= at:
            continue
        if edges.ring_of[other_at] != ring:
            wrong = _crosses(edge, other) or _overlaps(edge, other)
        else:
            wrong = _overlaps(edge, other) if edges.follow(at, other_at) else _meets(edge, other)
        if wrong:
            what = _crossing(edges.number, ring, edges.ring_of[other_at], edge, other)
            raise BadShape(what, Flaw.CROSSES, _at(edge[:2]))


def _crossing(part: int, ring: int, other_ring: int, edge: Edge, other: Edge) -> str:
    where = f"the edges from {_said(edge[:2])} and from {_said(other[:2])} meet"
    if ring == other_ring:
        return f"{_name(part, ring)} crosses or touches itself: {where}"
    return f"{_name(part, other_ring)} crosses {_name(part, ring)}: {where}"


def _check_hole(points: Ring, ring: int, edges: _Edges) -> None:
    """Each point of a hole lies in the outer ring and in no other hole, or on their edges."""
    own = edges_of([points])
    for x, y in _with_halfway(points):
        others = [other for at, other in edges.found.within(x, y, x, y) if edges.ring_of[at] != ring]
        on_edge = any(_side(other, x, y) == 0 for other in others)
        if not on_edge and (edges.found.crossings(x, y) - own.crossings(x, y)) % 2 == 0:
            name, at = _name(edges.number, ring), _said((x, y))
            raise BadShape(f"{name} lies outside of its outer ring or in another hole, at {at}", Flaw.HOLE, _at((x, y)))


def _with_halfway(points: Ring) -> Iterator[tuple[float, float]]:
    for (x1, y1), (x2, y2) in pairwise(points):
        yield x1, y1
        yield (x1 + x2) / 2, (y1 + y2) / 2


def _side(edge: Edge, x: float, y: float) -> float:
    """Above 0 where a point is left of an edge, 0 in line with it."""
    x1, y1, x2, y2 = edge
    return (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)


def _sides(edge: Edge, other: Edge) -> tuple[float, float, float, float]:
    """Of the ends of `other` seen from `edge`, then the other way round."""
    return _side(edge, *other[:2]), _side(edge, *other[2:]), _side(other, *edge[:2]), _side(other, *edge[2:])


def _crosses(edge: Edge, other: Edge) -> bool:
    """They cross at a point that is an end of neither."""
    a, b, c, d = _sides(edge, other)
    return ((a > 0 > b) or (a < 0 < b)) and ((c > 0 > d) or (c < 0 < d))


def _overlaps(edge: Edge, other: Edge) -> bool:
    """They are in one line and share more than a point."""
    if any(_sides(edge, other)):
        return False
    axis = 0 if edge[0] != edge[2] else 1
    (a, b), (c, d) = sorted(edge[axis::2]), sorted(other[axis::2])
    return max(a, c) < min(b, d)


def _meets(edge: Edge, other: Edge) -> bool:
    """They share at least a point."""
    a, b, c, d = _sides(edge, other)
    ends = ((a, edge, other[:2]), (b, edge, other[2:]), (c, other, edge[:2]), (d, other, edge[2:]))
    return _crosses(edge, other) or any(side == 0 and _in_box(one, *end) for side, one, end in ends)


def _box(edge: Edge) -> tuple[float, float, float, float]:
    """West, south, east and north."""
    x1, y1, x2, y2 = edge
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _in_box(edge: Edge, x: float, y: float) -> bool:
    west, south, east, north = _box(edge)
    return west <= x <= east and south <= y <= north


def _area(ring: Ring) -> int:
    """Twice the area, its sign telling the direction."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))


def _middles(part: Part) -> Iterator[Point]:
    """The middle of the longest stretch inside, on some lines from west to east."""
    lats = [lat for _, lat in part[0]]
    south, north = min(lats), max(lats)
    for line in range(1, LINES + 1):
        lat = south + (north - south) * line // (LINES + 1)
        at = sorted(_crossed(part, lat))
        stretches = [(east - west, west + east) for west, east in zip(at[::2], at[1::2], strict=True)]
        if stretches:
            yield round(max(stretches)[1] / 2), lat


def _crossed(part: Iterable[Ring], lat: int) -> Iterator[float]:
    for ring in part:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > lat) != (y2 > lat):
                yield x1 + (lat - y1) * (x2 - x1) / (y2 - y1)
