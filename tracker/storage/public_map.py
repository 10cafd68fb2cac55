"""What the citizens' map may know from the database: where the city's vehicles are stationed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.storage.models import Vehicle, Zone


def stations(session: Session) -> Sequence[Zone]:
    """The zones that are the base of a vehicle. Other zones are people's places of work and stay inside."""
    return session.scalars(select(Zone).where(Zone.id.in_(select(Vehicle.base_zone_id))).order_by(Zone.name)).all()
