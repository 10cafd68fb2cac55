"""Leave, sickness and official trips: asked for by a person, answered once by who decides about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select, true, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from tracker.domain.leave import SHORTEST_REASON, Refusal, Refused, Wanted, require_endable, require_possible
from tracker.domain.roster import Part
from tracker.storage.models import Account, LeavePeriod, LeaveRequest, Person
from tracker.storage.notifications import notify
from tracker.storage.paging import Page, page_of, total_of
from tracker.storage.publication import mark_rostered
from tracker.storage.rights import Right, Viewer, covers, ever_covered

DAY = timedelta(days=1)
WHO_ASKED = joinedload(LeaveRequest.person)
WHO_DECIDED = joinedload(LeaveRequest.deciding_account).joinedload(Account.person)


def ask(session: Session, person_id: int, wanted: Wanted, now: datetime, today: date) -> LeaveRequest:
    """Ask for leave; the same request once more, still open, changes nothing. May raise `Refused`."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    waiting = session.scalars(_own(person_id).where(LeaveRequest.state == "open")).all()
    same = next((one for one in waiting if _says(one) == wanted), None)
    if same is not None:
        return same
    taken = [(one.first, one.last, one.part) for one in map(_says, waiting)]
    taken += _granted(session, person_id)
    require_possible(wanted, today, taken, len(waiting))
    period = Range(wanted.first, wanted.last + DAY)
    values = {"kind": wanted.kind, "part": wanted.part, "place": wanted.place, "note": wanted.note}
    asked = LeaveRequest(person_id=person_id, period=period, requested_at=now, **values)
    session.add(asked)
    session.flush()
    return asked


def withdraw(session: Session, person_id: int, request_id: int, today: date) -> bool:
    """Take one's own request back, or leave that was granted and has not begun; False where there is no such request.

    May raise `Refused`.
    """
    asked = session.scalar(_own(person_id).where(LeaveRequest.id == request_id).with_for_update())
    if asked is None:
        return False
    if asked.state not in ("open", "approved"):
        raise Refused(Refusal.DECIDED_MEANWHILE)
    if asked.state == "approved":
        if asked.first is None or asked.first <= today:
            raise Refused(Refusal.BEGUN)
        for granted in session.scalars(select(LeavePeriod).where(LeavePeriod.request_id == asked.id)):
            session.delete(granted)
        mark_rostered(session, [person_id], asked.first, "leave")
    asked.state, asked.decided_at, asked.decided_by = "withdrawn", None, None
    session.flush()
    return True


def own_requests(session: Session, person_id: int, limit: int = 50) -> Sequence[LeaveRequest]:
    """What a person asked for, newest first, with who answered."""
    newest = _own(person_id).order_by(LeaveRequest.requested_at.desc(), LeaveRequest.id.desc())
    return session.scalars(newest.options(WHO_DECIDED).limit(limit)).all()


def requests_for(viewer: Viewer) -> Select[LeaveRequest]:
    """The requests that `viewer` decides: of people whom their right covers today, and never their own."""
    return select(LeaveRequest).where(
        LeaveRequest.person_id.in_(ever_covered(viewer, Right.DECIDE)),
        covers(viewer, Right.DECIDE, LeaveRequest.person_id, viewer.today),
        LeaveRequest.person_id != (viewer.person_id or 0),
    )


def request_list(session: Session, viewer: Viewer, state: str, number: int) -> tuple[Page, Mapping[str, int]]:
    """One page of the requests in a state (all where empty), open ones oldest first; and how many each state has."""
    reach = requests_for(viewer).with_only_columns(LeaveRequest.state).subquery()
    tallied = session.execute(select(reach.c.state, func.count()).group_by(reach.c.state))
    counts = {name: count for name, count in tallied}
    at = LeaveRequest.requested_at.asc() if state == "open" else LeaveRequest.requested_at.desc()
    in_state: ColumnElement[bool] = LeaveRequest.state == state if state else true()
    query = requests_for(viewer).where(in_state).order_by(at, LeaveRequest.id)
    return page_of(session, query.options(WHO_ASKED, WHO_DECIDED), total_of(counts, state), number), counts


def open_requests(session: Session, viewer: Viewer) -> int:
    """How many requests wait for this viewer."""
    waiting = requests_for(viewer).where(LeaveRequest.state == "open").with_only_columns(LeaveRequest.id).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def request_for(session: Session, viewer: Viewer, request_id: int) -> LeaveRequest | None:
    """One request, or None where `viewer` does not decide it."""
    query = requests_for(viewer).where(LeaveRequest.id == request_id)
    return session.scalar(query.options(WHO_ASKED, WHO_DECIDED))


def decide(session: Session, viewer: Viewer, asked: LeaveRequest, approved: bool, reason: str, now: datetime) -> None:
    """Grant an open request or refuse it with a reason; the first of two decisions stands. May raise `Refused`."""
    if asked.person_id == viewer.person_id:
        raise Refused(Refusal.OWN_REQUEST)
    if not approved and len(reason) < SHORTEST_REASON:
        raise Refused(Refusal.REASON)
    state = "approved" if approved else "refused"
    decided = (
        update(LeaveRequest)
        .where(LeaveRequest.id == asked.id, LeaveRequest.state == "open")
        .values(state=state, decided_at=now, decided_by=viewer.account_id, reason=reason)
        .returning(LeaveRequest.id)
    )
    if session.scalar(decided) is None:
        raise Refused(Refusal.DECIDED_MEANWHILE)
    first = asked.first
    assert first is not None  # the table's own rule
    if approved:
        _grant(session, asked)
        mark_rostered(session, [asked.person_id], first, "leave")
    told = {"approved": approved, "reason": reason, "kind": asked.kind}
    notify(session, asked.person_id, "leave_decided", first, told, now)


def end(
    session: Session, viewer: Viewer, asked: LeaveRequest, on: date, reason: str, now: datetime
) -> None:
    """From a day to come on a person is expected again, for a reason, though leave was granted. May raise `Refused`."""
    if asked.person_id == viewer.person_id:
        raise Refused(Refusal.OWN_REQUEST)
    if len(reason) < SHORTEST_REASON:
        raise Refused(Refusal.REASON)
    held = select(LeaveRequest).where(LeaveRequest.id == asked.id).with_for_update(of=LeaveRequest)
    asked = session.scalars(held.execution_options(populate_existing=True)).one()
    first, last = asked.first, asked.last
    assert first is not None and last is not None  # the table's own rule
    if asked.state != "approved":
        raise Refused(Refusal.DECIDED_MEANWHILE)
    require_endable(last, on, viewer.today)
    for granted in session.scalars(select(LeavePeriod).where(LeavePeriod.request_id == asked.id)):
        if granted.first is None or granted.first >= on:
            session.delete(granted)
        elif granted.last is None or granted.last >= on:
            granted.period = Range(granted.first, on)
    if on <= first:
        asked.state = "refused"  # after all: nothing is left of it
    else:
        asked.period = Range(first, on)
    asked.decided_at, asked.decided_by, asked.reason = now, viewer.account_id, reason
    session.flush()
    mark_rostered(session, [asked.person_id], on, "leave")
    told = {"approved": False, "reason": reason, "kind": asked.kind, "ends": str(on)}
    notify(session, asked.person_id, "leave_decided", on, told, now)


def _grant(session: Session, asked: LeaveRequest) -> None:
    values = {name: getattr(asked, name) for name in ("person_id", "part", "kind", "note", "place", "period")}
    try:
        with session.begin_nested():
            session.add(LeavePeriod(**values, request_id=asked.id))
    except IntegrityError as error:  # a file brought the same days meanwhile
        raise Refused(Refusal.OVERLAPS) from error


def _own(person_id: int) -> Select[LeaveRequest]:
    return select(LeaveRequest).where(LeaveRequest.person_id == person_id)


def _granted(session: Session, person_id: int) -> list[tuple[date, date, Part]]:
    granted = select(LeavePeriod.period, LeavePeriod.part).where(LeavePeriod.person_id == person_id)
    return [(days.lower, days.upper - DAY, Part(part)) for days, part in session.execute(granted)
            if days.lower and days.upper]  # fmt: skip


def _says(asked: LeaveRequest) -> Wanted:
    assert asked.first is not None and asked.last is not None  # the table's own rule
    return Wanted(asked.kind, asked.first, asked.last, Part(asked.part), asked.place, asked.note)
