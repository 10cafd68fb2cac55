"""The edges of a polygon's part as arrays: for many points at once, whether they are within and how far from it.

Says what `edges.Edges` says of each point. Points are taken from south to north, so many at a time, and each lot looks
only at the edges of its own height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

import numpy as np

from tracker.domain.fixes import Flags, Floats, Ints

POINTS_AT_A_TIME = 256


class EdgeColumns:
    """Closed rings; x and y of an edge's ends as columns. `kx` and `ky` are metres per unit, `kx` at each point."""

    def __init__(self, rings: Sequence[Sequence[tuple[float, float]]]) -> None:
        ends = [(*one, *other) for ring in rings for one, other in zip(ring, ring[1:], strict=False)]
        self._ends = np.array(ends, np.float64).T
        x1, y1, x2, y2 = self._ends
        self._south, self._north = np.minimum(y1, y2), np.maximum(y1, y2)
        self._west, self._east = np.minimum(x1, x2), np.maximum(x1, x2)

    def near_box(self, x: Floats, y: Floats, kx: Floats, ky: float, reach: Floats) -> Flags:
        """Which points are within `reach` metres of the box around all edges."""
        dx = np.maximum(np.maximum(self._west.min() - x, x - self._east.max()), 0.0) * kx
        dy = np.maximum(np.maximum(self._south.min() - y, y - self._north.max()), 0.0) * ky
        near: Flags = dx * dx + dy * dy <= reach * reach
        return near

    def distances(self, x: Floats, y: Floats, kx: Floats, ky: float, reach: Floats) -> Floats:
        """Metres from each point to the nearest edge: -inf within the rings, inf beyond `reach` of the point."""
        found = np.full(len(x), inf)
        for at in _lots(y):
            within = self._within(x[at], y[at])
            found[at[within]] = -inf
            out = at[~within]
            if len(out):
                found[out] = self._nearest(x[out], y[out], kx[out], ky, reach[out])
        return np.where(found <= reach, found, inf)

    def _within(self, x: Floats, y: Floats) -> Flags:
        """Whether a ray from the point to the east crosses an odd number of edges."""
        x1, y1, x2, y2 = self._ends[:, (self._south <= y.max()) & (self._north > y.min())]
        px, py = x[:, None], y[:, None]
        left = (x2 - x1) * (py - y1) - (y2 - y1) * (px - x1)  # above 0: the point is left of the edge
        crossed = ((y1 > py) != (y2 > py)) & np.where(y2 > y1, left > 0, left < 0)
        odd: Flags = np.count_nonzero(crossed, axis=1) % 2 == 1
        return odd

    def _nearest(self, x: Floats, y: Floats, kx: Floats, ky: float, reach: Floats) -> Floats:
        """To the nearer end of an edge, or to the foot of the perpendicular; of the edges that may be in reach."""
        far_y, far_x = reach.max() / ky, (reach / kx).max()
        near = (self._south <= y.max() + far_y) & (self._north >= y.min() - far_y)
        near &= (self._west <= x.max() + far_x) & (self._east >= x.min() - far_x)
        if not near.any():
            return np.full(len(x), inf)
        x1, y1, x2, y2 = self._ends[:, near]
        scale = kx[:, None]
        px, py = (x[:, None] - x1) * scale, (y[:, None] - y1) * ky
        dx, dy = (x2 - x1) * scale, (y2 - y1) * ky
        length_sq = dx * dx + dy * dy
        along = np.clip((px * dx + py * dy) / np.where(length_sq > 0, length_sq, 1.0), 0.0, 1.0)
        px, py = px - along * dx, py - along * dy
        nearest: Floats = np.sqrt((px * px + py * py).min(axis=1))
        return nearest


def _lots(y: Floats) -> Iterator[Ints]:
    """The numbers of the points from south to north, so many at a time."""
    order = np.argsort(y)
    for first in range(0, len(order), POINTS_AT_A_TIME):
        yield order[first : first + POINTS_AT_A_TIME]
