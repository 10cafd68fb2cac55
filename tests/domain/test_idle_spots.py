"""Spots: no idle second is lost or counted twice, and what is far apart stays apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.idle import IdlePlace
from tracker.domain.idle_spots import spots

NOON = datetime(2026, 11, 19, 5, tzinfo=UTC)
PLACES = st.lists(
    st.builds(
        lambda at, hours, seconds: IdlePlace(
            at[0], at[1], NOON + timedelta(hours=hours), NOON + timedelta(hours=hours, seconds=seconds), seconds
        ),
        st.sampled_from([(None, None), (-6.2, 106.8), (-6.2001, 106.8001), (-6.21, 106.8)]),
        st.integers(0, 100),
        st.integers(600, 7200),
    )
)


@given(PLACES)
def test_seconds_and_stays_are_those_of_the_places(places: list[IdlePlace]) -> None:
    found = spots(places)
    assert sum(spot.seconds for spot in found) == sum(place.seconds for place in places)
    assert sorted(start for spot in found for start in spot.starts) == sorted(place.start for place in places)
    assert [spot.seconds for spot in found] == sorted((spot.seconds for spot in found), reverse=True)
    assert len(found) <= 3, "two of the four are one spot"


def test_the_spot_lies_where_the_longest_stay_was() -> None:
    short = IdlePlace(-6.2, 106.8, NOON, NOON + timedelta(minutes=10), 600)
    long = IdlePlace(-6.2001, 106.8001, NOON - timedelta(hours=1), NOON, 3600)
    (spot,) = spots([short, long])
    assert (spot.lat, spot.lon, spot.times, spot.seconds) == (-6.2001, 106.8001, 2, 4200)
    assert spot.starts == (long.start, short.start)
