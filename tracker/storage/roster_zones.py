"""Where rosters name a zone: all of them follow when it gets another shape, and while they do it cannot be removed."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.storage.models import ExtraDuty, Post, RosterDay, RosterEntry, Shift


def replace_zone(session: Session, old: int, fresh: int) -> None:
    """Put a zone in the place of another."""
    for table in (Shift, RosterEntry, RosterDay, ExtraDuty):
        column: Any = table.zone_ids
        anew = update(table).where(column.contains([old]))
        session.execute(anew.values(zone_ids=func.array_replace(column, old, fresh)))
    session.execute(update(Post).where(Post.zone_id == old).values(zone_id=fresh))


def in_rosters(zone_id: int, today: date) -> ColumnElement[bool]:
    """Whether somebody is to work in a zone today or later, by rotation, shift, single day, overtime or post."""
    ahead = Range(today, None)
    return or_(
        exists().where(Shift.zone_ids.contains([zone_id]), Shift.retired_at.is_(None)),
        exists().where(RosterEntry.zone_ids.contains([zone_id]), RosterEntry.period.overlaps(ahead)),
        exists().where(RosterDay.zone_ids.contains([zone_id]), RosterDay.day >= today),
        exists().where(ExtraDuty.zone_ids.contains([zone_id]), ExtraDuty.day >= today),
        exists().where(Post.zone_id == zone_id, Post.period.overlaps(ahead)),
    )
