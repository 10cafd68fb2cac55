"""What administrators do to accounts, as far as they may: make one, give a role. All in the caller's transaction.

Whether they may change this account at all, `account_pages.manageable` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.storage.account_pages import person_to_manage
from tracker.storage.accounts import add_account
from tracker.storage.granting import DAY, deputies_of, grant_role, grants_held
from tracker.storage.models import Account, RoleGrant, Unit, UnitPlace
from tracker.storage.register import Impossible
from tracker.storage.rights import LONGEST_CHAIN, Right, Viewer, units_covered

ROLES_OF_UNITS = ("supervisor", "auditor", "administrator")
ROLES_OF_CITY = ("auditor", "system_administrator")
ROLES = (*ROLES_OF_UNITS, "system_administrator")


class Why(StrEnum):
    """Why an account cannot be made, or a role not given."""

    UNKNOWN = "nobody whom you administer has this NIP"
    TAKEN = "this person has an account, or somebody else's has their NIP for its user name"
    ROLE = "you may not give this role"
    NO_UNIT = "this role is over a unit: choose one"
    WHOLE_CITY = "this role is over the whole city: choose no unit"
    UNIT = "this unit is none of those that you administer"
    DAYS = "the first day has passed, or the last lies before it"
    CLOSED = "the account is closed: open it first"
    OWN_RIGHTS = "you stand in for this person, so you would give the role to yourself"
    HELD = "the account holds this role over this unit on some of these days already"


class MayNot(Impossible):
    """An administrator may not do this, or it cannot be done."""

    def __init__(self, why: Why) -> None:
        super().__init__(why, why)
        self.why: Why = why


@dataclass(frozen=True, slots=True)
class WantedRole:
    """A role to be given, over a unit or the whole city, from `first` to `last` or until further notice."""

    role: str
    unit_id: int | None
    first: date
    last: date | None


def roles_to_give(viewer: Viewer) -> Sequence[str]:
    """The roles that an administrator may give to others."""
    return ROLES if viewer.administers_city else ROLES_OF_UNITS


def units_to_give(session: Session, viewer: Viewer, today: date) -> Sequence[Unit]:
    """The units over which an administrator may give roles, by name."""
    stands = exists().where(UnitPlace.unit_id == Unit.id, UnitPlace.period.contains(today))
    covered = units_covered(viewer, Right.ADMINISTER, today, today)
    return session.scalars(select(Unit).where(Unit.id.in_(covered), stands).order_by(Unit.name)).all()


def give_role(session: Session, viewer: Viewer, account: Account, wanted: WantedRole, today: date) -> RoleGrant:
    """Give a manageable account a role. Raises `MayNot`."""
    session.refresh(account, with_for_update=True)  # a button pressed twice
    refused = _refused(session, viewer, account, wanted, today)
    why_not = next((why for why, is_so in refused.items() if is_so), None)
    if why_not is not None:
        raise MayNot(why_not)
    return grant_role(session, account.id, wanted.role, wanted.unit_id, wanted.first, wanted.last)


def make_account(session: Session, viewer: Viewer, nip: str, today: date) -> Account:
    """Make the account of a person who has none; the user name is the NIP. Raises `MayNot`."""
    person = person_to_manage(session, viewer, nip, today)
    if person is None:
        raise MayNot(Why.UNKNOWN)
    try:
        with session.begin_nested():
            return add_account(session, nip, person.id)
    except IntegrityError as error:
        raise MayNot(Why.TAKEN) from error


def _refused(session: Session, viewer: Viewer, account: Account, wanted: WantedRole, today: date) -> Mapping[Why, bool]:
    """What is wrong with a role to be given, the gravest first."""
    unit_id = wanted.unit_id
    city_may_do = viewer.administers_city and wanted.role in ROLES_OF_CITY
    own = wanted.role in Right.DECIDE.value and viewer.account_id in _deputies_in_the_end(session, account.id, today)
    return {
        Why.ROLE: wanted.role not in roles_to_give(viewer),
        Why.NO_UNIT: unit_id is None and not city_may_do,
        Why.WHOLE_CITY: unit_id is not None and wanted.role not in ROLES_OF_UNITS,
        Why.UNIT: unit_id is not None and unit_id not in [unit.id for unit in units_to_give(session, viewer, today)],
        Why.DAYS: wanted.first < today or (wanted.last is not None and wanted.last < wanted.first),
        Why.CLOSED: account.closed_at is not None,
        Why.OWN_RIGHTS: own,
        Why.HELD: any(_is_held(grant, wanted) for grant in grants_held(session, account.id, today)),
    }


def _is_held(grant: RoleGrant, wanted: WantedRole) -> bool:
    period = Range(wanted.first, wanted.last and wanted.last + DAY)
    return (grant.role, grant.unit_id) == (wanted.role, wanted.unit_id) and grant.period.overlaps(period)


def _deputies_in_the_end(session: Session, account_id: int, today: date) -> set[int]:
    """Who decides in an account's place, today or later, and who in theirs."""
    found, edge = set[int](), {account_id}
    for _ in range(LONGEST_CHAIN):
        edge = {named.deputy_id for one in edge for named in deputies_of(session, one, today)}
        found |= edge
    return found
