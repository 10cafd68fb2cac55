"""Absence found by a human where nothing shows somebody: an input of the next verdict. Never one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from tracker.domain.contest import Refusal, Refused, absence_possible, digest_of
from tracker.storage.contests import said_of
from tracker.storage.due import DECISION, mark_windows
from tracker.storage.models import AbsenceFinding, Account, DutyWindow, VerdictRevision
from tracker.storage.notifications import notify
from tracker.storage.person_days import verdicts_of
from tracker.storage.rights import Viewer


def possible(verdict: VerdictRevision) -> bool:
    """Whether a human may find absence where this verdict stands."""
    places = {span["place"] for span in verdict.evidence.get("spans", ())}
    return absence_possible(verdict.status, verdict.cause, places)


def seen(verdict: VerdictRevision) -> str:
    """The verdict as a page remembers it."""
    return digest_of(said_of(verdict))


def find(
    session: Session, viewer: Viewer, window: DutyWindow, seen_digest: str, reason: str, now: datetime, oldest: datetime
) -> AbsenceFinding:
    """Find somebody absent by the verdict as it was seen, and tell them. May raise `Refused`.

    Windows from before `oldest` cannot be judged again.
    """
    _require(viewer, window, oldest)
    session.execute(select(DutyWindow.id).where(DutyWindow.id == window.id).with_for_update(key_share=True))
    newest = next(iter(verdicts_of(session, [window.id]).get(window.id, [])), None)
    if newest is None or not possible(newest):
        raise Refused(Refusal.NOT_SILENT)
    if seen(newest) != seen_digest:
        raise Refused(Refusal.CHANGED)
    holds = AbsenceFinding.window_id == window.id, AbsenceFinding.withdrawn_at.is_(None)
    if session.scalar(select(AbsenceFinding.id).where(*holds)) is not None:
        raise Refused(Refusal.FOUND)
    finding = AbsenceFinding(window_id=window.id, reason=reason, account_id=viewer.account_id, at=now)
    session.add(finding)
    session.flush()
    mark_windows(session, [window.id], DECISION, now)
    notify(session, window.person_id, "absence_found", window.work_date, {"reason": reason}, now)
    return finding


def withdraw(
    session: Session, viewer: Viewer, finding: AbsenceFinding, window: DutyWindow, now: datetime, oldest: datetime
) -> None:
    """Take a finding back, and tell its person: whoever may make one may. May raise `Refused`."""
    _require(viewer, window, oldest)
    taken = (
        update(AbsenceFinding)
        .where(AbsenceFinding.id == finding.id, AbsenceFinding.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=viewer.account_id)
        .returning(AbsenceFinding.id)
    )
    if session.scalar(taken) is None:
        raise Refused(Refusal.WITHDRAWN)
    mark_windows(session, [window.id], DECISION, now)
    notify(session, window.person_id, "absence_withdrawn", window.work_date, {}, now)


def _require(viewer: Viewer, window: DutyWindow, oldest: datetime) -> None:
    if window.person_id == viewer.person_id:
        raise Refused(Refusal.OWN)
    if window.accepts_from < oldest:
        raise Refused(Refusal.POSITIONS_GONE)


def finding_of(session: Session, person_id: int, finding_id: int) -> tuple[AbsenceFinding, DutyWindow] | None:
    """A finding about a person; whoever asks may decide about them."""
    query = select(AbsenceFinding, DutyWindow).join(DutyWindow, DutyWindow.id == AbsenceFinding.window_id)
    row = session.execute(query.where(AbsenceFinding.id == finding_id, DutyWindow.person_id == person_id)).first()
    return (row[0], row[1]) if row else None


def findings_of(session: Session, window_ids: Sequence[int]) -> dict[int, list[AbsenceFinding]]:
    """All findings about windows, withdrawn ones too, oldest first; whoever asks may see the windows."""
    query = select(AbsenceFinding).where(AbsenceFinding.window_id.in_(window_ids)).order_by(AbsenceFinding.id)
    found: dict[int, list[AbsenceFinding]] = {}
    for finding in session.scalars(query.options(joinedload(AbsenceFinding.account).joinedload(Account.person))):
        found.setdefault(finding.window_id, []).append(finding)
    return found
