"""A zone's shape never changes under what was judged by it: another zone of the same name follows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests import builders as build
from tracker.domain.outline import BadShape
from tracker.storage import models as m
from tracker.storage.audit import OPERATOR, Action
from tracker.storage.changes import By
from tracker.storage.register import Impossible, NotFound, Why
from tracker.storage.rights import Grant, Viewer
from tracker.storage.zone_changes import (
    Area,
    Circle,
    add_zone,
    remove_zone,
    rename_zone,
    reshape_zone,
    zone_named,
)

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
CORNERS = [[106.8, -6.2], [106.81, -6.2], [106.81, -6.19], [106.8, -6.19], [106.8, -6.2]]
SQUARE = {"type": "Polygon", "coordinates": [CORNERS]}


@pytest.fixture
def by(engine: Engine) -> Iterator[By]:
    with Session(engine) as session:
        yield By(session, OPERATOR, None, NOW, NOW.date())


def zones_of(by: By, window_id: int) -> list[int]:
    query = select(m.DutyWindowZone.zone_id).where(m.DutyWindowZone.window_id == window_id)
    return list(by.session.scalars(query))


def test_a_new_shape_is_for_vehicles_and_for_duties_that_have_not_begun(by: By) -> None:
    before = add_zone(by, "Pos", Circle(-6.2, 106.8, 50))
    conn = by.session.connection()
    truck, siti = build.vehicle(conn, base=before.id), build.person(conn)
    began = build.window(conn, siti, NOW - HOUR, NOW + HOUR, zones=[before.id])
    ahead = build.window(conn, siti, NOW + 9 * HOUR, NOW + 17 * HOUR, zones=[before.id])
    after = reshape_zone(by, before, Area(SQUARE))
    assert zone_named(by, "Pos").id == after.id != before.id and before.retired_at == NOW
    assert (zones_of(by, began), zones_of(by, ahead)) == ([before.id], [after.id])
    assert by.session.scalar(select(m.Vehicle.base_zone_id).where(m.Vehicle.id == truck)) == after.id
    written = by.session.scalars(select(m.Audit).where(m.Audit.action == Action.CHANGE_ZONE)).one()
    assert written.people == [siti]


def test_the_same_shape_changes_nothing(by: By) -> None:
    zone = add_zone(by, "Pos", Area(SQUARE))
    assert reshape_zone(by, zone, Area(SQUARE)) is zone and zone.retired_at is None
    rename_zone(by, zone, "Pos")
    assert not by.session.scalars(select(m.Audit).where(m.Audit.action == Action.CHANGE_ZONE)).all()


def test_a_shape_that_is_none_leaves_the_zone_as_it_is(by: By) -> None:
    zone = add_zone(by, "Pos", Circle(-6.2, 106.8, 50))
    with pytest.raises(BadShape):
        reshape_zone(by, zone, Circle(-6.2, 106.8, 5))
    by.session.refresh(zone)
    assert zone.retired_at is None and zone_named(by, "Pos") is zone


def test_what_is_in_use_is_not_removed_and_a_name_is_free_afterwards(by: By) -> None:
    used, free = add_zone(by, "Pos", Circle(-6.2, 106.8, 50)), add_zone(by, "Taman", Circle(-6.2, 106.8, 50))
    build.vehicle(by.session.connection(), base=used.id)
    with pytest.raises(Impossible) as refused:
        remove_zone(by, used)
    assert refused.value.why is Why.ZONE_USED
    remove_zone(by, free)
    with pytest.raises(NotFound):
        zone_named(by, "Taman")
    rename_zone(by, used, "Taman")


def test_zones_are_the_citys(by: By) -> None:
    unit = build.unit(by.session.connection())
    viewer = Viewer(1, "admin", None, (Grant("administrator", unit),), NOW.date())
    theirs = replace(by, viewer=viewer)
    with pytest.raises(NotFound):
        add_zone(theirs, "Pos", Circle(-6.2, 106.8, 50))
