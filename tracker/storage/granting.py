"""Roles and deputies: who is given a right, over what, from when until when. All work in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.storage.models import Account, Deputy, Membership, RoleGrant, UnitPlace
from tracker.storage.register import Impossible
from tracker.storage.rights import LONGEST_CHAIN, Right, units_below

DEPUTY_LOCK = 0x77616B69  # "waki"
DAY = timedelta(days=1)
LONGEST_TIME = timedelta(days=100)  # a deputy for longer is another supervisor


class Why(StrEnum):
    """Why somebody cannot be a deputy."""

    DAYS = "the days have passed, are not in order, or are over 100"
    CLOSED = "the deputy's account is closed"
    NOTHING = "the account decides about nobody: there is nothing to stand in for"
    TAKEN = "there is a deputy for some of these days already: end that first"
    CIRCLE = "that would make somebody their own deputy in the end"
    TOO_LONG = "deputies of deputies end after 3: choose somebody who is there"


class NoDeputy(Impossible):
    """Somebody cannot be a deputy."""

    def __init__(self, why: Why) -> None:
        super().__init__(why, why)
        self.why: Why = why


def grant_role(
    session: Session, account_id: int, role: str, unit_id: int | None, since: date | None, until: date | None = None
) -> RoleGrant:
    """Give an account a role over a unit and all below it, or over the city, from a day on and up to `until`."""
    grant = RoleGrant(account_id=account_id, role=role, unit_id=unit_id, period=Range(since, until and until + DAY))
    session.add(grant)
    session.flush()
    return grant


def end_now(session: Session, row: RoleGrant | Deputy, today: date) -> None:
    """Take a role or a deputy's place away, at once: it does not hold today any more. What ended before stays."""
    if row.period.upper is not None and row.period.upper <= today:
        raise Impossible("it has ended already")
    if row.period.lower is not None and row.period.lower >= today:
        session.delete(row)
    else:
        row.period = Range(row.period.lower, today)
    session.flush()


def grants_held(session: Session, account_id: int, today: date) -> Sequence[RoleGrant]:
    """The roles of an account, of today and of days to come."""
    holds = or_(func.upper_inf(RoleGrant.period), func.upper(RoleGrant.period) > today)
    query = select(RoleGrant).where(RoleGrant.account_id == account_id, holds)
    return session.scalars(query.order_by(RoleGrant.id)).all()


def deputies_of(session: Session, account_id: int, today: date) -> Sequence[Deputy]:
    """Who decides in an account's place, today and on days to come."""
    query = select(Deputy).where(Deputy.principal_id == account_id, func.upper(Deputy.period) > today)
    return session.scalars(query.order_by(Deputy.id)).all()


def principals_of(session: Session, account_id: int, today: date) -> Sequence[Deputy]:
    """In whose place an account decides, today and on days to come."""
    query = select(Deputy).where(Deputy.deputy_id == account_id, func.upper(Deputy.period) > today)
    return session.scalars(query.order_by(Deputy.id)).all()


def may_stand_in(session: Session, principal: Account, deputy: Account, today: date) -> bool:
    """Whether a supervisor may name this account themselves: a colleague of the units around their own.

    That is of the unit right above one they decide over, and of all below it; others are named by an administrator.
    """
    over = [grant.unit_id for grant in grants_held(session, principal.id, today) if grant.role in Right.DECIDE.value]
    place = select(func.coalesce(UnitPlace.parent_id, UnitPlace.unit_id))
    above = session.scalars(place.where(UnitPlace.unit_id.in_(over), UnitPlace.period.contains(today))).all()
    theirs = select(Membership.id).where(Membership.person_id == deputy.person_id, Membership.period.contains(today))
    units = [Membership.unit_id.in_(units_below(unit_id, today, today)) for unit_id in above]
    return bool(units) and session.scalar(theirs.where(or_(*units)).limit(1)) is not None


def name_deputy(session: Session, principal: Account, deputy: Account, first: date, last: date, today: date) -> Deputy:
    """Somebody decides in a supervisor's place from `first` to `last`.

    All who stand in for somebody on any of these days count as one chain, even if no single day has all of it.
    Raises `NoDeputy` where there is nothing to stand in for, or where deputies of deputies would come back to the
    supervisor or go on over more than `LONGEST_CHAIN` people.
    """
    if not today <= first <= last <= first + LONGEST_TIME:
        raise NoDeputy(Why.DAYS)
    if deputy.closed_at is not None:
        raise NoDeputy(Why.CLOSED)
    period = Range(first, last + DAY)
    deciding = [grant for grant in grants_held(session, principal.id, today) if grant.role in Right.DECIDE.value]
    if not any(grant.period.overlaps(period) for grant in deciding):
        raise NoDeputy(Why.NOTHING)
    session.execute(select(func.pg_advisory_xact_lock(DEPUTY_LOCK)))  # two could each be right and together a circle
    standing = select(Deputy.principal_id, Deputy.deputy_id).where(Deputy.period.overlaps(period))
    pairs = [(one, other) for one, other in session.execute(standing)]
    if principal.id in (one for one, _ in pairs):
        raise NoDeputy(Why.TAKEN)
    after, before = _steps(deputy.id, pairs), _steps(principal.id, [(other, one) for one, other in pairs])
    if principal.id in after:
        raise NoDeputy(Why.CIRCLE)
    if max(before.values()) + 1 + max(after.values()) > LONGEST_CHAIN:
        raise NoDeputy(Why.TOO_LONG)
    named = Deputy(principal_id=principal.id, deputy_id=deputy.id, period=period)
    session.add(named)
    session.flush()
    return named


def _steps(start: int, pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Who is reached from an account along pairs that hold no circle, and after how many steps at most."""
    steps, edge, number = {start: 0}, {start}, 0
    while edge and number <= LONGEST_CHAIN:
        number += 1
        edge = {other for one, other in pairs if one in edge}
        steps |= dict.fromkeys(edge, number)
    return steps
