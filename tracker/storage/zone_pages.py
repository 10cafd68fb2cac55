"""The city's zones as administrators see them: a list, one with who uses it, and all as a layer of a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from tracker.storage.models import DutyWindow, DutyWindowZone, Vehicle, Zone
from tracker.storage.paging import Page, page_of
from tracker.storage.register import same_name

KINDS = ("circle", "area")
STATES = ("in_use", "unused", "removed")
SORTS = ("name", "newest")


@dataclass(frozen=True, slots=True)
class ZoneFilter:
    """What somebody asked for; empty values do not narrow. Without `state` all zones that are there."""

    search: str = ""
    kind: str = ""
    state: str = ""
    sort: str = "name"


def zone_list(session: Session, wanted: ZoneFilter, now: datetime, number: int) -> Page:
    """One page of zones: id, name, radius_m (None: an area), retired_at, vehicles based there, people on duty there."""
    query = zones_wanted(wanted, now)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (Zone.id.desc(),) if wanted.sort == "newest" else (func.lower(Zone.name), Zone.id.desc())
    return page_of(session, query.order_by(*order), total, number)


def zones_wanted(wanted: ZoneFilter, now: datetime) -> Select[Any]:
    """The zones that were asked for, in no order; a removed one is there once for each shape that it had."""
    vehicles, people = _vehicles(), _people(now)
    there, used = Zone.retired_at.is_(None), (vehicles > 0) | (people > 0)
    columns: Sequence[Any] = (
        Zone.id, Zone.name, Zone.radius_m, Zone.lat_e7, Zone.lon_e7, Zone.retired_at, vehicles.label("vehicles"),
        people.label("people"),
    )  # fmt: skip
    states = {"": there, "in_use": there & used, "unused": there & ~used, "removed": ~there}
    query: Select[Any] = select(*columns).where(states[wanted.state])
    if wanted.kind:
        query = query.where(Zone.radius_m.is_not(None) if wanted.kind == "circle" else Zone.radius_m.is_(None))
    if wanted.search:
        query = query.where(Zone.name.icontains(wanted.search, autoescape=True))
    return query


def zone_use(session: Session, zone_id: int, now: datetime) -> tuple[Sequence[Vehicle], int]:
    """The vehicles that have their base in a zone, and how many people have duties there that have not ended."""
    based = select(Vehicle).where(Vehicle.base_zone_id == zone_id, Vehicle.retired_at.is_(None))
    people = session.scalar(select(_people(now)).where(Zone.id == zone_id)) or 0
    return session.scalars(based.order_by(Vehicle.call_sign)).all(), people


def earlier_shapes(session: Session, zone: Zone) -> Sequence[Zone]:
    """The shapes that zones of this name had before, the newest first."""
    same = select(Zone).where(same_name(Zone.name, zone.name), Zone.id != zone.id)
    return session.scalars(same.where(Zone.retired_at.is_not(None)).order_by(Zone.retired_at.desc())).all()


def zones_there(session: Session) -> Sequence[Zone]:
    """All zones that are not removed."""
    return session.scalars(select(Zone).where(Zone.retired_at.is_(None)).order_by(Zone.id)).all()


def zones_state(session: Session) -> tuple[int, int, str]:
    """What changes whenever a zone comes, goes, or is called otherwise."""
    names = func.coalesce(func.md5(func.string_agg(Zone.name, aggregate_order_by(literal("\n"), Zone.id))), "")
    there = select(func.count(), func.coalesce(func.max(Zone.id), 0), names).where(Zone.retired_at.is_(None))
    count, newest, named = session.execute(there).one()
    return count, newest, named


def _vehicles() -> ScalarSelect[int]:
    based = select(func.count()).where(Vehicle.base_zone_id == Zone.id, Vehicle.retired_at.is_(None))
    return based.correlate(Zone).scalar_subquery()


def _people(now: datetime) -> ScalarSelect[int]:
    """How many people have a duty in a zone that has not ended."""
    duties = select(func.count(DutyWindow.person_id.distinct()))
    duties = duties.join(DutyWindowZone, DutyWindowZone.window_id == DutyWindow.id)
    return duties.where(DutyWindowZone.zone_id == Zone.id, DutyWindow.ends_at > now).correlate(Zone).scalar_subquery()
