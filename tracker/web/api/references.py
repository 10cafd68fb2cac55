"""What a body names by its number: found where the viewer administers it, refused with a sentence where not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tracker.storage import administered
from tracker.storage.changes import By
from tracker.storage.models import Person, Unit, Vehicle, Zone
from tracker.web.api.problem_words import UNKNOWN
from tracker.web.api.problems import Fault, Problem

# of each: by which of its columns the register knows it, and who administers it
KNOWN_BY: dict[Any, tuple[Any, Any]] = {
    Unit: (Unit.name, administered.units),
    Person: (Person.nip, administered.people),
    Vehicle: (Vehicle.call_sign, administered.vehicles),
    Zone: (Zone.id, lambda _: Zone.retired_at.is_(None)),
}


def named(by: By, table: Any, row_id: int | None, field: str) -> Any:
    """The name, NIP or call sign of what a field names; None stays None."""
    if row_id is None:
        return None
    column, ours = KNOWN_BY[table]
    found = by.session.scalar(select(column).where(table.id == row_id, ours(by.viewer)))
    if found is None:
        sentence = str(UNKNOWN[table.__tablename__])
        raise Problem(409, sentence, [Fault("body", field, sentence)])
    return found
