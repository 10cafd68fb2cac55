"""Attestations: a superior's word for somebody's presence, an input of the next revision. Never of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from tracker.domain.attestation import Refusal, Refused, require_possible
from tracker.storage.due import mark_windows
from tracker.storage.models import Account, Attestation, DutyWindow
from tracker.storage.rights import Viewer

REASON = "attestation"


@dataclass(frozen=True, slots=True)
class Word:
    """From when to when somebody vouches for another's presence, and why they can."""

    start: datetime
    end: datetime
    reason: str


def attest(
    session: Session, viewer: Viewer, window: DutyWindow, given: Word, now: datetime, oldest: datetime
) -> Attestation:
    """Vouch for a part of a window; the same word once more changes nothing. May raise `Refused`.

    Windows from before `oldest` cannot be judged again.
    """
    start, end, reason = given.start, given.end, given.reason
    own, too_old = window.person_id == viewer.person_id, window.accepts_from < oldest
    times = window.starts_at, window.ends_at
    require_possible(start, end, times, window.excuse is not None, now, own=own, too_old=too_old)
    said = {"window_id": window.id, "starts_at": start, "ends_at": end, "reason": reason,
            "account_id": viewer.account_id}  # fmt: skip
    session.execute(select(DutyWindow.id).where(DutyWindow.id == window.id).with_for_update(key_share=True))
    known = session.scalar(select(Attestation).filter_by(**said).where(Attestation.withdrawn_at.is_(None)))
    if known is not None:
        return known
    word = Attestation(**said, at=now)
    session.add(word)
    session.flush()
    mark_windows(session, [window.id], REASON, now)
    return word


def withdraw(
    session: Session, viewer: Viewer, word: Attestation, now: datetime, oldest: datetime, *, own: bool = False
) -> None:
    """Take back a word, while its window can be judged: whoever may give one may. May raise `Refused`."""
    if own:
        raise Refused(Refusal.OWN)
    if session.get_one(DutyWindow, word.window_id).accepts_from < oldest:
        raise Refused(Refusal.TOO_OLD)
    taken = (
        update(Attestation)
        .where(Attestation.id == word.id, Attestation.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=viewer.account_id)
        .returning(Attestation.window_id)
    )
    window_id = session.scalar(taken)
    if window_id is None:
        raise Refused(Refusal.WITHDRAWN)
    mark_windows(session, [window_id], REASON, now)


def attestation_of(session: Session, person_id: int, attestation_id: int) -> tuple[Attestation, DutyWindow] | None:
    """A word about a window of a person; whoever asks may decide about them."""
    query = select(Attestation, DutyWindow).join(DutyWindow, DutyWindow.id == Attestation.window_id)
    row = session.execute(query.where(Attestation.id == attestation_id, DutyWindow.person_id == person_id)).first()
    return (row[0], row[1]) if row else None


def attestations_of(session: Session, window_ids: Sequence[int]) -> dict[int, list[Attestation]]:
    """All words about windows, withdrawn ones too, oldest first; whoever asks may see the windows."""
    query = select(Attestation).where(Attestation.window_id.in_(window_ids)).order_by(Attestation.id)
    found: dict[int, list[Attestation]] = {}
    for word in session.scalars(query.options(joinedload(Attestation.account).joinedload(Account.person))):
        found.setdefault(word.window_id, []).append(word)
    return found
