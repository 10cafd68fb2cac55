"""Units to choose from, by their names: of thousands nobody finds one in a list to scroll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Row, select

from tracker.storage import administered
from tracker.storage.models import Unit
from tracker.storage.register import same_name
from tracker.storage.rights import NOBODY
from tracker.storage.unit_pages import standing_units
from tracker.web.access import viewer
from tracker.web.city import db
from tracker.web.register_forms import unit_asked


def standing() -> Sequence[Row[int, str]]:
    """The units in which the viewer may place something."""
    return standing_units(db.session(), viewer())


def unit_of(sent: Mapping[str, str]) -> int | None:
    """The unit to which a list is narrowed, ended ones too; NOBODY where the viewer administers none of this name."""
    name = unit_asked(sent)
    if not name:
        return None
    named = select(Unit.id).where(same_name(Unit.name, name), administered.units(viewer()))
    return db.session.scalar(named) or NOBODY
