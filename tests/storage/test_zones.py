"""A zone comes in checked, goes out as the rules know it, and is one shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from tracker.domain.geo import Circle, Polygon
from tracker.domain.outline import BadShape
from tracker.storage import models as m
from tracker.storage.zones import add_circle, add_polygon, shapes

RING = [[106.8, -6.2], [106.81, -6.2], [106.81, -6.19], [106.8, -6.19], [106.8, -6.2]]
HOLE = [[106.804, -6.196], [106.806, -6.196], [106.805, -6.194], [106.804, -6.196]]
ISLAND = [[106.82, -6.2], [106.821, -6.2], [106.82, -6.199], [106.82, -6.2]]


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def test_a_circle_comes_out_as_it_went_in(session: Session) -> None:
    zone = add_circle(session, "Taman", -6.2, 106.8, 150)
    assert shapes(session.connection(), [zone.id]) == {zone.id: Circle(-6.2, 106.8, 150)}


def test_a_polygon_comes_out_with_its_parts_and_holes_and_a_centre_inside(session: Session) -> None:
    zone = add_polygon(session, "Menteng", {"type": "MultiPolygon", "coordinates": [[RING, HOLE], [ISLAND]]})
    stored = session.scalars(select(m.Zone).execution_options(populate_existing=True)).one()
    assert stored.parts is not None and stored.parts[1][0][1] == [1068210000, -62000000]
    shape = shapes(session.connection(), [zone.id])[zone.id]
    assert isinstance(shape, Polygon) and shape.distance_m(*shape.centre) < -200
    assert [[list(map(list, ring)) for ring in part] for part in shape.parts] == [[RING, HOLE], [ISLAND]]


def test_a_height_is_nothing_to_us(session: Session) -> None:
    add_polygon(session, "Menteng", {"type": "Polygon", "coordinates": [[[*point, 12.5] for point in RING]]})
    assert session.scalars(select(m.Zone.parts)).one() == [[[[1068000000, -62000000], [1068100000, -62000000],
                                                            [1068100000, -61900000], [1068000000, -61900000],
                                                            [1068000000, -62000000]]]]  # fmt: skip


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        (None, "expected a GeoJSON Polygon or MultiPolygon, not null"),
        ([RING], "expected a GeoJSON Polygon or MultiPolygon"),
        ({"type": "LineString", "coordinates": RING}, 'not "LineString"'),
        ({"type": ["Polygon"]}, "expected a GeoJSON Polygon"),
        ({"type": "Polygon"}, "the coordinates should be a list, not null"),
        ({"type": "Polygon", "coordinates": []}, "the geometry is empty"),
        ({"type": "MultiPolygon", "coordinates": []}, "the geometry is empty"),
        ({"type": "MultiPolygon", "coordinates": [[RING], []]}, "part 2 is empty"),
        ({"type": "Polygon", "coordinates": RING}, "point 1 of ring 1 of part 1 should be a list, not 106.8"),
        ({"type": "Polygon", "coordinates": [[[106.8], *RING]]}, "point 1 of ring 1 of part 1 is not a longitude and"),
        ({"type": "Polygon", "coordinates": [[*RING, ["106", -6]]]}, "point 6 of ring 1 of part 1 is not a longitude"),
        ({"type": "Polygon", "coordinates": [[*RING, [float("nan"), -6]]]}, "is not a longitude and a latitude"),
        ({"type": "Polygon", "coordinates": [[*RING, [10**400, -6]]]}, "is not a longitude and a latitude"),
        ({"type": "Polygon", "coordinates": [[[701234.5, 9313000.1]] * 4]}, "out of range: 701234.5000000, 9313000.1"),
        ({"type": "Polygon", "coordinates": [RING[:-1]]}, "not closed"),
        ({"type": "Polygon", "coordinates": [RING, ISLAND]}, "hole 1 of part 1 lies outside of its outer ring"),
    ],
)
def test_a_geometry_that_is_none_is_refused_with_a_sentence(session: Session, geometry: Any, said: str) -> None:
    with pytest.raises(BadShape) as refused:
        add_polygon(session, "Menteng", geometry)
    assert said in str(refused.value)


def test_the_shape_of_a_zone_is_never_changed_because_verdicts_name_it(session: Session) -> None:
    zone = add_circle(session, "Taman", -6.2, 106.8, 150)
    zone.name = "Taman Suropati"
    session.commit()
    zone.radius_m = 151
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.commit()


@pytest.mark.parametrize("shape", [{}, {"radius_m": 150, "parts": [[RING]]}])
def test_a_zone_has_one_shape(engine: Engine, shape: dict[str, Any]) -> None:
    with engine.connect() as conn, pytest.raises(IntegrityError, match="ck_zone_one_shape"):
        conn.execute(insert(m.Zone).values(name="Taman", lat_e7=0, lon_e7=0, **shape))
