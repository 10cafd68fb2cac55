"""Cases: after its lock a window would be judged otherwise, and a human decides whether it is.

Whoever decides about a person decides their cases; nobody their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, contains_eager, joinedload

from tracker.domain.differences import DECISIVE
from tracker.domain.plain import canonical
from tracker.domain.publishing import known_since
from tracker.storage.claims import follow_windows
from tracker.storage.due import DECISION, mark_windows
from tracker.storage.models import Account, DutyCase, DutyWindow, Person, Publication, VerdictRevision
from tracker.storage.notifications import notify
from tracker.storage.paging import Page, page_of, total_of
from tracker.storage.published import add_windows, change_window, proposed_terms, published
from tracker.storage.rights import Right, Viewer, covers, ever_covered

STATES = ("open", "decided")


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the other result is to hold, and why."""

    accepted: bool
    reason: str


class TooOld(ValueError):
    """The positions of the window are deleted: nothing of it can be computed again."""


class DecidedMeanwhile(ValueError):
    """Somebody decided the case already, or it says something else now than what was seen."""


def open_case(
    conn: Connection, window_id: int, cause: str, proposed: Mapping[str, Any], now: datetime
) -> bool:
    """Open a case about a window, or let the open one say the newest; False where it, or the last one, says this."""
    last = select(DutyCase.proposed, DutyCase.decided_at).where(DutyCase.window_id == window_id)
    known = conn.execute(last.order_by(DutyCase.id.desc()).limit(1)).first()
    if known is not None and known.proposed == dict(proposed):
        return False
    if known is not None and known.decided_at is None and "terms" in known.proposed and "terms" not in proposed:
        return False  # once those terms are decided on, the window is judged by everything that is known then
    values = {"cause": cause, **_proposing(proposed)}
    opened = insert(DutyCase).values(window_id=window_id, opened_at=now, **values)
    conn.execute(
        opened.on_conflict_do_update(
            index_elements=[DutyCase.window_id], index_where=DutyCase.decided_at.is_(None), set_=values
        )
    )
    return True


def follow_case(conn: Connection, window_id: int, standing: Mapping[str, Any]) -> None:
    """An open case about a verdict says what stands, where by now nothing else would be; one about terms stays."""
    about_verdict = ~DutyCase.proposed.has_key("terms")
    is_open = DutyCase.window_id == window_id, DutyCase.decided_at.is_(None)
    conn.execute(update(DutyCase).where(*is_open, about_verdict).values(_proposing(standing)))


def drop_terms(conn: Connection, window_ids: Collection[int]) -> None:
    """Open cases about the terms of windows that are as they should be by now: nothing would be another."""
    about_terms = DutyCase.window_id.in_(list(window_ids)), DutyCase.proposed.has_key("terms")
    query = select(DutyCase.window_id).where(*about_terms, DutyCase.decided_at.is_(None)) if window_ids else None
    for window_id in conn.scalars(query).all() if query is not None else ():
        standing = select(*(getattr(VerdictRevision, name) for name in DECISIVE)).where(
            VerdictRevision.window_id == window_id
        )
        row = conn.execute(standing.order_by(VerdictRevision.revision.desc()).limit(1)).first()
        if row is not None:
            is_open = DutyCase.window_id == window_id, DutyCase.decided_at.is_(None)
            said = dict(zip(DECISIVE, row, strict=True))
            conn.execute(update(DutyCase).where(*is_open).values(_proposing(said)))


def _proposing(proposed: Mapping[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(canonical(proposed).encode()).hexdigest()
    return {"proposed": dict(proposed), "proposed_digest": digest}


def case_list(session: Session, viewer: Viewer, state: str, number: int) -> tuple[Page, Mapping[str, int]]:
    """One page of the cases that somebody decides, the oldest open one first; and how many each state has."""
    reach = _theirs(viewer).with_only_columns(DutyCase.decided_at.is_not(None).label("decided")).subquery()
    tallied = session.execute(select(reach.c.decided, func.count()).group_by(reach.c.decided))
    counts = {STATES[decided]: count for decided, count in tallied}
    order = DutyCase.opened_at.asc() if state == "open" else DutyCase.decided_at.desc()
    query = _theirs(viewer).where(*_in_state(state)).order_by(order, DutyCase.id)
    return page_of(session, query, total_of(counts, state), number), counts


def open_cases(session: Session, viewer: Viewer) -> int:
    """How many cases wait for this viewer."""
    waiting = _theirs(viewer).where(*_in_state("open")).with_only_columns(DutyCase.id).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def cases_of(session: Session, window_ids: list[int]) -> dict[int, list[DutyCase]]:
    """The cases about windows, newest first; whoever asks may see the windows."""
    query = select(DutyCase).where(DutyCase.window_id.in_(window_ids)).order_by(DutyCase.id.desc())
    found: dict[int, list[DutyCase]] = {}
    for case in session.scalars(query.options(joinedload(DutyCase.deciding_account).joinedload(Account.person))):
        found.setdefault(case.window_id, []).append(case)
    return found


def case_for(session: Session, viewer: Viewer, case_id: int) -> DutyCase | None:
    """A case that somebody decides; None where it is not theirs: the two look the same."""
    return session.scalar(_theirs(viewer).where(DutyCase.id == case_id))


def decide(
    session: Session, viewer: Viewer, case: DutyCase, seen_digest: str, decision: Decision, now: datetime,
    oldest: datetime,
) -> None:  # fmt: skip
    """Decide an open case that still says what was seen; the first of two decisions stands.

    Accepted, its terms hold, with the windows beside, and all are judged by the decision. Raises `DecidedMeanwhile`,
    and `TooOld` where that would take fixes from before `oldest`.
    """
    # nobody publishes for the person meanwhile: what the case adds may not be there by then
    session.execute(select(Publication.person_id).where(Publication.person_id == case.window.person_id)
                    .with_for_update())  # fmt: skip
    if decision.accepted and _rests_on_more(case, oldest):
        raise TooOld
    decided = (
        update(DutyCase)
        .where(DutyCase.id == case.id, DutyCase.decided_at.is_(None), DutyCase.proposed_digest == seen_digest)
        .values(accepted=decision.accepted, reason=decision.reason, decided_at=now, decided_by=viewer.account_id)
        .returning(DutyCase.id)
    )
    if session.scalar(decided) is None:
        raise DecidedMeanwhile
    window = session.get_one(DutyWindow, case.window_id)
    if decision.accepted:
        conn = session.connection()
        _give_terms(conn, window, case.proposed, now)
        mark_windows(conn, [window.id], DECISION, now)
    told = {"accepted": decision.accepted, "reason": decision.reason}
    notify(session, window.person_id, "case_decided", window.work_date, told, now)


def _rests_on_more(case: DutyCase, oldest: datetime) -> bool:
    """Whether the verdicts would take fixes from before `oldest`: an excuse needs none."""
    wanted = proposed_terms(case.proposed)
    if not wanted:
        return case.window.accepts_from < oldest
    return any(terms.excuse is None and terms.accepts_from < oldest for terms in wanted)


def _give_terms(conn: Connection, window: DutyWindow, proposed: Mapping[str, Any], now: datetime) -> None:
    """The terms of a case become those of its window, and of the windows it adds, which get their first verdict."""
    wanted = proposed_terms(proposed)
    if not wanted:
        return
    dates = [window.work_date, *(terms.work_date for terms in wanted)]
    known = published(conn, window.person_id, min(dates), max(dates))
    own, *others = [(terms, known_since(known, terms, now)) for terms in wanted]
    change_window(conn, window.id, *own)
    add_windows(conn, window.person_id, others)
    follow_windows(conn, [window.id], now)


def _theirs(viewer: Viewer) -> Select[DutyCase]:
    """The cases a viewer decides: of whom their right covers on the day it is about, and never their own."""
    return (
        select(DutyCase)
        .join(DutyCase.window)
        .join(Person, Person.id == DutyWindow.person_id)
        .where(
            DutyWindow.person_id.in_(ever_covered(viewer, Right.DECIDE)),
            covers(viewer, Right.DECIDE, DutyWindow.person_id, DutyWindow.work_date),
            DutyWindow.person_id != (viewer.person_id or 0),
        )
        .options(contains_eager(DutyCase.window).joinedload(DutyWindow.person),
                 contains_eager(DutyCase.window).joinedload(DutyWindow.shift))
    )  # fmt: skip


def _in_state(state: str) -> list[ColumnElement[bool]]:
    if state not in STATES:
        return []
    return [DutyCase.decided_at.is_(None) if state == "open" else DutyCase.decided_at.is_not(None)]


def standing(session: Session, window_id: int) -> VerdictRevision | None:
    """The verdict that holds."""
    newest = select(VerdictRevision).where(VerdictRevision.window_id == window_id)
    return session.scalar(newest.order_by(VerdictRevision.revision.desc()).limit(1))
