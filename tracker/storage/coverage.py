"""How much of people's duties their devices let be seen, by the model of the device and by unit.

Sums over many, never a person's day: groups of fewer than `LEAST_PEOPLE` are put together, and not told
where they are fewer even then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from tracker.storage.device_pages import SILENT_AFTER
from tracker.storage.models import (
    Assignment,
    Device,
    DeviceState,
    DutyWindow,
    Membership,
    Unit,
    VerdictRevision,
)
from tracker.storage.rights import Right, Viewer, covers

LEAST_PEOPLE = 5
GROUPS = ("model", "unit")


@dataclass(frozen=True, slots=True)
class Covered:
    """One group of people with devices: how long their duties were, how much of that was observed; seconds."""

    name: str
    people: int
    devices: int
    silent: int
    expected_s: int
    observed_s: int

    @property
    def share(self) -> float:
        return self.observed_s / self.expected_s if self.expected_s else 0.0

    def __add__(self, other: Covered) -> Covered:
        counted = ("people", "devices", "silent", "expected_s", "observed_s")
        return Covered("", *(getattr(self, name) + getattr(other, name) for name in counted))


def coverage(
    session: Session, viewer: Viewer, by: str, first: date, last: date, now: datetime
) -> tuple[Sequence[Covered], Covered | None]:
    """The groups, worst covered first, and what the small ones make together, if there are any.

    Of duties judged from `first` to `last` of people whom the viewer administers, each with the device that its person
    carried when it began.
    """
    rows = session.execute(_query(viewer, by, first, last, now))
    found = [Covered(*row) for row in rows]
    small = [one for one in found if one.people < LEAST_PEOPLE]
    rest = None
    for one in small:
        rest = one if rest is None else rest + one
    large = sorted((one for one in found if one not in small), key=lambda one: (one.share, one.name))
    return large, rest if rest is not None and rest.people >= LEAST_PEOPLE else None


def _query(viewer: Viewer, by: str, first: date, last: date, now: datetime) -> Select[Any]:
    window, verdict, newer = DutyWindow, VerdictRevision, aliased(VerdictRevision)
    newest = ~select(newer.id).where(newer.window_id == verdict.window_id, newer.revision > verdict.revision).exists()
    held = aliased(Assignment)
    theirs = held.person_id == window.person_id, held.period.contains(window.starts_at)
    lowest = select(func.min(held.id)).where(*theirs).correlate(window)
    carried = Assignment.id == lowest.scalar_subquery()  # who carries two counts once
    member = and_(Membership.person_id == window.person_id, Membership.period.contains(window.work_date))
    group = func.coalesce(func.nullif(Device.model, ""), "?") if by == "model" else Unit.name
    silent: ColumnElement[bool] = func.coalesce(DeviceState.last_heard_at < now - SILENT_AFTER, True)
    return (
        select(
            group, func.count(window.person_id.distinct()), func.count(Device.id.distinct()),
            func.count(Device.id.distinct()).filter(silent, Device.revoked_at.is_(None)),
            func.sum(verdict.expected_s - verdict.excused_s), func.sum(verdict.observed_s),
        )
        .select_from(window)
        .join(verdict, verdict.window_id == window.id)
        .join(Assignment, carried)
        .join(Device, Device.id == Assignment.device_id)
        .outerjoin(DeviceState, DeviceState.device_id == Device.id)
        .join(Membership, member)
        .join(Unit, Unit.id == Membership.unit_id)
        .where(window.work_date.between(first, last), newest)
        .where(covers(viewer, Right.ADMINISTER, window.person_id, window.work_date))
        .group_by(group)
    )  # fmt: skip

