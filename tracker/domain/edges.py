"""The edges of rings, found by where they are: boxes within boxes, so that a question looks at a few of thousands.

Every answer is the one that looking at all edges would give. Works on whole numbers as on degrees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import TypeAlias

Edge: TypeAlias = tuple[float, float, float, float]  # x and y of one end, x and y of the other
Point: TypeAlias = tuple[float, float]

IN_ONE_BOX = 8  # edges; measured on 500: 4 and 16 are slower


class Edges:
    """Neighbouring edges, the first being number `first` of all, with the box around them; many are in two halves."""

    __slots__ = ("east", "edges", "first", "halves", "north", "south", "west")

    def __init__(self, edges: Sequence[Edge], first: int = 0) -> None:
        self.first = first
        middle = len(edges) // 2
        large = len(edges) > IN_ONE_BOX
        self.edges = () if large else tuple(edges)
        self.halves = (Edges(edges[:middle], first), Edges(edges[middle:], first + middle)) if large else ()
        self.west = min(min(x1, x2) for x1, _, x2, _ in edges)
        self.east = max(max(x1, x2) for x1, _, x2, _ in edges)
        self.south = min(min(y1, y2) for _, y1, _, y2 in edges)
        self.north = max(max(y1, y2) for _, y1, _, y2 in edges)

    def box_sq(self, x: float, y: float, kx: float, ky: float) -> float:
        """The squared distance of a point to the box, 0 within; `kx` and `ky` are metres per unit."""
        dx = self.west - x if x < self.west else x - self.east if x > self.east else 0.0
        dy = self.south - y if y < self.south else y - self.north if y > self.north else 0.0
        return (dx * kx) ** 2 + (dy * ky) ** 2

    def nearest_sq(self, x: float, y: float, kx: float, ky: float, best_sq: float = inf) -> float:
        """The squared distance of a point to the nearest edge, or `best_sq` where none is nearer."""
        for edge in self.edges:
            best_sq = min(best_sq, _edge_sq(edge, x, y, kx, ky))
        if self.halves:
            near, far = self.halves
            near_sq, far_sq = near.box_sq(x, y, kx, ky), far.box_sq(x, y, kx, ky)
            if far_sq < near_sq:
                near, far, near_sq, far_sq = far, near, far_sq, near_sq
            if near_sq < best_sq:
                best_sq = near.nearest_sq(x, y, kx, ky, best_sq)
            if far_sq < best_sq:
                best_sq = far.nearest_sq(x, y, kx, ky, best_sq)
        return best_sq

    def crossings(self, x: float, y: float) -> int:
        """How many edges a ray from a point to the east crosses: an odd number says inside."""
        if not self.south <= y < self.north or x >= self.east:
            return 0
        count = sum(half.crossings(x, y) for half in self.halves)
        for x1, y1, x2, y2 in self.edges:
            if (y1 > y) != (y2 > y):
                left = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)  # above 0: the point is left of the edge
                count += left > 0 if y2 > y1 else left < 0
        return count

    def within(self, west: float, south: float, east: float, north: float) -> Iterator[tuple[int, Edge]]:
        """The edges, with their numbers, whose own box meets another."""
        if west > self.east or east < self.west or south > self.north or north < self.south:
            return
        for half in self.halves:
            yield from half.within(west, south, east, north)
        for number, edge in enumerate(self.edges, self.first):
            x1, y1, x2, y2 = edge
            if max(x1, x2) >= west and min(x1, x2) <= east and max(y1, y2) >= south and min(y1, y2) <= north:
                yield number, edge


def edges_of(rings: Sequence[Sequence[Point]]) -> Edges:
    """The edges of closed rings, numbered in their order."""
    return Edges([(*one, *other) for ring in rings for one, other in zip(ring, ring[1:], strict=False)])


def _edge_sq(edge: Edge, x: float, y: float, kx: float, ky: float) -> float:
    """The squared distance of a point to an edge: to its nearer end, or to the foot of the perpendicular."""
    x1, y1, x2, y2 = edge
    px, py = (x - x1) * kx, (y - y1) * ky
    dx, dy = (x2 - x1) * kx, (y2 - y1) * ky
    length_sq = dx * dx + dy * dy
    along = (px * dx + py * dy) / length_sq if length_sq else 0.0
    along = 0.0 if along < 0.0 else 1.0 if along > 1.0 else along
    px -= along * dx
    py -= along * dy
    return px * px + py * py
