"""What a mail tells of a period: its figures beside those of the period before, within the reader's rights of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.domain.coverage import coverage
from tracker.domain.periods import Period
from tracker.storage.figures import Figures, figures_by_unit, person_figures, unit_figures
from tracker.storage.models import Unit
from tracker.storage.rights import Viewer

MOST_UNITS = 10  # of the table; the pages have them all


@dataclass(frozen=True, slots=True)
class UnitRow:
    """The own people of a unit, without those below it."""

    name: str
    figures: Figures

    @property
    def coverage(self) -> int | None:
        return coverage(self.figures.observed_s, self.figures.watched_s)


@dataclass(frozen=True, slots=True)
class Told:
    """Figures of a period and of the one before; `units` are those with the most to look at, of `units_in_all`."""

    figures: Figures
    before: Figures
    units: Sequence[UnitRow]
    units_in_all: int

    @property
    def coverage(self) -> int | None:
        return coverage(self.figures.observed_s, self.figures.watched_s)

    @property
    def coverage_before(self) -> int | None:
        return coverage(self.before.observed_s, self.before.watched_s)

    @property
    def not_judged(self) -> int:
        return self.figures.duties - self.figures.judged

    @property
    def causes(self) -> Mapping[str, int]:
        """The most frequent first."""
        return dict(sorted(self.figures.causes.items(), key=lambda cause: (-cause[1], cause[0])))


def about_person(session: Session, person_id: int, period: Period, now: datetime) -> Told:
    figures, before = (
        person_figures(session, person_id, one.first, one.last, now) for one in (period, period.before)
    )
    return Told(figures, before, (), 0)


def about_unit(session: Session, viewer: Viewer, unit_id: int, period: Period) -> Told:
    """Of a unit and all below it."""
    figures, before = (
        unit_figures(session, viewer, one.first, one.last, unit_id) for one in (period, period.before)
    )
    by_unit = figures_by_unit(session, viewer, period.first, period.last, unit_id)
    shown = sorted(by_unit, key=lambda one: _most_to_see_first(by_unit[one]))[:MOST_UNITS]
    names = {row.id: row.name for row in session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(shown)))}
    return Told(figures, before, [UnitRow(names[one], by_unit[one]) for one in shown], len(by_unit))


def _most_to_see_first(figures: Figures) -> tuple[int, int, int]:
    return -figures.no_show, -figures.unverified, -figures.duties
