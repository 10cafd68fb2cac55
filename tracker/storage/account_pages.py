"""The accounts as administrators see them, and which of them each may change: `manageable` is asked by every page.

An administrator of a unit reaches nothing outside it, on no way round: neither through a role that somebody of theirs
holds elsewhere, nor through an account that decides in the place of somebody elsewhere. Nobody changes their own
rights.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, joinedload

from tracker.storage.models import (
    Account,
    Deputy,
    Membership,
    Person,
    RoleGrant,
    SecondFactor,
    Unit,
    WebSession,
)
from tracker.storage.paging import Page, page_of
from tracker.storage.rights import LONGEST_CHAIN, Right, Viewer, covers, units_covered

STATES = ("open", "waiting", "no_second_factor", "closed")
SORTS = ("name", "last_seen", "never_seen")


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """What somebody asked for; empty values do not narrow. `role` is one of today."""

    search: str = ""
    role: str = ""
    state: str = ""
    sort: str = "name"


@dataclass(frozen=True, slots=True)
class AccountList:
    """One page of accounts; the roles of today of those on it; the ids of those that the viewer may change."""

    page: Page
    roles: Mapping[int, Sequence[RoleGrant]]
    manageable: Collection[int]


def manageable(session: Session, viewer: Viewer, account: Account, today: date) -> bool:
    """Whether `viewer` may change an account: reset, close, give it roles and take them.

    A system administrator may change every account but their own. An administrator of a unit may where person and
    roles, those of days to come too, lie within their units, and so with everybody in whose place the account decides.
    """
    return account.id in _manageable_among(session, viewer, [account.id], today)


def account_list(
    session: Session, viewer: Viewer, wanted: AccountFilter, today: date, number: int, second_factor: bool
) -> AccountList:
    """One page of the accounts that `viewer` may see; `second_factor`: whether this city wants one."""
    state = account_state(today, second_factor)
    last_seen = func.max(WebSession.last_seen_at)
    seen = select(last_seen).where(WebSession.account_id == Account.id).scalar_subquery().label("last_seen_at")
    conditions = _conditions(wanted, state, today)
    total = session.scalar(_listed([func.count()], viewer, today).where(*conditions)) or 0
    columns = (Account, Person, Unit.name.label("unit"), state.label("state"), seen)
    query = _listed(columns, viewer, today).where(*conditions)
    named = func.lower(func.coalesce(Person.name, Account.username))
    first = {"last_seen": (seen.desc().nulls_last(),), "never_seen": (seen.asc().nulls_first(),)}.get(wanted.sort, ())
    page = page_of(session, query.order_by(*first, named, Account.id), total, number)
    ids = [row.Account.id for row in page.rows]
    return AccountList(page, _roles(session, ids, today), _manageable_among(session, viewer, ids, today))


def account_state(today: date, second_factor: bool) -> ColumnElement[str]:
    """Which of `STATES` a row of Account is in."""
    has_one = exists().where(SecondFactor.account_id == Account.id, SecondFactor.confirmed_at.is_not(None))
    lacks = and_(literal(second_factor), Account.id.in_(_holds_rights(today)), ~has_one)
    return case(
        (Account.closed_at.is_not(None), "closed"),
        (Account.password_argon2.is_(None), "waiting"),
        (lacks, "no_second_factor"),
        else_="open",
    )


def state_of(session: Session, account: Account, today: date, second_factor: bool) -> str:
    """Which of `STATES` an account is in."""
    query = select(account_state(today, second_factor)).where(Account.id == account.id)
    return session.scalars(query).one()


def person_to_manage(session: Session, viewer: Viewer, nip: str, today: date) -> Person | None:
    """The person with a NIP, or None where `viewer` does not administer them: the two look the same."""
    ours = true() if viewer.administers_city else covers(viewer, Right.ADMINISTER, Person.id, today)
    return session.scalar(select(Person).where(Person.nip == nip, ours))


def _manageable_among(session: Session, viewer: Viewer, account_ids: Collection[int], today: date) -> set[int]:
    """The accounts of these that `viewer` may change; see `manageable`."""
    others = set(account_ids) - {viewer.account_id}
    if viewer.administers_city or not others:
        return others
    standing = select(Account.id.label("origin"), Account.id.label("id"), literal(0).label("hops"))
    reached = standing.where(Account.id.in_(others)).cte("reached", recursive=True)
    above = select(reached.c.origin, Deputy.principal_id, reached.c.hops + 1)
    above = above.join(reached, Deputy.deputy_id == reached.c.id)
    reached = reached.union(above.where(func.upper(Deputy.period) > today, reached.c.hops < LONGEST_CHAIN))
    foreign = or_(Account.id == viewer.account_id, not_(_within(viewer, today)))
    beyond = select(reached.c.origin).join(Account, Account.id == reached.c.id).where(foreign)
    return others - set(session.scalars(beyond))


def _within(viewer: Viewer, today: date) -> ColumnElement[bool]:
    """Whether an account's person, and all its roles of today and later, lie within the units of an administrator."""
    units = units_covered(viewer, Right.ADMINISTER, today, today)
    held = or_(func.upper_inf(RoleGrant.period), func.upper(RoleGrant.period) > today)
    elsewhere = or_(RoleGrant.unit_id.is_(None), RoleGrant.unit_id.not_in(units))
    role_elsewhere = exists().where(RoleGrant.account_id == Account.id, held, elsewhere)
    return and_(covers(viewer, Right.ADMINISTER, Account.person_id, today), ~role_elsewhere)


def _listed(columns: Sequence[Any], viewer: Viewer, today: date) -> Select[Any]:
    """These columns of the accounts that `viewer` may see, with their person and its unit of today."""
    of_today = and_(Membership.person_id == Person.id, Membership.period.contains(today))
    query: Select[Any] = (
        select(*columns)
        .select_from(Account)
        .outerjoin(Person, Person.id == Account.person_id)
        .outerjoin(Membership, of_today)
        .outerjoin(Unit, Unit.id == Membership.unit_id)
    )
    return query if viewer.administers_city else query.where(covers(viewer, Right.ADMINISTER, Person.id, today))


def _conditions(wanted: AccountFilter, state: ColumnElement[str], today: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.search:
        by_name = (Account.username, Person.name, Person.nip)
        conditions.append(or_(*(column.icontains(wanted.search, autoescape=True) for column in by_name)))
    if wanted.role:
        held = exists().where(RoleGrant.account_id == Account.id, RoleGrant.period.contains(today))
        conditions.append(held.where(RoleGrant.role == wanted.role))
    if wanted.state:
        conditions.append(state == wanted.state)
    return conditions


def _holds_rights(today: date) -> Select[int]:
    """The ids of the accounts that decide, read others' days or administer today; deputies too."""
    granted = select(RoleGrant.account_id.label("id")).where(RoleGrant.period.contains(today))
    decides = granted.join(Account, Account.id == RoleGrant.account_id)
    decides = decides.where(RoleGrant.role.in_(Right.DECIDE.value), Account.closed_at.is_(None))
    standing = decides.add_columns(literal(0).label("hops")).cte("standing", recursive=True)
    below = select(Deputy.deputy_id, standing.c.hops + 1).join(standing, Deputy.principal_id == standing.c.id)
    standing = standing.union(below.where(Deputy.period.contains(today), standing.c.hops < LONGEST_CHAIN))
    return select(granted.union(select(standing.c.id)).subquery().c.id)


def _roles(session: Session, account_ids: Collection[int], today: date) -> Mapping[int, Sequence[RoleGrant]]:
    query = select(RoleGrant).where(RoleGrant.account_id.in_(account_ids), RoleGrant.period.contains(today))
    found: dict[int, list[RoleGrant]] = {}
    for grant in session.scalars(query.options(joinedload(RoleGrant.unit)).order_by(RoleGrant.id)):
        found.setdefault(grant.account_id, []).append(grant)
    return found
