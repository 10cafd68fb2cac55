"""Zones to choose from, by their names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import select

from tracker.storage.models import Zone
from tracker.storage.register import NotFound, same_name
from tracker.storage.roster_pages import zone_names
from tracker.web.city import db


def zones_offered() -> Sequence[str]:
    """The names of the zones that are not removed."""
    return db.session.scalars(select(Zone.name).where(Zone.retired_at.is_(None)).order_by(Zone.name)).all()


def zones_named(ids: Collection[int]) -> Callable[[Sequence[int]], str]:
    """What says the names of some of these zones, in one line."""
    names = zone_names(db.session(), sorted(ids))
    return lambda some: ", ".join(names[one] for one in some if one in names)


def zone_ids(names: Sequence[str]) -> list[int]:
    """The numbers of zones by their names; raises NotFound where there is none of a name."""
    return [_zone_id(name.strip()) for name in names if name.strip()]


def _zone_id(name: str) -> int:
    found = db.session.scalar(select(Zone.id).where(same_name(Zone.name, name), Zone.retired_at.is_(None)))
    if found is None:
        raise NotFound(f"there is no zone named {name!r}", "zone")
    return found
