"""Requests for correction: made by a person about their own data, answered once by whoever administers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select, true, update
from sqlalchemy.orm import Session, joinedload

from tracker.domain import correction as rules
from tracker.domain.correction import Outcome, Refusal, Refused
from tracker.storage.models import Account, CorrectionRequest, Person
from tracker.storage.paging import Page, page_of, total_of
from tracker.storage.rights import Right, Viewer, covers

STATES = ("open", "answered")
IS_OPEN = CorrectionRequest.answered_at.is_(None)
WHO_ASKED = joinedload(CorrectionRequest.person)
WHO_ANSWERED = joinedload(CorrectionRequest.answering_account).joinedload(Account.person)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an administrator says to a request."""

    outcome: Outcome
    text: str


def ask(session: Session, person_id: int, about: str, text: str, now: datetime) -> None:
    """Make a request about a category; the same one once more, still open, changes nothing. May raise `Refused`."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    waiting = session.execute(
        select(CorrectionRequest.about, CorrectionRequest.text).where(CorrectionRequest.person_id == person_id, IS_OPEN)
    ).all()
    if (about, text) in [tuple(row) for row in waiting]:
        return
    rules.require_room(len(waiting))
    session.add(CorrectionRequest(person_id=person_id, about=about, text=text, at=now))


def own_requests(session: Session, person_id: int) -> Sequence[CorrectionRequest]:
    """All requests of a person, newest first, with who answered."""
    query = select(CorrectionRequest).where(CorrectionRequest.person_id == person_id)
    newest = query.order_by(CorrectionRequest.at.desc(), CorrectionRequest.id.desc())
    return session.scalars(newest.options(WHO_ANSWERED)).all()


def requests_for(viewer: Viewer) -> Select[CorrectionRequest]:
    """The requests that `viewer` may read and answer. Whoever narrows that narrows it here, for all pages."""
    if viewer.administers_city:  # those of people, too, who have left
        return select(CorrectionRequest)
    return select(CorrectionRequest).where(covers(viewer, Right.ADMINISTER, CorrectionRequest.person_id, viewer.today))


def request_list(session: Session, viewer: Viewer, state: str, number: int) -> tuple[Page, Mapping[str, int]]:
    """One page of the requests in a state (all where empty): open ones oldest first; and how many each state has."""
    reach = requests_for(viewer).subquery()
    answered = reach.c.answered_at.is_not(None)
    tallied = session.execute(select(answered, func.count()).group_by(answered))
    counts = {STATES[is_answered]: count for is_answered, count in tallied}
    at = CorrectionRequest.at.asc() if state == "open" else CorrectionRequest.at.desc()
    query = requests_for(viewer).where(_in_state(state)).order_by(at, CorrectionRequest.id)
    return page_of(session, query.options(WHO_ASKED), total_of(counts, state), number), counts


def request_for(session: Session, viewer: Viewer, request_id: int) -> CorrectionRequest | None:
    """One request, or None where `viewer` may not see it."""
    query = requests_for(viewer).where(CorrectionRequest.id == request_id)
    return session.scalar(query.options(WHO_ASKED, WHO_ANSWERED))


def answer(session: Session, viewer: Viewer, request: CorrectionRequest, said: Answer, now: datetime) -> None:
    """Answer a request that `viewer` may see; the first of two answers stands. May raise `Refused`."""
    rules.require_not_own(request.person_id, viewer.person_id)
    answered = (
        update(CorrectionRequest)
        .where(CorrectionRequest.id == request.id, IS_OPEN)
        .values(answer=said.text, outcome=said.outcome, answered_at=now, answered_by=viewer.account_id)
        .returning(CorrectionRequest.id)
    )
    if session.scalar(answered) is None:
        raise Refused(Refusal.ANSWERED_MEANWHILE)


def _in_state(state: str) -> ColumnElement[bool]:
    return {"open": IS_OPEN, "answered": ~IS_OPEN}.get(state, true())
