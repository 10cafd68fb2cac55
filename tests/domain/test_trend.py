"""Plots of a trend: what they draw is what was counted."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.trend import HEIGHT, PARTS, WIDTH, Point, plot

POINTS = st.lists(
    st.builds(
        Point,
        name=st.none(),
        parts=st.dictionaries(st.sampled_from(PARTS), st.integers(0, 100_000)),
        observed=st.none() | st.floats(0, 1),
    ),
    max_size=40,
)


@given(POINTS)
def test_a_bar_fills_its_height_with_the_shares_of_its_parts(points: list[Point]) -> None:
    slot = WIDTH / max(1, len(points))
    blocks = list(plot(points).blocks)
    for number, point in enumerate(points):
        total = sum(point.parts.values())
        bar = [block for block in blocks if number * slot <= block.x < (number + 1) * slot]
        assert [block.part for block in bar] == [part for part in PARTS if point.parts.get(part)]
        for block in bar:
            assert block.height == pytest.approx(HEIGHT * point.parts[block.part] / total)
            assert block.x + block.width <= (number + 1) * slot + 1e-9
        upwards = [HEIGHT, *(block.y for block in bar)]
        assert [below - above for below, above in pairwise(upwards)] == pytest.approx([block.height for block in bar])
        assert not bar or bar[-1].y == pytest.approx(0)


@given(POINTS)
def test_the_coverage_is_drawn_wherever_it_is_known_and_nowhere_else(points: list[Point]) -> None:
    slot = WIDTH / max(1, len(points))
    runs = plot(points).coverage
    drawn = {round(step.x / slot): step.y for run in runs for step in run}
    assert drawn == {
        number: pytest.approx(HEIGHT * (1 - point.observed))
        for number, point in enumerate(points)
        if point.observed is not None
    }
    assert all(one.x + one.width == pytest.approx(other.x) for run in runs for one, other in pairwise(run))


def test_nothing_is_an_empty_plot() -> None:
    assert not plot([]).blocks and not plot([]).coverage
