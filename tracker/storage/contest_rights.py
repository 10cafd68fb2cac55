"""Who decides a contest: at the first level whoever decides about the person, at the second somebody above them.

Nobody decides their own, nor on what they decided at the first level, nor in the place of who did. Where nobody has a
role over more than the person's own unit, another who decides about them takes the second level; where there is nobody
at all, `nobody_decides` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Subquery,
    and_,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from tracker.storage.models import Account, Contest, DutyWindow, Membership, RoleGrant, UnitPlace
from tracker.storage.rights import NOBODY, Right, Viewer, covers, ever_covered

First = aliased(Contest, name="first_contest")
FirstDecider = aliased(Account, name="first_decider")


def about_others(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the query's `DutyWindow` is of somebody about whom this viewer decides; nobody does about themselves."""
    person = DutyWindow.person_id
    return and_(
        person.in_(ever_covered(viewer, Right.DECIDE)), person != (viewer.person_id or NOBODY),
        covers(viewer, Right.DECIDE, person, DutyWindow.work_date),
    )  # fmt: skip


def decides(viewer: Viewer) -> ColumnElement[bool]:
    """Whether this viewer may decide the query's `Contest`, where it is open and `about_others`.

    The query joins `First` and `FirstDecider`, which the first level has none of.
    """
    return or_(Contest.level == 1, and_(FirstDecider.id != viewer.account_id, _second_level(viewer)))


def _second_level(viewer: Viewer) -> ColumnElement[bool]:
    above = _able(viewer.today, above=True)
    somebody_above = exists().where(above.c.contest_id == Contest.id)
    person, on = DutyWindow.person_id, DutyWindow.work_date
    ways = [
        and_(
            other_than,
            or_(covers(some, Right.DECIDE, person, on, from_above=True),
                and_(not_(somebody_above), covers(some, Right.DECIDE, person, on))),
        )
        for some, other_than in _in_whose_place(viewer)
    ]  # fmt: skip
    return or_(*ways) if ways else false()


def _in_whose_place(viewer: Viewer) -> Iterator[tuple[Viewer, ColumnElement[bool]]]:
    """The viewer with the grants of each whom they stand in for, and that none of these decided first."""
    def whose(grant: Any) -> tuple[str, tuple[int, ...]]:
        return grant.instead_of or "", grant.but_people

    for (username, people), grants in groupby(sorted(viewer.grants, key=whose), key=whose):
        among = FirstDecider.person_id.in_([person for person in people if person != NOBODY])
        stood_in = FirstDecider.username != username, not_(func.coalesce(among, False))
        yield replace(viewer, grants=tuple(grants)), and_(*stood_in) if username else true()


def nobody_decides(today: date) -> Select[int]:
    """The ids of the open contests that no account may decide, by whatever role of today."""
    able = _able(today)
    open_ones = select(Contest.id).where(Contest.decided_at.is_(None))
    return open_ones.where(~exists().where(able.c.contest_id == Contest.id))


def _able(today: date, *, above: bool = False) -> Subquery:
    """The open contests with the accounts that could decide them by a role of their own: `contest_id`, `account_id`.

    `above`: only by roles over more than the person's own unit. Deputies add nobody: they stand in for one of these.
    """
    upward = _upward()
    first = aliased(Contest)
    query = (
        select(upward.c.contest_id, Account.id.label("account_id"))
        .join(RoleGrant, or_(RoleGrant.unit_id == upward.c.unit_id, RoleGrant.unit_id.is_(None)))
        .join(Account, Account.id == RoleGrant.account_id)
        .outerjoin(first, first.id == upward.c.appeal_of)
        .where(
            RoleGrant.role.in_(Right.DECIDE.value), RoleGrant.period.contains(today), Account.closed_at.is_(None),
            Account.person_id.is_distinct_from(upward.c.person_id), Account.id.is_distinct_from(first.decided_by),
        )
    )  # fmt: skip
    if above:
        query = query.where(or_(upward.c.above, RoleGrant.unit_id.is_(None)))
    return query.subquery()


def _upward() -> CTE:
    """The open contests with the unit of their person on that day, and all that stood above it then."""
    begin = (
        select(
            Contest.id.label("contest_id"), Contest.appeal_of, DutyWindow.person_id, DutyWindow.work_date,
            Membership.unit_id, literal(False).label("above"),
        )
        .join(DutyWindow, DutyWindow.id == Contest.window_id)
        .join(Membership, and_(Membership.person_id == DutyWindow.person_id,
                               Membership.period.contains(DutyWindow.work_date)))
        .where(Contest.decided_at.is_(None))
        .cte("upward", recursive=True)
    )  # fmt: skip
    columns = (begin.c.contest_id, begin.c.appeal_of, begin.c.person_id, begin.c.work_date)
    parents = (
        select(*columns, UnitPlace.parent_id, literal(True))
        .join(UnitPlace, and_(UnitPlace.unit_id == begin.c.unit_id, UnitPlace.period.contains(begin.c.work_date)))
        .where(UnitPlace.parent_id.is_not(None))
    )
    return begin.union(parents)
