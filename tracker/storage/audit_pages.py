"""The audit as those read it who watch over it: within their right, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, any_, cast, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from tracker.storage.audit import Action
from tracker.storage.models import Account, Audit, Person
from tracker.storage.paging import Page, page_of
from tracker.storage.rights import Right, Viewer, covers


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What somebody asked for; empty values do not narrow. `who` and `whose`: parts of names, or user name, NIP."""

    who: str = ""
    whose: str = ""
    action: str = ""
    first: date | None = None
    last: date | None = None


def audit_list(session: Session, viewer: Viewer, wanted: AuditFilter, zone: ZoneInfo, number: int) -> Page:
    """One page of the rows that `viewer` may read: rows of one Audit."""
    conditions = _conditions(viewer, wanted, cast(func.timezone(zone.key, Audit.at), Date))
    total = session.scalar(select(func.count()).select_from(Audit).where(*conditions)) or 0
    query = select(Audit).where(*conditions).order_by(Audit.id.desc())
    return page_of(session, query.options(joinedload(Audit.account).joinedload(Account.person)), total, number)


def names_of(session: Session, people: set[int]) -> dict[int, str]:
    """The names of people by id."""
    return {one: name for one, name in session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))}


def _conditions(viewer: Viewer, wanted: AuditFilter, day: ColumnElement[date]) -> list[ColumnElement[bool]]:
    conditions = [] if viewer.reads_whole_audit else [covers(viewer, Right.READ_AUDIT, any_(Audit.people), day)]
    if wanted.who:
        account = exists().where(Account.id == Audit.account_id).where(Person.id == Account.person_id)
        by_name = account.where(Person.name.icontains(wanted.who, autoescape=True))
        by_username = exists().where(Account.id == Audit.account_id, Account.username == wanted.who.lower())
        conditions.append(or_(by_name, by_username))
    if wanted.whose:
        of_person = exists().where(Person.id == any_(Audit.people))
        named = or_(Person.name.icontains(wanted.whose, autoescape=True), Person.nip == wanted.whose)
        conditions.append(of_person.where(named))
    if wanted.action:
        conditions.append(Audit.action == Action(wanted.action))
    if wanted.first:
        conditions.append(day >= wanted.first)
    if wanted.last:
        conditions.append(day <= wanted.last)
    return conditions
