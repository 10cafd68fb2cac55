"""The figures of a unit's parts: of each unit directly below it, with all below that, as the tree stood each day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from tracker.storage.figures import Figures, readable_days, summed_by
from tracker.storage.models import Unit, UnitPlace
from tracker.storage.rights import ALWAYS, Right, Viewer, units_covered


@dataclass(frozen=True, slots=True)
class Part:
    """A unit with all below it; without an id the rest: the people of the chosen unit itself."""

    unit_id: int | None
    name: str
    figures: Figures


def share(part: float, whole: float) -> float:
    """0 of nothing."""
    return part / whole if whole else 0.0


# what comes first in a list of parts
SORTS: Mapping[str, Callable[[Figures], float]] = {
    "no_show": lambda one: -share(one.no_show, one.judged),
    "unverified": lambda one: -share(one.unverified, one.judged),
    "late": lambda one: -share(one.late, one.judged),
    "idle": lambda one: -share(one.idle_s + one.away_s, one.observed_s),
    "coverage": lambda one: share(one.observed_s, one.watched_s) if one.watched_s else 1.0,
}


def _as_named(_: Figures) -> float:
    return 0.0


def only_unit(viewer: Viewer) -> int | None:
    """The one unit with all below it that somebody may read about; None where there are several, or the city."""
    granted = _granted(viewer)
    return next(iter(granted)) if len(granted) == 1 else None


def unit_above(session: Session, viewer: Viewer, unit_id: int, on: date) -> Unit | None:
    """The unit that another stands directly below on a day, where somebody may read about it."""
    covered = units_covered(viewer, Right.READ, on, on)
    here = UnitPlace.unit_id == unit_id, UnitPlace.period.contains(on), UnitPlace.parent_id.in_(covered)
    return session.scalar(select(Unit).join(UnitPlace, UnitPlace.parent_id == Unit.id).where(*here))


def parts_of(
    session: Session, viewer: Viewer, first: date, last: date, unit_id: int | None, sort: str = "name"
) -> list[Part]:
    """The parts with duties of a unit, or of all that may be read about; they sum to the whole. The rest comes last."""
    days, tree = readable_days(viewer, first, last, unit_id), _tree(viewer, unit_id)
    its_day = and_(tree.c.unit_id == days.c.unit_id, tree.c.period.contains(days.c.work_date))
    query = select(days, tree.c.top).outerjoin(tree, its_day)
    if unit_id is None and len(_granted(viewer)) > 1:  # one may stand below another: the upper one has its duties
        key = days.c.work_date, days.c.unit_id
        query = query.ext(distinct_on(*key)).order_by(*key, tree.c.depth.desc())
    parted = query.cte("parted")
    found = summed_by(session, parted, parted.c.top)
    names = {unit.id: unit.name for unit in session.scalars(select(Unit).where(Unit.id.in_(list(found))))}
    parts = [Part(top, names.get(top, ""), figures) for top, figures in found.items()]
    order = SORTS.get(sort, _as_named)
    return sorted(parts, key=lambda part: (part.unit_id is None, order(part.figures), part.name.lower()))


def _granted(viewer: Viewer) -> frozenset[int]:
    """The units of the rights to read; none for who reads about the whole city."""
    units = frozenset(grant.unit_id for grant in viewer.grants if grant.role in Right.READ.value)
    return frozenset() if None in units else frozenset(unit for unit in units if unit is not None)


def _tree(viewer: Viewer, unit_id: int | None) -> CTE:
    """Each unit at or below the tops of a list, for the days on which it was: top, unit_id, period, depth."""
    granted = _granted(viewer) if unit_id is None else ()
    tops = _tops(Unit.id, ALWAYS).where(Unit.id.in_(granted))
    children = _tops(UnitPlace.unit_id, UnitPlace.period).where(UnitPlace.parent_id == unit_id)
    tree = (tops if granted else children).cte("parts", recursive=True)
    place = aliased(UnitPlace)
    below = (
        select(tree.c.top, place.unit_id, place.period * tree.c.period, tree.c.depth + 1)
        .join(tree, place.parent_id == tree.c.unit_id)
        .where(place.period.overlaps(tree.c.period))
    )
    return tree.union(below)


def _tops(unit: Any, period: ColumnElement[Any] | Any) -> Select[Any]:
    return select(unit.label("top"), unit.label("unit_id"), period.label("period"), literal(0).label("depth"))
