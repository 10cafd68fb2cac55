"""Proving that the audit is whole: its chain read from the beginning, with constant memory, by any role that may read.

The links are made by `link_audit` in the database (migration 0006), after each insert and just before the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from sqlalchemy import Connection, Text, cast, exists, extract, func, select
from sqlalchemy.orm import Session

from tracker.domain.audit_chain import BEGINNING, Fault, Fields, Head, Link, Walk, Wrong
from tracker.storage.models import Audit, AuditLink

ROWS_AT_A_TIME = 2000
MOST_NAMED = 1000  # faults that are named; an audit that was replaced as a whole has as many as rows

# every column as the database writes it out: as text, so that nothing that may stand in it stops the reading
FIELDS = (
    cast(Audit.id, Text), cast(func.trunc(extract("epoch", Audit.at) * 1_000_000), Text), cast(Audit.account_id, Text),
    cast(Audit.people, Text), Audit.action, Audit.why, Audit.address, cast(Audit.detail, Text),
)  # fmt: skip


@dataclass(slots=True)
class Verified:
    """How many links there are, the last of them, the first faults in their order, and how many more there are."""

    rows: int = 0
    head: Head = BEGINNING
    faults: list[Fault] = field(default_factory=list)
    unnamed: int = 0

    def _add(self, fault: Fault) -> None:
        if len(self.faults) < MOST_NAMED:
            self.faults.append(fault)
        else:
            self.unnamed += 1


def verify(session: Session, expect: Head | None = None) -> Verified:
    """Hold every row against its link, and the chain against the head that was noted before, if one is given."""
    walk = Walk(expect)
    verified = _walked(session, walk)
    for fault in chain(walk.end(), _unlinked(session)):
        verified._add(fault)
    return verified


def verify_newest(session: Session, most: int) -> Verified:
    """Hold the newest rows against their links: soon done, and no proof of what lies before them."""
    links = select(AuditLink.seq, AuditLink.hash).order_by(AuditLink.seq.desc())
    before = session.execute(links.offset(most).limit(1)).one_or_none()
    walk = Walk()
    if before:
        walk.head = Head(before.seq, before.hash)
    return _walked(session, walk)


def head(conn: Connection | Session) -> Head:
    """The last link as it is now."""
    newest = select(AuditLink.seq, AuditLink.hash).order_by(AuditLink.seq.desc()).limit(1)
    row = conn.execute(newest).one_or_none()
    return Head(row.seq, row.hash) if row else BEGINNING


def _walked(session: Session, walk: Walk) -> Verified:
    """Every link after the place where the walk stands."""
    verified = Verified()
    for link in _links(session, walk.head.seq):
        verified.rows += 1
        for fault in walk.step(link):
            verified._add(fault)
    verified.head = walk.head
    return verified


def _links(session: Session, after: int) -> Iterator[Link]:
    query = (
        select(AuditLink.seq, AuditLink.audit_id, AuditLink.hash, *FIELDS)
        .outerjoin(Audit, Audit.id == AuditLink.audit_id)
        .where(AuditLink.seq > after)
        .order_by(AuditLink.seq)
    )
    for seq, row, digest, *fields in session.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME}):
        kept: Fields | None = fields if fields[0] is not None else None
        yield Link(seq, row, digest, kept)


def _unlinked(session: Session) -> Iterator[Fault]:
    """The rows that have no link, by their ids."""
    query = select(Audit.id).where(~exists().where(AuditLink.audit_id == Audit.id)).order_by(Audit.id)
    for row in session.scalars(query, execution_options={"yield_per": ROWS_AT_A_TIME}):
        yield Fault(Wrong.UNLINKED, row=row)
