"""The audit as those read it who watch over it: within their right, newest first or oldest first.

An auditor of a unit reads the rows about its people, and of a row about others, too, no more than how many they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    and_,
    cast,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, joinedload

from tracker.storage.among import among
from tracker.storage.audit import Action
from tracker.storage.models import Account, Audit, Person
from tracker.storage.paging import Page, page_of
from tracker.storage.rights import Right, Viewer, covered_members, ever_covered

FEW = 200  # people: two arrays are compared element by element, which is slower than a join from there on
SORTS = ("newest", "oldest")
EVER = (date(2000, 1, 1), date(2100, 12, 31))


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What somebody asked for; empty values do not narrow. `who` and `whose`: parts of names, or user name, NIP."""

    who: str = ""
    whose: str = ""
    action: str = ""
    first: date | None = None
    last: date | None = None
    sort: str = "newest"


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of rows of one Audit, and the names of whom the reader may know of those they are about."""

    page: Page
    names: Mapping[int, str]


def audit_list(session: Session, viewer: Viewer, wanted: AuditFilter, zone: ZoneInfo, number: int) -> AuditPage:
    """One page of the rows that `viewer` may read."""
    known = None if viewer.reads_whole_audit else list(session.scalars(ever_covered(viewer, Right.READ_AUDIT)))
    day = cast(func.timezone(zone.key, Audit.at), Date)
    conditions = _conditions(known, wanted, day)
    if known is not None:
        conditions.append(Audit.id.in_(_about_ours(viewer, known, day)))
    total = session.scalar(select(func.count()).select_from(Audit).where(*conditions)) or 0
    query = select(Audit).where(*conditions).order_by(Audit.id if wanted.sort == "oldest" else Audit.id.desc())
    page = page_of(session, query.options(joinedload(Audit.account).joinedload(Account.person)), total, number)
    people = {one for (row,) in page.rows for one in row.people}
    return AuditPage(page, _names(session, people if known is None else people & set(known)))


def _names(session: Session, people: Collection[int]) -> dict[int, str]:
    return {one: name for one, name in session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))}


def _about_ours(viewer: Viewer, known: list[int], day: ColumnElement[date]) -> Select[int]:
    """The ids of the rows about somebody whom the right covered on that day; the index finds those about few people."""
    ours = covered_members(viewer, Right.READ_AUDIT, *EVER).subquery()
    people = func.unnest(Audit.people).table_valued("id", name="people").render_derived()
    about = and_(ours.c.person_id == people.c.id, ours.c.days.contains(day))
    rows = select(Audit.id).join(people, true()).join(ours, about)
    return rows.where(Audit.people.overlap(known)) if len(known) <= FEW else rows


def _conditions(known: list[int] | None, wanted: AuditFilter, day: ColumnElement[date]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.who:
        account = exists().where(Account.id == Audit.account_id)
        by_name = account.where(Person.id == Account.person_id, Person.name.icontains(wanted.who, autoescape=True))
        conditions.append(or_(by_name, account.where(Account.username == wanted.who.lower())))
    if wanted.whose:
        named = or_(Person.name.icontains(wanted.whose, autoescape=True), Person.nip == wanted.whose)
        whose = select(Person.id).where(named)
        found = whose if known is None else whose.where(among(Person.id, known))
        conditions.append(Audit.people.overlap(func.array(found.scalar_subquery())))
    if wanted.action:
        conditions.append(Audit.action == Action(wanted.action))
    if wanted.first:
        conditions.append(day >= wanted.first)
    if wanted.last:
        conditions.append(day <= wanted.last)
    return conditions
